// Tasks that ended before their submit was seen, and a short memory of tasks that ended.
import SchedulerEvents

/// Holds tasks that ran without a known submit for a while, because its stamp may come a little later (I3), and remembers
/// the end of recent tasks for the waits that they end.
struct LateTasks: ~Copyable {
  /// Larger: later submits are still matched; smaller: less memory. A late submit is a matter of microseconds.
  private static let room = 1024
  private static let remembered = 1 << 12
  private var records: [TaskRecord] = []
  private var next = 0
  private var places: [UInt64: Int] = [:]
  /// SAFETY: `remembered` initialized entries, owned here.
  private let recent: UnsafeMutablePointer<Recent>

  init() {
    recent = .allocate(capacity: Self.remembered)
    recent.initialize(repeating: Recent(), count: Self.remembered)
  }
  deinit { recent.deallocate() }

  struct Recent {
    var task: UInt64 = 0
    var span: UInt64 = 0
    var edges: UInt32 = 0
    var label: UInt32 = 0
  }

  /// Keeps a record, and returns the one that has to make room for it.
  mutating func keep(_ record: TaskRecord) -> TaskRecord? {
    places[record.task] = next
    guard records.count == Self.room else {
      records.append(record)
      next = records.count % Self.room
      return nil
    }
    let old = records[next]
    if places[old.task] == next { places[old.task] = nil }
    records[next] = record
    next = (next + 1) % Self.room
    return old.task == 0 ? nil : old
  }
  /// Takes out the record of a task whose submit turned up.
  @inline(__always) mutating func take(_ task: UInt64) -> TaskRecord? {
    if places.isEmpty { return nil }
    guard let place = places.removeValue(forKey: task) else { return nil }
    defer { records[place].task = 0 }
    return records[place]
  }
  /// Empties the store.
  mutating func takeAll() -> [TaskRecord] {
    defer {
      records = []
      places = [:]
      next = 0
    }
    return records.filter { $0.task != 0 }
  }

  @inline(__always) private func slot(_ task: UInt64) -> Int {
    Int(truncatingIfNeeded: (task &* 0x9E37_79B9_7F4A_7C15) >> 52)
  }
  @inline(__always) mutating func remember(_ record: UnsafePointer<TaskRecord>) {
    recent[slot(record.pointee.task)] = Recent(
      task: record.pointee.task, span: record.pointee.depthSpan, edges: record.pointee.depthEdges,
      label: record.pointee.label)
  }
  @inline(__always) func recall(_ task: UInt64) -> Recent? {
    let found = recent[slot(task)]
    return found.task == task && task != 0 ? found : nil
  }
}
