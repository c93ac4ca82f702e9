// Group D: result() and exception().
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test(arguments: PoolShape.few)
  func c037_resultOfAFinishedFuture(_ shape: PoolShape) throws {
    #expect(try future(.finished).result() == 42)
    #expect(try future(.finished).result(timeout: .zero) == 42)
    #expect(try Future.succeeded("a").result() == "a")
    try withPool(shape) { pool in
      let future = try pool.submit { 7 }
      wait([future])
      #expect(try future.result(timeout: .zero) == 7)
    }
  }

  @Test func c038_resultRaisesTheVeryError() throws {
    let error = FailureObject()
    let byHand = Future<Int>()
    try byHand.setException(error)
    try withPool { pool in
      let submitted = try pool.submit { () throws -> Int in throw error }
      let fail: @Sendable (Int) throws -> Int = { _ in throw error }
      let add: @Sendable (Int, Int) throws -> Int = { _, _ in throw error }
      let called = [try pool.submit(fail, 1), try pool.submit(add, 1, 2)]
      for future in [byHand, submitted, Future.failed(error)] + called {
        #expect { try future.result() } throws: { $0 as? FailureObject === error }
        #expect { try future.result(timeout: .seconds(5)) } throws: { $0 as? FailureObject === error }
      }
    }
    let valueError = Future<Int>.failed(TaskFailure(number: 3))
    #expect(throws: TaskFailure(number: 3)) { try valueError.result() }
  }

  @Test(arguments: [FutureState.cancelled, .cancelledAndNotified], [nil, Duration.zero, .seconds(3600)])
  func c039_resultOfACancelledFuture(_ state: FutureState, _ timeout: Duration?) throws {
    #expect(throws: CancelledError.self) { try future(state).result(timeout: timeout) }
    let queued = try withPool { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = try pool.submit { 1 }
      queued.cancel()
      if state == .cancelled { #expect(throws: CancelledError.self) { try queued.result(timeout: timeout) } }
      return queued
    }
    #expect(queued.state == .cancelledAndNotified)
    #expect(throws: CancelledError.self) { try queued.result(timeout: timeout) }
  }

  /// Fails at once, not after some least pause; on a busy machine that shows in the best of several attempts.
  private func failsAtOnce(_ body: () throws -> Void) throws {
    try eventually { elapsed { #expect(throws: TimeoutError.self) { try body() } } < .milliseconds(50) }
  }

  @Test(arguments: [FutureState.pending, .running])
  func c040_zeroTimeout(_ state: FutureState) throws {
    let future = try future(state)
    try withPool { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let submitted = state == .running ? occupied.futures[0] : try pool.submit {}
      try failsAtOnce { _ = try future.result(timeout: .zero) }
      try failsAtOnce { _ = try future.exception(timeout: .zero) }
      try failsAtOnce { try submitted.result(timeout: .zero) }
      try failsAtOnce { _ = try submitted.exception(timeout: .zero) }
      #expect(submitted.state == state)
    }
  }

  @Test(arguments: [Duration.milliseconds(-1), .seconds(-3600), .seconds(Int64.min)])
  func c041_negativeTimeout(_ timeout: Duration) throws {
    let (pending, running) = (try future(.pending), try future(.running))
    try failsAtOnce { _ = try pending.result(timeout: timeout) }
    try failsAtOnce { _ = try running.exception(timeout: timeout) }
    #expect(try future(.finished).result(timeout: timeout) == 42)
    #expect(throws: CancelledError.self) { try future(.cancelled).result(timeout: timeout) }
  }

  @Test func c042_timeoutNoneAndFractions() throws {
    let future = Future<Int>()
    let unlimited = TestThread { try future.result(timeout: nil) }
    try unlimited.untilBlocked()
    let time = elapsed {
      #expect(throws: TimeoutError.self) { try future.result(timeout: .seconds(0.05)) }
    }
    #expect(time >= .milliseconds(50))
    // Too far ahead for a 64-bit number of nanoseconds: still "a long time", not "at once".
    let farAhead = TestThread { try future.result(timeout: .seconds(Int64.max)) }
    try farAhead.untilBlocked()
    #expect(!unlimited.hasEnded && !farAhead.hasEnded)
    try future.setResult(1)
    #expect(try unlimited.join() == 1)
    #expect(try farAhead.join() == 1)
  }

  @Test func c043_resultWithinTheTimeout() throws {
    try withPool { pool in
      let (started, gate) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        return 42
      }
      try started.wait()
      let byHand = Future<Int>()
      let waiters = [running, byHand].map { future in TestThread { try future.result(timeout: .seconds(3600)) } }
      for waiter in waiters { try waiter.untilBlocked() }
      gate.open()
      try byHand.setResult(42)
      for waiter in waiters { #expect(try waiter.join() == 42) }
    }
  }

  @Test(arguments: PoolShape.few)
  func c044_aTimeoutChangesNothing(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (started, gate) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        return CancellationToken.current?.isCancelled == false ? 9 : 0
      }
      try started.wait()
      for future in [try future(.pending), try future(.running), running] {
        let before = future.state
        #expect(throws: TimeoutError.self) { try future.result(timeout: .milliseconds(10)) }
        #expect(future.state == before)
        #expect(future.outcome == nil)
        if future === running { gate.open() } else { try future.setResult(9) }
        #expect(try future.result() == 9)
      }
    }
  }

  /// Nor for the others that wait, before it and after it.
  @Test func c044_aTimeoutLeavesTheOtherWaiters() throws {
    let future = Future<Int>()
    let first = TestThread { try future.result() }
    try first.untilBlocked()
    let timed = TestThread { try future.result(timeout: .milliseconds(200)) }
    try timed.untilBlocked()
    let last = TestThread { try future.result() }
    try last.untilBlocked()
    #expect(throws: TimeoutError.self) { try timed.join() }
    let calls = Counter()
    future.addDoneCallback { _ in calls.add() }
    #expect(throws: TimeoutError.self) { try future.result(timeout: .milliseconds(1)) }
    try future.setResult(3)
    #expect(try first.join() == 3)
    #expect(try last.join() == 3)
    #expect(calls.value == 1)
  }

  @Test func c045_exception() throws {
    #expect(try future(.finished).exception() == nil)
    let failed = Future<Int>.failed(TaskFailure(number: 5))
    #expect(try failed.exception() as? TaskFailure == TaskFailure(number: 5))
    #expect(try failed.exception(timeout: .zero) as? TaskFailure == TaskFailure(number: 5))
  }

  @Test func c046_exceptionThatCannotBeRead() throws {
    for state in [FutureState.cancelled, .cancelledAndNotified] {
      #expect(throws: CancelledError.self) { try future(state).exception() }
      #expect(throws: CancelledError.self) { try future(state).exception(timeout: .zero) }
    }
    for state in [FutureState.pending, .running] {
      #expect(throws: TimeoutError.self) { try future(state).exception(timeout: .zero) }
      let time = elapsed {
        #expect(throws: TimeoutError.self) { try future(state).exception(timeout: .milliseconds(30)) }
      }
      #expect(time >= .milliseconds(30))
    }
  }

  @Test func c047_exceptionOnceItIsSet() throws {
    try withPool { pool in
      let (started, gate) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        throw TaskFailure(number: 2)
      }
      try started.wait()
      let byHand = Future<Int>()
      let waiters = [running, byHand].flatMap { future in
        [Duration.seconds(3600), nil].map { timeout in
          TestThread { try future.exception(timeout: timeout) as? TaskFailure }
        }
      }
      for waiter in waiters { try waiter.untilBlocked() }
      gate.open()
      try byHand.setException(TaskFailure(number: 2))
      for waiter in waiters { #expect(try waiter.join() == TaskFailure(number: 2)) }
    }
  }

  /// Not applicable (an optional error has no truth value); tested all the same.
  @Test func c048_errorsThatLookEmpty() throws {
    struct Empty: Error { var cause: (any Error)?, list: [Int] = [] }
    let failed = Future<Int?>.failed(Empty())
    #expect(throws: Empty.self) { try failed.result() }
    #expect(try failed.exception() is Empty)
  }

  @Test(arguments: PoolShape.few)
  func c049_nothingIsAValue(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let byHand = Future<Int?>()
      #expect(throws: TimeoutError.self) { try byHand.result(timeout: .zero) }
      try byHand.setResult(nil)
      #expect(byHand.isDone)
      #expect(try byHand.result() == nil)
      #expect(byHand.outcome != nil)
      #expect(try pool.submit { () -> Int? in nil }.result(timeout: .seconds(30)) == nil)
      #expect(try pool.submit { false }.result(timeout: .seconds(30)) == false)
      let silent = try pool.submit {}
      try silent.result(timeout: .seconds(30))
      #expect(silent.outcome != nil)
      let byHandVoid = Future<Void>()
      try byHandVoid.setResult()
      #expect(byHandVoid.isDone)
    }
  }

  /// The probe forbids itself every wait on the wall clock (a seccomp filter), then waits in every way with a timeout.
  @Test func c050_monotonicClock() throws {
    let run = try run("monotonicClock")
    #expect(run.lines == ["result", "worker", "wait", "asCompleted"], "\(run)")
    #expect(run.status == 0)
  }

  /// Nor is that clock looked at, with relative waits for one.
  @Test(.disabled(if: isThreadSanitized, "ThreadSanitizer has a stand-in of its own"))
  func c050_theWallClockIsNotRead() throws {
    let run = try run("", program: "clockProbe")
    #expect(run.lines == ["wall clock: 0", "monotonic clock: true", "wall clock, on purpose: 1"], "\(run)")
    #expect(run.status == 0)
  }

  /// That filter does what it says: a wait on the wall clock dies of SIGSYS.
  @Test func c050_theFilterWorks() throws {
    #expect(try run("wallClock").status == -SIGSYS)
  }

  @Test func c051_spuriousWakeups() throws {
    let future = Future<Int>()
    let start = ContinuousClock.now
    let blocked = [
      TestThread { try future.result() }, TestThread { try future.result(timeout: .seconds(40)) },
      TestThread { wait([future]).done.count }, TestThread { Array(asCompleted([future])).count },
    ]
    let timed = TestThread { () -> Duration in
      #expect(throws: TimeoutError.self) { try future.result(timeout: .milliseconds(200)) }
      return ContinuousClock.now - start
    }
    for thread in blocked { try thread.untilBlocked() }
    let before = interrupts.load(ordering: .relaxed)
    // Many are delivered as one to a thread that has to wait for a CPU.
    try eventually {
      for thread in blocked { thread.interrupt() }
      timed.interrupt()
      return interrupts.load(ordering: .relaxed) - before > 100
    }
    for thread in blocked { #expect(!thread.hasEnded) }
    #expect(try timed.join() >= .milliseconds(200))
    try future.setResult(1)
    for thread in blocked { #expect(try thread.join() == 1) }
  }

  @Test(arguments: PoolShape.few)
  func c052_aTimeoutErrorOfTheTask(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let own = TimeoutError(unfinished: 7, total: 9)
      let future = try pool.submit { () throws -> Int in throw own }
      #expect(throws: own) { try future.result(timeout: .seconds(40)) }
      #expect(try future.exception(timeout: .seconds(40)) as? TimeoutError == own)
      #expect(future.state == .finished)
      #expect(wait([future], timeout: .seconds(40), returnWhen: .firstException).done == [future])
    }
  }

  @Test(arguments: PoolShape.few)
  func c053_everyWaiterIsReleased(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let gate = Gate()
      let running = try pool.submit { () -> Int in
        try gate.wait()
        return 3
      }
      let byHand = Future<Int>()
      let waiters = (0..<8).map { number in TestThread { try (number % 2 == 0 ? running : byHand).result() } }
      for waiter in waiters { try waiter.untilBlocked() }
      gate.open()
      try byHand.setResult(3)
      for waiter in waiters { #expect(try waiter.join() == 3) }
    }
  }

  @Test(arguments: PoolShape.few)
  func c054_waitersBeforeSlowCallbacks(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (gate, slow) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        try gate.wait()
        return 3
      }
      let byHand = Future<Int>()
      let inCallback = Counter()
      for future in [running, byHand] {
        future.addDoneCallback { _ in
          inCallback.add()
          try slow.wait(limit: .seconds(60))  // longer than the others are waited for
        }
      }
      let waiters = [running, byHand].flatMap { future in
        [
          TestThread { try future.result() }, TestThread { try future.result(timeout: .seconds(3600)) },
          TestThread { try future.exception() == nil ? 0 : 1 },
        ]
      }
      for waiter in waiters { try waiter.untilBlocked() }
      gate.open()
      let setter = TestThread { try byHand.setResult(4) }
      #expect(try waiters.map { try $0.join() } == [3, 3, 0, 4, 4, 0])
      try inCallback.wait(for: 2)
      #expect(!setter.hasEnded)
      slow.open()
      try setter.join()
    }
  }
}
