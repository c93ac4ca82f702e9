// Group J: Executor.map.
import ConcurrentFutures
import Glibc
import Testing

/// Counts how many of its elements were fetched.
struct Fetched: Sequence, IteratorProtocol {
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
      // The calls end in the opposite order: each waits for the next one, and the first one until the others are done.
      let (gates, first) = ((0..<5).map { _ in Gate() }, Gate())
      gates[4].open()
      let ended = Journal<Int>()
      let results = try pool.map(0..<4) { number in
        try gates[number + 1].wait()
        if number == 0 { try first.wait() }
        ended.note(number)
        gates[number].open()
        return number
      }
      try eventually { pool.statistics.completed == 3 }
      let taker = currentThread()
      let opener = TestThread {
        try untilSleeping(taker)
        first.open()
      }
      #expect(try results.collect() == [0, 1, 2, 3])
      try opener.join()
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
      try eventually { pool.statistics.running + pool.statistics.queued == 0 }  // the error is there already
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
      let start = ContinuousClock.now
      let results = try pool.map(0..<2, timeout: .milliseconds(300)) { number in
        if number == 1 {
          second.open()
          try gate.wait()
        }
        return number
      }
      try second.wait()  // so the first one is done, however long that took
      #expect(try results.next() == 0)
      #expect(throws: TimeoutError.self) { try results.next() }
      #expect(ContinuousClock.now - start >= .milliseconds(300))
      // The clock runs from the call: a late first next() has no time left.
      #expect(
        try isPrompt(within: .milliseconds(300)) {
          let late = try pool.map(0..<1, timeout: .milliseconds(300)) { _ in try gate.wait() }
          letPass(.milliseconds(300))
          return elapsed { #expect(throws: TimeoutError.self) { try late.next() } }
        })
    }
  }

  /// What was done in time is delivered, however late it is taken; what is done after the deadline is too.
  @Test func c144_valuesInTime() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let gate = Gate()
      defer { gate.open() }
      let results = try pool.map(0..<4, timeout: .milliseconds(50)) { number in
        if number == 3 { try gate.wait() }
        return number
      }
      try eventually { pool.statistics.completed == 3 }
      letPass(.milliseconds(50))
      for number in 0..<3 { #expect(try results.next() == number) }
      #expect(throws: TimeoutError.self) { try results.next() }
      #expect(try results.next() == nil)
    }
  }

  @Test func c144_alsoInAsyncCode() async throws {
    let (pool, gate) = (try ThreadPoolExecutor(maxWorkers: 1), Gate())
    let results = try pool.map(0..<2, timeout: .milliseconds(50)) { number in
      if number == 1 { try gate.wait() }
      return number
    }
    try eventually { pool.statistics.completed == 1 }
    letPass(.milliseconds(50))
    var iterator = results.makeAsyncIterator()
    #expect(try await iterator.next() == 0)
    await #expect(throws: TimeoutError.self) { try await iterator.next() }
    #expect(try await iterator.next() == nil)
    gate.open()
    await pool.shutdown()
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

  /// Where no call has started, none does.
  @Test(arguments: [true, false])
  func c147_leavingBeforeAnyStarts(_ byClose: Bool) throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let (occupied, ran) = (try Occupied(pool), Counter())
      do {
        let results = try pool.map(0..<3) { _ in ran.add() }
        if byClose { results.close() }
      }
      occupied.release()
      try pool.submit {}.result()
      #expect(ran.value == 0)
    }
  }
}
