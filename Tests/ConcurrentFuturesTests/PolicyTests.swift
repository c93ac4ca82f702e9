import CPlatform
import Testing

@testable import ConcurrentFutures

/// `#expect` for members of values that cannot be copied, which its expansion would do.
func holds(_ condition: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(condition, comment, sourceLocation: sourceLocation)
}

@Suite(.timeLimit(.minutes(1))) struct VictimOrderTests {
  @Test(arguments: [1, 2, 3, 64]) func everyoneComesOnceFromARandomStart(_ count: Int) {
    var order = VictimOrder(seed: 42)
    var starts = Set<Int>()
    for _ in 0..<(count * 40) {
      let range = order.start(count)
      #expect(range.count == count && (0..<count).contains(range.lowerBound))
      starts.insert(range.lowerBound)
    }
    #expect(starts.count == count, "some victim never comes first (seed 42)")
  }

  @Test func neighboursDoNotFollowOneAnother() {
    var a = VictimOrder(seed: 0)
    var b = VictimOrder(seed: 1)
    let same = (0..<1000).count { _ in a.start(64).lowerBound == b.start(64).lowerBound }
    #expect(same < 60)
  }
}

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
  @Test func itIsOnTheMonotonicClock() {
    let now = cf_monotonic_ns()
    let deadline = Deadline.after(.milliseconds(1500))
    #expect(deadline >= now + 1_500_000_000 && deadline < now + 60_000_000_000)
  }
  @Test func itNeverOverflows() {
    #expect(Deadline.after(.seconds(Int64.max)) == .max)
    #expect(Deadline.after(.seconds(Int64.max / 1_000_000_000)) == .max)
    #expect(Deadline.after(.seconds(Int64.min)) == 0)
    #expect(Deadline.after(.seconds(-1_000_000_000)) == 0)
    #expect(Deadline.after(.zero) <= cf_monotonic_ns())
  }
}

@Suite(.timeLimit(.minutes(1))) struct AdmissionGateTests {
  @Test func rejectsWhatIsTooMuchUntilOneLeaves() {
    let gate = AdmissionGate(.reject(limit: 2))
    holds(gate.isBounded)
    holds(gate.enter { false } == .admitted && gate.enter { false } == .admitted)
    holds(gate.enter { false } == .rejected && gate.enter { false } == .rejected)
    gate.leave()
    holds(gate.enter { false } == .admitted)
    holds(gate.enter { false } == .rejected)
  }
  @Test func callersRunWhatIsTooMuch() {
    let gate = AdmissionGate(.callerRuns(limit: 1))
    holds(gate.enter { false } == .admitted && gate.enter { false } == .callerRuns)
  }
  @Test func aClosedPoolDoesNotBlock() {
    let gate = AdmissionGate(.block(limit: 1))
    holds(gate.enter { false } == .admitted)
    holds(gate.enter { true } == .admitted)  // the caller finds out why
  }
  @Test func withoutALimitEverythingEnters() {
    let gate = AdmissionGate(.unbounded)
    holds(!gate.isBounded)
    for _ in 0..<100 { holds(gate.enter { false } == .admitted) }
  }
}

@Suite(.timeLimit(.minutes(1))) struct SleepWordTests {
  @Test func workersAreCountedInOnePhase() {
    let sleep = Sleep(workers: 3)
    holds(sleep.current.unstarted == 3 && sleep.current.wantsWaking)
    holds(sleep.claimUnstarted())
    holds(!sleep.claimUnstarted(), "somebody searches already")
    holds(sleep.claimUnstarted(always: true))
    holds(sleep.current.searching == 2 && !sleep.current.wantsWaking && sleep.current.wantsCompany)
    holds(!sleep.beginSearching(), "half of them search")
    sleep.beginSleeping(0, wasSearching: true)
    holds(sleep.takeSleeper() == nil, "somebody searches already")
    holds(sleep.endSearching())
    holds(sleep.takeSleeper() == 0 && sleep.current.searching == 1)
    holds(!sleep.cancelSleeping(0), "its waker has counted it")
    sleep.beginSleeping(0, wasSearching: true)
    holds(sleep.cancelSleeping(0) && sleep.current.searching == 1)
    sleep.returnToUnstarted()
    holds(sleep.current.searching == 0 && sleep.current.unstarted == 2)
    sleep.beginSleeping(1, wasSearching: false)
    sleep.beginSleeping(2, wasSearching: false)
    sleep.close()
    holds(sleep.takeAllSleepers() == [1, 2] && sleep.current.isClosed && sleep.current.searching == 2)
  }
}
