// When a worker lets injected jobs gather before it takes them.
//
// A worker that keeps up with a submitter takes each job while the next one is made beside it, on the same cache lines:
// both wait for each other's lines at every job (300 to 600 ns a submission instead of 130). If it stays some jobs
// behind, they do not meet. So after many looks that found next to nothing the worker pauses once; if a backlog has come
// together by then there is a stream of submissions, and it pauses whenever it has caught up. Where nothing comes
// together (a submitter that waits for each result) it tries ever more rarely.

struct Gathering: Equatable {
  /// Jobs that are a backlog. Larger: streams go undetected; smaller: a batch no longer pays for its pause.
  static let backlog = 8
  /// Of a pause, 40 to 140 cycles each. Larger: jobs wait longer; smaller: no backlog comes together.
  static let pauses = 128
  /// Looks that found less than a backlog until the first pause, and at most. Larger: a stream starts slowly; smaller:
  /// pauses that were in vain.
  static let least: UInt32 = 8
  static let most: UInt32 = 4096

  private var looks: UInt32 = 0
  private var limit = Gathering.least

  /// Whether to pause before taking any of `count` jobs.
  mutating func shouldPause(backlog count: Int) -> Bool {
    guard count < Gathering.backlog else {
      looks = 0
      return false
    }
    looks += 1
    return looks >= limit
  }

  /// What a pause has led to.
  mutating func paused(backlog count: Int) {
    let isStream = count >= Gathering.backlog
    limit = isStream ? Gathering.least : min(limit * 2, Gathering.most)
    looks = isStream ? limit : 0
  }
}
