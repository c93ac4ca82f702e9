import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct PoolRegistryTests {
  @Test func namesAndIdsAreUnique() throws {
    let pools = try (0..<10).map { _ in try ThreadPoolExecutor(maxWorkers: 1) }
    #expect(Set(pools.map(\.id)).count == 10 && !pools.contains { $0.id == AnyFuture.Owner.user })
    #expect(!pools.contains { $0.id == AnyFuture.Owner.library })
    let names = pools.map { $0.pool.pointer.pointee.name }
    #expect(Set(names).count == 10 && names.allSatisfy { $0.hasPrefix("ThreadPoolExecutor-") })
    let named = try ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "mine")
    #expect(named.pool.pointer.pointee.name == "mine")
  }

  /// Known while it lives, forgotten and freed afterwards.
  @Test func aPoolLeavesWithItsLastReference() throws {
    func listed(_ id: UInt32) -> Bool {
      let pools = PoolRegistry.all()
      defer { for pool in pools { pool.release() } }
      return pools.contains { $0.pointee.id == id }
    }
    var pool: ThreadPoolExecutor? = try ThreadPoolExecutor(maxWorkers: 1)
    let id = try #require(pool).id
    #expect(listed(id))
    let future = try #require(pool).submit { 1 }
    #expect(try future.result() == 1)
    pool = nil
    while listed(id) {}  // until its thread has left
    #expect(PoolRegistry.errorHandler(of: id) == nil)
    #expect(!future.cancel() && future.isDone, "its futures stay")
  }

  @Test func theHandlerOfAFuturesPool() throws {
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.errorHandler = { _, _ in }
    let pool = try ThreadPoolExecutor(configuration)
    #expect(PoolRegistry.errorHandler(of: pool.id) != nil)
    #expect(PoolRegistry.errorHandler(of: AnyFuture.Owner.user) == nil)
    #expect(PoolRegistry.errorHandler(of: AnyFuture.Owner.library) == nil)
    #expect(PoolRegistry.currentErrorHandler() == nil, "this thread is no worker")
    #expect(try pool.submit { PoolRegistry.currentErrorHandler() != nil }.result())
    pool.shutdown()
  }

  @Test func thisProcessIsNoFork() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    #expect(!PoolRegistry.isForked && !PoolRegistry.isForkedChild(pool.id) && !PoolRegistry.isExiting)
  }
}
