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
    let byHand = try future(.running)
    #expect(!byHand.cancel())
    #expect(byHand.state == .running)
    try withPool(shape) { pool in
      let (started, gate) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        return 7
      }
      try started.wait()
      #expect(!running.cancel())
      #expect(running.state == .running)
      gate.open()
      #expect(try running.result() == 7)
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

  @Test func c032_cancelWakesBlockedThreads() throws {
    let future = Future<Int>()
    let waiters = (0..<4).map { number in
      TestThread {
        if number % 2 == 0 { _ = try future.result() } else { _ = try future.exception() }
      }
    }
    for waiter in waiters { try waiter.untilBlocked() }
    #expect(future.cancel())
    for waiter in waiters { #expect(throws: CancelledError.self) { try waiter.join() } }
  }

  @Test(arguments: PoolShape.few)
  func c033_cancelRunsCallbacksInTheCancellingThread(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      for future in [Future<Int>(), try pool.submit { 1 }] {
        let threads = Journal<pid_t>()
        future.addDoneCallback { _ in threads.note(currentThread()) }
        let canceller = TestThread {
          future.cancel()
          return currentThread()
        }
        let cancelling = try canceller.join()
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
      for round in 0..<400 {
        let ran = Flag()
        let future = try pool.submit { ran.set() }
        for _ in 0..<(round % 40) { _ = future.state }
        let cancelled = future.cancel()
        _ = wait([future])
        // The task has ended or will never run, and a value means that it ran.
        #expect(future.isCancelled == cancelled, "round \(round)")
        if cancelled { wins.cancel += 1 } else { wins.run += 1 }
        #expect(ran.isSet == !cancelled, "round \(round)")
      }
      #expect(wins.run + wins.cancel == 400)
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
