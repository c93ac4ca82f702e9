// Group N: recursive fork-join.
import ConcurrentFutures
import Testing

private func fibonacci(_ pool: ThreadPoolExecutor, _ number: Int) -> Int {
  guard number >= 2 else { return number }
  let (a, b) = pool.join({ fibonacci(pool, number - 1) }, { fibonacci(pool, number - 2) })
  return a + b
}

/// By futures: each waits for its halves.
private func fibonacciOfFutures(_ pool: ThreadPoolExecutor, _ number: Int) throws -> Int {
  guard number >= 2 else { return number }
  let left = try pool.submit { try fibonacciOfFutures(pool, number - 1) }
  let right = try pool.submit { try fibonacciOfFutures(pool, number - 2) }
  return try left.result() + right.result()
}

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c247_fibonacciByJoin(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      // From outside of the pool, and from a task in it. The whole depth once, else enough to fork on every worker.
      let number = shape.workers == 2 && shape.localOrder == .lifo && !isThreadSanitized ? 30 : 20
      let expected = number == 30 ? 832_040 : 6765
      #expect(fibonacci(pool, number) == expected)
      let inTask = try pool.submit { fibonacci(pool, 20) }
      #expect(try inTask.result() == 6765)
    }
  }

  @Test(arguments: PoolShape.helping)
  func c247_fibonacciByFutures(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let future = try pool.submit { try fibonacciOfFutures(pool, 16) }
      #expect(try future.result() == 987)
    }
  }

  /// A join returns when both sides have ended, also when one throws; the left error wins.
  @Test(arguments: PoolShape.few)
  func c247_errorsInAJoin(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      for _ in 0..<50 {
        let ended = Counter()
        #expect(throws: TaskFailure(number: 1)) {
          try pool.join(
            { () throws -> Int in
              ended.add()
              throw TaskFailure(number: 1)
            },
            { () throws -> Int in
              ended.add()
              throw TaskFailure(number: 2)
            })
        }
        #expect(ended.value == 2)
        #expect(throws: TaskFailure(number: 2)) {
          try pool.join({ () throws -> Int in 1 }, { () throws -> Int in throw TaskFailure(number: 2) })
        }
      }
    }
  }

  /// Two sides that need each other end as soon as there are two workers: a fork must not stay private for ever.
  @Test(arguments: PoolShape.all.filter { $0.workers > 1 })
  func c247_sidesThatMeet(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      for _ in 0..<20 {
        let together = Barrier(parties: 2)
        let met = try pool.submit {
          _ = try pool.join({ try together.arriveAndWait() }, { try together.arriveAndWait() })
          return true
        }
        #expect(try met.result())
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c247_ranges(_ shape: PoolShape) throws {
    let pool = try shape.make()
    func check() throws {
      let visited = Counter()
      pool.forEach(0..<1000) { _ in visited.add() }
      #expect(visited.value == 1000)
      let doubled: [Int] = pool.concurrentMap(Array(0..<1000)) { $0 * 2 }
      #expect(doubled == (0..<1000).map { $0 * 2 })
      let sum: Int = pool.concurrentReduce(Array(1...1000), 0, { $0 + $1 }, { $0 + $1 })
      #expect(sum == 500_500)
      #expect(throws: TaskFailure(number: 7)) {
        try pool.forEach(0..<1000) { number in if number == 7 { throw TaskFailure(number: 7) } }
      }
    }
    try check()
    pool.shutdown()
    try check()  // on the caller
    let (a, b) = join({ 1 }, { "x" })  // on the shared pool
    #expect(a == 1 && b == "x")
  }
}
