// Which tasks a command looks at.

/// Conditions on tasks; all given ones must hold.
public struct TaskFilter: Sendable {
  /// No condition.
  public static let all = TaskFilter()
  /// Label ids; nil: any.
  public var labels: Set<UInt32>?
  /// Indexes of lanes that ran the task; nil: any.
  public var lanes: Set<Int32>?
  /// Nanoseconds that the run took at least.
  public var minRun: UInt64 = 0
  /// Nanoseconds that it waited in a queue at least.
  public var minQueue: UInt64 = 0
  /// How it ended; nil: any.
  public var fates: Set<TaskFate>?
  /// No condition.
  public init() {}
  /// Whether every task fits.
  public var isTrivial: Bool { labels == nil && lanes == nil && minRun == 0 && minQueue == 0 && fates == nil }

  /// Whether all conditions hold for a task.
  @inline(__always) public func accepts(_ task: TaskRecord) -> Bool { isTrivial || matches(task) }
  @inline(never) private func matches(_ task: TaskRecord) -> Bool {
    if let labels, !labels.contains(task.label) { return false }
    if let lanes, !lanes.contains(task.lane) { return false }
    if minRun > 0, (task.runTime ?? 0) < minRun { return false }
    if minQueue > 0, (task.queueDelay ?? 0) < minQueue { return false }
    if let fates, !fates.contains(task.fate) { return false }
    return true
  }
}
