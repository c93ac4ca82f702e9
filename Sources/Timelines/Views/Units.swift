// Numbers as people read them: durations with a unit, counts with separators, shares in per cent.
import Foundation

/// Formats durations, counts and shares the same way in every view.
public enum Units {
  /// `412 ns`, `4.1us`, `88ms`, `2.413 s`: three significant digits.
  public static func duration(_ nanoseconds: UInt64) -> String { duration(Double(nanoseconds)) }
  /// The same for a fractional number of nanoseconds.
  public static func duration(_ nanoseconds: Double) -> String {
    let magnitude = abs(nanoseconds)
    if magnitude < 999.5 { return fixed(nanoseconds, 0) + "ns" }
    if magnitude < 999.5e3 { return significant(nanoseconds / 1e3) + "us" }
    if magnitude < 999.5e6 { return significant(nanoseconds / 1e6) + "ms" }
    if magnitude < 120e9 { return significant(nanoseconds / 1e9) + "s" }
    let seconds = Int(magnitude / 1e9)
    let sign = nanoseconds < 0 ? "-" : ""
    if seconds < 7200 { return "\(sign)\(seconds / 60)m\(padded(seconds % 60))s" }
    return "\(sign)\(seconds / 3600)h\(padded(seconds / 60 % 60))m"
  }
  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// Seconds with millisecond resolution or better, for headings: `2.413 s`.
  public static func seconds(_ nanoseconds: UInt64) -> String {
    if nanoseconds < 1_000_000_000 { return spaced(duration(nanoseconds)) }
    return fixed(Double(nanoseconds) / 1e9, 3) + " s"
  }
  private static func spaced(_ text: String) -> String {
    let digits = text.prefix { !$0.isLetter }
    return digits + " " + text.dropFirst(digits.count)
  }

  /// Three significant digits without an exponent.
  public static func significant(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude >= 99.95 || value == 0 { return fixed(value, 0) }
    if magnitude >= 9.995 { return fixed(value, 1) }
    return fixed(value, magnitude >= 0.995 ? 2 : 3)
  }
  /// A fixed number of decimals, point as separator whatever the locale.
  public static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "-" }
    return String(format: "%.\(decimals)f", locale: nil, value)
  }
  /// `1,204,331`.
  public static func count<Number: BinaryInteger>(_ number: Number) -> String {
    let digits = String(number.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return (number < 0 ? "-" : "") + result
  }
  /// `67.6 %`, `100 %`; `< 0.1 %` where rounding would hide something.
  public static func percent(_ share: Double) -> String { percentNumber(share) + " %" }
  /// `67.6` or `100`, without the sign.
  public static func percentNumber(_ share: Double) -> String {
    guard share.isFinite else { return "-" }
    let value = share * 100
    if value >= 99.95 && value < 100 { return "99.9" }
    if value == value.rounded() { return fixed(value, 0) }
    if value > 0 && value < 0.05 { return "<0.1" }
    return fixed(value, 1)
  }
  /// `1 worker`, `2 workers`.
  public static func plural<Number: BinaryInteger>(_ number: Number, _ noun: String) -> String {
    "\(count(number)) \(noun)" + (number == 1 ? "" : "s")
  }
  /// `share` of a whole, 0 when the whole is empty.
  public static func ratio(_ part: UInt64, of whole: UInt64) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
  /// `3.2 MB`.
  public static func bytes(_ number: UInt64) -> String {
    let value = Double(number)
    if value < 1e3 { return "\(number) B" }
    if value < 1e6 { return significant(value / 1e3) + " kB" }
    if value < 1e9 { return significant(value / 1e6) + " MB" }
    return significant(value / 1e9) + " GB"
  }
}
