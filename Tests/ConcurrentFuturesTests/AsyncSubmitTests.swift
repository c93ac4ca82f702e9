import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct AsyncSubmitTests {
  @Test func workRunsOnThePoolAlsoAfterASuspension() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "async")
    @Sendable func place() -> String? { ThreadPoolExecutor.currentWorker?.executorName }
    let places = try await pool.submitAsync { () -> [String?] in
      let first = place()
      await Task.yield()
      let second = place()
      async let child = place()
      return [first, second, await child]
    }.value
    #expect(places == ["async", "async", "async"])
    await pool.shutdown()
  }

  @Test func cancellingBeforeItStarts() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = Future<Void>()
    try pool.execute { try gate.result() }
    let ran = ForkJoinTests.Mark()
    let future = try pool.submitAsync { ran.count.store(1, ordering: .relaxed) }
    #expect(future.cancel())
    try gate.setResult()
    await #expect(throws: CancelledError.self) { try await future.value }
    await pool.shutdown()
    #expect(ran.count.load(ordering: .relaxed) == 0 && future.isCancelled)
  }

  /// A request is not lost, whether the work has begun or not.
  @Test func askingAtOnce() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    for _ in 0..<200 {
      let future = try pool.submitAsync {
        while !Task.isCancelled { await Task.yield() }
        return 1
      }
      future.requestCancellation()
      #expect(try await future.value == 1)
    }
    await pool.shutdown()
  }

  @Test func theAwaitingTaskIsNotTheWork() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let (started, gate) = (Future<Void>(), Future<Void>())
    let future = try pool.submitAsync {
      try started.setResult()
      try await gate.value
      return Task.isCancelled
    }
    let awaiting = Task { try await future.value }
    try await started.value
    awaiting.cancel()
    await #expect(throws: CancellationError.self) { try await awaiting.value }
    try gate.setResult()
    #expect(try await future.value == false)
    await pool.shutdown()
  }

  @Test func runGivesValueErrorAndRefusal() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    #expect(try await pool.run { 3 } == 3)
    await #expect(throws: Odd(number: 1)) { try await pool.run { throw Odd(number: 1) } }
    // Its own CancelledError is not taken for a cancellation of the caller.
    await #expect(throws: CancelledError.self) { try await pool.run { throw CancelledError() } }
    await pool.shutdown()
    await #expect(throws: RejectedExecutionError.self) { try await pool.run { 3 } }
    #expect(throws: RejectedExecutionError.self) { try pool.submitAsync { 3 } }
  }

  /// A Swift task whose pool has been shut down finishes on whatever thread is there.
  @Test func jobsAfterTheShutdown() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = Future<Void>()
    let future = try pool.submitAsync {
      try await gate.value
      return 5
    }
    await pool.shutdown()
    try gate.setResult()
    #expect(try await future.value == 5)
  }
}
