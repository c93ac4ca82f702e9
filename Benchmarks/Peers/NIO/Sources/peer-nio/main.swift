// The problems of ../../../../Problems on SwiftNIO's NIOThreadPool, with results through an event loop's futures, a tenth of
// them each: a wait wakes the event loop's thread and is woken by it, some 10 us.
import Glibc
import Measuring
import NIOCore
import NIOPosix
import Synchronization

let options = Options.parse(CommandLine.arguments, problems: ["submit", "pingpong", "mem", "idle"])
let report = Report(peer: "NIOThreadPool", options: options)
let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
let pool = NIOThreadPool(numberOfThreads: max(1, options.workers))
pool.start()

@inline(never) func task(_ number: Int) -> Int { number }

func submit(_ number: Int) -> EventLoopFuture<Int> { pool.runIfActive(eventLoop: loop) { task(number) } }

switch options.problem {
case "submit":
  let count = options.size(Standard.submit / 10)
  try report.measure(operations: count, unit: "ns/task", expecting: count * (count - 1) / 2) {
    let futures = (0..<count).map { submit($0) }
    var sum = 0
    for future in futures { sum += try future.wait() }
    return sum
  }
case "pingpong":
  let count = options.size(Standard.pingpong / 10)
  for sample in 0...options.samples {
    var latencies: [Int64] = []
    latencies.reserveCapacity(count)
    for number in 0..<count {
      let began = now()
      let result = try submit(number).wait()
      latencies.append(now() - began)
      precondition(result == number)
    }
    if sample > 0 { report.print(latencies: latencies) }
  }
case "mem":
  let count = options.size(Standard.memory / 10)
  let gate = Flag()
  for _ in 0..<max(1, options.workers) { pool.submit { _ in while !gate.isOpen { usleep(1000) } } }
  var futures = [EventLoopFuture<Int>](repeating: loop.makeSucceededFuture(0), count: count)
  report.measureMemory(tasks: count) { for number in 0..<count { futures[number] = submit(number) } }
  gate.open()
  for future in futures { _ = try future.wait() }
default:  // idle
  for number in 0..<1000 { _ = try submit(number).wait() }
  report.idle()
}

/// Holds threads until it is opened.
final class Flag: Sendable {
  private let flag = Atomic<Bool>(false)
  var isOpen: Bool { flag.load(ordering: .acquiring) }
  func open() { flag.store(true, ordering: .releasing) }
}
