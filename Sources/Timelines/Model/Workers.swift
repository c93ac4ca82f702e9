// The events of workers: their beginning and end, parking and waking, searching, and what was lost.
import SchedulerEvents

extension Modeler where Sink: ~Copyable {
  mutating func workerStart(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    if lane.pointee.isAlive && lane.pointee.isWorker {
      gapIfKnown(lane, time)  // the stop of the lane's last incarnation is lost
    }
    unwind(lane, to: 0)
    close(lane, time)
    lane.pointee.isAlive = true
    lane.pointee.isKnown = true
    lane.pointee.isParked = false
    lane.pointee.isStarting = true
    lane.pointee.wakeTime = 0
    lane.pointee.summary.incarnations += 1
    lane.pointee.summary.tid = UInt32(truncatingIfNeeded: event[WorkerLife.tid])
    lane.pointee.summary.pool = UInt32(truncatingIfNeeded: event[WorkerLife.pool])
    settle(lane, time)
  }

  /// The first event after `worker_start`. A search that it ends has begun earlier.
  @inline(never) mutating func endStarting(_ lane: Lane, _ event: EventRecord, _ kind: EventKind, _ time: UInt64) {
    if kind == .searchEnd {
      let duration = min(event[SearchEnd.duration], time - lane.pointee.since)
      close(lane, time - duration)
      lane.pointee.isStarting = false
      settle(lane, time - duration)
    } else if kind == .lost {
      lane.pointee.isStarting = false  // when it ended is among the lost
    } else {
      close(lane, time)
      lane.pointee.isStarting = false
      settle(lane, time)
    }
  }

  mutating func workerStop(_ lane: Lane, _ time: UInt64) {
    if lane.pointee.depth > 0 {
      gapIfKnown(lane, time)
      unwind(lane, to: 0)
    }
    close(lane, time)
    lane.pointee.isAlive = false
    lane.pointee.isKnown = true
    settle(lane, time)
  }

  /// Restates what the thread does. As the program writes it, another thread says so, and a moment later than it looked: that
  /// proves that the thread is there, and no more. The status at the beginning of a cut trace is exact (`WorkerStatus.exact`).
  /// Where the lane's own events tell the story without a break, they know better (`consume` does not come here then).
  mutating func workerStatus(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    note(lane, event)
    guard let state: WorkerState = event.named(WorkerStatus.state), lane.pointee.isWorker else { return }
    if saysDead(event) { return die(lane, time) }
    let task = event[WorkerStatus.task]
    let isExact = event[WorkerStatus.depth] == WorkerStatus.exact
    close(lane, time)
    lane.pointee.isParked = isExact && state == .parked
    lane.pointee.isAlive = state != .stopped
    if task == 0 || nearestTask(lane) != task { unwind(lane, to: 0) }
    let slot = task == 0 ? -1 : table.find(task)
    // Its own events know better than a third thread that looked a moment ago.
    let isElsewhere = slot >= 0 && lane.pointee.depth == 0 && position(slot) >= 0
    if isElsewhere, isExact { leave(slot) }
    if lane.pointee.depth == 0, task != 0, isExact || !isElsewhere {
      // Looked for when it ends: the lane runs it, whatever lies beneath and above.
      lane.pointee.pushDoubt(code: state == .helping ? .helping : isExact ? .running : .unknown)
      let slot = slot < 0 ? table.insert(task) : slot
      table.slots[Int(slot)].fate = .running
      table.slots[Int(slot)].lane = Int32(lane.pointee.index)
      lane.pointee.push(Frame(kind: .task, slot: slot, id: task, label: table.slots[Int(slot)].label, start: time))
    }
    lane.pointee.isKnown = isExact
    if isExact {
      switch state {
      case .running, .helping:
        guard task == 0 else { break }
        lane.pointee.isKnown = false
        lane.pointee.pushDoubt(code: state == .helping ? .helping : .running)
        lane.pointee.push(Frame(kind: .job, start: time))
      case .waiting, .blocking:
        lane.pointee.isKnown = false
        lane.pointee.pushDoubt()
        lane.pointee.push(Frame(kind: state == .waiting ? .wait : .blocking, start: time))
      case .starting: lane.pointee.isStarting = true
      case .searching, .parked, .stopped, .outside: break
      }
    }
    settle(lane, time)
  }

