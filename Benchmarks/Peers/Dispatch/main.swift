// The problems of ../../Problems on Dispatch. It has no width to set: for one thread, run it under a one-CPU mask.
import Dispatch
import Glibc
import Measuring

let options = Options.parse(
  CommandLine.arguments, problems: ["fib", "skynet", "nqueens", "submit", "pingpong", "map", "mem", "idle"])
let report = Report(peer: "Dispatch", options: options)

@inline(never) nonisolated func task(_ number: Int) -> Int { number }

/// A task with a result: a `DispatchWorkItem` with a box that it fills.
// SAFETY: `value` is written by the item and read after `wait()`.
final class Task: @unchecked Sendable {
  private var value = 0
  private var item: DispatchWorkItem?
  init(_ number: Int) {
    let item = DispatchWorkItem { [unowned self] in value = task(number) }
    self.item = item
    DispatchQueue.global().async(execute: item)
  }
  func result() -> Int {
    item?.wait()
    item = nil
    return value
  }
}

// Fork-join is a group with one item: the closest that Dispatch has.
func fib(_ n: Int) -> Int {
  if n < 2 { return n }
  nonisolated(unsafe) var parts = (0, 0)  // SAFETY: each side writes its own half; the call waits for both
  DispatchQueue.concurrentPerform(iterations: 2) { if $0 == 0 { parts.0 = fib(n - 1) } else { parts.1 = fib(n - 2) } }
  return parts.0 + parts.1
}

func skynet(_ number: Int, _ size: Int) -> Int {
  if size == 1 { return number }
  return withUnsafeTemporaryAllocation(of: Int.self, capacity: 10) { sums in
    nonisolated(unsafe) let sums = sums  // SAFETY: each child writes its own element; the call waits for all
    DispatchQueue.concurrentPerform(iterations: 10) { sums[$0] = skynet(number + $0 * (size / 10), size / 10) }
    return sums.reduce(0, +)
  }
}

func queens(_ columns: UInt32, _ left: UInt32, _ right: UInt32, _ all: UInt32) -> Int {
  if columns == all { return 1 }
  let free = ~(columns | left | right) & all
  return withUnsafeTemporaryAllocation(of: Int.self, capacity: 32) { counts in
    nonisolated(unsafe) let counts = counts  // SAFETY: as above
    DispatchQueue.concurrentPerform(iterations: free.nonzeroBitCount) { child in
      var rest = free
      for _ in 0..<child { rest &= rest &- 1 }
      let bit = rest & ~(rest &- 1)
      counts[child] = queens(columns | bit, (left | bit) << 1, (right | bit) >> 1, all)
    }
    return counts[..<free.nonzeroBitCount].reduce(0, +)
  }
}

switch options.problem {
case "fib":
  let n = options.size(27)
  report.measure(operations: fibonacci(n + 1) - 1, unit: "ns/join", expecting: fibonacci(n)) { fib(n) }
case "skynet":
  let size = options.size(Standard.skynet)
  report.measure(operations: size, unit: "ns/leaf", expecting: size * (size - 1) / 2) { skynet(0, size) }
case "nqueens":
  let rows = options.size(Standard.queens)
  report.measure(operations: Standard.placements(rows), unit: "ns/task", expecting: Standard.solutions[rows]) {
    queens(0, 0, 0, (1 << UInt32(rows)) - 1)
  }
case "submit":
  let count = options.size(Standard.submit)
  report.measure(operations: count, unit: "ns/task", expecting: count * (count - 1) / 2) {
    let tasks = (0..<count).map { Task($0) }
    var sum = 0
    for task in tasks { sum += task.result() }
    return sum
  }
case "pingpong":
  let count = options.size(Standard.pingpong)
  for sample in 0...options.samples {
    var latencies: [Int64] = []
    latencies.reserveCapacity(count)
    for number in 0..<count {
      let began = now()
      precondition(Task(number).result() == number)
      latencies.append(now() - began)
    }
    if sample > 0 { report.print(latencies: latencies) }
  }
case "map":
  let input = (0..<Int64(options.size(Standard.map))).map { $0 }
  let last = Int64(input.count - 1)
  let pieces = 128
  report.measure(operations: input.count, unit: "ns/element", expecting: last &* last &+ 1) {
    let output = [Int64](unsafeUninitializedCapacity: input.count) { buffer, count in
      nonisolated(unsafe) let target = buffer.baseAddress!  // SAFETY: pieces are disjoint; the call waits for all
      input.withUnsafeBufferPointer { source in
        nonisolated(unsafe) let source = source
        DispatchQueue.concurrentPerform(iterations: pieces) { piece in
          for i in source.count * piece / pieces..<source.count * (piece + 1) / pieces {
            target[i] = source[i] &* source[i] &+ 1
          }
        }
      }
      count = input.count
    }
    return output[output.count - 1]
  }
case "mem":
  // Pending items need busy threads; Dispatch starts more for blocked ones, so a suspended queue holds them back.
  let count = options.size(Standard.memory)
  let queue = DispatchQueue(label: "held", attributes: .concurrent)
  queue.suspend()
  var items = [DispatchWorkItem](repeating: DispatchWorkItem {}, count: count)
  report.measureMemory(tasks: count) {
    for number in 0..<count {
      let item = DispatchWorkItem { @Sendable in _ = task(number) }
      items[number] = item
      queue.async(execute: item)
    }
  }
  queue.resume()
  for item in items { item.wait() }
default:  // idle
  for number in 0..<1000 { precondition(Task(number).result() == number) }
  report.idle()
}
