import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct CallbackTests {
  final class Journal: Sendable {
    private let list = Lock<[String]>([])
    var entries: [String] { list.withLock { $0 } }
    func note(_ entry: String) { list.withLock { $0.append(entry) } }
  }

  final class Captured: Sendable {}

  @Test func nestedOnesRunAtOnceAndChainsDoNotNest() throws {
    let future = Future<Int>()
    let journal = Journal()
    for name in ["a", "b"] {
      future.addDoneCallback { future in
        journal.note(name)
        future.addAnyDoneCallback { _ in journal.note("in \(name)") }
      }
    }
    try future.setResult(1)
    #expect(journal.entries == ["a", "in a", "b", "in b"])
    future.addAnyDoneCallback { _ in journal.note("late") }
    #expect(journal.entries.last == "late")
  }

  /// Each is freed before the next one runs.
  @Test func capturesGoOneByOne() throws {
    let future = Future<Int>()
    let alive = Journal()
    for _ in 0..<3 {
      let captured = Captured()
      future.addDoneCallback { [weak captured] _ in alive.note("\(captured != nil)") }
      future.addDoneCallback { _ in _ = captured }
      future.addDoneCallback { [weak captured] _ in alive.note("\(captured != nil)") }
    }
    try future.setResult(1)
    #expect(alive.entries == ["true", "false", "true", "false", "true", "false"])
  }

  @Test func waitersAreReleasedBeforeTheFirstCallback() throws {
    let future = Future<Int>()
    let group = WaitGroup([future])
    let journal = Journal()
    future.addDoneCallback { _ in journal.note("\(group.doneCount)") }
    group.open()  // hung on after the callback, told before it
    try future.setResult(1)
    #expect(journal.entries == ["1"])
    group.close()
  }

  @Test func errorsGoToTheHandlerOfThePool() throws {
    let journal = Journal()
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.errorHandler = { error, future in
      journal.note("\(error) of \(future.map { $0.state.rawValue } ?? "no future")")
    }
    let pool = try ThreadPoolExecutor(configuration)
    let future = try pool.submit { 1 }
    try future.waitUntilDone()
    future.addDoneCallback { _ in throw Odd(number: 1) }
    try pool.execute { throw Odd(number: 3) }
    // A future without a pool, completed by a worker: that worker's pool.
    let byHand = Future<Int>()
    byHand.addDoneCallback { _ in throw Odd(number: 5) }
    try pool.submit { try byHand.setResult(1) }.result()
    pool.shutdown()
    #expect(
      journal.entries == [
        "Odd(number: 1) of FINISHED", "Odd(number: 3) of no future", "Odd(number: 5) of FINISHED",
      ])
  }
}
