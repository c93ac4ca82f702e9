// Parts of a run as people name them: `+1.5s`, `250ms`, `50%`, `@mark:NAME`.
import SchedulerEvents

/// A point in a run.
public enum TimePoint: Sendable, Equatable {
  /// Nanoseconds from the beginning.
  case offset(UInt64)
  /// Nanoseconds before the end.
  case beforeEnd(UInt64)
  /// A share of the whole, 0 to 1.
  case share(Double)
  /// The first mark of that name.
  case mark(String)

  /// nil: not a point in time. A number without a unit is in seconds; `-2s` counts from the end.
  public init?(_ text: String) {
    if text.hasPrefix("@mark:") {
      let name = String(text.dropFirst(6))
      guard !name.isEmpty else { return nil }
      self = .mark(name)
      return
    }
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), (0...100).contains(percent) else { return nil }
      self = .share(percent / 100)
      return
    }
    if text.hasPrefix("-") {
      guard let length = Self.duration(String(text.dropFirst())) else { return nil }
      self = .beforeEnd(length)
      return
    }
    guard let length = Self.duration(text.hasPrefix("+") ? String(text.dropFirst()) : text) else { return nil }
    self = .offset(length)
  }

  /// `1.5s`, `250ms`, `3us`, `12ns`, `2m`; without a unit seconds. nil: not a duration.
  public static func duration(_ text: String) -> UInt64? {
    let units: [(String, Double)] = [
      ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]
    var scale = 1e9
    var digits = text
    for (unit, factor) in units where text.hasSuffix(unit) {
      scale = factor
      digits = String(text.dropLast(unit.count))
      break
    }
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let value = Double(digits),
      value * scale < 1e18
    else { return nil }
    return UInt64((value * scale).rounded())
  }
}

extension Trace {
  /// The time of a point; nil when there is no such mark. Looking for a mark reads the trace up to it.
  public func time(of point: TimePoint) -> UInt64? {
    switch point {
    case .offset(let length): return span.lowerBound &+ min(length, wall)
    case .beforeEnd(let length): return span.upperBound - min(length, wall)
    case .share(let share): return span.lowerBound + UInt64(Double(wall) * share)
    case .mark(let name):
      var finder = MarkFinder(wanted: Set(labels.find(name)))
      read(into: &finder, progress: { _ in true })
      return finder.time
    }
  }
  private struct MarkFinder: EventConsumer {
    let wanted: Set<UInt32>
    var time: UInt64?
    mutating func consume(_ record: EventRecord) {
      guard time == nil, record.kind == .mark || record.kind == .regionBegin else { return }
      if wanted.contains(UInt32(truncatingIfNeeded: record[Annotation.label])) { time = record.time }
    }
  }
}
