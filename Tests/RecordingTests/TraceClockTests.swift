import CPlatform
import Foundation
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct TraceClockTests {
  /// While something records long enough for the counter to be used, it stays within a microsecond of CLOCK_MONOTONIC. (Measured:
  /// below 100 ns; the limit allows for a thread that is suspended between two readings, which brackets find.)
  @Test func theTraceClockIsTheMonotonicClock() throws {
    _ = try RecorderTests.record {
      let deadline = cf_monotonic_ns() + 700_000_000
      var worst: Int64 = 0
      var usedCounter = false
      while cf_monotonic_ns() < deadline {
        let before = cf_monotonic_ns()
        let traced = Int64(TraceClock.now)
        let after = cf_monotonic_ns()
        usedCounter = usedCounter || cf_clock_line() != nil
        if after - before < 1000 { worst = max(worst, before - traced, traced - after) }
      }
      #expect(worst < 1000, "\(worst) ns off")
      #expect(usedCounter == (cf_counter_is_invariant() != 0))
    }
  }

  @Test func numbersOfBytes() {
    #expect(EventLog.byteCount("4096") == 4096)
    #expect(EventLog.byteCount("64k") == 65536)
    #expect(EventLog.byteCount("8M") == 8 << 20)
    #expect(EventLog.byteCount("1G") == 1 << 30)
    for wrong in ["", "M", "-1", "0", "1.5M", "8MB", "99999999999G"] {
      #expect(EventLog.byteCount(wrong) == nil, "\(wrong)")
    }
  }

  @Test func saturatingDurations() {
    #expect(Duration.seconds(2).nanoseconds == 2_000_000_000)
    #expect(Duration.nanoseconds(-5).nanoseconds == -5)
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
  }
}
