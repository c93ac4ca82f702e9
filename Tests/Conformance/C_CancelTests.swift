// Group C: cancel().
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c027_cancelOnPending(_ shape: PoolShape) throws {
    let byHand = Future<Int>()
    #expect(byHand.cancel())
    #expect(byHand.state == .cancelled)
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = try pool.submit { 1 }
      #expect(queued.cancel())
      #expect(queued.state == .cancelled)
    }
  }

  @Test(arguments: PoolShape.all)
  func c028_cancelOnRunning(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (started, gate) = (Gate(), Gate())
      let submitted = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        return CancellationToken.current?.isCancelled == false ? 7 : 8
      }
      try started.wait()
      for running in [try future(.running), submitted] {
        let calls = Counter()
        running.addDoneCallback { _ in calls.add() }
        let waiter = TestThread { try running.result() }
        try waiter.untilBlocked()
        #expect(!running.cancel())
        #expect(running.state == .running && !running.isCancelled)
        #expect(calls.value == 0, "a callback ran")
        try waiter.untilBlocked()
        #expect(!waiter.hasEnded)
        // Who waits and who is called hear of the result; the task is not asked to stop either.
        if running === submitted { gate.open() } else { try running.setResult(7) }
        #expect(try waiter.join() == 7)
        try calls.wait(for: 1)
      }
    }
  }

  @Test func c029_cancelOnFinished() throws {
    let finished = try future(.finished)
    #expect(!finished.cancel())
    #expect(finished.state == .finished)
    #expect(try finished.result() == 42)
    let failed = Future<Int>()
    try failed.setException(TaskFailure())
    #expect(!failed.cancel())
    #expect(failed.state == .finished)
    #expect(try failed.exception() is TaskFailure)
  }

  @Test func c030_cancelOnCancelled() throws {
    for state in [FutureState.cancelled, .cancelledAndNotified] {
      let cancelled = try future(state)
      #expect(cancelled.cancel())
      #expect(cancelled.state == state)
    }
    try withPool { pool in
      let occupied = try Occupied(pool)
      let queued = try pool.submit { 1 }
      for _ in 0..<3 {
        #expect(queued.cancel())
        #expect(queued.state == .cancelled)
        #expect(pool.statistics.cancelled == 1)
      }
      occupied.release()
    }
  }

  @Test(arguments: PoolShape.all)
  func c031_aCancelledTaskNeverRuns(_ shape: PoolShape) throws {
    let ran = Journal<Int>()
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let futures = try (0..<40).map { number in try pool.submit { ran.note(number) } }
      for number in stride(from: 1, to: 40, by: 2) { #expect(futures[number].cancel()) }
      occupied.release()
    }
    #expect(ran.entries.sorted() == Array(stride(from: 0, to: 40, by: 2)))
  }

  /// The same for what a worker queued itself.
  @Test(arguments: PoolShape.all)
  func c031_aCancelledTaskOfAWorkerNeverRuns(_ shape: PoolShape) throws {
    let ran = Journal<Int>()
    try withPool(shape) { pool in
      // The other workers are busy, so that nothing is stolen before it is cancelled.
      let (gate, busy) = (Gate(), Counter())
      let others = try (1..<shape.workers).map { _ in
        try pool.submit {
          busy.add()
          try gate.wait()
        }
      }
      try busy.wait(for: shape.workers - 1)
      let cancelled = try pool.submit { () -> Bool in
        let futures = try (0..<40).map { number in try pool.submit { ran.note(number) } }
        let odd = stride(from: 1, to: 40, by: 2).map { futures[$0].cancel() }
        return odd.allSatisfy { $0 }
      }
      #expect(try cancelled.result())
      gate.open()
      _ = try others.map { try $0.result() }
    }
    #expect(ran.entries.sorted() == Array(stride(from: 0, to: 40, by: 2)))
  }

  @Test(arguments: PoolShape.few)
  func c032_cancelWakesBlockedThreads(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      for future in [Future<Int>(), try pool.submit { 1 }] {
        let waiters = (0..<6).map { number in
          TestThread {
            switch number % 3 {
            case 0: _ = try future.result()
            case 1: _ = try future.result(timeout: .seconds(3600))
            default: _ = try future.exception()
            }
          }
        }
        for waiter in waiters { try waiter.untilBlocked() }
        #expect(future.cancel())
        for waiter in waiters { #expect(throws: CancelledError.self) { try waiter.join() } }
      }
    }
  }

  /// A task of Swift concurrency that awaits it is woken too, before anybody dropped the cancelled future.
  @Test func c032_cancelWakesWhoAwaits() async throws {
    let future = Future<Int>()
    let awaiting = try SuspendedTask { _ = try await future.value }
    future.cancel()
    await #expect(throws: CancelledError.self) { try await awaiting.task.value }
    await #expect(throws: CancelledError.self) { try await future.value }
  }

  @Test(arguments: PoolShape.few)
  func c033_cancelRunsCallbacksInTheCancellingThread(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let byHand = Future<Int>()
      for future in [byHand, try pool.submit { 1 }] {
        let threads = Journal<pid_t>()
        future.addDoneCallback { _ in threads.note(currentThread()) }
        let canceller = TestThread {
          future.cancel()
          return currentThread()
        }
        let cancelling = try canceller.join()
        #expect(threads.entries == [cancelling])
        // Dropping it runs nothing again.
        if future === byHand { try future.setRunningOrNotifyCancel() } else { occupied.release() }
        try eventually { future.state == .cancelledAndNotified }
        #expect(threads.entries == [cancelling])
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c034_secondCancelRunsNoCallbacks(_ shape: PoolShape) throws {
    let calls = Counter()
    let byHand = Future<Int>()
    byHand.addDoneCallback { _ in calls.add() }
    byHand.cancel()
    byHand.cancel()
    try byHand.setRunningOrNotifyCancel()
    byHand.cancel()
    #expect(calls.value == 1)
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let queued = try pool.submit { 1 }
      queued.addDoneCallback { _ in calls.add() }
      queued.cancel()
      queued.cancel()
      occupied.release()
    }
    #expect(calls.value == 2)
  }

  @Test(arguments: PoolShape.all)
  func c035_cancelAndStartHaveOneWinner(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      var wins = (run: 0, cancel: 0)
      var delay = 0
      for round in 0..<200 {
        let ran = Flag()
        let future = try pool.submit { ran.set() }
        for _ in 0..<delay { _ = future.state }
        let cancelled = future.cancel()
        delay = delayTowardsATie(delay, wasFaster: cancelled)
        _ = wait([future])
        // The task has ended or will never run, and a value means that it ran.
        #expect(future.isCancelled == cancelled, "round \(round)")
        if cancelled { wins.cancel += 1 } else { wins.run += 1 }
        #expect(ran.isSet == !cancelled, "round \(round)")
      }
      #expect(wins.run + wins.cancel == 200)
    }
  }

  /// The same on futures made by hand, where both can be made to meet.
  @Test func c035_startAndCancelAtTheSameMoment() throws {
    let futures = (0..<5000).map { _ in Future<Int>() }
    let meeting = Rendezvous()
    let starter = TestThread {
      try futures.map { future in
        try meeting.meet()
        for _ in 0..<20 { _ = future.state }  // the other one adapts
        return try future.setRunningOrNotifyCancel()
      }
    }
    var delay = 0
    let cancelled = try futures.map { future in
      try meeting.meet()
      for _ in 0..<delay { _ = future.state }
      let cancelled = future.cancel()
      delay = delayTowardsATie(delay, wasFaster: cancelled)
      return cancelled
    }
    let started = try starter.join()
    for (round, future) in futures.enumerated() {
      #expect(started[round] != cancelled[round], "round \(round)")
      #expect(future.isCancelled == cancelled[round] && future.isRunning == started[round], "round \(round)")
    }
  }

  @Test(arguments: PoolShape.all)
  func c036_waitersHearOfACancellationBehindABusyWorker(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = try (0..<3).map { number in try pool.submit { number } }
      let waiter = TestThread { wait(queued).done.count }
      let iterating = TestThread { asCompleted(queued).map { $0.isCancelled } }
      try waiter.untilBlocked()
      try iterating.untilBlocked()
      for future in queued { future.cancel() }
      #expect(try waiter.join() == 3)
      #expect(try iterating.join() == [true, true, true])
      #expect(wait(queued, timeout: .zero).done.count == 3)
      #expect(occupied.futures.allSatisfy { $0.isRunning })
    }
  }
}

/// A flag set by a task.
private final class Flag: Sendable {
  private let flag = Atomic(false)
  func set() { flag.store(true, ordering: .releasing) }
  var isSet: Bool { flag.load(ordering: .acquiring) }
}
