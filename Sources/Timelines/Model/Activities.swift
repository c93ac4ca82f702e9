// The events of what begins and ends on a thread besides tasks: waits, callbacks, forks, jobs, declared blocking.
import SchedulerEvents

extension Modeler where Sink: ~Copyable {
  // MARK: Waits

  mutating func waitBegin(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    close(lane, time)
    let awaited = event[WaitBegin.awaited]
    let slot = awaited == 0 ? -1 : table.find(awaited)
    var frame = Frame(kind: .wait, id: awaited, start: time)
    frame.label = slot >= 0 ? table.slots[Int(slot)].label : late.recall(awaited)?.label ?? 0
    frame.waiter = event[WaitBegin.waiter]
    if !lane.pointee.isKnown { lane.pointee.pushDoubt() }
    frame.mode = event.named(WaitBegin.mode) ?? .one
    frame.isTimed = event[WaitBegin.timed] != 0
    lane.pointee.push(frame)
    settle(lane, time)
  }
  mutating func waitEnd(_ lane: Lane, _ event: EventRecord, _ time: UInt64) {
    guard lane.pointee.isKnown else { return }  // which wait, and what it is the end of, is among the lost
    let waiter = event[WaitEnd.waiter]
    guard
      var frame = takeOff(lane, time, isOnTop: isWaiting(lane, waiter), { $0.kind == .wait && $0.waiter == waiter })
    else { return }
    let awaited = event[WaitEnd.awaited]
    if awaited != 0 { frame.id = awaited }
    frame.helped = max(frame.helped, Int(event[WaitEnd.helped]))
    finishWait(lane, frame, end: time, outcome: event.named(WaitEnd.outcome) ?? .done)
    if let ended = late.recall(frame.id) { join(lane, span: ended.span, edges: ended.edges &+ 1) }
    settle(lane, time)
  }
  private func isWaiting(_ lane: Lane, _ waiter: UInt64) -> Bool {
    guard let top = lane.pointee.top, top.pointee.kind == .wait else { return false }
    return top.pointee.waiter == waiter || isRestated(lane)
  }
  /// A wait that a trace begins in: nobody said whose.
  func isRestated(_ lane: Lane) -> Bool {
    guard lane.pointee.isKnown, lane.pointee.depth > 1, let top = lane.pointee.top, top.pointee.kind == .wait else {
      return false
    }
    return top.pointee.waiter == 0 && top.pointee.id == 0 && (top - 1).pointee.kind == .doubt
  }
  /// Takes off the frame whose end an event states; what lies above it ended without our knowing when. nil: it is not there.
  @inline(__always) private mutating func takeOff(
    _ lane: Lane, _ time: UInt64, isOnTop: Bool, _ fits: (Frame) -> Bool
  ) -> Frame? {
    if !isOnTop {
      gap(lane, time)
      let position = lane.pointee.find(fits)
      guard position >= 0 else {
        lane.pointee.isKnown = false
        settle(lane, time)
        return nil
      }
      unwind(lane, to: position + 1)
    }
    close(lane, time)
    return lane.pointee.pop()
  }
  mutating func finishWait(_ lane: Lane, _ frame: Frame, end: UInt64, outcome: WaitOutcome) {
    let last = end > 0 ? end : span.upperBound
    guard frame.start <= window.upperBound, last >= window.lowerBound else { return }
    let length = last - min(frame.start, last)
    sink.wait(
      WaitRecord(
        lane: lane.pointee.index, waiter: frame.waiter, awaited: frame.id, start: frame.start, end: end,
        mode: frame.mode,
        isTimed: frame.isTimed, outcome: outcome, helped: frame.helped,
        helpedTime: length - min(frame.ownTime, length)))
  }

  // MARK: Callbacks, forks, jobs, declared blocking

  mutating func pushPlain(_ lane: Lane, _ kind: Frame.Kind, _ task: UInt64, _ time: UInt64) {
    close(lane, time)
    var frame = Frame(kind: kind, id: task, start: time)
    let slot = task == 0 ? -1 : table.find(task)
    if slot >= 0 {
      frame.label = table.slots[Int(slot)].label
      frame.span = table.slots[Int(slot)].depthSpan
      frame.edges = table.slots[Int(slot)].depthEdges
    } else if let ended = late.recall(task) {
      frame.label = ended.label
      frame.span = ended.span
      frame.edges = ended.edges
    }
    if !lane.pointee.isKnown { lane.pointee.pushDoubt() }
    lane.pointee.push(frame)
    settle(lane, time)
  }
  mutating func popPlain(_ lane: Lane, _ kind: Frame.Kind, _ time: UInt64) {
    guard lane.pointee.isKnown else { return }  // which one ends, and what comes to light, is among the lost
    if kind == .job {
      suspendCarried(lane, time)
      guard lane.pointee.isKnown else { return settle(lane, time) }
    }
    let isOnTop = lane.pointee.top?.pointee.kind == kind
    guard let frame = takeOff(lane, time, isOnTop: isOnTop, { $0.kind == kind }) else { return }
    if kind == .fork {
      // The fork's owner goes on when both halves are done.
      let slot = frame.id == 0 ? -1 : table.find(frame.id)
      if slot >= 0, frame.span > table.slots[Int(slot)].depthSpan {
        table.slots[Int(slot)].depthSpan = frame.span
        table.slots[Int(slot)].depthEdges = frame.edges
      }
    }
    settle(lane, time)
  }
  /// The task that a job carries leaves its thread with the job, whether or not an event says so.
  private mutating func suspendCarried(_ lane: Lane, _ time: UInt64) {
    guard let top = lane.pointee.top, top.pointee.kind == .task, lane.pointee.depth > 1,
      (top - 1).pointee.kind == .job || (top - 1).pointee.kind == .doubt
    else { return }
    close(lane, time)
    let slot = lane.pointee.pop().slot
    if slot >= 0 { table.slots[Int(slot)].wasSuspended = true }
  }
}