  /// Which thread the lane is.
  mutating func note(_ lane: Lane, _ status: EventRecord) {
    let tid = UInt32(truncatingIfNeeded: status[WorkerStatus.tid])
    if tid != 0 { lane.pointee.summary.tid = tid }
  }

  mutating func workerPark(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    close(lane, time)
    lane.pointee.isParked = true
    if event[WorkerPark.reason] == UInt64(ParkReason.idle.rawValue) {
      if lane.pointee.depth > 0 && lane.pointee.isWorker {
        // Only a worker with nothing on its stack parks for want of work: ends were lost.
        gapIfKnown(lane, time)
        unwind(lane, to: 0)
      }
      if lane.pointee.isWorker { lane.pointee.isKnown = true }
      // Where events are missing the count of ready tasks drifts; the worker knows better.
      if result.contradictions > 0 && event[WorkerPark.injectorDepth] == 0 && readyInjector > 0 {
        readyInjector = 0
        sink.ready(local: readyLocal, injector: 0, time: clamp(time))
      }
    }
    settle(lane, time)
  }

  mutating func workerUnpark(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    if !lane.pointee.isParked {
      // Whether it slept for want of work or in a wait is among the lost. In the wait that a cut trace begins with it was
      // asleep up to now, be it in a wait or for the thief of its fork.
      if isRestated(lane) {
        close(lane, time)
      } else {
        gapIfKnown(lane, time)
      }
      lane.pointee.isKnown = false
    }
    close(lane, time)
    lane.pointee.isParked = false
    if lane.pointee.wakeTime > 0 { sendWake(lane, unpark: time) }
    settle(lane, time)
  }
  mutating func sendWake(_ lane: Lane, unpark: UInt64) {
    let wake = unpark > 0 ? min(lane.pointee.wakeTime, unpark) : lane.pointee.wakeTime
    lane.pointee.wakeTime = 0
    guard wake <= window.upperBound, unpark == 0 || unpark >= window.lowerBound else { return }
    sink.wake(
      WakeRecord(
        from: lane.pointee.wakeFrom, to: lane.pointee.index, wake: wake, unpark: unpark, cause: lane.pointee.wakeCause))
  }

  mutating func workerWake(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let target = index(of: UInt16(truncatingIfNeeded: event[WorkerWake.target]))
    guard target >= 0 else { return }
    let other = machines + target
    guard other.pointee.wakeTime == 0 else { return }
    other.pointee.wakeTime = time
    other.pointee.wakeFrom = lane.pointee.index
    other.pointee.wakeCause = event.named(WorkerWake.cause) ?? .work
    sink.woken(lane: target, time: clamp(time))
  }

  mutating func searchEnd(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    if !lane.pointee.isKnown && lane.pointee.isWorker {
      // Only a worker with nothing on its stack looks for work everywhere.
      close(lane, time)
      unwind(lane, to: 0)
      lane.pointee.isKnown = true
      settle(lane, time)
    }
    guard window.contains(time) else { return }
    sink.search(
      SearchRecord(
        lane: lane.pointee.index, start: time - min(event[SearchEnd.duration], time), end: time,
        attempts: UInt32(truncatingIfNeeded: event[SearchEnd.attempts]),
        empty: UInt32(truncatingIfNeeded: event[SearchEnd.empty]),
        lostRaces: UInt32(truncatingIfNeeded: event[SearchEnd.lostRaces]), found: event[SearchEnd.found] != 0,
        victim: UInt16(truncatingIfNeeded: event[SearchEnd.victim])))
  }

  /// Events are missing between the lane's last event and this one; what it does now is known again with the next.
  mutating func lost(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    gapWithoutContradiction(lane, time)
    if event.b != LaneCursor.derivedMark {
      // The packet headers count the same losses; where they are readable they count up to the end.
      lane.pointee.lostInRecords &+= event[Lost.count]
      lane.pointee.summary.lost = max(lane.pointee.summary.lost, lane.pointee.lostInRecords)
    }
    result.contradictions += 1
    lane.pointee.isKnown = false
    lane.pointee.isParked = false
    // What was on the stack is only looked for in it from now on. Larger: more is recognized; smaller: less memory.
    if lane.pointee.depth > 64 { unwind(lane, to: 0) }
    settle(lane, time)
  }
}
