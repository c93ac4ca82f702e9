// Sums of what files say, which may be damaged.

extension UInt64 {
  /// The sum, or the largest number: what a damaged file claims to have lost must neither trap nor wrap to nothing.
  @inline(__always) func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

extension Sequence {
  func saturatingSum(_ count: (Element) -> UInt64) -> UInt64 { reduce(0) { $0.saturatingAdd(count($1)) } }
}
