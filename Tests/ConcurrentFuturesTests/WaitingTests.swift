import Glibc
import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(2)), .serialized) struct WaitingTests {
  /// Each task waits for the one before it: far deeper than a stack.
  @Test(arguments: [1, 2]) func aChainOf100_000DependentFutures(_ width: Int) throws {
    // ThreadSanitizer makes each step a hundred times dearer.
    let depth = dlsym(nil, "__tsan_init") == nil ? 100_000 : 5_000
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    let last = try pool.submit { () -> Future<Int> in
      var previous = try pool.submit { 0 }
      for _ in 0..<depth {
        let before = previous
        previous = try pool.submit { try before.result() + 1 }
      }
      return previous
    }.result()
    #expect(try last.result() == depth)
    pool.shutdown()
  }

  @Test func theOnlyWorkerWaitsForItsOwnTasks() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let outer = try pool.submit { () -> [Int] in
      let inner = try (0..<10).map { number in try pool.submit { number } }
      ConcurrentFutures.wait(inner)
      var done: [Int] = []
      for future in asCompleted(inner) { done.append(try future.result()) }
      return done.sorted() + [try pool.submit { 10 }.result()]
    }
    #expect(try outer.result() == Array(0...10))
    pool.shutdown()
  }

  /// While a worker waits for one task, another that it has queued reaches an idle worker.
  @Test func whatAWaitingWorkerHasQueuedIsTaken() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 3)  // one waits, one may have taken what it waits for
    for _ in 0..<100 {
      let mark = ForkJoinTests.Mark()
      try pool.submit {
        let waiting = try pool.submit { while mark.count.load(ordering: .acquiring) == 0 {} }
        let opening = try pool.submit { mark.count.store(1, ordering: .releasing) }
        try waiting.result()  // runs it here; `opening` is newer, and must not be hidden from the other worker
        try opening.result()
      }.result()
    }
    pool.shutdown()
  }

  /// Callbacks of cancelled tasks run with no lock held: they may shut the pool down in turn.
  @Test func aCallbackOfACancelledTaskMayShutDown() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = ForkJoinTests.Mark()
    let running = try pool.submit { while gate.count.load(ordering: .acquiring) == 0 {} }
    let calls = ForkJoinTests.Mark()
    for _ in 0..<5 {
      try pool.submit {}.addDoneCallback { _ in
        pool.shutdown(wait: false, cancelFutures: true)
        calls.count.wrappingAdd(1, ordering: .relaxed)
      }
    }
    while !running.isRunning {}
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(calls.count.load(ordering: .relaxed) == 5)
    gate.count.store(1, ordering: .releasing)
    pool.shutdown()
  }
}

/// Where threads end and are refused. Serialized: the refusal is the process's.
@Suite(.timeLimit(.minutes(1)), .serialized) struct ThreadTests {
  static func until(_ condition: () -> Bool) { while !condition() {} }

  @Test func allThreadsMayEndAndTheNextSubmitStartsOne() throws {
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 2
    configuration.keepAlive = .zero
    let pool = try ThreadPoolExecutor(configuration)
    for number in 0..<200 {
      #expect(try pool.submit { number }.result() == number)
      if number % 10 == 0 { Self.until { pool.statistics.workers == 0 } }
    }
    pool.shutdown()
    #expect(pool.statistics.workers == 0)
  }

  @Test func aTimeOutAsATaskComesStrandsNothing() throws {
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.keepAlive = .microseconds(1)
    let pool = try ThreadPoolExecutor(configuration)
    for number in 0..<3000 { #expect(try pool.submit { number }.result(timeout: .seconds(30)) == number) }
    pool.shutdown()
  }
}
