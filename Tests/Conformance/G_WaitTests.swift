// Group G: wait().
import ConcurrentFutures
import Testing

extension Conformance {
  @Test func c084_aNamedPairOfSets() throws {
    let (finished, pending) = (try future(.finished), Future<Int>())
    let result: DoneAndNotDone<Future<Int>> = wait([finished, pending], timeout: .zero)
    let done: Set<Future<Int>> = result.done
    #expect(done == [finished])
    #expect(result.notDone == [pending])
  }

  @Test func c085_futuresOfDifferentExecutors() throws {
    try withPool { first in
      try withPool(PoolShape(workers: 1)) { second in
        let (gates, byHand) = ([Gate(), Gate()], Future<Int>())
        let futures: [AnyFuture] = [
          try first.submit { try gates[0].wait() },
          try second.submit { () throws -> String in
            try gates[1].wait()
            return "b"
          }, byHand,
        ]
        let waiter = TestThread { wait(futures).done }
        let completions: [() throws -> Void] = [{ gates[0].open() }, { gates[1].open() }, { try byHand.setResult(1) }]
        for (future, complete) in zip(futures, completions) {
          #expect(try waiter.staysBlocked())
          try complete()
          try future.waitUntilDone()
        }
        #expect(try waiter.join() == Set(futures))
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c086_duplicates(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let gate = Gate()
      let future = try pool.submit { try gate.wait() }
      let waiter = TestThread { wait([future, future, future]) }
      try waiter.untilBlocked()
      gate.open()
      let result = try waiter.join()
      #expect(result.done == [future])
      #expect(result.notDone.isEmpty)
      let pending = Future<Void>()
      #expect(wait([pending, pending], timeout: .milliseconds(1)).notDone == [pending])
      // Counted once: one completion out of two futures is not "all".
      let other = TestThread { wait([future, future, pending]).done }
      #expect(try other.staysBlocked())
      try pending.setResult()
      #expect(try other.join() == [future, pending])
    }
  }

  @Test func c087_anySequenceConsumedOnce() throws {
    var made = 0
    let generated = sequence(state: 0) { (count: inout Int) -> Future<Int>? in
      guard count < 5 else { return nil }
      count += 1
      made += 1
      return .succeeded(count)
    }
    #expect(wait(generated).done.count == 5)
    #expect(made == 5)
    var number = 0
    let once = AnyIterator { () -> Future<Int>? in
      number += 1
      return number <= 3 ? .succeeded(number) : nil
    }
    #expect(wait(once).done.count == 3)
    #expect(wait(Set([Future.succeeded(1)])).done.count == 1)
    #expect(wait([1: Future.succeeded(1)].values).done.count == 1)
  }

  @Test(arguments: ReturnCondition.allCases)
  func c088_nothingToWaitFor(_ condition: ReturnCondition) {
    let result = wait([Future<Int>](), returnWhen: condition)
    #expect(result.done.isEmpty && result.notDone.isEmpty)
  }

  @Test(arguments: PoolShape.all)
  func c089_allCompleted(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let gates = [Gate(), Gate(), Gate()]
      let futures = try gates.map { gate in try pool.submit { try gate.wait() } }
      let (notified, running) = (Future<Void>(), Future<Void>())
      notified.cancel()
      try notified.setRunningOrNotifyCancel()
      try running.setRunningOrNotifyCancel()
      let waiter = TestThread { wait(futures + [notified, running]) }
      try waiter.untilBlocked()
      occupied.release()
      for (future, gate) in zip(futures, gates) {
        #expect(try waiter.staysBlocked())
        gate.open()
        try future.waitUntilDone()
      }
      #expect(try waiter.staysBlocked(), "one still runs")
      #expect(wait(futures + [notified, running], timeout: .zero).notDone == [running])
      try running.setResult()
      let result = try waiter.join()
      #expect(result.done == Set(futures + [notified, running]))
      #expect(result.notDone.isEmpty)
    }
  }

  @Test(arguments: PoolShape.few)
  func c090_errorsAndCancellationsAreCompletions(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let failing = try pool.submit { throw TaskFailure() }
      let cancelled = try pool.submit {}
      let waiter = TestThread { wait([failing, cancelled], returnWhen: .allCompleted) }
      try waiter.untilBlocked()
      cancelled.cancel()
      occupied.release()
      #expect(try waiter.join().done == [failing, cancelled])
    }
  }

