// When a worker pauses before it takes injected jobs.
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct GatheringTests {
  /// Looks that find `count` jobs each until it pauses; nil if it does not within `most`.
  private func looksUntilPause(_ gathering: inout Gathering, finding count: Int, most: Int = 10_000) -> Int? {
    (1...most).first { _ in gathering.shouldPause(backlog: count) }
  }

  @Test func pausesOnlyAfterManyLooksThatFoundNextToNothing() {
    var gathering = Gathering()
    let looks = looksUntilPause(&gathering, finding: 1)
    #expect(looks == Int(Gathering.least))
  }

  @Test func aBacklogIsTakenAtOnce() {
    var gathering = Gathering()
    let looksAtBacklogs = looksUntilPause(&gathering, finding: Gathering.backlog)
    #expect(looksAtBacklogs == nil)
    for _ in 1..<Gathering.least { _ = gathering.shouldPause(backlog: 1) }
    let pausesBefore = gathering.shouldPause(backlog: Gathering.backlog)
    #expect(!pausesBefore)
    let looks = looksUntilPause(&gathering, finding: 1)
    #expect(looks == Int(Gathering.least), "counted from the backlog on")
  }

  @Test func inAStreamItPausesWheneverItHasCaughtUp() {
    var gathering = Gathering()
    _ = looksUntilPause(&gathering, finding: 1)
    for _ in 0..<5 {
      gathering.paused(backlog: Gathering.backlog)
      let pauses = gathering.shouldPause(backlog: 1)
      #expect(pauses)
    }
  }

  @Test func pausesInVainBecomeRare() {
    var gathering = Gathering()
    var expected = Int(Gathering.least)
    for _ in 0..<12 {
      let looks = looksUntilPause(&gathering, finding: 1)
      #expect(looks == expected)
      gathering.paused(backlog: 1)
      expected = min(expected * 2, Int(Gathering.most))
    }
    #expect(expected == Int(Gathering.most))
    _ = looksUntilPause(&gathering, finding: 1)
    gathering.paused(backlog: Gathering.backlog)
    let pauses = gathering.shouldPause(backlog: 1)
    #expect(pauses, "one success and it is a stream again")
  }
}
