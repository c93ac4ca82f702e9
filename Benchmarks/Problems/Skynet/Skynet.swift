// skynet: ten children of a tenth of the size each; a leaf returns its number, the root their sum.
import ConcurrentFutures
import Measuring

private func serial(_ number: Int, _ size: Int) -> Int {
  if size == 1 { return number }
  var sum = 0
  for child in 0..<10 { sum += serial(number + child * (size / 10), size / 10) }
  return sum
}

private func parallel(_ number: Int, _ size: Int) -> Int {
  size == 1 ? number : children(number, size / 10, 0, 10)
}

/// The children `first ..< end`, halved until one is left.
private func children(_ number: Int, _ size: Int, _ first: Int, _ end: Int) -> Int {
  if end - first == 1 { return parallel(number + first * size, size) }
  let middle = (first + end) / 2
  let (left, right) = join({ children(number, size, first, middle) }, { children(number, size, middle, end) })
  return left + right
}

func measureSkynet(_ report: Report) throws {
  let size = report.options.size(Standard.skynet)
  let isSerial = report.options.workers == 0
  try report.measure(operations: size, unit: "ns/leaf", expecting: size * (size - 1) / 2) {
    isSerial ? serial(0, size) : try Bench.inPool { parallel(0, size) }
  }
}
