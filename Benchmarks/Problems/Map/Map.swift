// map: x * x + 1 of ten million numbers, into a new array.
import ConcurrentFutures
import Measuring

private func serial(_ input: [Int64]) -> [Int64] { input.map { $0 &* $0 &+ 1 } }

private func parallel(_ input: [Int64]) -> [Int64] { Bench.pool.concurrentMap(input) { $0 &* $0 &+ 1 } }

func measureMap(_ report: Report) throws {
  let input = (0..<Int64(report.options.size(Standard.map))).map { $0 }
  let last = Int64(input.count - 1)
  report.measure(operations: input.count, unit: "ns/element", expecting: last &* last &+ 1) {
    let output = report.options.workers == 0 ? serial(input) : parallel(input)
    return output[output.count - 1]
  }
}
