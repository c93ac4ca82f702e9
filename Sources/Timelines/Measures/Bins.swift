// A run divided into equal columns: what each lane mostly did in each. Memory depends on the columns, not on the events.
import SchedulerEvents

/// One lane's or label's share of a column.
public struct BinnedLane: Sendable {
  /// Nanoseconds, `[column * states + state]`.
  var times: [Float]
  /// The label that ran most in each column (majority vote), and its weight.
  var label: [UInt32]
  var weight: [Float]
  init(columns: Int) {
    times = [Float](repeating: 0, count: columns * LaneState.allCases.count)
    label = [UInt32](repeating: 0, count: columns)
    weight = [Float](repeating: 0, count: columns)
  }
}

/// A binned run.
public struct Bins: Sendable {
  /// What is divided, in nanoseconds on the trace's clock.
  public let span: ClosedRange<UInt64>
  /// How many columns, at least 1.
  public let columns: Int
  /// By lane index.
  public private(set) var lanes: [BinnedLane] = []
  /// What the model says of the whole.
  public private(set) var model: ModelResult
  /// Busy nanoseconds of each label by column; `others` has the labels beyond the limit.
  public private(set) var labels: [UInt32: [Float]] = [:]
  /// Nanoseconds times depth, and the greatest depth, of ready tasks by column.
  public private(set) var readyArea: [Float]
  /// Greatest number of ready tasks in a column.
  public private(set) var readyMax: [Int]
  /// Nanoseconds times depth of the injector, by column.
  public private(set) var injectorArea: [Float]
  /// Longest waits of lanes for a task, to name what a lane waits for.
  public private(set) var tasks: [TaskRecord] = []
  private var taskLimit: Int
  private var readyNow = (local: 0, injector: 0, time: UInt64(0))
  /// Labels with a row of their own. Larger: more memory; smaller: more labels are summed up as others (id `.max`).
  private static let labelLimit = 512

  /// An empty one, to be fed by a modeler. `tasks`: how many of the longest waits are kept.
  public init(span: ClosedRange<UInt64>, columns: Int, tasks: Int = 0) {
    self.span = span
    self.columns = max(1, columns)
    taskLimit = tasks
    model = ModelResult(span: span)
    readyArea = [Float](repeating: 0, count: self.columns)
    readyMax = [Int](repeating: 0, count: self.columns)
    injectorArea = readyArea
    readyNow.time = span.lowerBound
  }
  /// Nanoseconds of a column.
  public var columnWidth: Double { Double(max(1, span.upperBound - span.lowerBound)) / Double(columns) }

  /// Reads the trace once. `window`: nil, or the part to divide; `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, columns: Int, tasks: Int = 0, progress: ((Int) -> Bool)? = nil
  ) -> Bins {
    let span = window.map { $0.clamped(to: trace.span) } ?? trace.span
    var modeler = Modeler(trace, window: window, sink: Bins(span: span, columns: columns, tasks: tasks))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    return modeler.sink
  }

  // MARK: Reading

  /// Nanoseconds of a column that a lane spent in a state.
  public func time(lane: Int, column: Int, state: LaneState) -> Double {
    Double(lanes[lane].times[column * LaneState.allCases.count + Int(state.rawValue)])
  }
  /// The state that took most of a column, and the label of what ran.
  public func dominant(lane: Int, column: Int) -> (state: LaneState, label: UInt32, share: Double) {
    var best = LaneState.stopped
    var most: Float = -1
    var sum: Float = 0
    for state in LaneState.allCases {
      let time = lanes[lane].times[column * LaneState.allCases.count + Int(state.rawValue)]
      sum += time
      if time > most {
        most = time
        best = state
      }
    }
    return (best, lanes[lane].label[column], sum > 0 ? Double(most / sum) : 0)
  }
  /// Busy workers on average in a column.
  public func concurrency(column: Int) -> Double {
    var sum = 0.0
    for index in lanes.indices where model.lanes[index].isWorker {
      sum += time(lane: index, column: column, state: .running) + time(lane: index, column: column, state: .helping)
    }
    return sum / columnWidth
  }
  /// Ready tasks on average in a column.
  public func ready(column: Int) -> Double { Double(readyArea[column]) / columnWidth }
  /// Tasks in the injector on average in a column.
  public func injector(column: Int) -> Double { Double(injectorArea[column]) / columnWidth }
  /// Busy share of a lane over the whole.
  public func busyShare(lane: Int) -> Double {
    var busy = 0.0
    for column in 0..<columns {
      busy += time(lane: lane, column: column, state: .running) + time(lane: lane, column: column, state: .helping)
    }
    return busy / (columnWidth * Double(columns))
  }

  /// Calls `body` with each column that `[start, end)` touches and the nanoseconds in it.
  @inline(__always) func spread(_ start: UInt64, _ end: UInt64, _ body: (Int, Float) -> Void) {
    let from = Double(max(start, span.lowerBound) - span.lowerBound)
    let to = Double(min(max(end, span.lowerBound), span.upperBound) - span.lowerBound)
    guard to > from else { return }
    let width = columnWidth
    let first = min(columns - 1, Int(from / width))
    let last = min(columns - 1, Int(to / width))
    if first == last { return body(first, Float(to - from)) }
    body(first, Float(Double(first + 1) * width - from))
    var column = first + 1
    while column < last {
      body(column, Float(width))
      column += 1
    }
    let rest = to - Double(last) * width
    if rest > 0 { body(last, Float(rest)) }
  }
}

