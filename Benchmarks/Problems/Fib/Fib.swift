// fib: fork fib(n-1), run fib(n-2) here, join; no cutoff. Nothing but the cost of a join.
import ConcurrentFutures
import Measuring

private func serial(_ n: Int) -> Int { n < 2 ? n : serial(n - 1) + serial(n - 2) }

private func parallel(_ n: Int) -> Int {
  if n < 2 { return n }
  let (right, left) = join({ parallel(n - 2) }, { parallel(n - 1) })
  return left + right
}

func measureFib(_ report: Report) throws {
  let n = report.options.size(Standard.fib)
  let isSerial = report.options.workers == 0
  try report.measure(operations: fibonacci(n + 1) - 1, unit: "ns/join", expecting: fibonacci(n)) {
    isSerial ? serial(n) : try Bench.inPool { parallel(n) }
  }
}
