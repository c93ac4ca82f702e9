#if DEBUG
  import CPlatform
  import Testing

  @testable import ConcurrentFutures

  /// The system refuses a thread (EAGAIN): what was accepted is run by the threads that there are, and once the system
  /// grants threads again the pool is as wide as ever.
  @Suite(.timeLimit(.minutes(1))) struct RefusedThreadTests {
    private func make(
      _ workers: Int, _ adjust: (inout ThreadPoolExecutor.Configuration) -> Void = { _ in }
    ) throws -> ThreadPoolExecutor {
      var configuration = ThreadPoolExecutor.Configuration()
      configuration.maxWorkers = workers
      adjust(&configuration)
      return try ThreadPoolExecutor(configuration)
    }

    private func grant(_ count: Int?, _ pool: ThreadPoolExecutor) { pool.pool.pointer.pointee.grants.set(count) }

    private func eventually(_ isTrue: () -> Bool) throws {
      let end = ContinuousClock.now + .seconds(50)
      while !isTrue() {
        guard ContinuousClock.now < end else { throw TimeoutError() }
        cf_yield()
      }
    }

    /// Each task waits for all others. A worker submits them: it is always admitted.
    private func expectWorkers(_ count: Int, _ pool: ThreadPoolExecutor) throws {
      let (arrived, all) = (ForkJoinTests.Mark(), Future<Void>())
      @Sendable func meet() throws {
        if arrived.count.wrappingAdd(1, ordering: .relaxed).newValue == count { try all.setResult() }
        try all.result()
      }
      let others = try pool.submit {
        let others = try (1..<count).map { _ in try pool.submit { try meet() } }
        try meet()
        return others
      }
      for other in try others.result(timeout: .seconds(50)) { try other.result(timeout: .seconds(50)) }
    }

    @Test(
      arguments: [.unbounded, .block(limit: 1), .reject(limit: 1), .callerRuns(limit: 1)]
        as [ThreadPoolExecutor.Admission])
    func theFirstThread(_ admission: ThreadPoolExecutor.Admission) throws {
      let pool = try make(2) { $0.admission = admission }
      grant(0, pool)
      let ran = ForkJoinTests.Mark()
      func attempts() -> [() throws -> Void] {
        [
          { _ = try pool.submit { ran.count.store(1, ordering: .relaxed) } },
          { _ = try pool.submit({ ran.count.store($0, ordering: .relaxed) }, 1) },
          { try pool.execute { ran.count.store(1, ordering: .relaxed) } },
        ]
      }
      for attempt in attempts() + attempts() {
        let error = #expect(throws: RejectedExecutionError.self) { try attempt() }
        guard case .noThread(11)? = error?.reason else {
          Issue.record("another reason: \(error as Any)")
          continue
        }
      }
      let statistics = pool.statistics
      #expect(statistics.submitted == 0 && statistics.queued == 0 && statistics.workers == 0)
      grant(nil, pool)
      #expect(try pool.submit { 5 }.result() == 5)
      try expectWorkers(2, pool)
      pool.shutdown()
      #expect(ran.count.load(ordering: .relaxed) == 0, "what was refused has run")
    }

    @Test(arguments: [1, 2, 3]) func laterThreads(_ granted: Int) throws {
      let pool = try make(4)
      grant(granted, pool)
      let gate = Future<Void>()
      let blocked = try (0..<granted).map { _ in try pool.submit { try gate.result() } }
      try eventually { blocked.allSatisfy(\.isRunning) }
      let queued = try (0..<50).map { number in try pool.submit { number } }
      #expect(queued.allSatisfy { $0.state == .pending })
      try eventually { pool.statistics.workers == granted }  // an attempt counts until it is refused
      try gate.setResult()
      #expect(try queued.map { try $0.result(timeout: .seconds(50)) } == Array(0..<50))
      // From a worker too.
      let inner = try pool.submit { try (0..<50).map { number in try pool.submit { number } } }.result()
      #expect(try inner.map { try $0.result() } == Array(0..<50))
      grant(nil, pool)
      try expectWorkers(4, pool)
      #expect(pool.statistics.workers == 4)
      pool.shutdown()
    }

    /// In place of a blocked worker.
    @Test func substitutes() throws {
      let pool = try make(1) {
        $0.compensation = 1
        $0.waitPolicy = .block
      }
      #expect(try pool.submit { 1 }.result() == 1)
      func block() throws -> (Future<Void>, Future<Void>, Future<Int>) {
        let gate = Future<Void>()
        let blocked = try pool.submit { try gate.result() }
        try eventually { gate.hasWaiters }
        return (gate, blocked, try pool.submit { 5 })
      }
      for granted in [0, nil, 0, nil] {
        grant(granted, pool)
        let (gate, blocked, queued) = try block()
        if granted == nil {
          #expect(try queued.result(timeout: .seconds(50)) == 5, "nobody stands in for the blocked worker")
        } else {
          #expect(queued.state == .pending && pool.statistics.workers == 1)
        }
        try gate.setResult()
        try blocked.result()
        #expect(try queued.result(timeout: .seconds(50)) == 5)
        try eventually { pool.statistics.workers == 1 }
      }
      pool.shutdown()
    }

    /// For a chain of waits that has used half of a stack: it goes on upon that stack.
    @Test func theNextStackOfAChain() throws {
      let pool = try make(1)
      #expect(try pool.submit { 1 }.result() == 1)
      grant(0, pool)
      @Sendable func descend(_ left: Int?) throws -> Int {
        if left == 0 { return 1 }
        let isDeep = try #require(Worker.current).stackIsDeep
        return try pool.submit { try descend(left.map { $0 - 1 } ?? (isDeep ? 10 : nil)) }.result() + 1
      }
      #expect(try pool.submit { try descend(nil) }.result() > 100)
      #expect(pool.statistics.workers == 1)
      pool.shutdown()
    }

    /// Jobs of Swift concurrency and fork-join are never refused: they run on the caller.
    @Test func whatCannotBeRefused() async throws {
      let pool = try make(2)
      grant(0, pool)
      #expect(await Task(executorPreference: pool) { 5 }.value == 5)
      #expect(try await pool.submitAsync { 6 }.value == 6)
      let sum = try await Future.succeeded(()).map { pool.concurrentReduce(Array(1...100), 0, +, +) }.value
      #expect(sum == 5050)
      #expect(pool.statistics.workers == 0)
      await pool.shutdown()
    }
  }
#endif