  @Test(arguments: PoolShape.all)
  func c091_firstCompleted(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (gate, never) = (Gate(), Future<Void>())
      let running = try pool.submit { try gate.wait() }
      let waiter = TestThread { wait([running, never], returnWhen: .firstCompleted) }
      try waiter.untilBlocked()
      #expect(!waiter.hasEnded)
      gate.open()
      let result = try waiter.join()
      #expect(result.done == [running])
      #expect(result.notDone == [never])
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = try pool.submit {}
      let other = TestThread { wait([queued, never], returnWhen: .firstCompleted).done }
      try other.untilBlocked()
      queued.cancel()
      #expect(try other.join() == [queued])
    }
  }

  /// Whichever of the futures it is, and however it ends.
  @Test(arguments: [FutureState.finished, .cancelledAndNotified, nil], [0, 1, 2])
  func c091_anyEndCounts(_ end: FutureState?, _ position: Int) throws {
    let futures = (0..<3).map { _ in Future<Int>() }
    let waiter = TestThread { wait(futures, returnWhen: .firstCompleted) }
    #expect(try waiter.staysBlocked())
    switch end {
    case .finished: try futures[position].setResult(1)
    case nil: try futures[position].setException(TaskFailure())
    default:
      futures[position].cancel()
      try futures[position].setRunningOrNotifyCancel()
    }
    let result = try waiter.join()
    #expect(result.done == [futures[position]])
    #expect(result.notDone == Set(futures).subtracting(result.done))
  }

  @Test func c092_someAlreadyCompleted() throws {
    let (finished, notified, pending) = (try future(.finished), try future(.cancelledAndNotified), Future<Int>())
    let waiter = TestThread { wait([pending, finished, notified], returnWhen: .firstCompleted) }
    let result = try waiter.join()  // nobody will wake it
    #expect(result.done == [finished, notified])
    #expect(result.notDone == [pending])
  }

  @Test func c093_severalCompletedTogether() throws {
    // However many have completed by the time the waiter looks: all of them are in `done`, and at least one.
    for _ in 0..<100 {
      let futures = (0..<4).map { _ in Future<Int>() }
      let waiter = TestThread { wait(futures, returnWhen: .firstCompleted) }
      for future in futures.dropLast() { try future.setResult(1) }
      let result = try waiter.join()
      #expect(result.done.isSuperset(of: [futures[0]]))
      #expect(result.done.allSatisfy { $0.isDone })
      #expect(result.done.union(result.notDone) == Set(futures))
      #expect(result.done.isDisjoint(with: result.notDone))
    }
  }

  /// Three complete on the only thread on which the waiter, woken by the first, can go on.
  @Test func c093_severalCompletedBeforeItLooks() async throws {
    let executor = SingleThread()
    let futures = (0..<4).map { _ in Future<Int>() }
    let waits = Gate()
    async let result = Task(executorPreference: executor) {
      waits.open()
      return try await wait(futures, returnWhen: .firstCompleted)
    }.value
    await whenOpen(waits)
    try await Task(executorPreference: executor) {
      for future in futures.dropLast() { try future.setResult(1) }
    }.value
    #expect(try await result.done == Set(futures.dropLast()))
    #expect(try await result.notDone == [futures[3]])
  }

  @Test func c094_firstException() throws {
    let (first, second, third) = (Future<Int>(), Future<Int>(), Future<Int>())
    let waiter = TestThread { wait([first, second, third], returnWhen: .firstException) }
    try waiter.untilBlocked()
    try first.setResult(1)
    #expect(try waiter.staysBlocked())
    try second.setException(TaskFailure())
    let result = try waiter.join()
    #expect(result.done == [first, second])
    #expect(result.notDone == [third])
  }

  @Test(arguments: PoolShape.few)
  func c094_firstExceptionOfTasks(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let never = Future<Int>()
      let failing = try pool.submit { () throws -> Int in throw TaskFailure() }
      let waiter = TestThread { wait([failing, never], returnWhen: .firstException) }
      try waiter.untilBlocked()
      occupied.release()
      #expect(try waiter.join().done == [failing])
    }
  }

  @Test func c095_oneAlreadyFailed() throws {
    let failed = Future<Int>.failed(TaskFailure())
    let pending = Future<Int>()
    let waiter = TestThread { wait([pending, failed], returnWhen: .firstException) }
    let result = try waiter.join()  // nobody will wake it
    #expect(result.done == [failed])
    #expect(result.notDone == [pending])
  }

  @Test func c096_someCompletedWithoutError() throws {
    let (finished, later, pending, never) = (try future(.finished), Future<Int>(), Future<Int>(), Future<Int>())
    let waiter = TestThread { wait([finished, later, pending, never], returnWhen: .firstException) }
    #expect(try waiter.staysBlocked())
    try later.setResult(1)
    #expect(try waiter.staysBlocked())
    try pending.setException(TaskFailure())
    #expect(try waiter.join().done == [finished, later, pending])
  }

  @Test func c097_firstExceptionWithoutFailure() throws {
    let futures = [Future<Int>(), Future<Int>()]
    let waiter = TestThread { wait(futures, returnWhen: .firstException) }
    try waiter.untilBlocked()
    try futures[0].setResult(1)
    #expect(try waiter.staysBlocked())
    try futures[1].setResult(2)
    #expect(try waiter.join().done == Set(futures))
    let late = TestThread { wait(futures, returnWhen: .firstException) }
    #expect(try late.join().done == Set(futures))
  }

  @Test func c098_aCancelledFutureIsNotAnException() throws {
    let (notified, pending) = (try future(.cancelledAndNotified), Future<Int>())
    let waiter = TestThread { wait([notified, pending], returnWhen: .firstException) }
    #expect(try waiter.staysBlocked())
    try pending.setResult(1)
    #expect(try waiter.join().done == [notified, pending])
    try withPool(PoolShape(workers: 1)) { pool in
      let occupied = try Occupied(pool)
      let (cancelled, other) = (try pool.submit { 1 }, try pool.submit { 2 })
      let waiter = TestThread { wait([cancelled, other], returnWhen: .firstException) }
      try waiter.untilBlocked()
      cancelled.cancel()
      #expect(try waiter.staysBlocked())
      occupied.release()
      #expect(try waiter.join().done == [cancelled, other])
    }
  }

  @Test(arguments: ReturnCondition.allCases)
  func c099_aPlainCancelledFutureStaysInNotDone(_ condition: ReturnCondition) throws {
    let (cancelled, finished) = (try future(.cancelled), try future(.finished))
    let result = wait([cancelled, finished], timeout: .milliseconds(20), returnWhen: condition)
    #expect(result.done == [finished])
    #expect(result.notDone == [cancelled])

    // Cancelled meanwhile it wakes nobody.
    let (raw, failing) = (Future<Int>(), Future<Int>())
    let waiter = TestThread { wait([raw, failing], returnWhen: condition).done }
    try waiter.untilBlocked()
    raw.cancel()
    #expect(try waiter.staysBlocked())
    try failing.setException(TaskFailure())
    if condition == .allCompleted {
      #expect(try waiter.staysBlocked())
      try raw.setRunningOrNotifyCancel()
    }
    #expect(try waiter.join() == (condition == .allCompleted ? [raw, failing] : [failing]))
  }

  /// In the only worker too: it does not take them for done, and runs what is queued.
  @Test func c099_inAWorker() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let done = try pool.submit {
        let cancelled = try (0..<10).map { _ in try future(.cancelled) }
        let queued = try pool.submit { 1 }
        return wait(cancelled + [queued], returnWhen: .firstCompleted).done == [queued]
      }
      #expect(try done.result(timeout: .seconds(30)))
    }
  }

  @Test(arguments: ReturnCondition.allCases)
  func c100_timeoutReturnsWhatIsDone(_ condition: ReturnCondition) throws {
    let (first, second) = (Future<Int>(), Future<Int>())
    let time = elapsed {
      #expect(wait([first, second], timeout: .milliseconds(50), returnWhen: condition).notDone == [first, second])
    }
    #expect(time >= .milliseconds(50))
    try first.setResult(1)
    let result = wait([first, second], timeout: .milliseconds(50))
    #expect(result.done == [first])
    #expect(result.notDone == [second])
  }

  @Test(arguments: [Duration.zero, .seconds(-3)])
  func c101_polling(_ timeout: Duration) throws {
    let (finished, pending) = (try future(.finished), Future<Int>())
    for condition in ReturnCondition.allCases {
      let nothing = wait([pending], timeout: timeout, returnWhen: condition)
      #expect(nothing.done.isEmpty && nothing.notDone == [pending])
    }
    let result = wait([finished, pending], timeout: timeout)
    #expect(result.done == [finished])
    #expect(result.notDone == [pending])
  }
}
