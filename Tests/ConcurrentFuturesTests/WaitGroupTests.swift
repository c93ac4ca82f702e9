import CPlatform
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct WaitGroupTests {
  @Test func membersComeOutInTheOrderInWhichTheyWereDone() throws {
    let futures = (0..<5).map { _ in Future<Int>() }
    try futures[3].setResult(3)
    let group = WaitGroup(futures)
    group.open()
    for index in [1, 4, 0] { try futures[index].setResult(index) }
    #expect(group.doneCount == 4 && !group.hasFailure)
    #expect(group.takeDone() == [3, 1, 4, 0], "those that were done before come first")
    #expect(group.takeDone() == [])
    try futures[2].setException(Odd(number: 2))
    #expect(group.takeDone() == [2] && group.hasFailure && group.doneCount == 5)
    group.close()
  }

  @Test func closingLeavesNothingBehind() throws {
    let futures = (0..<4).map { _ in Future<Int>() }
    let group = WaitGroup(futures)
    group.open()
    #expect(futures.map(\.waiterCount) == [1, 1, 1, 1])
    try futures[2].setResult(1)
    group.forget(2)
    group.forget(0)
    #expect(futures.map(\.waiterCount) == [0, 1, 0, 1])
    group.close()
    #expect(futures.map(\.waiterCount) == [0, 0, 0, 0])
    for future in futures where !future.isDone { try future.setResult(2) }
    #expect(group.doneCount == 1, "told of nothing after it was closed")
  }

  @Test func aFailureEndsTheSleepOfAGroupThatAsksForIt() throws {
    for wakesOnFailure in [false, true] {
      let futures = (0..<3).map { _ in Future<Int>() }
      let group = WaitGroup(futures, wakesOnFailure: wakesOnFailure)
      group.open()
      try futures[1].setException(Odd(number: 1))
      #expect(group.isReady(1) && group.isReady(3) == wakesOnFailure)
      #expect(group.sleep(needed: 3, deadline: cf_monotonic_ns() + 1_000_000) == wakesOnFailure)
      group.close()
    }
  }

  /// A future made by hand that is only cancelled: done for who awaits its result, not for `wait`.
  @Test func whenACancelledFutureCounts() throws {
    let future = Future<Int>()
    future.cancel()
    let forWait = WaitGroup([future])
    let forResult = WaitGroup([future], untilNotified: false)
    forWait.open()
    forResult.open()
    #expect(forWait.doneCount == 0 && forResult.doneCount == 1)
    try future.setRunningOrNotifyCancel()
    #expect(forWait.doneCount == 1)
    forWait.close()
    forResult.close()
    // Cancelled while both wait.
    let other = Future<Int>()
    let (groupForWait, groupForResult) = (WaitGroup([other]), WaitGroup([other], untilNotified: false))
    groupForWait.open()
    groupForResult.open()
    other.cancel()
    #expect(groupForWait.doneCount == 0 && groupForResult.doneCount == 1)
    groupForWait.close()
    groupForResult.close()
    #expect(other.waiterCount == 0)
  }

  @Test func suspendingEndsForItsReason() async throws {
    let future = Future<Int>()
    let group = WaitGroup([future])
    group.open()
    #expect(await group.suspend(needed: 1, deadline: cf_monotonic_ns() + 1_000_000) == .timeout)
    let cancelled = Task { await group.suspend(needed: 1, deadline: nil) }
    cancelled.cancel()
    #expect(await cancelled.value == .cancelled)
    async let done = group.suspend(needed: 1, deadline: .max)
    try future.setResult(1)
    #expect(await done == .done)
    #expect(await group.suspend(needed: 1, deadline: 0) == .done, "it is done already, whatever the time")
    group.close()
  }
}

@Suite(.timeLimit(.minutes(1))) struct CountdownTests {
  @Test func onlyOneCallIsTheLast() {
    let three = Countdown(3)
    #expect([three.isLast(), three.isLast(), three.isLast()] == [false, false, true])
    let one = Countdown(1)
    #expect(one.isLast() && !one.isLast())
  }
}
