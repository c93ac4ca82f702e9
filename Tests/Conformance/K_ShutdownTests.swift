// Group K: shutdown, scopes, process exit.
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
  }

  @Test(arguments: PoolShape.all)
  func c166_pendingTasksStillRun(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let occupied = try Occupied(pool)
    let futures = try (0..<20).map { number in try pool.submit { number } }
    pool.shutdown(wait: false)
    #expect(futures.allSatisfy { $0.state == .pending })
    occupied.release()
    #expect(try futures.map { try $0.result() } == Array(0..<20))
    pool.shutdown()
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
    let occupied = try Occupied(pool)
    let queued = try (0..<50).map { number in try pool.submit { number } }
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(queued.allSatisfy { $0.isCancelled })
    #expect(occupied.futures.allSatisfy { $0.isRunning })
    occupied.release()
    pool.shutdown()
    for future in occupied.futures { try future.result() }
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

  @Test func c169_cancelFuturesAtProgramEnd() throws {
    let run = try run("cancelFuturesAtEnd")
    #expect(run.lines == ["running one ends"])
    #expect(run.errors == "")
    #expect(run.status == 0)
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

  @Test(arguments: PoolShape.all)
  func c171_shutdownInAWorker(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let ran = Counter()
    let others = Counter()
    let future = try pool.submit { () -> Int in
      for _ in 0..<10 { try pool.execute { ran.add() } }
      pool.shutdown()
      return others.value
    }
    for _ in 0..<10 { try? pool.execute { others.add() } }
    _ = try future.result()
    pool.shutdown()
    #expect(ran.value == 10)
    // Two at once: neither waits for the other.
    let second = try PoolShape(workers: max(2, shape.workers)).make()
    let together = Barrier(parties: 2)
    let both = try (0..<2).map { _ in
      try second.submit {
        try together.arriveAndWait()
        second.shutdown()
      }
    }
    for one in both { try one.result() }
    second.shutdown()
  }

  @Test(arguments: PoolShape.all)
  func c172_submitWhileShutdownWaits(_ shape: PoolShape) throws {
    let pool = try shape.make()
    let (gate, started) = (Gate(), Gate())
    let future = try pool.submit { () -> String in
      started.open()
      try gate.wait()
      do {
        _ = try pool.submit { 1 }
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    try started.wait()
    let waiting = TestThread { pool.shutdown() }
    try waiting.untilBlocked()
    gate.open()
    #expect(try future.result() == "cannot schedule new futures after shutdown")
    try waiting.join()
  }

  @Test func c173_theScopeShutsDown() throws {
    let ran = Counter()
    var leaked: ThreadPoolExecutor?
    #expect(throws: TaskFailure(number: 6)) {
      try withThreadPool(maxWorkers: 2, threadNamePrefix: "c173") { pool in
        leaked = pool
        for _ in 0..<10 {
          try pool.execute {
            usleep(2000)
            ran.add()
          }
        }
        throw TaskFailure(number: 6)
      }
    }
    #expect(ran.value == 10)
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

  @Test func c176_shutdownWithoutWaitingAtExit() throws {
    let run = try run("shutdownNoWaitAtEnd")
    #expect(run.lines == Array(repeating: "task ends", count: 4))
    #expect(run.status == 0)
  }

  @Test func c177_workAtExit() throws {
    for (arguments, status) in [("", 0), ("exit", 3)] as [(String, Int32)] {
      let run = try run("workAtExit", arguments)
      #expect(run.lines == Array(repeating: "task ends", count: 10))
      #expect(run.status == status)
    }
  }

  @Test func c178_submitDuringExit() throws {
    let run = try run("submitDuringExit")
    #expect(run.lines == ["cannot schedule new futures after interpreter shutdown"])
    #expect(run.status == 0)
  }

  @Test func c179_exitHandlers() throws {
    let run = try run("exitOrder")
    #expect(run.lines == ["handler from after the pool", "task", "handler from before the pool"])
    #expect(run.status == 0)
  }

  @Test(arguments: [1, 2, 4])
  func c180_exitInATask(_ workers: Int) throws {
    for _ in 0..<5 { #expect(try run("exitInTask", "\(workers)").status == 7) }
  }

  @Test(arguments: PoolShape.all)
  func c181_dropTheLastReference(_ shape: PoolShape) throws {
    let (gate, ran) = (Gate(), Counter())
    func begin() throws {
      let pool = try shape.make { $0.threadNamePrefix = "c181" }
      for _ in 0..<10 {
        try pool.execute {
          try gate.wait()
          ran.add()
        }
      }
    }
    try begin()
    gate.open()
    try ran.wait(for: 10)
    try eventually { threadNames(prefix: "c181").isEmpty }
    #expect(try run("droppedAtExit").lines == Array(repeating: "task ends", count: 3))
  }

  @Test(arguments: PoolShape.all)
  func c182_futuresOutliveTheirExecutor(_ shape: PoolShape) throws {
    let gate = Gate()
    func begin() throws -> [Future<Int>] {
      let pool = try shape.make()
      return [
        try pool.submit { 1 },
        try pool.submit {
          try gate.wait()
          return 2
        }, try pool.submit { 3 },
      ]
    }
    let futures = try begin()
    let called = Counter()
    futures[1].addDoneCallback { _ in called.add() }
    let cancelled = futures[2].cancel()
    gate.open()
    #expect(wait(futures).done == Set(futures))
    #expect(try futures[..<2].map { try $0.result() } == [1, 2])
    #expect(futures[2].isCancelled == cancelled)
    try called.wait(for: 1)
    #expect(Set(asCompleted(futures)) == Set(futures))
  }

  @Test func c183_aLostTask() throws {
    let noJoin = try run("lostTask", "noJoin")
    #expect(noJoin.lines == ["leaves"])
    #expect(noJoin.status == 0)
    let deadline = try run("lostTask", "deadline")
    #expect(deadline.lines == ["shut down: false", "leaves"])
    #expect(deadline.status == 0)
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    try pool.submit {}.result()
    #expect(pool.shutdown(deadline: .seconds(30)))
  }
}
