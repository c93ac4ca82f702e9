// Group K: what happens to work when its process, or its executor, goes.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test func c169_cancelFuturesAtProgramEnd() throws {
    let run = try run("cancelFuturesAtEnd")
    #expect(run.lines == ["running one ends"])
    #expect(run.errors == "")
    #expect(run.status == 0)
  }

  @Test func c176_shutdownWithoutWaitingAtExit() throws {
    let run = try run("shutdownNoWaitAtEnd")
    #expect(run.lines == Array(repeating: "task ends", count: 4))
    #expect(run.status == 0)
  }

  @Test func c177_workAtExit() throws {
    for (arguments, status) in [("", 0), ("exit", 3)] as [(String, Int32)] {
      let run = try run("workAtExit", arguments)
      #expect(run.lines == Array(repeating: "task ends", count: 20))
      #expect(run.status == status)
    }
  }

  @Test func c178_submitDuringExit() throws {
    let run = try run("submitDuringExit")
    #expect(run.lines == Array(repeating: "cannot schedule new futures after interpreter shutdown", count: 3))
    #expect(run.status == 0)
  }

  @Test func c179_exitHandlers() throws {
    let run = try run("exitOrder")
    #expect(run.lines == ["handler from after the pool", "task", "handler from before the pool"])
    #expect(run.status == 0)
  }

  @Test(arguments: [1, 2, 4])
  func c180_exitInATask(_ workers: Int) throws {
    for _ in 0..<5 {
      let run = try run("exitInTask", "\(workers)")
      #expect(run.status == 7)
      // Where another worker can take what is queued behind the one that left, it runs.
      #expect(run.lines == Array(repeating: "queued one runs", count: workers == 1 ? 0 : 5))
    }
  }

  @Test(arguments: PoolShape.all)
  func c181_dropTheLastReference(_ shape: PoolShape) throws {
    let (gate, ran) = (Gate(), Counter())
    func begin() throws -> [Future<Int>] {
      let pool = try shape.make { $0.threadNamePrefix = "c181" }
      for _ in 0..<10 {
        try pool.execute {
          try gate.wait()
          ran.add()
        }
      }
      return try (0..<10).map { number in try pool.submit { number } }
    }
    let futures = try begin()
    gate.open()
    try ran.wait(for: 10)
    #expect(try futures.map { try $0.result() } == Array(0..<10))
    try eventually { threadNames(prefix: "c181").isEmpty }
    #expect(try run("droppedAtExit").lines == Array(repeating: "task ends", count: 3))
  }

  /// Also where a task of the pool drops it.
  @Test(arguments: PoolShape.all)
  func c181_aTaskDropsTheLastReference(_ shape: PoolShape) throws {
    let (gate, ran) = (Gate(), Counter())
    func begin() throws -> Future<[Future<Int>]> {
      let pool = try shape.make { $0.threadNamePrefix = "c181t" }
      let last = Mutex<ThreadPoolExecutor?>(pool)
      return try pool.submit {
        try gate.wait()  // nobody else has it any more
        guard let pool = last.withLock({ $0.take() }) else { return [] }
        for _ in 0..<5 { try pool.execute { ran.add() } }
        return try (0..<5).map { number in try pool.submit { number } }
      }
    }
    let dropping = try begin()
    gate.open()
    #expect(try dropping.result().map { try $0.result() } == Array(0..<5))
    try ran.wait(for: 5)
    try eventually { threadNames(prefix: "c181t").isEmpty }
  }

  @Test(arguments: PoolShape.all)
  func c182_futuresOutliveTheirExecutor(_ shape: PoolShape) throws {
    let (gate, started, ran) = (Gate(), Counter(), Counter())
    func begin() throws -> (running: [Future<Int>], pending: [Future<Int>]) {
      let pool = try shape.make { $0.threadNamePrefix = "c182" }
      let running = try (0..<shape.workers).map { number in
        try pool.submit { () -> Int in
          started.add()
          try gate.wait()
          return number
        }
      }
      try started.wait(for: shape.workers)
      return (running, try (0..<3).map { number in try pool.submit { () -> Int in ran.add() } })
    }
    let (running, pending) = try begin()
    let called = Counter()
    running[0].addDoneCallback { _ in called.add() }
    #expect(pending[1].cancel())
    #expect(running[0].isRunning && pending[0].state == .pending)
    gate.open()
    #expect(wait(running + pending).done == Set(running + pending))
    try called.wait(for: 1)
    // Now its threads are gone too.
    try eventually { threadNames(prefix: "c182").isEmpty }
    #expect(try running.map { try $0.result() } == Array(0..<shape.workers))
    #expect(pending.map { $0.isCancelled } == [false, true, false])
    #expect(ran.value == 2)
    #expect(try running[0].exception() == nil)
    #expect(throws: CancelledError.self) { try pending[1].result() }
    #expect(Set(asCompleted(running + pending)) == Set(running + pending))
    #expect(!running[0].cancel() && pending[1].cancel())
    running[0].addDoneCallback { _ in called.add() }
    #expect(called.value == 2, "at once")
    #expect(try running[0].map { $0 + 1 }.result() == 1)
  }

  @Test func c183_aLostTask() throws {
    let noJoin = try run("lostTask", "noJoin")
    #expect(noJoin.lines == ["leaves", "task of another pool ends"])
    #expect(noJoin.status == 0)
    let deadline = try run("lostTask", "deadline")
    #expect(deadline.lines == ["shut down: false, false, false", "leaves"])
    #expect(deadline.status == 0)
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    try pool.submit {}.result()
    #expect(pool.shutdown(deadline: .seconds(30)))
    #expect(pool.shutdown(deadline: .zero), "it has ended")
    #expect(throws: RejectedExecutionError.self) { try pool.submit {} }
  }
}
