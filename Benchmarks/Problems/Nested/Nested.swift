// nested: both children are futures, submitted by a worker and both waited for.
import ConcurrentFutures
import Measuring

private func serial(_ n: Int) -> Int { n < 2 ? n : serial(n - 1) + serial(n - 2) }

private func parallel(_ n: Int) throws -> Int {
  if n < 2 { return n }
  let left = try Bench.pool.submit(parallel, n - 1)
  let right = try Bench.pool.submit(parallel, n - 2)
  return try right.result() + left.result()
}

private func stealing(_ n: Int) throws -> Int {
  if n < 2 { return n }
  let left = try Bench.stealingPool.submit(stealing, n - 1)
  let right = try Bench.stealingPool.submit(stealing, n - 2)
  return try right.result() + left.result()
}

private func measure(
  _ report: Report, _ pool: ThreadPoolExecutor, _ parallel: @escaping @Sendable (Int) throws -> Int
) throws {
  let n = report.options.size(Standard.nested)
  let isSerial = report.options.workers == 0
  try report.measure(operations: 2 * (fibonacci(n + 1) - 1), unit: "ns/future", expecting: fibonacci(n)) {
    isSerial ? serial(n) : try Bench.inPool(pool) { try parallel(n) }
  }
}

func measureNested(_ report: Report) throws { try measure(report, Bench.pool, parallel) }
/// A worker that waits runs any task meanwhile, not the awaited one only.
func measureNestedStealing(_ report: Report) throws { try measure(report, Bench.stealingPool, stealing) }
