import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct ScopesTests {
  /// The scope shuts down and waits, however it is left; what the body throws passes through.
  @Test func leavingInEachWay() async throws {
    for fails in [false, true] {
      let ran = ForkJoinTests.Mark()
      @Sendable func work(_ pool: ThreadPoolExecutor) throws -> Int {
        for _ in 0..<20 { try pool.execute { ran.count.wrappingAdd(1, ordering: .relaxed) } }
        if fails { throw Odd(number: 1) }
        return pool.maxWorkers
      }
      let blocking = Result { try withThreadPool(maxWorkers: 3) { try work($0) } }
      #expect(ran.count.load(ordering: .relaxed) == 20)
      let suspending: Result<Int, any Error>
      do {
        suspending = .success(
          try await withThreadPool(maxWorkers: 3) { pool in
            await Task.yield()
            return try work(pool)
          })
      } catch { suspending = .failure(error) }
      #expect(ran.count.load(ordering: .relaxed) == 40)
      for result in [blocking, suspending] {
        if fails {
          #expect(throws: Odd(number: 1)) { try result.get() }
        } else {
          #expect(try result.get() == 3)
        }
      }
    }
  }

  @Test func badNumbersReachTheCaller() async {
    #expect(throws: InvalidArgumentError.self) { try withThreadPool(maxWorkers: 0) { _ in } }
    await #expect(throws: InvalidArgumentError.self) {
      try await withThreadPool(maxWorkers: -1) { _ in await Task.yield() }
    }
  }

  /// The body keeps the caller's actor: it may touch what belongs to it.
  @Test @MainActor func theAsyncFormStaysOnItsActor() async throws {
    var count = 0
    try await withThreadPool(maxWorkers: 1) { pool in
      count += try await pool.submit { 1 }.value
      MainActor.assertIsolated()
    }
    #expect(count == 1)
  }
}
