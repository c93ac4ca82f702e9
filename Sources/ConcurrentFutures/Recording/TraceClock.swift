// The clock of traces: CLOCK_MONOTONIC nanoseconds, read from the processor's counter where that is exact.
//
// Reading the counter takes a third of the time of clock_gettime. It is translated by a line `ns = base + (counter - start) *
// slope`; the log's thread keeps the line on CLOCK_MONOTONIC: it reads both clocks in brackets (counter, clock, counter: the
// narrowest of several) and lays each new line so that it begins on the old one, without a step, and meets the clock again
// at the next calibration. The slope comes from the distance to the first bracket of the recording, so it improves; until that distance
// is long enough for an error below 100 ns, `now` is CLOCK_MONOTONIC itself.
//
// Pairings: P1  log's thread: line (release)  |  anyone: line (acquire), then its fields.
import CPlatform
import Synchronization

enum TraceClock {
  /// Nanoseconds of CLOCK_MONOTONIC.
  @inline(__always) static var now: UInt64 {
    guard let line = cf_clock_line() else { return UInt64(truncatingIfNeeded: cf_monotonic_ns()) }  // P1
    return now(on: line)
  }
  @inline(__always) static func now(on line: UnsafePointer<cf_clock_parameters>) -> UInt64 {
    value(of: line, at: cf_counter())
  }
  @inline(__always) private static func value(of line: UnsafePointer<cf_clock_parameters>, at counter: UInt64) -> UInt64
  {
    // The slope is in units of 2^-32 ns.
    let product = (counter &- line.pointee.start).multipliedFullWidth(by: line.pointee.slope)
    return line.pointee.base &+ (product.high << 32 | product.low >> 32)
  }

  /// Both clocks at one instant, and how unsure that is.
  private struct Bracket {
    let counter: UInt64
    let ns: UInt64
    let width: UInt64

    static func take() -> Bracket {
      var best: Bracket?
      for _ in 0..<32 {
        let before = cf_counter_ordered()
        let ns = UInt64(cf_monotonic_ns())
        let after = cf_counter_ordered()
        let width = after &- before
        if width < best?.width ?? .max { best = Bracket(counter: before &+ width / 2, ns: ns, width: width) }
      }
      return best.unsafelyUnwrapped
    }
  }

  // SAFETY: only the log's thread, or the thread that starts a recording before that thread exists, touches these.
  nonisolated(unsafe) private static var first: Bracket?
  nonisolated(unsafe) private static var lines: UnsafeMutablePointer<cf_clock_parameters>?
  nonisolated(unsafe) private static var generation = 0
  nonisolated(unsafe) private static var usable = cf_counter_is_invariant() != 0

  /// Lines in the air: a reader that is suspended between loading a line and using it for this many calibrations (minutes)
  /// would see a line that is being replaced.
  private static let lineCount = 256
  /// Until the first bracket is that old, the slope is not good enough: 30 ns in 100 ms is 0.3 ppm.
  private static let enoughNs: UInt64 = 100_000_000

  /// Lays the line anew. Returns the time until the next calibration in nanoseconds; nil: the counter is not used.
  static func calibrate() -> UInt64? {
    guard usable else { return nil }
    let here = Bracket.take()
    guard let first else {
      first = here
      return enoughNs
    }
    let elapsed = here.ns &- first.ns
    let ticks = here.counter &- first.counter
    guard elapsed >= enoughNs, ticks > 0, ticks < 1 << 62 else { return enoughNs }
    // ns per tick in units of 2^-32.
    let slope = UInt64((Double(elapsed) / Double(ticks) * 4_294_967_296).rounded())
    let interval = min(elapsed, 1_000_000_000)
    lay(from: here, slope: slope, interval: interval)
    return interval
  }

  private static func lay(from here: Bracket, slope: UInt64, interval: UInt64) {
    var base = here.ns
    var bent = slope
    if let old = cf_clock_line() {
      let shown = value(of: old, at: here.counter)
      let error = Int64(bitPattern: here.ns &- shown)
      if error.magnitude < interval / 1000 {
        // Begin where the old line is, meet the clock at the end of the interval.
        base = shown
        bent = UInt64(Double(slope) * (1 + Double(error) / Double(interval)))
      } else if error < 0 {
        // The clocks went apart (a suspended machine): better a standstill within the lanes than a wrong time.
        base = here.ns
      }
    }
    let lines = self.lines ?? .allocate(capacity: lineCount)
    self.lines = lines
    generation = (generation + 1) % lineCount
    lines[generation] = cf_clock_parameters(start: here.counter, base: base, slope: bent)
    cf_set_clock_line(lines + generation)  // P1
  }

  /// Between recordings nobody keeps the line: back to CLOCK_MONOTONIC.
  static func rest() { cf_set_clock_line(nil) }

  /// For tests and comparisons: false makes `now` CLOCK_MONOTONIC from the next calibration on.
  static func allowCounter(_ allowed: Bool) {
    usable = allowed && cf_counter_is_invariant() != 0
    if !usable { rest() }
  }

  /// CLOCK_REALTIME minus CLOCK_MONOTONIC in nanoseconds, from the narrowest of several brackets.
  static func realtimeOffset() -> Int64 {
    var best = (width: Int64.max, offset: Int64(0))
    for _ in 0..<32 {
      let before = cf_monotonic_ns()
      let real = cf_realtime_ns()
      let width = cf_monotonic_ns() - before
      if width < best.width { best = (width, real - before - width / 2) }
    }
    return best.offset
  }
}
