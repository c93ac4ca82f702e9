// The events of tasks.
import SchedulerEvents

extension Modeler where Sink: ~Copyable {
  typealias Lane = UnsafeMutablePointer<LaneMachine>

  func isInWindow(_ record: TaskRecord) -> Bool {
    if isWhole { return true }
    let first = record.submit > 0 ? record.submit : record.start > 0 ? record.start : record.end
    let last = record.end > 0 ? record.end : span.upperBound
    return first <= window.upperBound && last >= window.lowerBound
  }

  /// The running task of a lane, 0 if there is none.
  func nearestTask(_ lane: Lane) -> UInt64 {
    let position = lane.pointee.find { $0.kind == .task || $0.kind == .doubt }
    return position < 0 ? 0 : lane.pointee.frames[position].id  // a doubt's is 0
  }

  /// The longest chain of self times that leads to what the lane does at `time`.
  @inline(__always) private func chain(_ lane: Lane, _ time: UInt64) -> (span: UInt64, edges: UInt32) {
    var position = lane.pointee.depth - 1
    // What the interval that is still open will add to the frame on top.
    var open = lane.pointee.state.isBusy ? time &- min(lane.pointee.since, time) : 0
    while position >= 0 {
      let frame = lane.pointee.frames + position
      if frame.pointee.slot >= 0 {
        let record = table.slots + Int(frame.pointee.slot)
        return (record.pointee.depthSpan &+ open, record.pointee.depthEdges)
      }
      if frame.pointee.kind == .fork || frame.pointee.kind == .callback {
        return (frame.pointee.span + open, frame.pointee.edges)
      }
      if frame.pointee.kind == .doubt { break }
      open = 0
      position -= 1
    }
    return (lane.pointee.outsideSpan, lane.pointee.outsideEdges)
  }
  @inline(__always) mutating func join(_ lane: Lane, span: UInt64, edges: UInt32) {
    var position = lane.pointee.depth - 1
    while position >= 0 {
      let frame = lane.pointee.frames + position
      if frame.pointee.slot >= 0 {
        let record = table.slots + Int(frame.pointee.slot)
        if span > record.pointee.depthSpan {
          record.pointee.depthSpan = span
          record.pointee.depthEdges = edges
        }
        return
      }
      if frame.pointee.kind == .fork || frame.pointee.kind == .callback {
        if span > frame.pointee.span {
          frame.pointee.span = span
          frame.pointee.edges = edges
        }
        return
      }
      if frame.pointee.kind == .doubt { break }
      position -= 1
    }
    if span > lane.pointee.outsideSpan {
      lane.pointee.outsideSpan = span
      lane.pointee.outsideEdges = edges
    }
  }

  @inline(__always) mutating func changeReady(_ queue: SubmitQueue, _ by: Int, _ time: UInt64) {
    switch queue {
    case .local: readyLocal = max(0, readyLocal &+ by)
    case .injector: readyInjector = max(0, readyInjector &+ by)
    case .inline: return
    }
    sink.ready(local: readyLocal, injector: readyInjector, time: clamp(time))
  }

  // MARK: The life of a task

