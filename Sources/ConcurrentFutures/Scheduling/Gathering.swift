// When a worker lets injected jobs gather before it takes them, and how many it takes then.
//
// A worker that keeps up with a submitter takes each job while the next one is made beside it, on the same cache lines:
// both wait for each other's lines at every job (300 to 600 ns a submission instead of 130). So it takes a stream of
// submissions in bursts, and leaves the newest jobs alone: once a backlog has come together it takes all but `margin` of
// it without looking at the submitter's lines again, then pauses while the backlog grows. A stream is found by trial:
// after many looks that found no backlog the worker pauses once; where nothing comes together meanwhile (a submitter that
// waits for each result) it tries ever more rarely.

struct Gathering: Equatable {
  /// Jobs that a burst leaves to who submits. Larger: they wait longer for their turn; smaller: the two still meet, for
  /// processors fetch lines ahead.
  static let margin = 64
  /// Jobs that are a backlog, worth a burst. Larger: streams go undetected; smaller: more meetings.
  static let backlog = 256
  /// Of a pause, 13 ns to 40 ns each. Larger: jobs wait longer; smaller: no growth is seen.
  static let pauses = 128
  /// Jobs that must come in a pause for another one to follow it. Larger: streams go undetected; smaller: jobs of a slow
  /// stream wait in vain.
  static let growth = 8
  /// Pauses one after the other, at most: 20 to 60 us.
  static let longestRow = 12
  /// Looks that found no backlog until the first pause, and at most. Larger: a stream starts slowly; smaller: pauses that
  /// were in vain.
  static let least: UInt32 = 8
  static let most: UInt32 = 4096

  private var looks: UInt32 = 0
  private var limit = Gathering.least
  /// Whether jobs came together in the last pauses.
  private var isStream = false
  /// Pauses in the present row, and the backlog before the last of them.
  private var row = 0
  private var before = 0
  /// Jobs of the present burst that are still to be taken.
  private var burst = 0

  /// Whether to pause before taking any of `count` jobs. To be asked again after the pause.
  mutating func shouldPause(backlog count: Int) -> Bool {
    guard count < Gathering.backlog else {
      if row > 0 { found(stream: true) }
      looks = 0
      burst = count - Gathering.margin
      return false
    }
    burst = 0
    guard row > 0 else {
      looks += 1
      guard isStream || looks >= limit else { return false }
      return pause(count)
    }
    let grows = count - before >= Gathering.growth
    if grows, row < Gathering.longestRow { return pause(count) }
    found(stream: grows)
    return false
  }

  /// How many of the burst's jobs to take, at most `count`. 0: there is no burst (any more), look again.
  mutating func take(_ count: Int) -> Int {
    let taken = min(count, burst)
    burst -= taken
    return taken
  }

  /// Others have taken what the burst counted on.
  mutating func endBurst() { burst = 0 }

  private mutating func pause(_ count: Int) -> Bool {
    before = count
    row += 1
    return true
  }

  /// What a row of pauses has shown.
  private mutating func found(stream: Bool) {
    isStream = stream
    limit = stream ? Gathering.least : min(limit * 2, Gathering.most)
    looks = 0
    row = 0
  }
}
