// When a worker pauses before it takes injected jobs, and how many it takes in a burst.
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct GatheringTests {
  /// Looks that find `count` jobs each until it pauses; nil if it does not within `most`.
  private func looksUntilPause(_ gathering: inout Gathering, finding count: Int, most: Int = 10_000) -> Int? {
    (1...most).first { _ in gathering.shouldPause(backlog: count) }
  }

  /// One that has met a stream.
  private func inStream() -> Gathering {
    var gathering = Gathering()
    _ = looksUntilPause(&gathering, finding: 1)
    _ = gathering.shouldPause(backlog: Gathering.backlog)
    return gathering
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

  @Test func aBurstLeavesTheNewestJobs() {
    var gathering = Gathering()
    let withoutLook = gathering.take(32)
    #expect(withoutLook == 0)
    _ = gathering.shouldPause(backlog: Gathering.backlog + 10)
    var sizes: [Int] = []
    while case let size = gathering.take(100), size > 0 { sizes.append(size) }
    #expect(sizes.reduce(0, +) == Gathering.backlog + 10 - Gathering.margin)
    #expect(sizes.dropLast().allSatisfy { $0 == 100 })
    _ = gathering.shouldPause(backlog: Gathering.backlog)
    _ = gathering.shouldPause(backlog: 1)
    let stale = gathering.take(32)
    #expect(stale == 0, "a look that found less ends the burst")
  }

  @Test func inAStreamItPausesWheneverItHasCaughtUp() {
    var gathering = inStream()
    for _ in 0..<5 {
      let pauses = gathering.shouldPause(backlog: 1)
      #expect(pauses)
      let again = gathering.shouldPause(backlog: Gathering.backlog)
      #expect(!again)
    }
  }

  @Test func pausesGoOnWhileTheBacklogGrows() {
    var gathering = inStream()
    var count = 0
    var row = 0
    while gathering.shouldPause(backlog: count) {
      row += 1
      count += Gathering.growth
    }
    #expect(row == Gathering.longestRow, "a slow stream's jobs wait so long and no longer")
    let pauses = gathering.shouldPause(backlog: count)
    #expect(pauses, "it is a stream still")
    let ended = gathering.shouldPause(backlog: count + Gathering.growth - 1)
    #expect(!ended)
    let looks = looksUntilPause(&gathering, finding: 1)
    #expect(looks == 2 * Int(Gathering.least), "the stream is over")
  }

  @Test func othersMayTakeMeanwhile() {
    var gathering = inStream()
    _ = gathering.shouldPause(backlog: 200)
    let pauses = gathering.shouldPause(backlog: 10)
    #expect(!pauses)
  }

  @Test func pausesInVainBecomeRare() {
    var gathering = Gathering()
    var expected = Int(Gathering.least)
    for _ in 0..<12 {
      let looks = looksUntilPause(&gathering, finding: 1)
      #expect(looks == expected)
      let again = gathering.shouldPause(backlog: 1)
      #expect(!again)
      expected = min(expected * 2, Int(Gathering.most))
    }
    #expect(expected == Int(Gathering.most))
    _ = looksUntilPause(&gathering, finding: 1)
    _ = gathering.shouldPause(backlog: Gathering.backlog)
    let pauses = gathering.shouldPause(backlog: 1)
    #expect(pauses, "one success and it is a stream again")
  }
}
