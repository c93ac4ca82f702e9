// Group K: shutdown and scopes. K_ExitTests.swift has what happens when the process, or the executor, goes.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c164_submitAfterShutdown(_ shape: PoolShape) throws {
    let pool = try shape.make()
    #expect(try pool.submit { 1 }.result() == 1)
    pool.shutdown()
    for attempt in [
      { _ = try pool.submit { 1 } }, { _ = try pool.submit({ $0 }, 1) }, { try pool.execute {} },
      { _ = try pool.submitAsync { 1 } },
    ] as [() throws -> Void] {
      let error = #expect(throws: RejectedExecutionError.self) { try attempt() }
      guard case .shutdown? = error?.reason else {
        Issue.record("another reason: \(error as Any)")
        continue
      }
      #expect(error?.description == "cannot schedule new futures after shutdown")
    }
  }

  @Test(arguments: PoolShape.all)
  func c165_shutdownWaits(_ shape: PoolShape) throws {
    let pool = try shape.make { $0.threadNamePrefix = "c165" }
    let ended = Counter()
    for _ in 0..<20 {
      try pool.execute {
        usleep(2000)
        ended.add()
      }
    }
    pool.shutdown()
    #expect(ended.value == 20)
    #expect(pool.statistics.workers == 0)
    // The kernel may list a thread for a moment after its last instruction.
    try eventually(limit: .seconds(10)) { threadNames(prefix: "c165").isEmpty }
    // Also for what runs, where nothing is queued.
    let busy = try shape.make()
    let occupied = try Occupied(busy)
    let waiting = TestThread {
      busy.shutdown()
      return busy.statistics.workers
    }
    try waiting.untilBlocked()
    #expect(!waiting.hasEnded)
    occupied.release()
    #expect(try waiting.join() == 0)
  }

  @Test(arguments: PoolShape.few)
  func c165_suspendedShutdownsWait(_ shape: PoolShape) async throws {
    let pool = try shape.make()
    let (gate, started, returned) = (Gate(), Counter(), Counter())
    let running = try (0..<shape.workers).map { _ in
      try pool.submit {
        started.add()
        try gate.wait()
      }
    }
    await whenReached(started, shape.workers)
    let pending = try (0..<10).map { number in try pool.submit { number } }
    // On one thread: what is enqueued last runs once the others are suspended.
    let executor = SingleThread()
    let waiting = (0..<3).map { _ in
      Task(executorPreference: executor) {
        await pool.shutdown()
        returned.add()
        return pool.statistics.workers
      }
    }
    await Task(executorPreference: executor) {}.value
    #expect(returned.value == 0)
    gate.open()
    for one in waiting { #expect(await one.value == 0) }
    #expect(running.allSatisfy { $0.isDone } && pending.allSatisfy { $0.state == .finished })
    await pool.shutdown()
  }

  @Test(arguments: PoolShape.all)
  func c166_pendingTasksStillRun(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let occupied = try Occupied(pool)
    let futures = try (0..<20).map { number in try pool.submit { number } }
    let ran = Counter()
    for _ in 0..<20 { try pool.execute { ran.add() } }
    pool.shutdown(wait: false)
    #expect(futures.allSatisfy { $0.state == .pending })
    occupied.release()
    #expect(try futures.map { try $0.result() } == Array(0..<20))
    pool.shutdown()
    #expect(ran.value == 20)
  }

  /// What lies in a worker's own queue runs too.
  @Test(arguments: PoolShape.all)
  func c166_pendingTasksOfWorkersStillRun(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (arrived, queued, gate, ran) = (Counter(), Counter(), Gate(), Counter())
    let tasks = try (0..<shape.workers).map { _ in
      try pool.submit { () -> [Future<Int>] in
        arrived.add()
        try arrived.wait(for: shape.workers)  // no worker is free to take what is queued now
        let futures = try (0..<10).map { number in try pool.submit { number } }
        for _ in 0..<10 { try pool.execute { ran.add() } }
        queued.add()
        try gate.wait()
        return futures
      }
    }
    try queued.wait(for: shape.workers)
    pool.shutdown(wait: false)
    gate.open()
    for task in tasks { #expect(try task.result().map { try $0.result() } == Array(0..<10)) }
    pool.shutdown()
    #expect(ran.value == 10 * shape.workers)
  }

  @Test(arguments: PoolShape.all)
  func c167_shutdownWithoutWaiting(_ shape: PoolShape) throws {
    let pool = try shape.make { $0.threadNamePrefix = "c167" }
    let occupied = try Occupied(pool)
    let future = try pool.submit { 5 }
    pool.shutdown(wait: false)  // returns although every worker is blocked
    #expect(!future.isDone)
    #expect(!threadNames(prefix: "c167").isEmpty)
    occupied.release()
    #expect(try future.result() == 5)
    try eventually { threadNames(prefix: "c167").isEmpty }
  }

  @Test(arguments: PoolShape.all)
  func c168_cancelFutures(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (started, gate, called) = (Counter(), Gate(), Counter())
    let running = try (0..<shape.workers).map { _ in
      try pool.submit { () -> Bool in
        started.add()
        try gate.wait()
        return CancellationToken.current?.isCancelled ?? true
      }
    }
    try started.wait(for: shape.workers)
    let queued = try (0..<50).map { number in try pool.submit { number } }
    for future in queued { future.addDoneCallback { if $0.isCancelled { called.add() } } }
    let waiting = TestThread { wait(queued).done.count }
    try waiting.untilBlocked()
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(queued.allSatisfy { $0.isCancelled })
    #expect(called.value == 50)
    #expect(try waiting.join() == 50)
    #expect(running.allSatisfy { $0.isRunning })
    gate.open()
    pool.shutdown()
    for future in running { #expect(try future.result() == false, "a running one was asked to stop") }
  }

  @Test func c168_cancelFuturesSuspending() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let (gate, started) = (Gate(), Gate())
    let running = try pool.submit {
      started.open()
      try gate.wait()
    }
    await whenOpen(started)
    let queued = try (0..<50).map { number in try pool.submit { number } }
    let shutting = Task { await pool.shutdown(cancelFutures: true) }
    for future in queued { await #expect(throws: CancelledError.self) { try await future.value } }
    gate.open()
    await shutting.value
    #expect(running.state == .finished)
  }

  /// What workers queued on themselves is cancelled too.
  @Test(arguments: PoolShape.all)
  func c168_cancelFuturesOfWorkers(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (queued, gate) = (Journal<Future<Int>>(), Gate())
    let (arrived, others) = (Counter(), Gate())
    let tasks = try (0..<shape.workers).map { _ in
      try pool.submit {
        arrived.add()
        try arrived.wait(for: shape.workers)  // no worker is free to take what is queued now
        for number in 0..<20 { queued.note(try pool.submit { number }) }
        if queued.entries.count == 20 * shape.workers { others.open() }
        try gate.wait()
      }
    }
    try others.wait()
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(queued.entries.allSatisfy { $0.isCancelled })
    gate.open()
    pool.shutdown()
    for task in tasks { try task.result() }
  }

  @Test(arguments: PoolShape.few)
  func c170_severalShutdowns(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let occupied = try Occupied(pool)
    let threads = (0..<4).map { number in
      TestThread { pool.shutdown(wait: number != 0, cancelFutures: number == 1) }
    }
    try threads[0].join()
    for thread in threads[1...] { try thread.untilBlocked() }
    #expect(threads[1...].allSatisfy { !$0.hasEnded })
    occupied.release()
    for thread in threads { try thread.join() }
    pool.shutdown()
    pool.shutdown(wait: false)
  }

  /// Each call does what it says, also when the pool was shut down before.
  @Test(arguments: PoolShape.few)
  func c170_aLaterShutdownMayCancel(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let occupied = try Occupied(pool)
    let queued = try (0..<10).map { number in try pool.submit { number } }
    pool.shutdown(wait: false)
    #expect(queued.allSatisfy { $0.state == .pending })
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(queued.allSatisfy { $0.isCancelled })
    occupied.release()
    pool.shutdown()
  }

  @Test(arguments: PoolShape.all)
  func c171_shutdownInAWorker(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let ran = Counter()
    let future = try pool.submit {
      for _ in 0..<10 { try pool.execute { ran.add() } }
      pool.shutdown()
    }
    try future.result()
    pool.shutdown()
    #expect(ran.value == 10)
  }

  /// It waits for all workers but itself.
  @Test(arguments: PoolShape.all.filter { $0.workers > 1 })
  func c171_itWaitsForTheOthers(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (started, gate, ended, waiter) = (Counter(), Gate(), Counter(), Journal<pid_t>())
    let others = try (1..<shape.workers).map { _ in
      try pool.submit {
        started.add()
        try gate.wait()
        ended.add()
      }
    }
    try started.wait(for: shape.workers - 1)
    let waiting = try pool.submit { () -> Int in
      waiter.note(currentThread())
      pool.shutdown()
      return ended.value
    }
    try untilWaiting(waiter, waiting)
    gate.open()
    #expect(try waiting.result() == shape.workers - 1)
    for other in others { try other.result() }
    pool.shutdown()
  }

  /// It may cancel what it has queued itself.
  @Test(arguments: PoolShape.all)
  func c171_aWorkerCancels(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (started, gate) = (Counter(), Gate())
    for _ in 1..<shape.workers {
      try pool.execute {
        started.add()
        try gate.wait()
      }
    }
    let cancelled = try pool.submit { () -> [Bool] in
      try started.wait(for: shape.workers - 1)  // no other worker is free to take what is queued now
      let futures = try (0..<5).map { number in try pool.submit { number } }
      pool.shutdown(wait: false, cancelFutures: true)
      return futures.map(\.isCancelled)
    }.result()
    #expect(cancelled == Array(repeating: true, count: 5))
    gate.open()
    pool.shutdown()
  }

  /// In a callback: on a worker's thread, and on one outside.
  @Test(arguments: PoolShape.few)
  func c171_shutdownInACallback(_ shape: PoolShape) throws {
    for cancels in [false, true] {
      let pool = try shape.make()
      let (occupied, called, ran) = (try Occupied(pool), Counter(), Counter())
      for _ in 0..<5 { try pool.execute { ran.add() } }
      let future = cancels ? try pool.submit {} : occupied.futures[0]
      future.addDoneCallback { _ in
        pool.shutdown(wait: !cancels, cancelFutures: true)
        called.add()
      }
      let pending = try pool.submit { 1 }
      if cancels { future.cancel() } else { occupied.release() }
      try called.wait(for: 1)
      if cancels { #expect(pending.isCancelled) }
      occupied.release()
      pool.shutdown()
      #expect(pending.isDone && ran.value == 5)
    }
  }

  /// Those that shut down at once do not wait for each other.
  @Test(arguments: PoolShape.all.filter { $0.workers > 1 })
  func c171_severalShutDownAtOnce(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let together = Barrier(parties: shape.workers)
    let all = try (0..<shape.workers).map { _ in
      try pool.submit {
        try together.arriveAndWait()
        pool.shutdown()
      }
    }
    for one in all { try one.result(timeout: .seconds(30)) }
    pool.shutdown()
  }

  /// Returns once the thread that `waiter` names sleeps, or `future` is done.
  private func untilWaiting(_ waiter: Journal<pid_t>, _ future: AnyFuture) throws {
    try eventually { !waiter.entries.isEmpty || future.isDone }
    if let thread = waiter.entries.first { try untilSleeping(thread, or: { future.isDone }) }
  }

  @Test(arguments: PoolShape.all)
  func c172_submitWhileShutdownWaits(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (gate, started) = (Gate(), Gate())
    let future = try pool.submit { () -> [String] in
      started.open()
      try gate.wait()
      return
        ([
          { _ = try pool.submit { 1 } }, { _ = try pool.submit({ $0 }, 1) }, { try pool.execute {} },
          { _ = try pool.submitAsync { 1 } },
        ] as [() throws -> Void]).map { attempt in
          do { try attempt() } catch { return "\(error)" }
          return "accepted"
        }
    }
    try started.wait()
    let waiting = TestThread { pool.shutdown() }
    try waiting.untilBlocked()
    gate.open()
    #expect(try future.result() == Array(repeating: "cannot schedule new futures after shutdown", count: 4))
    try waiting.join()
  }

  @Test func c173_theScopeShutsDown() throws {
    let ran = Counter()
    var (leaked, pending): (ThreadPoolExecutor?, [Future<Int>]) = (nil, [])
    #expect(throws: TaskFailure(number: 6)) {
      try withThreadPool(maxWorkers: 2, threadNamePrefix: "c173") { pool in
        leaked = pool
        for _ in 0..<10 {
          try pool.execute {
            usleep(2000)
            ran.add()
          }
        }
        pending = try (0..<10).map { number in try pool.submit { number } }
        throw TaskFailure(number: 6)
      }
    }
    #expect(ran.value == 10)
    #expect(pending.compactMap { try? $0.outcome?.get() } == Array(0..<10), "what was pending has run")
    #expect(throws: RejectedExecutionError.self) { try leaked?.submit { 1 } }
    #expect(throws: InvalidArgumentError.self) { try withThreadPool(maxWorkers: 0) { _ in } }
  }

  @Test func c174_theScopeGivesTheExecutor() throws {
    let value = try withThreadPool(maxWorkers: 3, threadNamePrefix: "c174") { pool -> Int in
      #expect(pool.maxWorkers == 3)
      return try pool.submit { ThreadPoolExecutor.currentWorker?.executorName == "c174" ? 5 : 0 }.result()
    }
    #expect(value == 5)
  }

  @Test(arguments: PoolShape.all)
  func c175_cancelRightBeforeShutdown(_ shape: PoolShape) throws {
    for _ in 0..<20 {
      let pool = try shape.make()
      let future = try pool.submit { usleep(100) }
      let other = try pool.submit { 1 }
      other.cancel()
      future.cancel()
      pool.shutdown()
      #expect(future.isDone && other.isDone)
    }
  }
}
