// The code of BlockingAndNestedWaits.md, and what it claims.
import ConcurrentFutures
import Glibc
import Testing

private struct Folder: Sendable {
  var bytes: Int
  var folders: [Folder] = []
}

private func size(of folder: Folder, on pool: ThreadPoolExecutor) throws -> Int {
  let parts = try folder.folders.map { child in try pool.submit { try size(of: child, on: pool) } }
  return try parts.reduce(folder.bytes) { try $0 + $1.result() }
}

private func depth(_ levels: Int, on pool: ThreadPoolExecutor) throws -> Int {
  levels == 0 ? 0 : try pool.submit { try depth(levels - 1, on: pool) }.result() + 1
}

private func poolThatBlocks() throws -> ThreadPoolExecutor {
  var configuration = ThreadPoolExecutor.Configuration()
  configuration.maxWorkers = 2
  configuration.compensation = 2  // up to two more threads while two are blocked
  return try ThreadPoolExecutor(configuration)
}

private func firstByte(of descriptor: Int32, on pool: ThreadPoolExecutor) throws -> Future<UInt8?> {
  try pool.submit {
    var byte: UInt8 = 0
    return ThreadPoolExecutor.blocking { read(descriptor, &byte, 1) } == 1 ? byte : nil
  }
}

private func sumOfPair(_ pool: ThreadPoolExecutor) throws -> Int {
  let pair = [try pool.submit { 1 }, try pool.submit { 2 }]
  return try all(pair).result().reduce(0, +)  // runs both here if nobody else has
}

/// A pool of one worker that does not keep the process from ending: for tasks that hang.
private func lonelyPool(compensation: Int = 0) throws -> ThreadPoolExecutor {
  var configuration = ThreadPoolExecutor.Configuration()
  configuration.maxWorkers = 1
  configuration.compensation = compensation
  configuration.joinsAtExit = false
  return try ThreadPoolExecutor(configuration)
}

@Suite(.timeLimit(.minutes(1))) struct BlockingAndNestedWaits {
  @Test(arguments: [1, 2]) func nesting(_ workers: Int) throws {
    let tree = Folder(bytes: 1, folders: [Folder(bytes: 2, folders: [Folder(bytes: 4)]), Folder(bytes: 8)])
    try withThreadPool(maxWorkers: workers) { (pool) throws in
      #expect(try size(of: tree, on: pool) == 15)
      #expect(try pool.submit { try size(of: tree, on: pool) }.result() == 15)
      #expect(try pool.submit { try sumOfPair(pool) }.result() == 3)
      #expect(try pool.submit { try depth(100_000, on: pool) }.result() == 100_000)
    }
  }

  @Test func blocking() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let pool = try poolThatBlocks()
    let readers = try (0..<2).map { _ in try firstByte(of: ends[0], on: pool) }
    #expect(try pool.submit { 5 }.result() == 5)  // although two of two are in `read`
    close(ends[1])
    #expect(try readers.map { try $0.result() } == [nil, nil])
    close(ends[0])
    pool.shutdown()
  }

  @Test func aTimeoutKeepsTheTaskFromRunningHere() throws {
    let pool = try lonelyPool()
    let outcome = try pool.submit { try pool.submit { 1 }.result(timeout: .milliseconds(1)) }
    #expect(try outcome.exception() is TimeoutError)
    pool.shutdown()
    let wider = try lonelyPool(compensation: 1)
    #expect(try wider.submit { try wider.submit { 1 }.result(timeout: .seconds(50)) }.result() == 1)
    wider.shutdown()
  }

  @Test(arguments: [1, 2]) func futuresMadeFromTasks(_ workers: Int) throws {
    try withThreadPool(maxWorkers: workers) { (pool) throws in
      let sum = try pool.submit {
        let mapped = try pool.submit { 1 }.map { $0 + 1 }.result()
        let flat = try pool.submit { 3 }.flatMap { three in try pool.submit { three + 1 } }.result()
        let (a, b) = try pool.submit { 5 }.zip(try pool.submit { 6 }).result()
        return mapped + flat + a + b
      }
      #expect(try sum.result() == 17)
    }
  }

  @Test func aFutureMadeByHandIsNoTask() throws {
    let pool = try lonelyPool()
    let byHand = Future<Int>()
    let waiter = try pool.submit { () -> Int in
      try pool.execute { try byHand.setResult(1) }  // queued behind this very task
      return try byHand.result()
    }
    #expect(throws: TimeoutError.self) { try waiter.result(timeout: .milliseconds(50)) }
    try byHand.setResult(2)
    #expect(try waiter.result() == 2)
    pool.shutdown()
  }
}
