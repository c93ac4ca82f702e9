// Group G: wait().
import ConcurrentFutures
import Glibc
import Synchronization
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
        let futures: [AnyFuture] = [try first.submit { 1 }, try second.submit { "b" }, try future(.finished)]
        #expect(wait(futures).done == Set(futures))
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c086_duplicates(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let future = try pool.submit { usleep(10_000) }
      let result = wait([future, future, future])
      #expect(result.done == [future])
      #expect(result.notDone.isEmpty)
      let pending = Future<Void>()
      #expect(wait([pending, pending], timeout: .milliseconds(1)).notDone == [pending])
      // Counted once: one completion out of two futures is not "all".
      #expect(wait([future, future, pending], timeout: .milliseconds(1)).notDone == [pending])
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
      let notified = Future<Void>()
      notified.cancel()
      try notified.setRunningOrNotifyCancel()
      let waiter = TestThread { wait(futures + [notified]) }
      try waiter.untilBlocked()
      occupied.release()
      for gate in gates {
        #expect(!waiter.hasEnded)
        gate.open()
      }
      let result = try waiter.join()
      #expect(result.done == Set(futures + [notified]))
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

  @Test func c092_someAlreadyCompleted() throws {
    let (finished, notified, pending) = (try future(.finished), try future(.cancelledAndNotified), Future<Int>())
    let result = wait([pending, finished, notified], timeout: .seconds(40), returnWhen: .firstCompleted)
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

  @Test func c094_firstException() throws {
    let (first, second, third) = (Future<Int>(), Future<Int>(), Future<Int>())
    let waiter = TestThread { wait([first, second, third], returnWhen: .firstException) }
    try waiter.untilBlocked()
    try first.setResult(1)
    #expect(!waiter.hasEnded)
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
    let result = wait([pending, failed], timeout: .seconds(40), returnWhen: .firstException)
    #expect(result.done == [failed])
    #expect(result.notDone == [pending])
  }

  @Test func c096_someCompletedWithoutError() throws {
    let (finished, pending, never) = (try future(.finished), Future<Int>(), Future<Int>())
    let waiter = TestThread { wait([finished, pending, never], returnWhen: .firstException) }
    try waiter.untilBlocked()
    #expect(!waiter.hasEnded)
    try pending.setException(TaskFailure())
    #expect(try waiter.join().done == [finished, pending])
  }

  @Test func c097_firstExceptionWithoutFailure() throws {
    let futures = [Future<Int>(), Future<Int>()]
    let waiter = TestThread { wait(futures, returnWhen: .firstException) }
    try waiter.untilBlocked()
    try futures[0].setResult(1)
    #expect(!waiter.hasEnded)
    try futures[1].setResult(2)
    #expect(try waiter.join().done == Set(futures))
  }

  @Test func c098_aCancelledFutureIsNotAnException() throws {
    let (notified, pending) = (try future(.cancelledAndNotified), Future<Int>())
    let result = wait([notified, pending], timeout: .milliseconds(20), returnWhen: .firstException)
    #expect(result.notDone == [pending])
    try withPool(PoolShape(workers: 1)) { pool in
      let occupied = try Occupied(pool)
      let (cancelled, other) = (try pool.submit { 1 }, try pool.submit { 2 })
      let waiter = TestThread { wait([cancelled, other], returnWhen: .firstException) }
      try waiter.untilBlocked()
      cancelled.cancel()
      #expect(!waiter.hasEnded)
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
    let result = wait([finished, pending], timeout: timeout)
    #expect(result.done == [finished])
    #expect(result.notDone == [pending])
  }

  @Test func c103_waitChangesNothing() throws {
    let futures = try FutureState.allCases.map { try future($0) }
    for _ in 0..<2 {
      let result = wait(futures, timeout: .zero)
      #expect(futures.map(\.state) == FutureState.allCases)
      #expect(result.done == Set(futures.filter { [.finished, .cancelledAndNotified].contains($0.state) }))
    }
    #expect(try futures[4].result() == 42)
  }

  /// The probe polls one pending future a million times, in each way, and compares its memory before and after.
  @Test func c104_noWaiterStaysBehind() throws {
    let run = try run("pollPendingFuture")
    #expect(run.lines == ["wait flat", "result flat", "asCompleted flat", "still completes"], "\(run)")
    #expect(run.status == 0)
  }

  @Test(arguments: PoolShape.few)
  func c105_manyReleasedAtOnce(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      for _ in 0..<10 {
        let gate = Gate()
        let futures = try (0..<100).map { number in
          try pool.submit { () -> Int in
            try gate.wait()
            return number
          }
        }
        let waiter = TestThread { wait(futures).done.count }
        try waiter.untilBlocked()
        gate.open()
        #expect(try waiter.join() == 100)
      }
      // By hand, from several threads.
      let futures = (0..<100).map { _ in Future<Int>() }
      let waiter = TestThread { wait(futures).done.count }
      try waiter.untilBlocked()
      let setters = (0..<4).map { part in
        TestThread { for number in 0..<25 { try futures[part * 25 + number].setResult(number) } }
      }
      for setter in setters { try setter.join() }
      #expect(try waiter.join() == 100)
    }
  }

  @Test func c106_twoThreadsWaitOnTheSame() throws {
    let futures = (0..<10).map { _ in Future<Int>() }
    let waiters = ReturnCondition.allCases.map { condition in
      TestThread { wait(futures, returnWhen: condition).done.count }
    }
    for waiter in waiters { try waiter.untilBlocked() }
    try futures[0].setException(TaskFailure())
    #expect(try waiters[0].join() >= 1)
    #expect(try waiters[1].join() >= 1)
    #expect(!waiters[2].hasEnded)
    for future in futures.dropFirst() { try future.setResult(1) }
    #expect(try waiters[2].join() == 10)
  }

  /// Ten times as many futures cost about ten times as much: in processor time, so that load does not matter.
  @Test func c107_waitIsLinear() throws {
    func cost(_ count: Int) throws -> Double {
      var best = Double.infinity
      for _ in 0..<3 {
        let futures = (0..<count).map { _ in Future<Int>() }
        let start = processorSeconds()
        #expect(wait(futures, timeout: .zero).notDone.count == count)
        let last = futures[count - 1]
        for future in futures.dropLast() { try future.setResult(1) }
        #expect(wait(futures, timeout: .zero).notDone == [last])
        #expect(wait(futures, returnWhen: .firstCompleted).done.count == count - 1)
        try last.setResult(1)
        #expect(wait(futures).done.count == count)
        #expect(asCompleted(futures).reduce(0) { sum, _ in sum + 1 } == count)
        best = min(best, processorSeconds() - start)
      }
      return best
    }
    let (small, large) = (try cost(10_000), try cost(100_000))
    #expect(large < 40 * small, "\(small) s for 10,000 futures, \(large) s for 100,000")
  }

  /// The same where they complete while someone iterates, suspended.
  @Test func c107_iteratingIsLinear() async throws {
    func cost(_ count: Int) async throws -> Duration {
      let futures = (0..<count).map { _ in Future<Int>() }
      let completer = TestThread { for future in futures { try future.setResult(1) } }
      let start = ContinuousClock.now
      var number = 0
      for try await future in asCompleted(futures) {
        if future !== futures[number] { Issue.record("out of order") }
        number += 1
      }
      #expect(number == count)
      #expect(try await wait(futures).done.count == count)
      let time = ContinuousClock.now - start
      try completer.join()
      return time
    }
    let (small, large) = (try await cost(10_000), try await cost(100_000))
    #expect(large < small * 100 + .seconds(1), "\(small) for 10,000 futures, \(large) for 100,000")
  }

  /// On an executor with one thread: a wait that blocked it would keep the other task from ever completing the future.
  @Test func c108_asyncWaitSuspends() async throws {
    let executor = SingleThread()
    let future = Future<Int>()
    let (waits, completes) = (Gate(), Gate())
    async let done = Task(executorPreference: executor) { () -> Int in
      waits.open()
      let result = try await wait([future])
      #expect(completes.isOpen)
      return result.done.count
    }.value
    await whenOpen(waits)
    try await Task(executorPreference: executor) {
      completes.open()
      try future.setResult(1)
    }.value
    #expect(try await done == 1)
    let never = Future<Int>()
    #expect(try await wait([never], timeout: .milliseconds(10)).notDone == [never])
    let cancelled = Task { try await wait([never]) }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
  }
}

/// Of the calling thread.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
