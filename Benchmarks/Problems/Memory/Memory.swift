// mem: all workers are blocked, then a million tasks are submitted: growth of the resident memory per pending future.
// The array that keeps the futures is not counted: it was touched before.
import ConcurrentFutures
import Measuring
import Synchronization

@inline(never)
private func task(_ number: Int) -> Int { number }

/// Where the workers wait.
private final class Gate: Sendable {
  let held = Atomic<Int>(0)
  let opened = Future<Void>()
  func hold() throws {
    held.wrappingAdd(1, ordering: .releasing)
    try opened.result()
  }
}

func measureMemory(_ report: Report) throws {
  let count = report.options.size(Standard.memory)
  let workers = max(1, report.options.workers)
  let gate = Gate()
  for _ in 0..<workers { _ = try Bench.pool.submit { try gate.hold() } }
  while gate.held.load(ordering: .acquiring) < workers {}
  var futures = [Future<Int>](repeating: .succeeded(0), count: count)
  try report.measureMemory(tasks: count) {
    for number in 0..<count { futures[number] = try Bench.pool.submit(task, number) }
  }
  try gate.opened.setResult()
  var sum = 0
  for future in futures { sum += try future.result() }
  precondition(sum == count * (count - 1) / 2)
}
