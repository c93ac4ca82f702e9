import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct SwiftJobsTests {
  /// A job that enqueued another and goes on for ever: an idle worker takes what it keeps for itself, also one that has
  /// only watched since a chain of awaits.
  @Test(arguments: [0, 1, 300]) func aLongJobStrandsNothing(_ awaits: Int) async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    for _ in 0..<20 {
      let ran = ForkJoinTests.Mark()
      await Task(executorPreference: pool) {
        for _ in 0..<awaits { await Task(executorPreference: pool) {}.value }
        _ = Task(executorPreference: pool) { ran.count.store(1, ordering: .releasing) }
        while ran.count.load(ordering: .acquiring) == 0 {}  // this thread is not given back before
      }.value
    }
    await pool.shutdown()
  }

  private final class Order: Sendable { let numbers = Mutex<[Int]>([]) }

  @Test func aWorkersJobsRunInTheirOrder() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let seen = Order()
    await Task(executorPreference: pool) {
      let tasks = (0..<100).map { number in
        Task(executorPreference: pool) { seen.numbers.withLock { $0.append(number) } }
      }
      for task in tasks { await task.value }
    }.value
    #expect(seen.numbers.withLock { $0 } == Array(0..<100))
    await pool.shutdown()
  }

  /// From threads outside: jobs lie in the injector without an object of ours, between tasks that have one.
  @Test func jobsFromOutsideBetweenFutures() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    let outside = try ThreadPoolExecutor(maxWorkers: 3)
    let sum = ForkJoinTests.Mark()
    let futures = try (0..<3).map { _ in
      try outside.submit {
        var own: [Future<Void>] = []
        for number in 1...2000 {
          Task(executorPreference: pool) { sum.count.wrappingAdd(number, ordering: .relaxed) }
          own.append(try pool.submit { _ = sum.count.wrappingAdd(number, ordering: .relaxed) })
        }
        for future in own { try future.result() }
      }
    }
    for future in futures { try await future.value }
    while sum.count.load(ordering: .relaxed) < 3 * 2 * 2000 * 2001 / 2 { await Task.yield() }
    #expect(sum.count.load(ordering: .relaxed) == 3 * 2 * 2000 * 2001 / 2)
    #expect(pool.statistics.submitted == 6000)
    await outside.shutdown()
    await pool.shutdown()
  }
}
