// thief-start: how long after a fork its thief begins. Spinning: the thief has just finished something; parked: it has
// had nothing to do for two milliseconds.
import ConcurrentFutures
import Measuring
import Synchronization

/// Forks of which the thief's start is measured: the owner waits in `a` until `b` has begun elsewhere.
private func measure(_ report: Report, idleNanoseconds: Int64, rounds: Int) throws {
  guard report.options.workers >= 2 else { return }
  for sample in 0...report.options.samples {
    let latencies = try Bench.inPool {
      var latencies: [Int64] = []
      let start = Atomic<Int64>(0)
      for _ in 0..<rounds {
        let rest = now() + idleNanoseconds
        while now() < rest {}
        start.store(0, ordering: .relaxed)
        let began = now()
        _ = join(
          { while start.load(ordering: .acquiring) == 0 {} },
          { start.store(now(), ordering: .releasing) })
        latencies.append(start.load(ordering: .relaxed) - began)
      }
      return latencies
    }
    if sample > 0 { report.print(latencies: latencies) }
  }
}

func measureSpinningThief(_ report: Report) throws {
  try measure(report, idleNanoseconds: 0, rounds: report.options.size(20_000))
}
func measureParkedThief(_ report: Report) throws {
  try measure(report, idleNanoseconds: 2_000_000, rounds: report.options.size(300))
}
