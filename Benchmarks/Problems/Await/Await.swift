// await: a task of Swift concurrency that awaits a child, again and again, on our pool and on the default executor.
import ConcurrentFutures
import Measuring

@inline(never)
private func task(_ number: Int) -> Int { number }

/// Runs `body` to its end, from a thread outside.
private func run(_ executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async throws -> Void) throws {
  let done = Future<Void>()
  Task(executorPreference: executor) {
    do {
      try await body()
      try done.setResult()
    } catch { try done.setException(error) }
  }
  try done.result()
}

private func measure(_ report: Report, _ executor: (any TaskExecutor)?) throws {
  let count = report.options.size(Standard.pingpong)
  let sum = count * (count - 1) / 2
  try run(executor) {
    await report.measure(operations: count, unit: "ns/await", expecting: sum) {
      var sum = 0
      for number in 0..<count { sum += await Task(executorPreference: executor) { task(number) }.value }
      return sum
    }
  }
}

func measureAwait(_ report: Report) throws { try measure(report, Bench.pool) }
func measureAwaitDefault(_ report: Report) throws { try measure(report, nil) }

/// A future of the pool, awaited by a task that runs on it.
func measureAwaitFuture(_ report: Report) throws {
  let count = report.options.size(Standard.pingpong)
  let sum = count * (count - 1) / 2
  try run(Bench.pool) {
    try await report.measure(operations: count, unit: "ns/await", expecting: sum) {
      var sum = 0
      for number in 0..<count { sum += try await Bench.pool.submit(task, number).value }
      return sum
    }
  }
}
