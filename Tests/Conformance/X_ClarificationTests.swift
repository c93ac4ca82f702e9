// The clarifications that have no statement of their own.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  /// Each task queues the next and waits for it.
  @Test(arguments: PoolShape.helping)
  func x01_deepChains(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      let depth = isThreadSanitized ? 10_000 : 100_000
      let chain = Chain(pool)
      #expect(try pool.submit { try chain.run(depth) }.result() == depth)
    }
  }

  /// All are queued before the first one runs; each waits for the one before it. Not with `.stealAny`: two workers can
  /// bury what the other one waits for under a task that waits in turn, which is why that policy is opt-in.
  @Test(arguments: PoolShape.helping.filter { $0.waitPolicy == .runAwaited })
  func x01_deepChainOfQueuedTasks(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      var last = try pool.submit { 0 }
      let depth = isThreadSanitized ? 10_000 : 100_000
      var chain = [last]
      for _ in 0..<depth {
        last = try pool.submit { [last] in try last.result() + 1 }
        chain.append(last)
      }
      // Backwards: the last one is the first to run and waits for all others.
      let newest = try pool.submit { [last] in try last.result() + 1 }
      for future in chain.prefix(3) { #expect(future.state == .pending) }
      occupied.release()
      #expect(try newest.result() == depth + 1)
    }
  }

  @Test(arguments: PoolShape.few)
  func x02_poolOwnedFutures(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let future = try pool.submit { 1 }
      #expect(throws: InvalidStateError.self) { try future.setResult(2) }
      #expect(throws: InvalidStateError.self) { try future.setException(TaskFailure()) }
      #expect(future.state == .pending)
      let running = occupied.futures[0]
      #expect(throws: InvalidStateError.self) { try running.setResult() }
      #expect(running.state == .running)
      for owned in [future, running] as [AnyFuture] {
        #expect(throws: InvalidStateError.self) { try owned.setRunningOrNotifyCancel() }
      }
      let derived = future.map { $0 + 1 }
      #expect(throws: InvalidStateError.self) { try derived.setResult(2) }
      #expect(future.state == .pending && running.state == .running && derived.state == .pending)
      occupied.release()
      #expect(try future.result() == 1)
      #expect(throws: InvalidStateError.self) { try future.setResult(2) }
      #expect(try derived.result() == 2)
    }
  }

  @Test(arguments: PoolShape.few)
  func x03_rejectCountsQueuedTasks(_ shape: PoolShape) throws {
    try withPool(shape, { $0.admission = .reject(limit: 3) }) { pool in
      let gate = try occupyEach(pool)
      let queued = try (0..<3).map { number in try pool.submit { number } }
      let error = #expect(throws: RejectedExecutionError.self) { try pool.submit { 3 } }
      guard case .queueFull? = error?.reason else {
        Issue.record("another reason: \(error as Any)")
        return
      }
      queued[1].cancel()
      let admitted = try pool.submit { 4 }
      gate.open()
      #expect(try admitted.result() == 4)
    }
  }

  /// However a task leaves the queue, its place is free again, once.
  @Test func x03_eachPlaceIsGivenBackOnce() throws {
    try withPool(PoolShape(workers: 1), { $0.admission = .reject(limit: 2) }) { pool in
      let (queued, gate) = (Gate(), Gate())
      let outer = try pool.submit {
        try pool.submit {}.result()  // inline
        try pool.submit {}.cancel()
        for _ in 0..<2 { try pool.execute {} }
        _ = try pool.submit {}
        queued.open()
        try gate.wait()
      }
      try queued.wait()
      #expect(throws: RejectedExecutionError.self, "what a worker queues counts") { try pool.submit {} }
      gate.open()
      try outer.result()
      try eventually { pool.statistics.queued == 0 && pool.statistics.running == 0 }
      let occupied = try occupyEach(pool)
      let two = try (0..<2).map { number in try pool.submit { number } }
      #expect(throws: RejectedExecutionError.self) { try pool.submit {} }
      occupied.open()
      #expect(try two.map { try $0.result() } == [0, 1])
    }
  }

  /// Occupies every worker until the gate opens. One by one: a task that is not yet running counts.
  private func occupyEach(_ pool: ThreadPoolExecutor) throws -> Gate {
    let (gate, started) = (Gate(), Counter())
    for number in 0..<pool.maxWorkers {
      try pool.execute {
        started.add()
        try gate.wait()
      }
      try started.wait(for: number + 1)
    }
    return gate
  }

  @Test(arguments: PoolShape.few)
  func x03_blockUntilThereIsRoom(_ shape: PoolShape) throws {
    try withPool(shape, { $0.admission = .block(limit: 2) }) { pool in
      let gate = try occupyEach(pool)
      let queued = try (0..<2).map { number in try pool.submit { number } }
      func blocked(_ number: Int) throws -> TestThread<Future<Int>> {
        let thread = TestThread { try pool.submit { number } }
        try thread.untilBlocked()
        #expect(!thread.hasEnded)
        return thread
      }
      // A cancelled task leaves the queue.
      let first = try blocked(7)
      queued[1].cancel()
      let admitted = try first.join()
      #expect(admitted.state == .pending)
      let second = try blocked(8)
      gate.open()
      #expect(try second.join().result() == 8)
      #expect(try admitted.result() == 7)
    }
  }

  /// Who waits for room when the pool is shut down is refused.
  @Test(arguments: PoolShape.few)
  func x03_shutdownWhileASubmitterWaits(_ shape: PoolShape) throws {
    let pool = try shape.make { $0.admission = .block(limit: 1) }
    let gate = try occupyEach(pool)
    let queued = try pool.submit { 1 }
    let blocked = (0..<2).map { _ in TestThread { try pool.submit { 2 } } }
    for thread in blocked { try thread.untilBlocked() }
    pool.shutdown(wait: false)
    for thread in blocked {
      // Before the tasks give up: then there is room.
      let error = #expect(throws: RejectedExecutionError.self) { try thread.join(limit: .seconds(15)) }
      #expect(error?.description == "cannot schedule new futures after shutdown")
    }
    gate.open()
    #expect(try queued.result() == 1)
    pool.shutdown()
  }

  /// A worker's own submissions are always admitted: only it could make the room.
  @Test(arguments: [.block(limit: 1), .reject(limit: 1), .callerRuns(limit: 1)] as [ThreadPoolExecutor.Admission])
  func x03_aWorkerIsAlwaysAdmitted(_ admission: ThreadPoolExecutor.Admission) throws {
    try withPool(PoolShape(workers: 1), { $0.admission = admission }) { pool in
      let states = try pool.submit { () -> [FutureState] in
        let futures = try (0..<5).map { number in try pool.submit { number } }
        return futures.map(\.state)
      }.result()
      #expect(states == Array(repeating: .pending, count: 5))
    }
  }

  @Test(arguments: PoolShape.few)
  func x03_callerRuns(_ shape: PoolShape) throws {
    try withPool(shape, { $0.admission = .callerRuns(limit: 1) }) { pool in
      let gate = try occupyEach(pool)
      let queued = try pool.submit { currentThread() }
      let here = try pool.submit { currentThread() }
      #expect(here.isDone)
      #expect(try here.result() == currentThread())
      #expect(queued.state == .pending)
      gate.open()
      #expect(try queued.result() != currentThread())
    }
  }

  @Test func x04_keepAlive() throws {
    try withPool(
      PoolShape(workers: 3),
      {
        $0.keepAlive = .milliseconds(5)
        $0.threadNamePrefix = "x04"
      }
    ) { pool in
      for round in 0..<10 {
        let together = Barrier(parties: 3)
        let futures = try (0..<3).map { _ in try pool.submit { try together.arriveAndWait() } }
        for future in futures { try future.result() }
        try eventually { pool.statistics.workers == 0 && threadNames(prefix: "x04").isEmpty }
        #expect(try pool.submit { round }.result() == round)
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func x05_cancelledEntriesLeaveTheCount(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let queued = try (0..<10).map { number in try pool.submit { number } }
      #expect(pool.statistics.queued == 10)
      for future in queued.prefix(4) { future.cancel() }
      #expect(pool.statistics.queued == 6)
      #expect(pool.statistics.cancelled == 4)
      #expect(pool.statistics.running == shape.workers)
      occupied.release()
      wait(queued)
      try eventually { pool.statistics.queued == 0 && pool.statistics.running == 0 }
      #expect(pool.statistics.completed == UInt64(6 + shape.workers))
    }
  }

  @Test func x09_combinators() throws {
    let cancelled = try future(.cancelled)
    #expect(throws: CancelledError.self) { try cancelled.map { $0 + 1 }.result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) { try cancelled.flatMap { .succeeded($0) }.result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) { try cancelled.zip(.succeeded(1)).result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) { try Future.succeeded(1).zip(cancelled).result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) { try Future<Int>().zip(cancelled).result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) {
      try Future.succeeded(1).flatMap { _ in cancelled }.result(timeout: .seconds(5))
    }
    #expect(throws: CancelledError.self) { try firstCompleted(of: [Future(), cancelled]).result(timeout: .seconds(5)) }
    #expect(try cancelled.recover { $0 is CancelledError ? 3 : 0 }.result(timeout: .seconds(5)) == 3)
    let later = Future<Int>()
    let limited = later.timingOut(after: .seconds(1000))
    later.cancel()
    #expect(throws: CancelledError.self) { try limited.result(timeout: .seconds(5)) }
    #expect(throws: CancelledError.self) { try all([.succeeded(1), cancelled]).result(timeout: .seconds(5)) }
    #expect(try all([Future<Int>]()).result(timeout: .zero) == [])
    #expect(try all([.succeeded(1), .succeeded(2)] as [Future<Int>]).result() == [1, 2])
    let (first, second) = (Future<Int>(), Future<Int>())
    let either = firstCompleted(of: [first, second], cancellingRest: true)
    try second.setResult(2)
    #expect(try either.result() == 2)
    #expect(first.isCancelled)
    let failing = Future<Int>.failed(TaskFailure(number: 1))
    #expect(try failing.recover { ($0 as? TaskFailure)?.number ?? 0 }.result() == 1)
    #expect(throws: TaskFailure(number: 2)) {
      try Future.succeeded(1).map { _ -> Int in throw TaskFailure(number: 2) }.result()
    }
    #expect(throws: TimeoutError.self) { try Future<Int>().timingOut(after: .milliseconds(10)).result() }
    try withPool { pool throws in
      let worker = Future.succeeded(1).map(on: pool) { _ in ThreadPoolExecutor.currentWorker != nil }
      #expect(try worker.result())
    }
  }

  @Test(arguments: ["succeed", "fail", "complete", "drop"])
  func x10_promiseOfACancelledFuture(_ how: String) throws {
    let promise = Promise<Int>()
    let future = promise.future
    #expect(future.cancel())
    switch how {
    case "succeed": promise.succeed(1)
    case "fail": promise.fail(TaskFailure())
    case "complete": promise.complete(with: .success(1))
    default: _ = consume promise
    }
    #expect(throws: CancelledError.self) { try future.result(timeout: .zero) }
    #expect(future.isCancelled)
  }

  @Test func x11_theScopeInAsyncCode() async throws {
    let ran = Counter()
    let value = try await withThreadPool(maxWorkers: 2) { pool in
      let future = try pool.submit { 3 }
      for _ in 0..<5 {
        _ = try pool.submit {
          usleep(10_000)
          ran.add()
        }
      }
      return try await future.value  // first in the queue: the rest still runs
    }
    #expect(value == 3)
    #expect(ran.value == 5)
    await #expect(throws: TaskFailure()) {
      try await withThreadPool(maxWorkers: 1) { pool in
        _ = try await pool.submit { ran.add() }.value
        for _ in 0..<5 { _ = try pool.submit { ran.add() } }
        throw TaskFailure()
      }
    }
    #expect(ran.value == 11, "what was pending has run")
  }
}

/// Recursion through the pool.
private struct Chain: Sendable {
  let pool: ThreadPoolExecutor
  init(_ pool: ThreadPoolExecutor) { self.pool = pool }
  func run(_ depth: Int) throws -> Int {
    guard depth > 0 else { return 0 }
    return try pool.submit { [self] in try run(depth - 1) }.result() + 1
  }
}
