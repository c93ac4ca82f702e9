// What is promised beyond Python's list: cancellation of running tasks, compensation, Swift's own tasks, statistics.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

extension Conformance {
  @Test(arguments: PoolShape.few)
  func x12_aRunningTaskSeesTheRequest(_ shape: PoolShape) throws {
    #expect(CancellationToken.current == nil)
    try withPool(shape) { pool in
      let (started, asked) = (Gate(), Gate())
      let running = try pool.submit { () -> [Bool] in
        let token = try #require(CancellationToken.current)
        let before = token.isCancelled
        try token.check()
        started.open()
        try asked.wait()
        // Also on another thread, and in what the task runs inline; not in another task.
        let elsewhere = try TestThread { token.isCancelled }.join()
        let inOther = try pool.submit { CancellationToken.current?.isCancelled ?? true }
        #expect(throws: CancellationError.self) { try token.check() }
        let other = shape.waitPolicy == .block ? false : try inOther.result()
        return [before, CancellationToken.current?.isCancelled ?? false, elsewhere, other]
      }
      try started.wait()
      running.requestCancellation()
      #expect(running.state == .running && !running.isCancelled)
      asked.open()
      #expect(try running.result() == [false, true, true, false])
      running.requestCancellation()
      #expect(running.state == .finished)

      let occupied = try Occupied(pool)
      let pending = try pool.submit { CancellationToken.current?.isCancelled ?? false }
      pending.requestCancellation()
      #expect(pending.state == .pending)
      let detached = Journal<Bool>()
      try pool.execute { detached.note(CancellationToken.current == nil) }
      occupied.release()
      #expect(try pending.result())
      try eventually { detached.entries == [true] }
    }
  }

  /// Both sides of a join are parts of the task that forked, also the one that another worker has stolen.
  @Test func x12_aStolenForkSeesTheRequest() throws {
    try withPool(PoolShape(workers: 2)) { pool in
      let (started, asked, together) = (Gate(), Gate(), Barrier(parties: 2))
      @Sendable func side() throws -> Bool {
        try together.arriveAndWait()  // so each has a thread of its own
        return CancellationToken.current?.isCancelled ?? false
      }
      let task = try pool.submit { () -> [Bool] in
        started.open()
        try asked.wait()
        let (left, right) = try pool.join({ try side() }, { try side() })
        return [left, right]
      }
      try started.wait()
      task.requestCancellation()
      asked.open()
      #expect(try task.result() == [true, true])
    }
  }

