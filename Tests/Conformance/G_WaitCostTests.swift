// Group G: what wait() leaves alone, what it costs, and its form for async code.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test func c103_waitChangesNothing() throws {
    let futures = try FutureState.allCases.map { try future($0) }
    try withPool(PoolShape(workers: 1)) { pool throws in
      let occupied = try Occupied(pool)
      let queued = try pool.submit { 1 }
      for timeout in [Duration.zero, .milliseconds(1)] {
        let result = wait(futures + [queued], timeout: timeout)
        #expect(futures.map(\.state) == FutureState.allCases)
        #expect(queued.state == .pending)
        #expect(result.done == Set(futures.filter { [.finished, .cancelledAndNotified].contains($0.state) }))
        #expect(result.notDone == Set(futures + [queued]).subtracting(result.done))
        #expect(try futures[4].result() == 42)
      }
      occupied.release()
      #expect(try queued.result() == 1)
    }
  }

  /// The probe polls one pending future a million times, in each way, and compares its memory before and after.
  @Test func c104_noWaiterStaysBehind() throws {
    let run = try run("pollPendingFuture")
    #expect(run.lines == ["wait flat", "result flat", "asCompleted flat", "still completes"], "\(run)")
    #expect(run.status == 0)
  }

  /// After one that ended in time too: what is pending still keeps neither the waiter nor the others.
  @Test(arguments: ReturnCondition.allCases.filter { $0 != .allCompleted })
  func c104_aPendingFutureKeepsNothing(_ condition: ReturnCondition) async throws {
    let pending = Future<Int>()
    func waitInTime() throws -> WeakFuture {
      let failing = Future<Int>()
      let waiter = TestThread { wait([pending, failing], returnWhen: condition).done.count }
      try waiter.untilBlocked()
      try failing.setException(TaskFailure())
      #expect(try waiter.join() == 1)
      return WeakFuture(failing)
    }
    func suspendTooLong() async throws -> WeakFuture {
      let other = Future<Int>()
      #expect(try await wait([pending, other], timeout: .milliseconds(1), returnWhen: condition).done.isEmpty)
      return WeakFuture(other)
    }
    let others = [try waitInTime(), try await suspendTooLong()]
    try eventually { others.allSatisfy { $0.future == nil } }
    try pending.setResult(1)
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
    }
  }

  /// By hand, from two threads at the same moment.
  @Test func c105_setByTwoThreadsAtOnce() throws {
    for _ in 0..<100 {
      let (futures, arrived) = ((0..<100).map { _ in Future<Int>() }, Counter())
      let waiter = TestThread { wait(futures).done.count }
      try waiter.untilBlocked()
      let setters = (0..<2).map { part in
        TestThread {
          arrived.add()
          while arrived.value < 2 {}  // no sleep: they are to collide
          for number in 0..<50 { try futures[part * 50 + number].setResult(number) }
        }
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
    #expect(try waiters[2].staysBlocked())
    for future in futures.dropFirst() { try future.setResult(1) }
    #expect(try waiters[2].join() == 10)
  }

  /// Ten times as many futures cost about ten times as much (15: caches): in processor time, so that load matters little.
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
    #expect(never.state == .pending)
  }

  /// Each condition, with a timeout and without, on that one thread.
  @Test(arguments: ReturnCondition.allCases, [nil, Duration.seconds(1000)])
  func c108_asyncWaitHonoursTheCondition(_ condition: ReturnCondition, _ timeout: Duration?) async throws {
    let executor = SingleThread()
    let futures = (0..<3).map { _ in Future<Int>() }
    let waits = Gate()
    async let done = Task(executorPreference: executor) {
      waits.open()
      return try await wait(futures, timeout: timeout, returnWhen: condition).done
    }.value
    await whenOpen(waits)
    let enough = [ReturnCondition.firstCompleted: 1, .firstException: 2, .allCompleted: 3][condition]!
    for (number, future) in futures.prefix(enough).enumerated() {
      try await Task(executorPreference: executor) {
        if number == 1 { try future.setException(TaskFailure()) } else { try future.setResult(1) }
      }.value
    }
    #expect(try await done == Set(futures.prefix(enough)))
  }
}

/// Of the calling thread.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
