// The programs behind the article "Ten questions about a run": each has one property that poolscope has to find.
//
// usage: questions NAME        (CONCURRENT_FUTURES_LOG=DIR records it)
//
// Tasks pause rather than compute, so that the answers do not depend on how many cores there are or how busy they are.
import ConcurrentFutures
import Foundation

func pause(_ milliseconds: Double) { Thread.sleep(forTimeInterval: milliseconds / 1000) }

func pool(_ workers: Int) throws -> ThreadPoolExecutor { try ThreadPoolExecutor(maxWorkers: workers) }

struct Failure: Error {}

/// Twelve parts on four workers, then one task that works alone.
func tail() throws {
  let pool = try pool(4)
  let parts = try (0..<12).map { _ in try pool.submit(label: "parse") { pause(20) } }
  for part in parts { try part.result() }
  try pool.submit(label: "merge") {
    pause(100)
    EventLog.mark("merging")
    pause(100)
  }.result()
  pool.shutdown()
}

/// Sixty-four equal tasks on four workers; `length` is in milliseconds.
func wide(_ length: Double) throws {
  let pool = try pool(4)
  let parts = try (0..<64).map { _ in try pool.submit(label: "render") { pause(length) } }
  for part in parts { try part.result() }
  pool.shutdown()
}

/// Two long tasks take both workers; twenty short ones come after them.
func queue() throws {
  let pool = try pool(2)
  let reports = try (0..<2).map { _ in try pool.submit(label: "report") { pause(150) } }
  pause(20)
  let pings = try (0..<20).map { _ in try pool.submit(label: "ping") { pause(1) } }
  for future in reports + pings { try future.result() }
  pool.shutdown()
}

/// A task that waits for one that another worker runs already.
func wait() throws {
  let pool = try pool(2)
  let started = DispatchSemaphore(value: 0)
  let slow = try pool.submit(label: "download") {
    started.signal()
    pause(75)
    EventLog.mark("halfway")
    pause(75)
  }
  started.wait()
  try pool.submit(label: "unpack") { try slow.result() }.result()
  pool.shutdown()
}

/// One task submits all others, from its worker: the other workers can only steal.
func steal() throws {
  let pool = try pool(4)
  try pool.submit(label: "split") {
    let parts = try (0..<30).map { _ in try pool.submit(label: "leaf") { pause(4) } }
    for part in parts { try part.result() }
  }.result()
  pool.shutdown()
}

/// Tasks that do next to nothing.
func fine() throws {
  let pool = try pool(2)
  let parts = try (0..<20_000).map { number in try pool.submit(label: "add") { number + 1 } }
  for part in parts { _ = try part.result() }
  pool.shutdown()
}

/// Thirty checks, of which one throws.
func fail() throws {
  let pool = try pool(4)
  let checks = try (0..<30).map { number in
    try pool.submit(label: "check") {
      pause(2)
      if number == 17 { throw Failure() }
    }
  }
  for check in checks { _ = try? check.result() }
  pool.shutdown()
}

let programs: [(name: String, run: () throws -> Void)] = [
  ("tail", tail), ("wide", { try wide(25) }), ("wider", { try wide(50) }), ("queue", queue), ("wait", wait),
  ("steal", steal), ("fine", fine), ("fail", fail),
]
guard CommandLine.arguments.count == 2,
  let program = programs.first(where: { $0.name == CommandLine.arguments[1] })
else {
  FileHandle.standardError.write(
    Data("usage: questions \(programs.map(\.name).joined(separator: "|"))\n".utf8))
  exit(2)
}
try program.run()
