// idle: after some work, nothing. What the pool's threads still cost is read from outside.
import ConcurrentFutures
import Measuring

func measureIdle(_ report: Report) throws {
  for number in 0..<1000 { _ = try Bench.pool.submit { number }.result() }
  report.idle()
}
