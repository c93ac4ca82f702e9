// Events as text, one a line: `+0.000012345 w0 task_start task=w0:12 source=stolen ...`.
import SchedulerEvents

/// Formats events with names for lanes, tasks and labels. The test suite reads the same notation.
public struct EventText {
  let labels: LabelTable
  let origin: UInt64
  /// `origin`: the time that counts as 0.
  public init(labels: LabelTable, origin: UInt64) {
    self.labels = labels
    self.origin = origin
  }

  /// `w0:12`: the twelfth task that lane w0 made; `0`: none.
  public static func task(_ task: UInt64) -> String {
    task == 0 ? "0" : LaneSummary.name(of: EventValue.lane(ofTask: task)) + ":\(EventValue.counter(ofTask: task))"
  }
  /// Reads `w0:12`, and the number in decimal or `0x...`; nil if it is neither.
  public static func parseTask(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16) }
    guard let colon = text.firstIndex(of: ":") else { return UInt64(text) }
    guard let lane = parseLane(String(text[..<colon])), let counter = UInt64(text[text.index(after: colon)...]),
      counter <= 0xFFFF_FFFF_FFFF
    else { return nil }
    return UInt64(lane) << 48 | counter
  }
  /// Reads `w3`, `x0`, `?` or a number.
  public static func parseLane(_ text: String) -> UInt16? {
    if text == "?" { return EventValue.noLane }
    if text.hasPrefix("w") { return UInt16(text.dropFirst()).flatMap { $0 < EventValue.firstOutsideLane ? $0 : nil } }
    if text.hasPrefix("x") {
      return UInt16(text.dropFirst()).flatMap { $0 < 0x7FFF ? $0 + EventValue.firstOutsideLane : nil }
    }
    return UInt16(text)
  }
  /// Seconds since the origin with nanoseconds: `+1.000000250`.
  public static func time(_ time: UInt64, origin: UInt64) -> String {
    let distance = time >= origin ? time - origin : origin - time
    let fraction = String(distance % 1_000_000_000)
    return (time >= origin ? "+" : "-") + String(distance / 1_000_000_000) + "."
      + String(repeating: "0", count: 9 - fraction.count) + fraction
  }

  /// The fields as names and values, in the order of the event table, without `worker`.
  public func fields(_ record: EventRecord) -> [(name: String, value: String)] {
    guard let definition = EventTable[record.id] else {
      return [("aux", "\(record.aux)"), ("a", "\(record.a)"), ("b", "\(record.b)")]
    }
    return definition.fields.dropFirst().map { field in (field.name, value(field, record)) }
  }
  private func value(_ field: FieldDefinition, _ record: EventRecord) -> String {
    switch field.name {
    case "task", "parent", "waiter", "awaited", "from", "to", "fork", "call": return Self.task(record[field.place])
    case "victim", "waker", "target": return LaneSummary.name(of: UInt16(truncatingIfNeeded: record[field.place]))
    case "label":
      let label = UInt32(truncatingIfNeeded: record[field.place])
      return label == 0 ? "-" : "\"" + labels.text(label).replacing("\"", with: "'") + "\""
    default: return field.describe(record)
    }
  }
  /// One line.
  public func line(_ record: EventRecord) -> String {
    let name = EventTable[record.id]?.name ?? "event_\(record.id)"
    var text = Self.time(record.time, origin: origin) + " " + LaneSummary.name(of: record.worker) + " " + name
    for (name, value) in fields(record) { text += " \(name)=\(value)" }
    return text
  }
  /// One object: numbers in machine-readable form.
  public func json(_ record: EventRecord) -> JSON {
    var items: [(String, JSON)] = [
      ("time_ns", .unsigned(record.time)), ("event", .string(EventTable[record.id]?.name ?? "event_\(record.id)")),
      ("lane", .string(LaneSummary.name(of: record.worker))),
    ]
    for (name, value) in fields(record) {
      let number = UInt64(value).map { JSON.unsigned($0) } ?? Int64(value).map { .integer($0) }
      items.append((name, number ?? .string(value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value)))
    }
    return .object(items)
  }
}
