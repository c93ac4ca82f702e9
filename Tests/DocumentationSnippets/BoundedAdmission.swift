// The code of BoundedAdmission.md, and what it claims.
import ConcurrentFutures
import Testing

private func boundedPool(_ admission: ThreadPoolExecutor.Admission) throws -> ThreadPoolExecutor {
  var configuration = ThreadPoolExecutor.Configuration()
  configuration.maxWorkers = 1
  configuration.admission = admission
  return try ThreadPoolExecutor(configuration)
}

private func accept(_ request: Int, on pool: ThreadPoolExecutor) throws -> Future<Int>? {
  do {
    return try pool.submit { request * 2 }
  } catch {
    guard case .queueFull = error.reason else { throw error }
    return nil  // tell the client to come back later
  }
}

private func checksum(_ blocks: some Sequence<[UInt8]>, on pool: ThreadPoolExecutor) throws -> UInt64 {
  var sum: UInt64 = 0
  let results = try pool.map(Array(blocks), bufferSize: 8) { block in block.reduce(0) { $0 &+ UInt64($1) } }
  while let part = try results.next() { sum = sum &* 31 &+ part }
  return sum
}

@Suite(.timeLimit(.minutes(1))) struct BoundedAdmission {
  /// Occupies the pool's only worker, then calls `body`.
  private func busy(_ pool: ThreadPoolExecutor, _ body: (_ letGo: () throws -> Void) throws -> Void) throws {
    let (gate, started) = (Future<Void>(), Future<Void>())
    let blocker = try pool.submit {
      try started.setResult()
      try gate.result()
    }
    try started.result()
    try body { try gate.setResult() }
    try blocker.result()
    pool.shutdown()
  }

  @Test func reject() throws {
    let pool = try boundedPool(.reject(limit: 2))
    try busy(pool) { letGo in  // what runs does not count
      let first = try accept(1, on: pool)
      #expect(try accept(2, on: pool) != nil)
      #expect(try accept(3, on: pool) == nil)
      #expect(first?.cancel() == true)
      #expect(try accept(4, on: pool) != nil)  // a cancelled task makes room at once
      try letGo()
    }
  }

  @Test func callerRuns() throws {
    let pool = try boundedPool(.callerRuns(limit: 1))
    try busy(pool) { letGo in
      let queued = try pool.submit { ThreadPoolExecutor.currentWorker == nil }
      let ranHere = try pool.submit { ThreadPoolExecutor.currentWorker == nil }
      #expect(ranHere.isDone)
      #expect(try ranHere.result())
      try letGo()
      #expect(try !queued.result())
    }
  }

  @Test func block() throws {
    let pool = try boundedPool(.block(limit: 1))
    try busy(pool) { letGo in
      _ = try pool.submit { 0 }
      let outside = try ThreadPoolExecutor(maxWorkers: 1)
      let submitter = try outside.submit { try pool.submit { 7 } }  // waits there for room
      #expect(throws: TimeoutError.self) { try submitter.result(timeout: .milliseconds(20)) }
      try letGo()
      #expect(try submitter.result().result() == 7)
      outside.shutdown()
    }
  }

  @Test func ownSubmissionsAreAlwaysAdmitted() throws {
    let pool = try boundedPool(.block(limit: 1))
    let sum = try pool.submit {
      try (0..<10).map { number in try pool.submit { number } }.reduce(0) { try $0 + $1.result() }
    }
    #expect(try sum.result() == 45)
    pool.shutdown()
  }

  @Test func bufferedMap() throws {
    let sum = try withThreadPool(maxWorkers: 2) { try checksum([[1, 2], [3]], on: $0) }
    #expect(sum == 3 * 31 + 3)
  }
}
