// Events by kind, and events picked by what they say.
import SchedulerEvents

/// How often each kind of event occurs.
public struct EventCounts: EventConsumer {
  /// By the kind's number.
  public private(set) var byID = [UInt64](repeating: 0, count: 66)
  /// Events of kinds that this version does not know.
  public private(set) var unknown: UInt64 = 0
  public mutating func consume(_ record: EventRecord) {
    if record.kind != nil, Int(record.id) < byID.count { byID[Int(record.id)] += 1 } else { unknown += 1 }
  }
  /// Reads the trace once. `progress`: see `Trace.read`.
  public static func of(_ trace: Trace, progress: ((Int) -> Bool)? = nil) -> EventCounts {
    var counts = EventCounts()
    trace.read(into: &counts, progress: progress)
    return counts
  }
}

/// Conditions on events; all given ones must hold.
public struct EventSelection: Sendable {
  var window: ClosedRange<UInt64>?
  var lane: UInt16?
  var kinds: Set<UInt16>?
  var task: UInt64?
  /// Conditions; nil: any. `lane` is the lane's number, `kinds` the numbers of event kinds; `task` fits every event
  /// that names it.
  public init(
    window: ClosedRange<UInt64>? = nil, lane: UInt16? = nil, kinds: Set<UInt16>? = nil, task: UInt64? = nil
  ) {
    self.window = window
    self.lane = lane
    self.kinds = kinds
    self.task = task
  }
  /// The id of the kind with this name (`task_start`).
  public static func kind(named name: String) -> UInt16? {
    EventTable.all.first { $0.name == name && !$0.kind.isDefinition }?.kind.rawValue
  }
  /// Whether all conditions hold for an event.
  public func accepts(_ record: EventRecord) -> Bool {
    if let window, !window.contains(record.time) { return false }
    if let lane, record.worker != lane { return false }
    if let kinds, !kinds.contains(record.id) { return false }
    if let task {
      guard let definition = EventTable[record.id] else { return false }
      let named = definition.fields.contains { field in
        ["task", "parent", "waiter", "awaited", "from", "to", "call"].contains(field.name)
          && record[field.place] == task
      }
      if !named { return false }
    }
    return true
  }
}

/// Streams the text of selected events in chunks.
public struct EventLines: EventConsumer {
  private let selection: EventSelection
  private let limit: Int
  private let format: EventText
  private let json: Bool
  private var count = 0
  private var chunk = ""
  private var isOpen = true
  private var deliver: (String) -> Bool = { _ in true }

  /// `limit` 0: all.
  public init(_ selection: EventSelection, limit: Int, format: EventText, json: Bool) {
    self.selection = selection
    self.limit = limit
    self.format = format
    self.json = json
  }
  /// Reads the trace and hands on chunks of whole lines until `deliver` returns false.
  public func read(_ trace: Trace, deliver: @escaping (String) -> Bool) {
    var reader = self
    reader.deliver = deliver
    var stop = false
    // Reading ends early when nobody wants more.
    let box = StopBox()
    reader.box = box
    trace.read(into: &reader) { _ in
      stop = box.stop
      return !stop
    }
    reader.flush()
  }
  private final class StopBox { var stop = false }
  private var box = StopBox()

  public mutating func consume(_ record: EventRecord) {
    guard isOpen, selection.accepts(record) else { return }
    if json { format.json(record).write(to: &chunk) } else { chunk += format.line(record) }
    chunk += "\n"
    count += 1
    if chunk.utf8.count > 1 << 16 { flush() }
    if limit > 0 && count >= limit {
      isOpen = false
      box.stop = true
    }
  }
  private mutating func flush() {
    if !chunk.isEmpty, !deliver(chunk) {
      isOpen = false
      box.stop = true
    }
    chunk = ""
  }
}
