// Two measures in one pass.
import SchedulerEvents

/// Hands everything that the model finds to two sinks, the first one first. Nest it for more than two.
///
/// Reading a trace costs more than most measures do; whoever needs several of them reads once.
public struct BothSinks<First: TimelineSink, Second: TimelineSink>: TimelineSink {
  @inlinable public static var splitsAtSubmits: Bool { First.splitsAtSubmits || Second.splitsAtSubmits }
  /// Is told first.
  public var first: First
  /// Is told second.
  public var second: Second
  /// Both as they are.
  public init(_ first: First, _ second: Second) {
    self.first = first
    self.second = second
  }
  @inlinable public mutating func interval(_ interval: Interval) {
    first.interval(interval)
    second.interval(interval)
  }
  @inlinable public mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32) {
    first.entered(state, from: from, lane: lane, time: time, label: label)
    second.entered(state, from: from, lane: lane, time: time, label: label)
  }
  @inlinable public mutating func ready(local: Int, injector: Int, time: UInt64) {
    first.ready(local: local, injector: injector, time: time)
    second.ready(local: local, injector: injector, time: time)
  }
  @inlinable public mutating func submitted(_ task: TaskRecord) {
    first.submitted(task)
    second.submitted(task)
  }
  @inlinable public mutating func started(_ task: TaskRecord) {
    first.started(task)
    second.started(task)
  }
  @inlinable public mutating func task(_ task: TaskRecord) {
    first.task(task)
    second.task(task)
  }
  @inlinable public mutating func wait(_ wait: WaitRecord) {
    first.wait(wait)
    second.wait(wait)
  }
  @inlinable public mutating func wake(_ wake: WakeRecord) {
    first.wake(wake)
    second.wake(wake)
  }
  @inlinable public mutating func woken(lane: Int, time: UInt64) {
    first.woken(lane: lane, time: time)
    second.woken(lane: lane, time: time)
  }
  @inlinable public mutating func search(_ search: SearchRecord) {
    first.search(search)
    second.search(search)
  }
  @inlinable public mutating func annotation(_ annotation: AnnotationRecord) {
    first.annotation(annotation)
    second.annotation(annotation)
  }
  @inlinable public mutating func event(_ record: EventRecord, lane: Int) {
    first.event(record, lane: lane)
    second.event(record, lane: lane)
  }
  @inlinable public mutating func laneAppeared(_ lane: LaneSummary, index: Int) {
    first.laneAppeared(lane, index: index)
    second.laneAppeared(lane, index: index)
  }
  @inlinable public mutating func finish(_ result: ModelResult) {
    first.finish(result)
    second.finish(result)
  }
}