  @inline(__always) mutating func taskSubmit(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let task = event[TaskSubmit.task]
    guard task != 0 else { return }
    let place = table.look(for: task)
    if place.slot >= 0 { return lateSubmit(lane, event, place.slot, time) }
    if let ended = late.take(task) { return lateSubmit(lane, event, ended, time) }
    if Sink.splitsAtSubmits { close(lane, time) }
    let record = table.add(task, place)
    fill(&record.pointee, lane, event, time)
    changeReady(record.pointee.queue, 1, time)
    sink.submitted(record.pointee)
  }
  @inline(__always) private func fill(_ record: inout TaskRecord, _ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    record.parent = event[TaskSubmit.parent]
    record.label = UInt32(truncatingIfNeeded: event[TaskSubmit.label])
    record.queue = queue(event)
    record.queueDepth = UInt16(truncatingIfNeeded: event[TaskSubmit.depth])
    record.submitLane = Int32(truncatingIfNeeded: lane.pointee.index)
    record.submit = time
    let (span, edges) = chain(lane, time)
    record.depthSpan = span
    record.depthEdges = edges &+ 1
  }
  // As `EventRecord.named`, for the two events of which there are most.
  @inline(__always) private func queue(_ event: EventRecord) -> SubmitQueue {
    switch event[TaskSubmit.queue] {
    case 1: .injector
    case 2: .inline
    default: .local
    }
  }
  @inline(__always) private func source(_ event: EventRecord) -> TaskSource {
    switch event[TaskStart.source] {
    case 1: .injector
    case 2: .stolen
    case 3: .awaited
    case 4: .inline
    default: .local
    }
  }
  /// The submit of a task that is known already: its stamp is later than that of its start.
  @inline(never) private mutating func lateSubmit(_ lane: Lane, _ event: EventRecord, _ slot: Int32, _ time: UInt64) {
    guard table.slots[Int(slot)].submit == 0 else {  // the same task twice: a damaged record
      result.contradictions += 1
      return
    }
    close(lane, time)
    var record = table.slots[Int(slot)]
    complete(&record, lane, event, time)
    table.slots[Int(slot)] = record
    relabel(slot, table.slots[Int(slot)].label)
  }
  /// The same for a task that has ended.
  @inline(never) private mutating func lateSubmit(
    _ lane: Lane, _ event: EventRecord, _ ended: TaskRecord, _ time: UInt64
  ) {
    close(lane, time)
    var record = ended
    complete(&record, lane, event, time)
    if isInWindow(record) { sink.task(record) }
  }
  private mutating func complete(_ record: inout TaskRecord, _ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    result.repairs += 1
    let own = record.depthSpan
    fill(&record, lane, event, time)
    record.depthSpan += own
    if record.start > 0 || record.end > 0 { record.submit = min(time, record.start > 0 ? record.start : record.end) }
    record.isRepaired = true
  }
  private mutating func relabel(_ slot: Int32, _ label: UInt32) {
    for index in 0..<laneCount {
      let lane = machines + index
      for position in 0..<lane.pointee.depth where lane.pointee.frames[position].slot == slot {
        lane.pointee.frames[position].label = label
        if position == lane.pointee.depth - 1 { lane.pointee.label = label }
      }
    }
  }

  @inline(__always) mutating func taskStart(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let task = event[TaskStart.task]
    let nesting = Int(event[TaskStart.nesting])
    if nesting != lane.pointee.tasks || !lane.pointee.isKnown
      || (nesting == 0 && lane.pointee.depth > 0 && lane.pointee.isWorker)
    {
      reconcile(lane, nesting: nesting, time)
    }
    guard task != 0 else { return }
    close(lane, time)
    var slot = table.find(task)
    if slot < 0 {
      slot = table.insert(task)
    } else if table.slots[Int(slot)].fate == .running {
      slot = startAgain(lane, slot, nesting: nesting)
    }
    let record = table.slots + Int(slot)
    record.pointee.start = max(time, record.pointee.submit)
    record.pointee.lane = Int32(truncatingIfNeeded: lane.pointee.index)
    record.pointee.source = source(event)
    if nesting == 0 && record.pointee.submit > 0 {
      let free = max(record.pointee.submit, lane.pointee.freeSince)
      record.pointee.pickup = record.pointee.start &- min(free, record.pointee.start)
    }
    record.pointee.victim = UInt16(truncatingIfNeeded: event[TaskStart.victim])
    record.pointee.nesting = UInt16(truncatingIfNeeded: min(nesting, 0xFFFF))
    record.pointee.fate = .running
    if record.pointee.submit > 0 { changeReady(record.pointee.queue, -1, time) }
    if nesting > 0, let wait = lane.pointee.top, wait.pointee.kind == .wait { wait.pointee.helped += 1 }
    var frame = Frame(kind: .task, slot: slot, id: task, label: record.pointee.label, start: time)
    frame.helps = nesting > 0 && record.pointee.source != .inline
    lane.pointee.push(frame)
    settle(lane, time)
    sink.started(record.pointee)
  }