  @Test func x12_asyncWorkSeesTheRequest() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    let started = Gate()
    let work = try pool.submitAsync { () -> Bool in
      started.open()
      while !Task.isCancelled { await Task.yield() }
      return CancellationToken.current == nil
    }
    await whenOpen(started)
    work.requestCancellation()
    #expect(try await work.value)
    // `run`: cancelling the caller asks the running task to stop, and ends the await at once: before the task ends.
    let (runs, saw, ends) = (Gate(), Gate(), Gate())
    let caller = Task {
      try await pool.run {
        runs.open()
        while CancellationToken.current?.isCancelled == false { sched_yield() }
        saw.open()
        try ends.wait()
      }
    }
    await whenOpen(runs)
    caller.cancel()
    await #expect(throws: CancellationError.self) { try await caller.value }
    await whenOpen(saw)
    ends.open()
    await pool.shutdown()
  }

  @Test func x13_blockingOutsideOfAPool() throws {
    #expect(ThreadPoolExecutor.blocking { 5 } == 5)
    #expect(throws: TaskFailure()) { try ThreadPoolExecutor.blocking { throw TaskFailure() } }
  }

  /// Each of `count` workers that block is replaced, up to the limit; then nobody is left to open the gate.
  @Test(arguments: [0, 1, 2])
  func x13_compensationIsBounded(_ extra: Int) throws {
    try withPool(PoolShape(workers: 1, waitPolicy: .block), { $0.compensation = extra }) { pool in
      for round in 0..<8 {
        let (gate, blocked, opener) = (Gate(), Counter(), Gate())
        let (byHand, threads) = (Future<Int>(), Journal<pid_t>())
        let blocking = try (0..<(extra + 1)).map { number in
          try pool.submit {
            threads.note(currentThread())
            blocked.add()
            switch (round + number) % 8 {
            case 0: _ = try byHand.result()
            case 1: wait([byHand])
            case 2: _ = Array(asCompleted([byHand]))
            case 3: _ = try byHand.result(timeout: .seconds(1000))
            case 4: wait([byHand], timeout: .seconds(1000))
            case 5: _ = try asCompleted([byHand], timeout: .seconds(1000)).makeCursor().next()
            case 6: try byHand.waitUntilDone()
            default: try ThreadPoolExecutor.blocking { try gate.wait() }
            }
          }
        }
        try blocked.wait(for: extra + 1)
        for thread in threads.entries { try untilSleeping(thread) }
        // One thread more than that is not to be had: this one stays queued.
        let queued = try pool.submit { opener.open() }
        #expect(pool.statistics.workers <= 1 + extra)
        #expect(queued.state == .pending && !opener.isOpen)
        gate.open()
        try byHand.setResult(1)
        for future in blocking { try future.result() }
        try queued.result()
        // Those that are too many end once they have nothing to do.
        try eventually { pool.statistics.workers <= 1 }
      }
    }
  }

  @Test(arguments: [1, 2, 4])
  func x14_aTaskGroupOf100_000Children(_ workers: Int) async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: workers)
    let count = isThreadSanitized ? 10_000 : 100_000
    let outside = Counter()
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<count {
        group.addTask(executorPreference: pool) {
          if ThreadPoolExecutor.currentWorker == nil { outside.add() }
          await Task.yield()
          return number
        }
      }
      return await group.reduce(0, +)
    }
    #expect(sum == count * (count - 1) / 2)
    #expect(outside.value == 0, "children ran elsewhere")
    // From inside of the pool too.
    let inner = try await pool.submitAsync {
      await withTaskGroup(of: Int.self) { group in
        for number in 0..<(count / 10) { group.addTask { number } }
        return await group.reduce(0, +)
      }
    }.value
    #expect(inner == count / 10 * (count / 10 - 1) / 2)
    #expect(pool.statistics.submitted == 0 && pool.statistics.completed == 0 && pool.statistics.queued == 0)
    await pool.shutdown()
  }

  @Test func x14_jobsOfSwiftConcurrencyStartInOrder() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let order = Journal<Int>()
    // The only worker enqueues all of them before it can run one.
    try await pool.submitAsync {
      await withTaskGroup(of: Void.self) { group in
        for number in 0..<1000 { group.addTask { order.note(number) } }
      }
    }.value
    #expect(order.entries == Array(0..<1000))
    let (gate, outside) = (Gate(), Journal<Int>())
    try pool.execute { try gate.wait() }
    let tasks = (0..<1000).map { number in Task(executorPreference: pool) { outside.note(number) } }
    gate.open()
    for task in tasks { await task.value }
    #expect(outside.entries == Array(0..<1000))
    await pool.shutdown()
  }

  @Test(arguments: PoolShape.few)
  func x15_mapAsAnAsyncSequence(_ shape: PoolShape) async throws {
    let pool = try shape.make()
    for bufferSize in [nil, 3] {
      for chunkSize in [1, 4] {
        var values: [Int] = []
        for try await value in try pool.map(0..<50, chunkSize: chunkSize, bufferSize: bufferSize, { $0 * 2 }) {
          values.append(value)
        }
        #expect(values == (0..<50).map { $0 * 2 })
      }
    }
    // An error ends it; what came before was delivered.
    let failing = Journal<Int>()
    let untilError = try pool.map(0..<10) { number in
      if number == 3 { throw TaskFailure(number: 3) }
      return number
    }
    await #expect(throws: TaskFailure(number: 3)) {
      for try await value in untilError { failing.note(value) }
    }
    for try await value in untilError { failing.note(value) }
    #expect(failing.entries == [0, 1, 2])
    let late = Gate()
    await #expect(throws: TimeoutError.self) {
      for try await _ in try pool.map(0..<2, timeout: .milliseconds(20), { _ in try late.wait() }) {}
    }
    late.open()  // or it would hold the one worker
    // Cancelling the task that iterates ends the iteration, and nothing else: what it waited for runs and can be taken.
    let occupied = try Occupied(pool)
    // SAFETY: the task that iterates first has ended before the second one begins.
    nonisolated(unsafe) let kept = try pool.map(0..<3) { $0 }
    let interrupted = try SuspendedTask { for try await _ in kept {} }
    interrupted.task.cancel()
    await #expect(throws: CancellationError.self) { try await interrupted.task.value }
    occupied.release()
    var rest: [Int] = []
    for try await value in kept { rest.append(value) }
    #expect(rest == [0, 1, 2])
    await pool.shutdown()
  }

  @Test func x15_asCompletedAsAnAsyncSequence() async throws {
    let futures = (0..<4).map { _ in Future<Int>() }
    let order = Journal<Int>()
    let executor = SingleThread()
    let iterating = Task(executorPreference: executor) {
      for try await future in asCompleted(futures) { order.note(futures.firstIndex(of: future)!) }
    }
    await Task(executorPreference: executor) {}.value  // the iteration is suspended
    for index in [2, 0, 3] { try futures[index].setResult(index) }
    while order.entries.count < 3 { await Task.yield() }
    #expect(order.entries == [2, 0, 3])
    iterating.cancel()
    await #expect(throws: CancellationError.self) { try await iterating.value }
    #expect(futures[1].state == .pending)
    var inTime: [Future<Int>] = []
    let error = await #expect(throws: TimeoutError.self) {
      for try await future in asCompleted(futures, timeout: .milliseconds(20)) { inTime.append(future) }
    }
    #expect(Set(inTime) == [futures[2], futures[0], futures[3]])
    #expect(error?.description == "1 (of 4) futures unfinished")
    #expect(futures[1].state == .pending)
  }

  @Test(arguments: ["wait", "no wait", "cancel", "deadline", "async"])
  func x16_theSharedPoolCannotBeShutDown(_ how: String) throws {
    let run = try run("shutDownShared", how)
    #expect(run.status == -SIGILL || run.status == -SIGTRAP, "\(run)")
    #expect(run.errors.contains("the shared pool cannot be shut down"), "\(run)")
    #expect(run.lines.isEmpty)
  }

  @Test(arguments: PoolShape.few)
  func x17_statisticsAddUp(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let values = try (0..<10).map { number in try pool.submit { number } }
      let failing = try (0..<5).map { _ in try pool.submit { throw TaskFailure() } }
      let cancelled = try (0..<4).map { _ in try pool.submit {} }
      for future in cancelled { future.cancel() }
      for _ in 0..<3 { try pool.execute {} }
      let before = pool.statistics
      #expect(before.queued == 18 && before.running == shape.workers && before.idle == 0)
      #expect(before.submitted == UInt64(22 + shape.workers) && before.cancelled == 4)
      occupied.release()
      wait(values)
      wait(failing)
      let inner = try pool.submit { try (0..<5).map { number in try pool.submit { number } } }.result()
      wait(inner)
      try eventually { pool.statistics.running == 0 }
      let after = pool.statistics
      #expect(after.queued == 0 && after.submitted == UInt64(28 + shape.workers))
      #expect(after.completed == UInt64(19 + shape.workers) && after.failed == 5 && after.cancelled == 4)
    }
  }

  /// Where tasks ran: inline, stolen; and who has nothing to do.
  @Test func x17_statisticsOfWorkers() throws {
    try withPool(PoolShape(workers: 2)) { pool in
      let occupied = try Occupied(pool)
      #expect(pool.statistics.idle == 0)
      occupied.release()
      wait(occupied.futures)
      let stolen = pool.statistics.stolen
      // Only the other worker can open the gate.
      try pool.submit {
        let gate = Gate()
        let opening = try pool.submit { gate.open() }
        try gate.wait()
        try opening.result()
      }.result()
      #expect(pool.statistics.stolen == stolen + 1 && pool.statistics.inlineRuns == 0)
      try eventually { pool.statistics.idle == 2 && pool.statistics.workers == 2 }
    }
    try withPool(PoolShape(workers: 1)) { pool in
      try pool.submit { for _ in 0..<3 { try pool.submit {}.result() } }.result()
      #expect(pool.statistics.inlineRuns == 3 && pool.statistics.stolen == 0)
      try eventually { pool.statistics.idle == 1 && pool.statistics.completed == 4 }
    }
  }

  /// Tasks of `execute` stay when everything else is cancelled, and are counted once.
  @Test(arguments: PoolShape.few)
  func x17_statisticsAfterCancelFutures(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (occupied, ran) = (try Occupied(pool), Counter())
    for _ in 0..<5 { try pool.execute { ran.add() } }
    let futures = try (0..<5).map { _ in try pool.submit {} }
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(futures.allSatisfy { $0.isCancelled })
    #expect(pool.statistics.queued == 5 && pool.statistics.cancelled == 5)
    #expect(pool.statistics.submitted == UInt64(10 + shape.workers))
    occupied.release()
    pool.shutdown()
    #expect(ran.value == 5)
    #expect(pool.statistics.queued == 0 && pool.statistics.completed == UInt64(5 + shape.workers))
  }

  @Test func x17_statisticsOfABrokenPool() throws {
    let gate = Gate()
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.errorHandler = { _, _ in }
    configuration.initializer = {
      try gate.wait()
      throw TaskFailure()
    }
    let pool = try ThreadPoolExecutor(configuration)
    let futures = try (0..<5).map { number in try pool.submit { number } }
    gate.open()
    wait(futures)
    pool.shutdown()
    #expect(pool.statistics.queued == 0 && pool.statistics.running == 0)
    #expect(pool.statistics.submitted == 5 && pool.statistics.failed == 5)
  }

  @Test func x18_aRefusedElementEndsTheMap() throws {
    try withPool(PoolShape(workers: 1), { $0.admission = .reject(limit: 2) }) { pool in
      let results = try pool.map(0..., bufferSize: 2) { $0 }
      try eventually { pool.statistics.completed == 2 }
      let gate = try occupiedByHand(pool)
      var queued: [Future<Int>] = []
      while let future = try? pool.submit({ 1 }) { queued.append(future) }
      // There is no room for the one that would take the first one's place.
      let error = #expect(throws: RejectedExecutionError.self) { try results.next() }
      guard case .queueFull? = error?.reason else {
        Issue.record("another reason: \(error as Any)")
        return
      }
      #expect(try results.next() == nil, "the second is there, but the iteration has ended")
      gate.open()
      wait(queued)
    }
  }

  /// After a shutdown what was submitted comes, then the iteration ends.
  @Test func x18_aMapDrainsAfterTheShutdown() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    let results = try pool.map(0..., bufferSize: 3) { $0 }
    #expect(try results.next() == 0)
    pool.shutdown()
    #expect(try results.collect() == [1, 2, 3])
  }

  /// Occupies the only worker; not counted as queued once it runs.
  private func occupiedByHand(_ pool: ThreadPoolExecutor) throws -> Gate {
    let (started, gate) = (Gate(), Gate())
    let future = try pool.submit {
      started.open()
      try gate.wait()
    }
    try started.wait()
    withExtendedLifetime(future) {}
    return gate
  }

  @Test(arguments: PoolShape.few)
  func x19_callerRunsEveryKindOfTask(_ shape: PoolShape) throws {
    let errors = Journal<any Error>()
    try withPool(
      shape,
      {
        $0.admission = .callerRuns(limit: 1)
        $0.errorHandler = { error, _ in errors.note(error) }
      }
    ) { pool in
      let gate = Gate()
      defer { gate.open() }
      let started = Counter()
      for number in 0..<shape.workers {
        try pool.execute {
          started.add()
          try gate.wait()
        }
        try started.wait(for: number + 1)
      }
      let queued = try pool.submit { currentThread() }
      let threads = Journal<pid_t>()
      try pool.execute {
        threads.note(currentThread())
        #expect(CancellationToken.current == nil && ThreadPoolExecutor.currentWorker == nil)
      }
      #expect(threads.entries == [currentThread()])
      let token = try pool.submit { CancellationToken.current?.isCancelled }
      #expect(try token.result() == false)
      #expect(CancellationToken.current == nil)
      try pool.execute { throw TaskFailure(number: 8) }
      #expect(errors.entries.map { $0 as? TaskFailure } == [TaskFailure(number: 8)])
      let failed = try pool.submit { () throws -> Int in throw TaskFailure(number: 9) }
      #expect(try failed.exception() as? TaskFailure == TaskFailure(number: 9))
      #expect(pool.statistics.submitted == UInt64(shape.workers + 5) && pool.statistics.failed == 2)
      gate.open()
      #expect(try queued.result() != currentThread())
    }
  }
}
