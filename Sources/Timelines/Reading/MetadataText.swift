// The few facts that we need of a CTF metadata file: is it ours, its uuid, its `env` entries.
import Foundation
import SchedulerEvents

/// Facts of a trace directory's `metadata` file.
struct MetadataText {
  enum Origin: Equatable { case eventLog, lttng, other(String) }
  var origin: Origin
  var uuid: TraceUUID?
  var environment: [(name: String, value: String)] = []
  var clockOffset: Int64 = 0
  /// The `uuid` of the clock: traces with the same one share it.
  var clockUUID: String?

  /// Never fails: what is not found is nil.
  init(_ data: Data) {
    guard data.starts(with: Array("/* CTF 1.8".utf8)) else {
      let packetized: [UInt8] = [0x57, 0x1D, 0xD1, 0x75]
      if data.starts(with: packetized) {
        origin = data.range(of: Data("lttng".utf8)) != nil ? .lttng : .other("packetized CTF metadata")
      } else {
        origin = .other("not CTF 1.8 metadata")
      }
      return
    }
    let text = String(decoding: data.prefix(1 << 20), as: UTF8.self)
    environment = Self.entries(of: "env", in: text)
    let schema = environment.first { $0.name == "schema" }
    if text.contains("\"\(EventTable.provider):") && !text.contains("tracer_name = \"lttng") {
      if let version = schema.flatMap({ UInt32($0.value) }), version > EventTable.schema {
        origin = .other("written by a newer version (schema \(version), this poolscope knows \(EventTable.schema))")
      } else {
        origin = .eventLog
      }
    } else if text.contains("lttng") {
      origin = .lttng
    } else {
      origin = .other("another program's CTF trace")
    }
    if let trace = Self.body(of: "trace", in: text), let value = Self.value(of: "uuid", in: trace) {
      uuid = TraceUUID(value)
    }
    let clock = Self.entries(of: "clock", in: text)
    clockUUID = clock.first { $0.name == "uuid" }?.value
    clockOffset = clock.first { $0.name == "offset" }.flatMap { Int64($0.value) } ?? 0
  }

  private static func body(of block: String, in text: String) -> Substring? {
    guard let start = text.range(of: "\n\(block) {"),
      let end = text.range(of: "\n};", range: start.upperBound..<text.endIndex)
    else { return nil }
    return text[start.upperBound..<end.lowerBound]
  }
  private static func value(of name: String, in body: Substring) -> String? {
    guard let start = body.range(of: "\(name) = ") else { return nil }
    return unquoted(body[start.upperBound...].prefix { $0 != ";" && $0 != "\n" })
  }
  private static func entries(of block: String, in text: String) -> [(name: String, value: String)] {
    guard let body = body(of: block, in: text) else { return [] }
    return body.split(separator: "\n").compactMap { line in
      guard let equals = line.range(of: " = ") else { return nil }
      var value = line[equals.upperBound...]
      if value.hasSuffix(";") { value = value.dropLast() }
      return (line[..<equals.lowerBound].trimmingCharacters(in: .whitespaces), unquoted(value))
    }
  }
  private static func unquoted(_ text: Substring) -> String {
    guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
    var result = ""
    var escaped = false
    for character in text.dropFirst().dropLast() {
      if escaped {
        result.append(character == "n" ? "\n" : character)
        escaped = false
      } else if character == "\\" {
        escaped = true
      } else {
        result.append(character)
      }
    }
    return result
  }
}

extension TraceUUID {
  /// 32 hexadecimal digits; hyphens do not count. nil: not a uuid.
  init?(_ text: String) {
    let digits = text.filter { $0 != "-" }
    guard digits.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }
}