  /// A task that runs already: its end was lost and the id came back, the record is damaged, or another thread said so before.
  @inline(never) private mutating func startAgain(_ lane: Lane, _ slot: Int32, nesting: Int) -> Int32 {
    result.contradictions += 1
    leave(slot)
    if !lane.pointee.isKnown { lane.pointee.pushDoubt(tasks: nesting, code: nesting == 0 ? .running : .unknown) }
    guard table.slots[Int(slot)].start > 0 else { return slot }
    let task = table.slots[Int(slot)].task
    conclude(slot, .unknown)
    return table.insert(task)
  }
  /// The place of a task on its lane's stack, -1: it lies on none (I4).
  func position(_ slot: Int32) -> Int {
    let lane = Int(table.slots[Int(slot)].lane)
    return lane < 0 ? -1 : machines[lane].find { $0.kind == .task && $0.slot == slot }
  }
  /// Takes a task off the stack on which it lies, if on any: an event says that it is somewhere else. What its lane did since its
  /// own last event is then among the lost.
  @inline(never) mutating func leave(_ slot: Int32) {
    let position = position(slot)
    guard position >= 0 else { return }
    let lane = machines + Int(table.slots[Int(slot)].lane)
    let time = max(lane.pointee.last, lane.pointee.since)
    close(lane, time)
    unwind(lane, to: position + 1)
    _ = lane.pointee.pop()
    lane.pointee.isKnown = false
    settle(lane, time)
  }

  /// Before a task that begins where something else is on the stack than its event says, or nobody knows what: a doubt.
  @inline(never) private mutating func reconcile(_ lane: Lane, nesting: Int, _ time: UInt64) {
    if lane.pointee.isKnown {
      if lane.pointee.tasks < 0 || nesting == lane.pointee.tasks, let top = lane.pointee.top?.pointee.kind,
        nesting > 0 || (top != .wait && top != .blocking)
      {
        return
      }
      gap(lane, time)
      lane.pointee.isKnown = false
    } else {
      close(lane, time)
    }
    // What lies deeper than can be has ended.
    while lane.pointee.depth > 0, nesting == 0 || lane.pointee.tasks > nesting {
      unwind(lane, to: lane.pointee.depth - 1)
    }
    lane.pointee.pushDoubt(tasks: nesting, code: nesting == 0 ? .running : .unknown)
  }

  /// Pops frames until `depth` is left; tasks among them ended without our knowing when.
  mutating func unwind(_ lane: Lane, to depth: Int) {
    while lane.pointee.depth > depth {
      let frame = lane.pointee.pop()
      guard frame.kind == .task, frame.slot >= 0 else { continue }
      assert(table.slots[Int(frame.slot)].task == frame.id, "I4")
      conclude(frame.slot, .unknown)
    }
  }

  /// Hands a task's record on and forgets the task.
  @inline(__always) mutating func conclude(_ slot: Int32, _ fate: TaskFate) {
    var record = takeOut(slot)
    record.fate = fate
    handOn(record)
  }
  /// What is still to be said of the task is said of the copy: a copy of what was written the moment before would wait for it.
  @inline(__always) private mutating func takeOut(_ slot: Int32) -> TaskRecord {
    let pointer = table.slots + Int(slot)
    late.remember(pointer)
    let record = pointer.pointee
    table.remove(slot)
    return record
  }
  @inline(__always) private mutating func handOn(_ record: TaskRecord) {
    if record.submit > 0 {
      if isInWindow(record) { sink.task(record) }
    } else if let old = late.keep(record), isInWindow(old) {
      sink.task(old)
    }
  }

