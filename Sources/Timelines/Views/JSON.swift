// JSON with the keys in the order we give them: one small writer for every view.
import Foundation

/// A JSON value. Objects keep their order, so that outputs can be compared as text.
public enum JSON: Sendable {
  /// The absence of a value.
  case null
  /// A truth value.
  case bool(Bool)
  /// A natural number, exact.
  case unsigned(UInt64)
  /// An integer, exact.
  case integer(Int64)
  /// A floating-point number; one that is not finite is written as null.
  case number(Double)
  /// Text, escaped when written.
  case string(String)
  /// Values in order.
  case array([JSON])
  /// Keys and values in order.
  case object([(String, JSON)])

  /// `indent` nil: one line.
  public func text(indent: Int? = 2) -> String {
    var output = ""
    write(to: &output, indent: indent, level: 0)
    return output
  }
  /// Appends the text of the value.
  public func write(to output: inout String, indent: Int? = nil, level: Int = 0) {
    switch self {
    case .null: output += "null"
    case .bool(let value): output += value ? "true" : "false"
    case .unsigned(let value): output += String(value)
    case .integer(let value): output += String(value)
    case .number(let value): output += Self.text(of: value)
    case .string(let value): Self.quote(value, to: &output)
    case .array(let items):
      Self.list(items, "[", "]", to: &output, indent: indent, level: level) { item, output in
        item.write(to: &output, indent: indent, level: level + 1)
      }
    case .object(let items):
      Self.list(items, "{", "}", to: &output, indent: indent, level: level) { item, output in
        Self.quote(item.0, to: &output)
        output += indent == nil ? ":" : ": "
        item.1.write(to: &output, indent: indent, level: level + 1)
      }
    }
  }
  private static func list<Item>(
    _ items: [Item], _ open: String, _ close: String, to output: inout String, indent: Int?, level: Int,
    _ body: (Item, inout String) -> Void
  ) {
    output += open
    for (index, item) in items.enumerated() {
      if index > 0 { output += "," }
      if let indent { output += "\n" + String(repeating: " ", count: indent * (level + 1)) }
      body(item, &output)
    }
    if let indent, !items.isEmpty { output += "\n" + String(repeating: " ", count: indent * level) }
    output += close
  }
  /// Six significant decimals; JSON knows neither infinity nor NaN.
  static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return String(format: "%.6g", locale: nil, value)
  }
  /// Appends a JSON string. `<` is escaped too, so that the text may stand inside an HTML script element.
  public static func quote(_ text: String, to output: inout String) {
    output += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "<", "\u{2028}", "\u{2029}": output += escape(scalar)
      default:
        if scalar.value < 0x20 { output += escape(scalar) } else { output.unicodeScalars.append(scalar) }
      }
    }
    output += "\""
  }
  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
  /// An integer.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A truth value.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An array.
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  /// An object; keys keep their order.
  public init(dictionaryLiteral elements: (String, JSON)...) { self = .object(elements) }
}
