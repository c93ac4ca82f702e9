// Group F: completion by hand.
import ConcurrentFutures
import Synchronization
import Testing

extension Conformance {
  @Test func c072_setResult() throws {
    let future = Future<Int>()
    let waiter = TestThread { try future.result() }
    let journal = Journal<FutureState>()
    future.addDoneCallback { journal.note($0.state) }
    try waiter.untilBlocked()
    try future.setResult(8)
    #expect(future.state == .finished)
    #expect(journal.entries == [.finished])
    #expect(try waiter.join() == 8)
  }

  @Test func c073_setException() throws {
    let future = Future<Int>()
    let waiter = TestThread { try future.exception() as? TaskFailure }
    let journal = Journal<FutureState>()
    future.addDoneCallback { journal.note($0.state) }
    try waiter.untilBlocked()
    try future.setException(TaskFailure(number: 8))
    #expect(future.state == .finished)
    #expect(journal.entries == [.finished])
    #expect(try waiter.join() == TaskFailure(number: 8))
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
    }
  }

  @Test func c078_twoSettersAtOnce() throws {
    for round in 0..<300 {
      let future = Future<Int>()
      let calls = Counter()
      future.addDoneCallback { _ in calls.add() }
      let together = Barrier(parties: 2)
      let setters = (0..<2).map { number in
        TestThread { () -> Bool in
          try together.arriveAndWait()
          do {
            if (round + number) % 3 == 0 {
              try future.setException(TaskFailure(number: number))
            } else {
              try future.setResult(number)
            }
            return true
          } catch let error as InvalidStateError {
            return error.state != .finished  // refused for another reason: counted as a second success
          }
        }
      }
      let succeeded = try setters.map { try $0.join() }
      #expect(succeeded.filter { $0 }.count == 1, "round \(round)")
      let winner = succeeded.firstIndex(of: true)
      let stored = try (future.exception() as? TaskFailure)?.number ?? future.result()
      #expect(stored == winner, "round \(round)")
      #expect(calls.value == 1, "round \(round)")
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

  @Test func c082_aCancelledFutureByHandIsNotYetDoneForWaiters() throws {
    let future = try future(.cancelled)
    #expect(wait([future], timeout: .milliseconds(20)).notDone == [future])
    #expect(wait([future], timeout: .zero, returnWhen: .firstCompleted).done.isEmpty)
    #expect(throws: TimeoutError.self) { try asCompleted([future], timeout: .zero).makeCursor().next() }
    try future.setRunningOrNotifyCancel()
    #expect(wait([future]).done == [future])
    #expect(try asCompleted([future], timeout: .zero).makeCursor().next() === future)
  }
}