  @inline(__always) mutating func taskEnd(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let task = event[TaskEnd.task]
    if !lane.pointee.isKnown || !isOnTop(lane, task) {
      if endResumed(lane, task, event, time) { return }
      guard surface(lane, task, time) else { return endWithoutStart(task, event, time) }
    }
    close(lane, time)
    let slot = lane.pointee.pop().slot
    if slot >= 0 { end(slot, event, time) }
    settle(lane, time)
  }
  @inline(__always) private func isOnTop(_ lane: Lane, _ task: UInt64) -> Bool {
    guard let top = lane.pointee.top else { return false }
    return top.pointee.kind == .task && top.pointee.id == task
  }
  @inline(__always) private mutating func end(_ slot: Int32, _ event: EventRecord, _ time: UInt64) {
    var record = takeOut(slot)
    record.end = max(time, record.start)
    record.waiters = UInt16(truncatingIfNeeded: event[TaskEnd.waiters])
    record.fate = event[TaskEnd.outcome] == UInt64(TaskOutcome.error.rawValue) ? .error : .value
    handOn(record)
  }
  /// The end of async work that was suspended and went on in the job on top, which says no more than that it began. The
  /// job's own time was the task's.
  @inline(never) private mutating func endResumed(
    _ lane: Lane, _ task: UInt64, _ event: EventRecord, _ time: UInt64
  ) -> Bool {
    let slot = table.find(task)
    guard lane.pointee.isKnown, let top = lane.pointee.top, top.pointee.kind == .job, slot >= 0,
      table.slots[Int(slot)].wasSuspended, position(slot) < 0
    else { return false }
    close(lane, time)
    table.slots[Int(slot)].selfTime += top.pointee.ownTime
    table.slots[Int(slot)].depthSpan += top.pointee.ownTime
    end(slot, event, time)
    settle(lane, time)
    return true
  }
  /// Makes a task the top of the stack although other things lie above it, or nothing is known of the stack, or it is not
  /// there (false). That it lies there proves what lies beneath (I2).
  @inline(never) private mutating func surface(_ lane: Lane, _ task: UInt64, _ time: UInt64) -> Bool {
    gapIfKnown(lane, time)
    let position = lane.pointee.find { $0.kind == .task && $0.id == task }
    guard position >= 0, task != 0 else {
      lane.pointee.isKnown = false
      settle(lane, time)
      return false
    }
    unwind(lane, to: position + 1)
    lane.pointee.isKnown = !isCarried(lane, position)
    settle(lane, time)
    return true
  }
  /// A Swift job carries the task: it can leave its thread and come back.
  private func isCarried(_ lane: Lane, _ position: Int) -> Bool {
    let slot = lane.pointee.frames[position].slot
    return position > 0 && lane.pointee.frames[position - 1].kind == .job
      || slot >= 0 && table.slots[Int(slot)].wasSuspended
  }
  @inline(never) private mutating func endWithoutStart(_ task: UInt64, _ event: EventRecord, _ time: UInt64) {
    var slot = table.find(task)
    guard task != 0 else { return }
    if slot < 0 { slot = table.insert(task) }
    let record = table.slots + Int(slot)
    if record.pointee.start == 0 && record.pointee.submit > 0 { changeReady(record.pointee.queue, -1, time) }
    record.pointee.end = max(time, record.pointee.submit, record.pointee.start)
    let failed = event[TaskEnd.outcome] == UInt64(TaskOutcome.error.rawValue)
    leave(slot)
    conclude(slot, failed ? .error : .value)
  }

  mutating func taskCancel(_ event: EventRecord, _ time: UInt64) {
    let slot = table.find(event[TaskStep.task])
    guard slot >= 0, table.slots[Int(slot)].start == 0 else { return }
    changeReady(table.slots[Int(slot)].queue, -1, time)
    table.slots[Int(slot)].end = max(time, table.slots[Int(slot)].submit)
    leave(slot)
    conclude(slot, .cancelled)
  }

  mutating func taskSuspend(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let task = event[TaskStep.task]
    if lane.pointee.isKnown, isOnTop(lane, task) {
      close(lane, time)
    } else if !surface(lane, task, time) {
      return
    }
    let slot = lane.pointee.pop().slot
    if slot >= 0 { table.slots[Int(slot)].wasSuspended = true }
    settle(lane, time)
  }
  mutating func taskResume(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    let task = event[TaskStep.task]
    guard task != 0, lane.pointee.find({ $0.kind == .task && $0.id == task }) < 0 else { return }
    close(lane, time)
    if !lane.pointee.isKnown { lane.pointee.pushDoubt() }
    var slot = table.find(task)
    if slot < 0 { slot = table.insert(task) } else { leave(slot) }
    let record = table.slots + Int(slot)
    record.pointee.fate = .running
    record.pointee.wasSuspended = true
    record.pointee.lane = Int32(truncatingIfNeeded: lane.pointee.index)
    lane.pointee.push(Frame(kind: .task, slot: slot, id: task, label: record.pointee.label, start: time))
    settle(lane, time)
  }
}
