// A run held in memory for drawing: segments per lane at a chosen resolution, the tasks worth a card, the arrows.
//
// Memory depends on the resolution and the limits, not on the number of events: stretches shorter than `resolution` are
// merged, and of many tasks the longest, the failed and a sample per label are kept.
import SchedulerEvents

/// A stretch of a lane: one interval, or several that are too short to be drawn each.
public struct Segment: Sendable, Equatable {
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64
  /// The state that took most of it.
  public var state: LaneState
  /// The label that ran (or was awaited) most.
  public var label: UInt32
  /// The task, where it is a single interval; else 0.
  public var task: UInt64
  /// Intervals that were merged into it.
  public var count: UInt32
  /// Nanoseconds in which a task was run.
  public var busy: UInt64
}

/// How much of a run is kept.
public struct TimelineLimits: Sendable {
  /// Nanoseconds below which intervals are merged. 0: none are.
  public var resolution: UInt64 = 0
  /// Longest tasks, failed tasks, and tasks sampled of each label.
  public var longest = 2000
  /// Tasks that ended with an error.
  public var failed = 500
  /// Tasks of each label, spread over the run.
  public var sample = 20
  /// Steals and wakes, each; of more an even share is kept.
  public var arrows = 4000
  /// What a browser draws smoothly.
  public init() {}
  /// Everything.
  public static var unlimited: TimelineLimits {
    var limits = TimelineLimits()
    limits.longest = .max
    limits.failed = 0
    limits.sample = 0
    limits.arrows = .max
    return limits
  }
}

/// An arrow between two lanes.
public struct Arrow: Sendable, Equatable {
  /// What an arrow stands for.
  public enum Kind: String, Sendable {
    /// A task went from the victim to the thief, or a thread woke another.
    case steal, wake
  }
  /// What happened between the lanes.
  public var kind: Kind
  /// Lane index.
  public var from: Int
  /// Lane index.
  public var to: Int
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64
  /// The stolen task; 0: none.
  public var task: UInt64
}

/// A run for drawing.
public struct Timeline: Sendable {
  /// What the model says of the whole.
  public internal(set) var model: ModelResult
  /// Segments by lane index, in order.
  public internal(set) var lanes: [[Segment]] = []
  /// Those that are kept.
  public internal(set) var tasks: [TaskRecord] = []
  /// All there were.
  public internal(set) var taskCount: UInt64 = 0
  /// Kept only where arrows are unlimited.
  public internal(set) var waits: [WaitRecord] = []
  /// Marks, counters and regions.
  public internal(set) var annotations: [AnnotationRecord] = []
  /// Arrows from victim to thief.
  public internal(set) var steals = Sampled<Arrow>()
  /// Arrows from waker to woken.
  public internal(set) var wakes = Sampled<Arrow>()
  /// What was asked for.
  public let limits: TimelineLimits
  private var laneOfNumber: [UInt16: Int] = [:]
  private var open: [Merge] = []
  private var longest: [TaskRecord] = []
  private var failed: [TaskRecord] = []
  private var sampled: [UInt32: Sampled<TaskRecord>] = [:]

  /// A merged stretch in the making.
  private struct Merge {
    var segment: Segment?
    var times = [UInt64](repeating: 0, count: LaneState.allCases.count)
    var label: UInt32 = 0
    var weight: UInt64 = 0
  }

  /// An empty one, to be fed by a modeler.
  public init(span: ClosedRange<UInt64>, limits: TimelineLimits) {
    model = ModelResult(span: span)
    self.limits = limits
  }
  /// Reads the trace once. `window`: nil, or the part to keep; `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, limits: TimelineLimits, progress: ((Int) -> Bool)? = nil
  ) -> Timeline {
    var modeler = Modeler(trace, window: window, sink: Timeline(span: trace.span, limits: limits))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    return modeler.sink
  }

  private mutating func close(_ lane: Int) {
    guard var segment = open[lane].segment else { return }
    if segment.count > 1 {
      let best = open[lane].times.indices.max { open[lane].times[$0] < open[lane].times[$1] }!
      segment.state = LaneState(rawValue: UInt8(best)) ?? .unknown
      segment.label = open[lane].label
      segment.task = 0
    }
    lanes[lane].append(segment)
    open[lane] = Merge()
  }
  private mutating func keepLongest(_ task: TaskRecord) {
    longest.append(task)
    guard limits.longest < .max, longest.count >= limits.longest * 2 + 64 else { return }
    longest.sort { ($0.runTime ?? .max) > ($1.runTime ?? .max) }
    longest.removeSubrange(limits.longest...)
  }
}

