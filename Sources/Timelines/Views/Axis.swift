// Time axes: round steps, and labels relative to the beginning of the trace.

/// Places for the ticks of a time axis.
struct Axis {
  /// Nanoseconds between ticks.
  let step: UInt64
  let ticks: [UInt64]

  /// Ticks relative to `origin`, within `span`, at most `count` of them, at 1-2-5 steps.
  init(span: ClosedRange<UInt64>, origin: UInt64, count: Int) {
    let length = max(1, span.upperBound - span.lowerBound)
    var step: UInt64 = 1
    outer: while true {
      for factor: UInt64 in [1, 2, 5] where length / (step &* factor) <= UInt64(max(1, count)) {
        step = step &* factor
        break outer
      }
      step = step &* 10
    }
    self.step = step
    let first = (span.lowerBound - min(origin, span.lowerBound) + step - 1) / step * step
    var ticks: [UInt64] = []
    var tick = first
    while tick <= span.upperBound - min(origin, span.upperBound) {
      ticks.append(tick)
      tick += step
    }
    self.ticks = ticks
  }
  /// `0`, `250ms`, `1.5s`: as many decimals as the step needs.
  func label(_ tick: UInt64) -> String {
    if tick == 0 { return "0" }
    let (unit, name): (UInt64, String) =
      tick >= 1_000_000_000 || step >= 500_000_000
      ? (1_000_000_000, "s")
      : tick >= 1_000_000 || step >= 500_000 ? (1_000_000, "ms") : tick >= 1000 ? (1000, "us") : (1, "ns")
    var decimals = 0
    var rest = step
    while decimals < 9 && rest % unit != 0 {
      rest = rest % unit * 10
      decimals += 1
    }
    return Units.fixed(Double(tick) / Double(unit), decimals) + name
  }
}
