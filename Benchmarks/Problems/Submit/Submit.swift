// submit: one outside thread submits tasks that return their number, keeps the futures, sums the results in order.
import ConcurrentFutures
import Measuring

@inline(never)
private func task(_ number: Int) -> Int { number }

private func serial(_ count: Int) -> Int {
  var sum = 0
  for number in 0..<count { sum += task(number) }
  return sum
}

/// A function and its argument: one allocation a task.
private func withArguments(_ count: Int) throws -> Int {
  let pool = Bench.pool
  var futures: [Future<Int>] = []
  futures.reserveCapacity(count)
  for number in 0..<count { futures.append(try pool.submit(task, number)) }
  var sum = 0
  for future in futures { sum += try future.result() }
  return sum
}

/// A closure that captures its number: two allocations a task.
private func withClosure(_ count: Int) throws -> Int {
  let pool = Bench.pool
  var futures: [Future<Int>] = []
  futures.reserveCapacity(count)
  for number in 0..<count { futures.append(try pool.submit { task(number) }) }
  var sum = 0
  for future in futures { sum += try future.result() }
  return sum
}

private func measure(_ report: Report, _ parallel: (Int) throws -> Int) throws {
  let count = report.options.size(Standard.submit)
  let isSerial = report.options.workers == 0
  try report.measure(operations: count, unit: "ns/task", expecting: count * (count - 1) / 2) {
    isSerial ? serial(count) : try parallel(count)
  }
}

func measureSubmit(_ report: Report) throws { try measure(report, withArguments) }
func measureSubmitClosure(_ report: Report) throws { try measure(report, withClosure) }
