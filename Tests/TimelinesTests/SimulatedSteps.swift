// What the workers of a simulated pool do, step by step, and the events of it.
import SchedulerEvents

@testable import Timelines

extension Simulation {
  /// Performs steps of the topmost task until one takes time.
  mutating func advance(_ worker: Int, _ now: UInt64) {
    let lane = UInt16(worker)
    while let top = workers[worker].stack.last {
      let task = top.task
      let position = workers[worker].stack.count - 1
      if let part = top.part {
        workers[worker].stack.removeLast()
        end(part, of: task, on: worker, now)
        continue
      }
      if let fork = top.fork {
        if forks[fork].state == .open {
          forks[fork].state = .done
          truth[ids[task]]!.selfTime += forks[fork].length
          at(now + forks[fork].length, worker)
          return
        }
        if forks[fork].state == .stolen {
          workers[worker].isParkedInWait = true
          record(.workerPark, now, lane) { $0[WorkerPark.reason] = UInt64(ParkReason.wait.rawValue) }
          enter(worker, .waiting, now)
          return
        }
        unpark(worker, now)
        workers[worker].stack[position].fork = nil
        enter(worker, busyState(worker), now)
        continue
      }
      if let awaited = top.awaiting {
        guard done[awaited] || now >= top.deadline else { return }  // woken too early
        unpark(worker, now)
        if !done[awaited] { happened["time-out", default: 0] += 1 }
        waits.insert(Wait(waiter: ids[task], awaited: ids[awaited], start: top.since, end: now))
        record(.waitEnd, now, lane) {
          $0[WaitEnd.waiter] = ids[task]
          $0[WaitEnd.awaited] = ids[awaited]
          let outcome: WaitOutcome = !done[awaited] ? .timeout : truth[ids[awaited]]!.isCancelled ? .cancelled : .done
          $0[WaitEnd.outcome] = UInt64(outcome.rawValue)
        }
        workers[worker].stack[position].awaiting = nil
        workers[worker].stack[position].deadline = .max
        enter(worker, busyState(worker), now)
        continue
      }
      if top.blocked {
        workers[worker].stack[position].blocked = false
        record(.blockingEnd, now, lane)
        enter(worker, busyState(worker), now)
        continue
      }
      guard top.step < program[task].steps.count else {
        finish(worker, task, now)
        let callback = program[task].callback
        if callback > 0 {
          record(.callbackBegin, now, lane) { $0[Callback.task] = ids[task] }
          workers[worker].stack.append(Activity(task: task, part: .callback))
          enter(worker, busyState(worker), now)
          happened["callback", default: 0] += 1
          extraWork += callback
          at(now + callback, worker)
          return
        }
        if program[task].isAsync { record(.jobEnd, now, lane) }
        if workers[worker].stack.isEmpty { return goOn(worker, now) }
        continue
      }
      workers[worker].stack[position].step += 1
      switch program[task].steps[top.step] {
      case .compute(let length):
        truth[ids[task]]!.selfTime += length
        at(now + length, worker)
        return
      case .block(let length):
        record(.blockingBegin, now, lane)
        enter(worker, .blocking, now)
        workers[worker].stack[position].blocked = true
        at(now + length, worker)
        return
      case .submit(let child): submit(child, from: lane, parent: task, now)
      case .cancel(let child): cancel(child, on: lane, now)
      case .suspend(let length):
        happened["suspension", default: 0] += 1
        if program[task].statesSuspension { record(.taskSuspend, now, lane) { $0[TaskStep.task] = ids[task] } }
        record(.jobEnd, now, lane)
        suspended.append((now + length, workers[worker].stack.removeLast()))
        at(now + length, -1)
        return goOn(worker, now)
      case .fork(let mine, let other):
        forks.append(Fork(owner: worker, length: other))
        workers[worker].stack[position].fork = forks.count - 1
        callSomebody(from: lane, now)
        truth[ids[task]]!.selfTime += mine
        at(now + mine, worker)
        return
      case .timedWait(let child, let length):
        if done[child] { break }
        record(.waitBegin, now, lane) {
          $0[WaitBegin.waiter] = ids[task]
          $0[WaitBegin.awaited] = ids[child]
          $0[WaitBegin.timed] = 1
        }
        workers[worker].stack[position].awaiting = child
        workers[worker].stack[position].since = now
        workers[worker].stack[position].deadline = now + length
        workers[worker].isParkedInWait = true
        record(.workerPark, now, lane) { $0[WorkerPark.reason] = UInt64(ParkReason.wait.rawValue) }
        enter(worker, .waiting, now)
        at(now + length, worker)
        return
      case .wait(let child):
        if done[child] { break }
        record(.waitBegin, now, lane) {
          $0[WaitBegin.waiter] = ids[task]
          $0[WaitBegin.awaited] = ids[child]
        }
        workers[worker].stack[position].awaiting = child
        workers[worker].stack[position].since = now
        enter(worker, .waiting, now)
        if pending[child], !program[child].isAsync {
          unqueue(child)
          return start(worker, child, .awaited, nil, now)
        }
        workers[worker].isParkedInWait = true
        record(.workerPark, now, lane) { $0[WorkerPark.reason] = UInt64(ParkReason.wait.rawValue) }
        return
      }
    }
  }