extension Bins: TimelineSink {
  public mutating func laneAppeared(_ lane: LaneSummary, index: Int) { lanes.append(BinnedLane(columns: columns)) }

  public mutating func interval(_ interval: Interval) {
    let states = LaneState.allCases.count
    let busy = interval.state.isBusy || interval.state == .waiting
    let key = labels[interval.label] != nil || labels.count < Self.labelLimit ? interval.label : .max
    if interval.state.isBusy && labels[key] == nil { labels[key] = [Float](repeating: 0, count: columns) }
    // Collected first: the closure must not touch what it is called through.
    var touched: [(Int, Float)] = []
    var single: (Int, Float)?
    spread(interval.start, interval.end) { column, time in
      if single == nil { single = (column, time) } else { touched.append((column, time)) }
    }
    func add(_ column: Int, _ time: Float) {
      lanes[interval.lane].times[column * states + Int(interval.state.rawValue)] += time
      guard busy else { return }
      if lanes[interval.lane].label[column] == interval.label {
        lanes[interval.lane].weight[column] += time
      } else if lanes[interval.lane].weight[column] < time {
        lanes[interval.lane].label[column] = interval.label
        lanes[interval.lane].weight[column] = time - lanes[interval.lane].weight[column]
      } else {
        lanes[interval.lane].weight[column] -= time
      }
      if interval.state.isBusy { labels[key]![column] += time }
    }
    if let single { add(single.0, single.1) }
    for (column, time) in touched { add(column, time) }
  }

  public mutating func ready(local: Int, injector: Int, time: UInt64) {
    let now = readyNow
    let depth = Float(now.local + now.injector)
    if time > now.time && depth > 0 {
      var parts: [(Int, Float)] = []
      spread(now.time, time) { parts.append(($0, $1)) }
      for (column, length) in parts {
        readyArea[column] += length * depth
        injectorArea[column] += length * Float(now.injector)
        readyMax[column] = max(readyMax[column], now.local + now.injector)
      }
    }
    readyNow = (local, injector, max(time, now.time))
  }

  public mutating func task(_ task: TaskRecord) {
    guard taskLimit > 0, task.start > 0 else { return }
    tasks.append(task)
    if tasks.count >= taskLimit * 4 { cutTasks() }
  }
  private mutating func cutTasks() {
    let end = span.upperBound
    tasks.sort { Self.length($0, end) > Self.length($1, end) }
    if tasks.count > taskLimit { tasks.removeSubrange(taskLimit...) }
  }
  private static func length(_ task: TaskRecord, _ end: UInt64) -> UInt64 {
    task.end > 0 ? task.end - task.start : task.fate == .running ? end - min(task.start, end) : 0
  }
  public mutating func finish(_ result: ModelResult) {
    ready(local: 0, injector: 0, time: result.span.upperBound)
    cutTasks()
    tasks.sort { $0.start < $1.start }
    model = result
  }
}
