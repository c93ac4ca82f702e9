// Group F: completion by hand.
import ConcurrentFutures
import Synchronization
import Testing

extension Conformance {
  /// What four kinds of waiters hear of a future that is completed so; its callback sees FINISHED.
  private func heard(_ complete: (Future<Int>) throws -> Void) throws -> [Int] {
    let future = Future<Int>()
    let journal = Journal<FutureState>()
    future.addDoneCallback { journal.note($0.state) }
    let waiters = [
      TestThread { (try? future.result()) ?? -1 },
      TestThread { (try future.exception() as? TaskFailure)?.number ?? -1 },
      TestThread { wait([future]).done.count }, TestThread { Array(asCompleted([future])).count },
    ]
    for waiter in waiters { try waiter.untilBlocked() }
    try complete(future)
    #expect(future.state == .finished)
    #expect(journal.entries == [.finished])
    return try waiters.map { try $0.join() }
  }
  @Test func c072_setResult() throws { #expect(try heard { try $0.setResult(8) } == [8, -1, 1, 1]) }
  @Test func c073_setException() throws {
    #expect(try heard { try $0.setException(TaskFailure(number: 8)) } == [-1, 8, 1, 1])
  }

  @Test func c074_setResultStraightFromPending() throws {
    let future = try future(.pending)
    try future.setResult(1)
    #expect(future.state == .finished)
    let other = try Conformance.pendingFuture()
    try other.setException(TaskFailure())
    #expect(other.state == .finished)
  }
  private static func pendingFuture() throws -> Future<Int> { try future(.pending) }

  @Test func c075_secondResult() throws {
    let future = try future(.finished)
    let error = #expect(throws: InvalidStateError.self) { try future.setResult(43) }
    #expect(error?.state == .finished)
    #expect(error?.description.hasPrefix("FINISHED: <Future at 0x") == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("state=finished returned Int>") == true, "\(error?.description ?? "")")
    #expect(try future.result() == 42)
  }

  @Test func c076_secondException() throws {
    let failed = Future<Int>.failed(TaskFailure(number: 1))
    let error = #expect(throws: InvalidStateError.self) { try failed.setException(TaskFailure(number: 2)) }
    #expect(error?.state == .finished)
    #expect(throws: InvalidStateError.self) { try failed.setResult(1) }
    #expect(try failed.exception() as? TaskFailure == TaskFailure(number: 1))
    let finished = try future(.finished)
    #expect(throws: InvalidStateError.self) { try finished.setException(TaskFailure()) }
    #expect(try finished.exception() == nil)
  }

  @Test(arguments: [FutureState.cancelled, .cancelledAndNotified])
  func c077_resultAfterCancellation(_ state: FutureState) throws {
    let future = try future(state)
    for operation in [{ try future.setResult(1) }, { try future.setException(TaskFailure()) }] as [() throws -> Void] {
      let error = #expect(throws: InvalidStateError.self) { try operation() }
      #expect(error?.state == state)
      #expect(error?.description.hasPrefix("\(state.rawValue): ") == true, "\(error?.description ?? "")")
      #expect(future.state == state)
      #expect(throws: CancelledError.self) { try future.result() }
    }
  }

  @Test func c078_twoSettersAtOnce() throws {
    let futures = (0..<3000).map { _ in Future<Int>() }
    let calls = futures.map { _ in Journal<Int>() }
    for (future, calls) in zip(futures, calls) { future.addDoneCallback { _ in calls.note(1) } }
    let meeting = Rendezvous()
    let setters = (0..<2).map { number in
      TestThread {
        var delay = 20
        return try futures.enumerated().map { round, future -> Bool in
          try meeting.meet()
          for _ in 0..<delay { _ = future.state }
          var succeeded = true
          do {
            if (round + number) % 3 == 0 {
              try future.setException(TaskFailure(number: number))
            } else {
              try future.setResult(number)
            }
          } catch let error as InvalidStateError {
            succeeded = error.state != .finished  // refused for another reason: counted as a second success
          }
          if number == 1 { delay = delayTowardsATie(delay, wasFaster: succeeded) }
          return succeeded
        }
      }
    }
    let succeeded = try setters.map { try $0.join() }
    for (round, future) in futures.enumerated() {
      let stored = try (future.exception() as? TaskFailure)?.number ?? future.result()
      #expect(succeeded.indices.filter { succeeded[$0][round] } == [stored], "round \(round)")
      #expect(calls[round].entries.count == 1, "round \(round)")
    }
  }

  @Test func c079_setRunning() throws {
    let future = Future<Int>()
    #expect(try future.setRunningOrNotifyCancel())
    #expect(future.state == .running)
  }

  @Test func c080_notifyCancel() throws {
    let future = try future(.cancelled)
    let waiting = TestThread { wait([future]).done == [future] }
    let iterating = TestThread { Array(asCompleted([future])) == [future] }
    try waiting.untilBlocked()
    try iterating.untilBlocked()
    #expect(!waiting.hasEnded && !iterating.hasEnded)
    #expect(try future.setRunningOrNotifyCancel() == false)
    #expect(future.state == .cancelledAndNotified)
    #expect(try waiting.join())
    #expect(try iterating.join())
  }

  @Test(arguments: [FutureState.running, .finished, .cancelledAndNotified])
  func c081_setRunningOutOfTurn(_ state: FutureState) throws {
    let future = try future(state)
    let error = #expect(throws: InvalidStateError.self) { try future.setRunningOrNotifyCancel() }
    #expect(error?.state == state)
    #expect(error?.description.contains("Future in unexpected state") == true, "\(error?.description ?? "")")
    #expect(future.state == state)
  }

  /// It is also reported: to the handler of the pool that owns the future or runs the caller, else on the standard error.
  @Test func c081_isReported() throws {
    let reports = Journal<(error: InvalidStateError?, future: AnyFuture?)>()
    let byHand = try future(.running)
    try withPool(
      PoolShape(workers: 1), { $0.errorHandler = { reports.note(($0 as? InvalidStateError, $1)) } }
    ) { pool in
      let owned = try pool.submit {}
      wait([owned])
      #expect(throws: InvalidStateError.self) { try owned.setRunningOrNotifyCancel() }
      #expect(throws: InvalidStateError.self) { try pool.submit { try byHand.setRunningOrNotifyCancel() }.result() }
      #expect(reports.entries.map { $0.error?.state } == [.finished, .running])
      #expect(reports.entries.map { $0.future === byHand } == [false, true])
      #expect(reports.entries.first?.future === owned)
    }
    let run = try run("unexpectedState")
    #expect(run.lines == ["thrown"])
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 1, "\(run.errors)")
    #expect(lines.first?.contains("Future in unexpected state: FINISHED: <Future at 0x") == true, "\(run.errors)")
  }

  @Test func c082_aCancelledFutureByHandIsNotYetDoneForWaiters() throws {
    let future = try future(.cancelled)
    #expect(wait([future], timeout: .milliseconds(20)).notDone == [future])
    #expect(wait([future], timeout: .zero, returnWhen: .firstCompleted).done.isEmpty)
    #expect(throws: TimeoutError.self) { try asCompleted([future], timeout: .zero).makeCursor().next() }
    try future.setRunningOrNotifyCancel()
    #expect(wait([future]).done == [future])
    #expect(try asCompleted([future], timeout: .zero).makeCursor().next() === future)
  }

  @Test func c082_waitsBegunBeforeTheCancelGoOn() throws {
    let future = Future<Int>()
    let waiters = [
      TestThread { wait([future]).done.count }, TestThread { Array(asCompleted([future])).count },
      TestThread { wait([future], returnWhen: .firstCompleted).done.count },
    ]
    for waiter in waiters { try waiter.untilBlocked() }
    future.cancel()
    for waiter in waiters {
      try waiter.untilBlocked()
      #expect(!waiter.hasEnded)
    }
    try future.setRunningOrNotifyCancel()
    for waiter in waiters { #expect(try waiter.join() == 1) }
  }
}
