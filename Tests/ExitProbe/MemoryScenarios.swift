// Groups G, H and N: memory that must stay flat.
import ConcurrentFutures
import Glibc

let memoryScenarios: [String: Scenario] = [
  "pollPendingFuture": { _ in
    let future = Future<Int>()
    let both = [future, Future<Int>()]
    flat("wait") { wait(both, timeout: .zero) }
    flat("result") { _ = try? future.result(timeout: .zero) }
    flat("asCompleted") { _ = try? asCompleted(both, timeout: .zero).makeCursor().next() }
    try future.setResult(1)
    if try future.result() == 1 { say("still completes") }
  },

  "leaveLoops": { _ in
    let (pending, finished) = (Future<Int>(), Future.succeeded(1))
    let both = [pending, finished]
    flat("", repetitions: 300_000) { for _ in asCompleted(both) { break } }
  },

  /// `flatRounds COUNT`: submit and result, one after the other and by the thousand, on both kinds of submit.
  "flatRounds": { arguments in
    let rounds = Int(arguments[0])!
    try withThreadPool(maxWorkers: 2) { executor in
      func round(_ count: Int) throws {
        for number in 0..<(count / 2) { _ = try executor.submit { number }.result() }
        for _ in 0..<(count / 2000) {
          let futures = try (0..<1000).map { number in try executor.submit({ (value: Int) in value }, number) }
          for future in futures { _ = try future.result() }
        }
      }
      try round(max(20_000, rounds / 10))
      let before = pages().resident
      try round(rounds)
      let growth = (pages().resident - before) * 4
      say(growth < 8192 ? "flat" : "grew by \(growth) KiB")
    }
  },
]

/// A waiter left behind takes at least 32 bytes: 30 MiB and more after a million repetitions. ThreadSanitizer makes each
/// fifty times as slow and is not asked about memory.
private func flat(_ name: String, repetitions: Int = isSanitized ? 20_000 : 1_000_000, _ body: () -> Void) {
  for _ in 0..<10_000 { body() }
  let before = pages().resident
  for _ in 0..<repetitions { body() }
  let growth = (pages().resident - before) * 4
  say("\(name.isEmpty ? "" : name + " ")\(growth < 4096 ? "flat" : "grew by \(growth) KiB")")
}