/// Keeps at most a number of items: every one, then every second, every fourth...
public struct Sampled<Item: Sendable>: Sendable {
  /// Those that are kept, in order.
  public private(set) var items: [Item] = []
  /// All that were offered.
  public private(set) var offered: UInt64 = 0
  private var stride: UInt64 = 1
  /// Keeps the item, or not; at most `limit` are kept.
  public mutating func offer(_ item: Item, limit: Int) {
    defer { offered += 1 }
    guard offered % stride == 0, limit > 0 else { return }
    items.append(item)
    if items.count >= limit, limit < .max {
      items = items.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      stride *= 2
    }
  }
}

extension Timeline: TimelineSink {
  public mutating func laneAppeared(_ lane: LaneSummary, index: Int) {
    lanes.append([])
    open.append(Merge())
    laneOfNumber[lane.lane] = index
  }

  public mutating func interval(_ interval: Interval) {
    let lane = interval.lane
    let busy = interval.state.isBusy ? interval.length : 0
    if limits.resolution == 0 || interval.length >= limits.resolution {
      close(lane)
      lanes[lane].append(
        Segment(
          start: interval.start, end: interval.end, state: interval.state, label: interval.label, task: interval.task,
          count: 1, busy: busy))
      return
    }
    if open[lane].segment == nil {
      open[lane].segment = Segment(
        start: interval.start, end: interval.end, state: interval.state, label: interval.label, task: interval.task,
        count: 1, busy: busy)
    } else {
      open[lane].segment!.end = interval.end
      open[lane].segment!.count += 1
      open[lane].segment!.busy += busy
    }
    open[lane].times[Int(interval.state.rawValue)] += interval.length
    if interval.label == open[lane].label {
      open[lane].weight += interval.length
    } else if open[lane].weight < interval.length {
      open[lane].label = interval.label
      open[lane].weight = interval.length - open[lane].weight
    } else {
      open[lane].weight -= interval.length
    }
    if interval.end - open[lane].segment!.start >= limits.resolution { close(lane) }
  }

  public mutating func started(_ task: TaskRecord) {
    guard task.source == .stolen, let victim = laneOfNumber[task.victim] else { return }
    steals.offer(
      Arrow(
        kind: .steal, from: victim, to: Int(task.lane), start: task.start, end: task.start, task: task.task),
      limit: limits.arrows)
  }
  public mutating func wake(_ wake: WakeRecord) {
    guard wake.unpark > 0, wake.from >= 0 else { return }
    wakes.offer(
      Arrow(kind: .wake, from: wake.from, to: wake.to, start: wake.wake, end: wake.unpark, task: 0),
      limit: limits.arrows)
  }
  public mutating func task(_ task: TaskRecord) {
    taskCount += 1
    keepLongest(task)
    guard limits.longest < .max else { return }
    if task.fate != .value && failed.count < limits.failed { failed.append(task) }
    sampled[task.label, default: Sampled()].offer(task, limit: limits.sample)
  }
  public mutating func wait(_ wait: WaitRecord) {
    if limits.arrows == .max { waits.append(wait) }
  }
  public mutating func annotation(_ annotation: AnnotationRecord) {
    if annotations.count < 20_000 || limits.arrows == .max { annotations.append(annotation) }
  }
  public mutating func finish(_ result: ModelResult) {
    for lane in lanes.indices { close(lane) }
    model = result
    if longest.count > limits.longest {
      longest.sort { ($0.runTime ?? .max) > ($1.runTime ?? .max) }
      longest.removeSubrange(limits.longest...)
    }
    var seen: Set<UInt64> = []
    for task in longest + failed + sampled.values.flatMap(\.items) where seen.insert(task.task).inserted {
      tasks.append(task)
    }
    tasks.sort { ($0.start == 0 ? $0.submit : $0.start, $0.task) < ($1.start == 0 ? $1.submit : $1.start, $1.task) }
    longest = []
    failed = []
    sampled = [:]
  }
}
