// The problems of ../../Problems with Swift's own tasks. The default executor has no width to set: for one thread, run
// it under a one-CPU mask.
import Glibc
import Measuring
import Synchronization

let options = Options.parse(
  CommandLine.arguments,
  problems: ["fib", "nested", "skynet", "nqueens", "submit", "pingpong", "map", "mem", "idle", "await-default"])
let report = Report(peer: "Swift Concurrency", options: options)

@inline(never) nonisolated func task(_ number: Int) -> Int { number }

nonisolated func fib(_ n: Int) async -> Int {
  if n < 2 { return n }
  async let left = fib(n - 1)
  let right = await fib(n - 2)
  return await left + right
}

nonisolated func nested(_ n: Int) async -> Int {
  if n < 2 { return n }
  let left = Task { await nested(n - 1) }
  let right = Task { await nested(n - 2) }
  return await left.value + right.value
}

nonisolated func skynet(_ number: Int, _ size: Int) async -> Int {
  if size == 1 { return number }
  return await withTaskGroup(of: Int.self) { group in
    for child in 0..<10 { group.addTask { await skynet(number + child * (size / 10), size / 10) } }
    var sum = 0
    for await part in group { sum += part }
    return sum
  }
}

nonisolated func queens(_ columns: UInt32, _ left: UInt32, _ right: UInt32, _ all: UInt32) async -> Int {
  if columns == all { return 1 }
  return await withTaskGroup(of: Int.self) { group in
    var free = ~(columns | left | right) & all
    while free != 0 {
      let bit = free & ~(free &- 1)
      free &= free &- 1
      group.addTask { await queens(columns | bit, (left | bit) << 1, (right | bit) >> 1, all) }
    }
    var sum = 0
    for await count in group { sum += count }
    return sum
  }
}

nonisolated func run() async {
  switch options.problem {
  case "fib":
    let n = options.size(25)
    await report.measure(operations: fibonacci(n + 1) - 1, unit: "ns/join", expecting: fibonacci(n)) { await fib(n) }
  case "nested":
    let n = options.size(Standard.nested)
    await report.measure(operations: 2 * (fibonacci(n + 1) - 1), unit: "ns/future", expecting: fibonacci(n)) {
      await nested(n)
    }
  case "skynet":
    let size = options.size(100_000)
    await report.measure(operations: size, unit: "ns/leaf", expecting: size * (size - 1) / 2) { await skynet(0, size) }
  case "nqueens":
    let rows = options.size(Standard.queens)
    await report.measure(
      operations: Standard.placements(rows), unit: "ns/task", expecting: Standard.solutions[rows]
    ) { await queens(0, 0, 0, (1 << UInt32(rows)) - 1) }
  case "submit":
    let count = options.size(Standard.submit)
    await report.measure(operations: count, unit: "ns/task", expecting: count * (count - 1) / 2) {
      let tasks = (0..<count).map { number in Task { task(number) } }
      var sum = 0
      for task in tasks { sum += await task.value }
      return sum
    }
  case "pingpong":
    let count = options.size(Standard.pingpong)
    for sample in 0...options.samples {
      var latencies: [Int64] = []
      latencies.reserveCapacity(count)
      for number in 0..<count {
        let began = now()
        let result = await Task { task(number) }.value
        latencies.append(now() - began)
        precondition(result == number)
      }
      if sample > 0 { report.print(latencies: latencies) }
    }
  case "map":
    let input = (0..<Int64(options.size(Standard.map))).map { $0 }
    let last = Int64(input.count - 1)
    let pieces = 128
    await report.measure(operations: input.count, unit: "ns/element", expecting: last &* last &+ 1) {
      let target = UnsafeMutablePointer<Int64>.allocate(capacity: input.count)
      defer { target.deallocate() }
      let address = UInt(bitPattern: target)
      await withTaskGroup(of: Void.self) { group in
        for piece in 0..<pieces {
          group.addTask {
            // SAFETY: pieces are disjoint; the group ends before the memory is freed.
            let target = UnsafeMutablePointer<Int64>(bitPattern: address)!
            input.withUnsafeBufferPointer { source in
              for i in source.count * piece / pieces..<source.count * (piece + 1) / pieces {
                (target + i).initialize(to: source[i] &* source[i] &+ 1)
              }
            }
          }
        }
      }
      return target[input.count - 1]
    }
  case "mem":
    let count = options.size(Standard.memory)
    // The other threads of the executor are held; this one makes the tasks and does not suspend meanwhile.
    let held = Flag()
    for _ in 1..<max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))) { Task { while !held.isOpen {} } }
    var tasks = [Task<Int, Never>](repeating: Task { 0 }, count: count)
    report.measureMemory(tasks: count) {
      for number in 0..<count { tasks[number] = Task { task(number) } }
    }
    held.open()
    var sum = 0
    for task in tasks { sum += await task.value }
    precondition(sum == count * (count - 1) / 2)
  case "await-default":
    let count = options.size(Standard.pingpong)
    await report.measure(operations: count, unit: "ns/await", expecting: count * (count - 1) / 2) {
      var sum = 0
      for number in 0..<count { sum += await Task { task(number) }.value }
      return sum
    }
  default:  // idle
    for number in 0..<1000 { _ = await Task { task(number) }.value }
    report.idle()
  }
}

/// Holds threads until it is opened.
final class Flag: Sendable {
  private let flag = Atomic<Bool>(false)
  var isOpen: Bool { flag.load(ordering: .acquiring) }
  func open() { flag.store(true, ordering: .releasing) }
}

await run()
