// The tasks that a command lists: filtered, sorted, and never more in memory than are shown.
import SchedulerEvents

/// Orders of task lists.
public enum TaskOrder: String, CaseIterable, Sendable {
  /// By run time, self time, queue delay: longest first. By the time of submit, start or end: earliest first.
  case run, `self`, queue, submit, start, end
  /// Larger comes first, except for times, where earlier does.
  func key(_ task: TaskRecord) -> UInt64 {
    switch self {
    case .run: task.runTime ?? 0
    case .`self`: task.selfTime
    case .queue: task.queueDelay ?? 0
    case .submit: .max - task.submit
    case .start: .max - task.start
    case .end: .max - task.end
    }
  }
}

/// Keeps the first tasks in an order.
public struct TaskList: TimelineSink {
  /// In the order asked for.
  public private(set) var tasks: [TaskRecord] = []
  /// Tasks that fit the filter, shown or not.
  public private(set) var matching: UInt64 = 0
  /// What the model says of the whole.
  public private(set) var model: ModelResult
  private let filter: TaskFilter
  private let order: TaskOrder
  private let limit: Int

  /// `limit` 0: all.
  public init(span: ClosedRange<UInt64>, filter: TaskFilter, order: TaskOrder, limit: Int) {
    model = ModelResult(span: span)
    self.filter = filter
    self.order = order
    self.limit = limit
  }
  /// Reads the trace once. `limit` 0: all; `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, filter: TaskFilter = .all, order: TaskOrder = .run,
    limit: Int = 0,
    progress: ((Int) -> Bool)? = nil
  ) -> TaskList {
    var modeler = Modeler(
      trace, window: window, sink: TaskList(span: trace.span, filter: filter, order: order, limit: limit))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    return modeler.sink
  }

  public mutating func task(_ task: TaskRecord) {
    guard filter.accepts(task) else { return }
    matching += 1
    tasks.append(task)
    if limit > 0 && tasks.count >= limit * 2 + 1024 { cut() }
  }
  private mutating func cut() {
    let order = self.order
    tasks.sort { (order.key($0), $1.task) > (order.key($1), $0.task) }
    if limit > 0 && tasks.count > limit { tasks.removeSubrange(limit...) }
  }
  public mutating func finish(_ result: ModelResult) {
    cut()
    model = result
  }
}