  /// Nothing is left on its stack.
  private mutating func goOn(_ worker: Int, _ now: UInt64) {
    workers[worker].phase = .loop
    enter(worker, .searching, now)
    at(now + UInt64.random(in: 50...500, using: &random), worker)
  }
  private mutating func unqueue(_ task: Int) {
    injector.removeAll { $0 == task }
    for index in deques.indices { deques[index].removeAll { $0 == task } }
  }
  private mutating func unpark(_ worker: Int, _ now: UInt64) {
    guard workers[worker].isParkedInWait else { return }
    workers[worker].isParkedInWait = false
    let waker = workers[worker].wokenBy
    workers[worker].wokenBy = nil
    if let waker { wakes.insert(Wake(from: waker, to: UInt16(worker), wake: workers[worker].wokenAt, unpark: now)) }
    record(.workerUnpark, now, UInt16(worker)) {
      $0[WorkerUnpark.cause] = UInt64((waker == nil ? WakeCause.timeout : .result).rawValue)
      $0[WorkerUnpark.waker] = UInt64(waker ?? EventValue.noLane)
    }
  }
  private mutating func end(_ part: Activity.Part, of task: Int, on worker: Int, _ now: UInt64) {
    let lane = UInt16(worker)
    switch part {
    case .callback:
      record(.callbackEnd, now, lane) { $0[Callback.task] = ids[task] }
      if program[task].isAsync { record(.jobEnd, now, lane) }
      if workers[worker].stack.isEmpty { return goOn(worker, now) }
      enter(worker, .waiting, now)
    case .half(let fork):
      record(.forkEnd, now, lane) {
        $0[StolenFork.parent] = ids[task]
        $0[StolenFork.victim] = UInt64(forks[fork].owner)
      }
      forks[fork].state = .done
      let owner = forks[fork].owner
      if workers[owner].stack.last?.fork == fork, workers[owner].isParkedInWait { wake(owner, by: worker, now) }
      goOn(worker, now)
    }
  }
  private mutating func cancel(_ task: Int, on lane: UInt16, _ now: UInt64) {
    guard pending[task] else { return }
    happened["cancel", default: 0] += 1
    pending[task] = false
    unqueue(task)
    done[task] = true
    truth[ids[task]]!.isCancelled = true
    truth[ids[task]]!.end = now
    record(.taskCancel, now, lane) { $0[TaskStep.task] = ids[task] }
    release(task, by: Int(lane), now)
  }
  private mutating func wake(_ other: Int, by worker: Int, _ now: UInt64) {
    workers[other].wokenBy = UInt16(worker)
    workers[other].wokenAt = now
    record(.workerWake, now, UInt16(worker)) {
      $0[WorkerWake.target] = UInt64(other)
      $0[WorkerWake.cause] = UInt64(WakeCause.result.rawValue)
    }
    at(now + UInt64.random(in: 500...8000, using: &random), other)
  }

  private mutating func finish(_ worker: Int, _ task: Int, _ now: UInt64) {
    workers[worker].stack.removeLast()
    done[task] = true
    truth[ids[task]]!.end = now
    record(.taskEnd, now, UInt16(worker)) {
      $0[TaskEnd.task] = ids[task]
      $0[TaskEnd.outcome] = program[task].fails ? 1 : 0
    }
    if !workers[worker].stack.isEmpty { enter(worker, .waiting, now) }
    release(task, by: worker, now)
  }
  /// Wakes whoever waits for a task.
  private mutating func release(_ task: Int, by worker: Int, _ now: UInt64) {
    for other in workers.indices where other != worker && workers[other].stack.last?.awaiting == task {
      wake(other, by: worker, now)
    }
    if outsideWait?.task == task { endOutsideWait(now + 3000, cancelled: truth[ids[task]]!.isCancelled) }
  }
}
