// One task's life with every edge, and one gap of one worker explained.
import SchedulerEvents

/// Everything a trace says of one task.
public struct TaskHistory: TimelineSink {
  /// The task's id.
  public let task: UInt64
  /// Nil: the trace does not know it.
  public private(set) var record: TaskRecord?
  /// The task that submitted it; nil: none, or not in the trace.
  public private(set) var parent: TaskRecord?
  /// The first children, and how many there are.
  public private(set) var children: [TaskRecord] = []
  /// How many children there are.
  public private(set) var childCount = 0
  /// Waits of the task, and waits of others for it.
  public private(set) var waits: [WaitRecord] = []
  /// Waits of others for it.
  public private(set) var waiters: [WaitRecord] = []
  /// The first events that name it.
  public private(set) var events: [EventRecord] = []
  /// What the model says of the whole.
  public private(set) var model: ModelResult
  private let selection: EventSelection
  private var parents: [UInt64: TaskRecord] = [:]

  init(_ task: UInt64, span: ClosedRange<UInt64>) {
    self.task = task
    model = ModelResult(span: span)
    selection = EventSelection(task: task)
  }
  /// nil: the trace does not know the task.
  public static func of(_ trace: Trace, task: UInt64, progress: ((Int) -> Bool)? = nil) -> TaskHistory? {
    var modeler = Modeler(trace, sink: TaskHistory(task, span: trace.span))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    guard let record = modeler.sink.record else { return nil }
    if record.parent != 0 {
      // The parent ends later or earlier; a second pass finds it either way.
      let parent = record.parent
      var second = Modeler(trace, sink: TaskHistory(parent, span: trace.span))
      trace.read(into: &second)
      _ = second.finish()
      modeler.sink.parent = second.sink.record
    }
    return modeler.sink
  }
  public mutating func task(_ task: TaskRecord) {
    if task.task == self.task { record = task }
    if task.parent == self.task {
      childCount += 1
      if children.count < 20 { children.append(task) }
    }
  }
  public mutating func wait(_ wait: WaitRecord) {
    if wait.waiter == task { waits.append(wait) }
    if wait.awaited == task { waiters.append(wait) }
  }
  public mutating func event(_ record: EventRecord, lane: Int) {
    if events.count < 200, selection.accepts(record) { events.append(record) }
  }
  public mutating func finish(_ result: ModelResult) { model = result }
}

/// What a worker did at a time, and what the others did meanwhile.
public struct GapExplanation: TimelineSink {
  /// Lane index.
  public let lane: Int
  /// The time asked about, on the trace's clock.
  public let time: UInt64
  /// What the lane did then; nil: the time is outside of the trace.
  public private(set) var interval: Interval?
  /// What it did before that.
  public private(set) var before: Interval?
  /// What it did after that.
  public private(set) var after: Interval?
  /// What ended the gap, if somebody woke the worker.
  public private(set) var wake: WakeRecord?
  /// Second pass: nanoseconds that other workers ran each label during the gap, and the ready tasks at its times.
  public private(set) var meanwhile: [UInt32: UInt64] = [:]
  /// Nanoseconds of the gap in which some task was ready.
  public private(set) var readyTime: UInt64 = 0
  /// Ready tasks at most.
  public private(set) var mostReady = 0
  /// Nanoseconds of the gap in which tasks were ready in the injector.
  public private(set) var injectorTime: UInt64 = 0
  /// What the model says of the whole.
  public private(set) var model: ModelResult
  private var previous: Interval?
  private var ready = (local: 0, injector: 0, time: UInt64(0))
  private var gap: ClosedRange<UInt64>?

  init(lane: Int, time: UInt64, span: ClosedRange<UInt64>) {
    self.lane = lane
    self.time = time
    model = ModelResult(span: span)
    ready.time = span.lowerBound
  }
  /// Reads the trace twice. `lane` is an index, `time` on the trace's clock; `progress`: see `Trace.read`.
  public static func of(_ trace: Trace, lane: Int, time: UInt64, progress: ((Int) -> Bool)? = nil) -> GapExplanation {
    var first = Modeler(trace, sink: GapExplanation(lane: lane, time: time, span: trace.span))
    trace.read(into: &first, progress: progress)
    _ = first.finish()
    guard let interval = first.sink.interval else { return first.sink }
    var explanation = first.sink
    explanation.gap = interval.start...interval.end
    explanation.previous = nil
    explanation.ready = (0, 0, trace.span.lowerBound)
    var second = Modeler(trace, sink: explanation)
    trace.read(into: &second, progress: progress)
    _ = second.finish()
    return second.sink
  }

  public mutating func interval(_ interval: Interval) {
    if let gap {
      guard interval.lane != lane, interval.state.isBusy, interval.end > gap.lowerBound, interval.start < gap.upperBound
      else { return }
      meanwhile[interval.label, default: 0] += min(interval.end, gap.upperBound) - max(interval.start, gap.lowerBound)
      return
    }
    guard interval.lane == lane else { return }
    if self.interval != nil {
      if after == nil { after = interval }
    } else if interval.start <= time && time <= interval.end {
      self.interval = interval
      before = previous
    }
    previous = interval
  }
  public mutating func ready(local: Int, injector: Int, time: UInt64) {
    if let gap, time > ready.time {
      let from = max(ready.time, gap.lowerBound)
      let to = min(time, gap.upperBound)
      if from < to && ready.local + ready.injector > 0 {
        if ready.local > 0 { readyTime += to - from } else { injectorTime += to - from }
        mostReady = max(mostReady, ready.local + ready.injector)
      }
    }
    ready = (local, injector, max(time, ready.time))
  }
  public mutating func wake(_ wake: WakeRecord) {
    guard gap == nil, wake.to == lane, let interval, wake.unpark >= interval.start, self.wake == nil else {
      if gap == nil, wake.to == lane, interval == nil, wake.unpark >= time, self.wake == nil { self.wake = wake }
      return
    }
    self.wake = wake
  }
  public mutating func finish(_ result: ModelResult) {
    if gap != nil { ready(local: 0, injector: 0, time: result.span.upperBound) }
    model = result
  }
}
