// Group J: Executor.map in chunks, with a buffer, and when the executor goes.
import ConcurrentFutures
import Testing

extension Conformance {
  @Test(arguments: PoolShape.few)
  func c148_chunksOnThreads(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      for chunkSize in [1, 2, 3, 7, 100] {
        let before = pool.statistics.submitted
        let results = try pool.map(0..<25, chunkSize: chunkSize) { $0 * 2 }
        #expect(Int(pool.statistics.submitted - before) == (25 + chunkSize - 1) / chunkSize)
        #expect(try results.collect() == (0..<25).map { $0 * 2 })
      }
    }
    // With a chunk size of 1 nothing is batched: four calls meet on four workers.
    try withPool(PoolShape(workers: 4)) { pool throws in
      let together = Barrier(parties: 4)
      #expect(
        try pool.map(0..<4) { number in
          try together.arriveAndWait()
          return number
        }.collect() == [0, 1, 2, 3])
    }
    // A larger chunk is one task, cancelled whole while it has not started.
    try withPool(PoolShape(workers: 1)) { pool in
      let (occupied, ran) = (try Occupied(pool), Counter())
      try pool.map(0..<8, chunkSize: 4) { _ in ran.add() }.close()
      occupied.release()
      try pool.submit {}.result()
      #expect(ran.value == 0)
    }
  }

  @Test(arguments: [0, -1])
  func c149_chunkSizeMustBePositive(_ chunkSize: Int) throws {
    try withPool { pool in
      let general: any FutureExecutor = pool
      for executor in [pool, general] as [any FutureExecutor] {
        // By the call, not when the results are taken; without any input too.
        for input in [[1], []] {
          let error = #expect(throws: InvalidArgumentError.self) {
            try executor.map(input, chunkSize: chunkSize) { $0 }
          }
          #expect(error?.message == "chunksize must be >= 1.")
        }
        #expect(throws: InvalidArgumentError.self) { try executor.map([1], [2], chunkSize: chunkSize) { $0 + $1 } }
      }
    }
  }

  @Test(arguments: [1, 2, 5, 6, 30], [nil, 2, 6])
  func c150_anyChunkSize(_ chunkSize: Int, _ bufferSize: Int?) throws {
    try withPool { pool in
      let results = try pool.map(0..<6, chunkSize: chunkSize, bufferSize: bufferSize) { $0 * $0 }
      #expect(try results.collect() == [0, 1, 4, 9, 16, 25])
      let two = try pool.map(0..<6, 0..<6, chunkSize: chunkSize, bufferSize: bufferSize) { $0 * $1 }
      #expect(try two.collect() == [0, 1, 4, 9, 16, 25])
    }
  }

  @Test func c151_anErrorInAChunk() throws {
    try withPool { pool in
      func results() throws -> MappedResults<Int> {
        try pool.map(0..<8, chunkSize: 4) { number in
          guard number != 2 else { throw TaskFailure() }
          return number
        }
      }
      let values = try results().outcomes.map { try? $0.get() }
      #expect(values == [0, 1, nil, 3, 4, 5, 6, 7])
      let iterated = try results()
      #expect(try (iterated.next(), iterated.next()) == (0, 1))
      #expect(throws: TaskFailure.self) { try iterated.next() }
    }
  }

  @Test(arguments: PoolShape.few)
  func c152_theBuffer(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (fetched, ran) = (Counter(), Counter())
      let results = try pool.map(Fetched(fetched, limit: 20), bufferSize: 3) { number in
        ran.add()
        return number
      }
      try ran.wait(for: 3)
      #expect(fetched.value == 3)
      for number in 0..<20 {
        #expect(try results.next() == number)
        #expect(fetched.value <= min(20, number + 4))
        #expect(ran.value <= min(20, number + 4))
        try ran.wait(for: min(20, number + 4))
      }
      #expect(try results.next() == nil)
    }
  }

  @Test(arguments: [1, 2, 5])
  func c153_fetchedUpFront(_ bufferSize: Int) throws {
    try withPool { pool in
      let fetched = Counter()
      let results = try pool.map(Fetched(fetched, limit: 100), bufferSize: bufferSize) { $0 }
      #expect(fetched.value == bufferSize)
      _ = try results.next()
      #expect(fetched.value == bufferSize + 1)
    }
  }

  /// A buffer counts elements, whatever the chunks.
  @Test(arguments: [1, 2, 3, 5, 10], [1, 2, 5])
  func c152_theBufferOfChunks(_ chunkSize: Int, _ bufferSize: Int) throws {
    try withPool { pool in
      let fetched = Counter()
      let results = try pool.map(Fetched(fetched), chunkSize: chunkSize, bufferSize: bufferSize) { $0 }
      for number in 0..<20 {
        #expect(fetched.value <= number + bufferSize)
        #expect(try results.next() == number)
      }
    }
  }

  @Test func c154_infiniteInput() throws {
    try withPool { pool in
      let results = try pool.map(0..., bufferSize: 2) { $0 * 2 }
      #expect(try (0..<50).map { _ in try results.next() } == (0..<50).map { $0 * 2 })
    }
  }

  @Test func c155_severalInfiniteInputs() throws {
    try withPool { pool in
      let results = try pool.map(0..., 10..., bufferSize: 2) { $0 * $1 }
      #expect(try (0..<50).map { _ in try results.next() } == (0..<50).map { $0 * ($0 + 10) })
    }
  }

  @Test func c156_emptyInput() throws {
    try withPool { pool throws in
      #expect(try pool.map([Int](), bufferSize: 4) { $0 }.collect() == [])
      #expect(try pool.map([Int](), [1], bufferSize: 4) { $0 + $1 }.collect() == [])
      #expect(try pool.map([1], [Int](), bufferSize: 4) { $0 + $1 }.next() == nil)
    }
  }

  @Test func c157_aBufferLargerThanTheInput() throws {
    try withPool { pool throws in
      #expect(try pool.map(0..<5, bufferSize: 500) { $0 }.collect() == [0, 1, 2, 3, 4])
    }
  }

  @Test(arguments: [0, -1])
  func c158_bufferSizeMustBePositive(_ bufferSize: Int) throws {
    try withPool { pool in
      for input in [[1], []] {
        let error = #expect(throws: InvalidArgumentError.self) { try pool.map(input, bufferSize: bufferSize) { $0 } }
        #expect(error?.message == "buffersize must be None or > 0")
      }
      #expect(throws: InvalidArgumentError.self) { try pool.map([1], [2], bufferSize: bufferSize) { $0 + $1 } }
    }
  }

  @Test func c159_theExecutorIsGone() throws {
    let prefix = "c159"
    func begin() throws -> MappedResults<Int> {
      let pool = try ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: prefix)
      return try pool.map(0..., bufferSize: 3) { $0 }
    }
    let results = try begin()
    try eventually { threadNames(prefix: prefix).isEmpty }
    #expect(try results.collect() == [0, 1, 2])
  }

  @Test func c160_mapAfterShutdown() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    pool.shutdown()
    // By the call, as `submit` does.
    let error = #expect(throws: RejectedExecutionError.self) { try pool.map([1]) { $0 } }
    #expect(error?.description == "cannot schedule new futures after shutdown")
    #expect(throws: RejectedExecutionError.self) { try pool.map([1], bufferSize: 2) { $0 } }
    #expect(throws: RejectedExecutionError.self) { try pool.map([1], [2]) { $0 + $1 } }
    #expect(try pool.map([Int]()) { $0 }.collect() == [])
    #expect(try pool.map([Int](), bufferSize: 2) { $0 }.collect() == [])
  }

  @Test(arguments: [nil, 2], [1, 2])
  func c161_noReferenceToAYieldedResult(_ bufferSize: Int?, _ chunkSize: Int) throws {
    try withPool { pool in
      let results = try pool.map(0..<4, chunkSize: chunkSize, bufferSize: bufferSize) { _ in Tracked() }
      func step() throws -> Sighting? { try results.next().map { Sighting($0) } }
      for number in 0..<4 {
        let sighting = try #require(try step())
        // The worker that just completed it may be on its way out of the call.
        try eventually(limit: .seconds(10)) { sighting.isGone }
        #expect(number < 4)
      }
      #expect(try step() == nil)
    }
  }

  @Test func c162_aTimeoutErrorOfTheFunction() throws {
    try withPool { pool in
      let own = TimeoutError(unfinished: 7, total: 9)
      let results = try pool.map(0..<2, timeout: .seconds(40)) { _ -> Int in throw own }
      #expect(throws: own) { try results.next() }
      // It ends the iteration no sooner than any other error.
      let outcomes = try pool.map(0..<2, timeout: .seconds(40)) { _ -> Int in throw own }.outcomes
      let errors = outcomes.map { outcome in #expect(throws: own) { try outcome.get() } }
      #expect(errors == [own, own])
    }
  }

  @Test(arguments: PoolShape.few)
  func c163_shutdownWithRunningMapWork(_ shape: PoolShape) throws {
    for _ in 0..<20 {
      let pool = try shape.make()
      let results = try pool.map(0..<50) { $0 }
      let other = TestThread { pool.shutdown() }
      #expect(try results.collect() == Array(0..<50))
      try other.join()
      pool.shutdown()
    }
  }

  @Test func c163_resultsOfADroppedExecutor() throws {
    func begin() throws -> MappedResults<Int> {
      let pool = try ThreadPoolExecutor(maxWorkers: 2)
      return try pool.map(0..<50) { $0 }
    }
    #expect(try begin().collect() == Array(0..<50))
  }
}
