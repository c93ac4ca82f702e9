// Group J: Executor.map.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

/// Counts how many of its elements were fetched.
private struct Fetched: Sequence, IteratorProtocol {
  let counter: Counter
  var limit = Int.max
  private var number = 0
  init(_ counter: Counter, limit: Int = .max) {
    self.counter = counter
    self.limit = limit
  }
  mutating func next() -> Int? {
    guard number < limit else { return nil }
    counter.add()
    number += 1
    return number - 1
  }
}

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c136_map(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      #expect(try pool.map(0..<10) { $0 * $0 }.collect() == (0..<10).map { $0 * $0 })
      #expect(try pool.map(0..<10, 0..<10) { $0 + $1 }.collect() == (0..<10).map { $0 + $0 })
      #expect(try pool.map([Int]()) { $0 }.collect() == [])
    }
  }

  @Test(arguments: [nil, 2])
  func c137_theShortestInputEndsIt(_ bufferSize: Int?) throws {
    try withPool { pool throws in
      #expect(try pool.map(0..<3, 0..., bufferSize: bufferSize) { $0 + $1 }.collect() == [0, 2, 4])
      #expect(try pool.map([1, 2, 3, 4], [1], bufferSize: bufferSize) { $0 + $1 }.collect() == [2])
    }
  }

  @Test(arguments: PoolShape.few)
  func c138_submittedAtTheCall(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let ran = Counter()
      let results = try pool.map(0..<20) { _ in ran.add() }
      try ran.wait(for: 20)
      withExtendedLifetime(results) {}
    }
  }

  @Test func c139_inputIsConsumedAtTheCall() throws {
    try withPool { pool in
      let fetched = Counter()
      let results = try pool.map(Fetched(fetched, limit: 20)) { $0 }
      #expect(fetched.value == 20)
      #expect(try results.collect() == Array(0..<20))
    }
  }

  @Test func c140_inputOrder() throws {
    try withPool(PoolShape(workers: 4)) { pool in
      // The calls end in the opposite order: each waits for the next one.
      let gates = (0..<5).map { _ in Gate() }
      gates[4].open()
      let ended = Journal<Int>()
      let results = try pool.map(0..<4) { number in
        try gates[number + 1].wait()
        ended.note(number)
        gates[number].open()
        return number
      }
      #expect(try results.collect() == [0, 1, 2, 3])
      #expect(ended.entries == [3, 2, 1, 0])
    }
  }

  @Test(arguments: PoolShape.all)
  func c141_anErrorWhenItsValueIsRetrieved(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let results = try pool.map([1, 2, 0, 4]) { number in
        guard number != 0 else { throw ZeroDivisionError() }
        return 12 / number
      }
      #expect(try results.next() == 12)
      #expect(try results.next() == 6)
      #expect(throws: ZeroDivisionError.self) { try results.next() }
    }
  }

  @Test func c142_afterAnError() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (ran, gate) = (Journal<Int>(), Gate())
      let results = try pool.map(0..<10) { number in
        ran.note(number)
        if number == 1 { throw TaskFailure() }
        if number == 2 { try gate.wait() }
        return number
      }
      #expect(try results.next() == 0)
      #expect(throws: TaskFailure.self) { try results.next() }
      #expect(try results.next() == nil)
      gate.open()
      try pool.submit {}.result()
      // What had not started (2 may have) was cancelled.
      #expect(Set(ran.entries).isSubset(of: [0, 1, 2]))
    }
  }

  @Test func c143_outcomesGoOn() throws {
    try withPool { pool in
      for bufferSize in [nil, 2] {
        let outcomes = try pool.map(0..<6, bufferSize: bufferSize) { number in
          guard number % 2 == 0 else { throw TaskFailure(number: number) }
          return number
        }.outcomes
        let values = outcomes.map { outcome in
          switch outcome {
          case .success(let value): value
          case .failure(let error): -((error as? TaskFailure)?.number ?? 1000)
          }
        }
        #expect(values == [0, -1, 2, -3, 4, -5])
      }
    }
  }

  @Test func c144_timeoutFromTheCall() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (gate, second) = (Gate(), Gate())
      defer { gate.open() }
      let results = try pool.map(0..<2, timeout: .milliseconds(300)) { number in
        if number == 1 {
          second.open()
          try gate.wait()
        }
        return number
      }
      let start = ContinuousClock.now
      try second.wait()  // so the first one is done, however long that took
      #expect(try results.next() == 0)
      #expect(throws: TimeoutError.self) { try results.next() }
      #expect(ContinuousClock.now - start > .milliseconds(290))
      // The clock runs from the call: a late first next() has no time left.
      let late = try pool.map(0..<1, timeout: .milliseconds(600)) { _ in try gate.wait() }
      let called = ContinuousClock.now
      while ContinuousClock.now - called < .milliseconds(650) { usleep(1000) }
      let time = elapsed { #expect(throws: TimeoutError.self) { try late.next() } }
      #expect(time < .milliseconds(550))
    }
  }

  @Test func c145_afterTheTimeout() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (ran, gate, second) = (Journal<Int>(), Gate(), Gate())
      let results = try pool.map(0..<5, timeout: .milliseconds(100)) { number in
        ran.note(number)
        if number == 1 {
          second.open()
          try gate.wait()
        }
        return number
      }
      try second.wait()
      #expect(try results.next() == 0)
      #expect(throws: TimeoutError.self) { try results.next() }
      #expect(try results.next() == nil)
      gate.open()
      try pool.submit {}.result()
      #expect(Set(ran.entries).isSubset(of: [0, 1]))
    }
  }

  @Test func c146_theAwaitedCallIsCancelledToo() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (occupied, ran) = (try Occupied(pool), Counter())
      let results = try pool.map(0..<1, timeout: .milliseconds(20)) { _ in ran.add() }
      #expect(throws: TimeoutError.self) { try results.next() }
      occupied.release()
      try pool.submit {}.result()
      #expect(ran.value == 0)
    }
  }

  @Test(arguments: ["close", "drop", "drop after one", "close with buffer", "break"])
  func c147_leavingCancels(_ how: String) throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (ran, started, gate) = (Journal<Int>(), Gate(), Gate())
      func leave() throws {
        let results = try pool.map(0..<10, bufferSize: how == "close with buffer" ? 4 : nil) { number in
          ran.note(number)
          if number == 1 {
            started.open()
            try gate.wait()
          }
          return number
        }
        if how != "drop" { #expect(try results.next() == 0) }
        try started.wait()
        if how.hasPrefix("close") {
          results.close()
          #expect(try results.next() == nil)
        }
        if how == "break" { for _ in results.outcomes.prefix(0) {} }
      }
      try leave()
      gate.open()
      try pool.submit {}.result()
      #expect(ran.entries == [0, 1])
    }
  }

  @Test(arguments: PoolShape.few)
  func c148_chunksOnThreads(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      for chunkSize in [1, 2, 3, 7, 100] {
        #expect(try pool.map(0..<25, chunkSize: chunkSize) { $0 * 2 }.collect() == (0..<25).map { $0 * 2 })
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
        let error = #expect(throws: InvalidArgumentError.self) {
          try executor.map([1], chunkSize: chunkSize) { $0 }.collect()
        }
        #expect(error?.message == "chunksize must be >= 1.")
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
      let error = #expect(throws: InvalidArgumentError.self) {
        try pool.map([1], bufferSize: bufferSize) { $0 }.collect()
      }
      #expect(error?.message == "buffersize must be None or > 0")
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
    let error = #expect(throws: RejectedExecutionError.self) { try pool.map([1]) { $0 }.collect() }
    #expect(error?.description == "cannot schedule new futures after shutdown")
    #expect(throws: RejectedExecutionError.self) { try pool.map([1], bufferSize: 2) { $0 }.collect() }
    #expect(try pool.map([Int]()) { $0 }.collect() == [])
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
