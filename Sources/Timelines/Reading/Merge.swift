// All lanes' events in the order of time: a k-way merge.
import SchedulerEvents

/// Something that takes a trace's events one after the other.
public protocol EventConsumer: ~Copyable {
  /// Called for each event, in the order of time.
  mutating func consume(_ record: EventRecord)
}

/// What reading came across besides events.
public struct ReadingOutcome: Sendable {
  /// Events handed on.
  public var events = 0
  /// Records left out because they were torn or had no plausible time.
  public var damaged = 0
}

extension Trace {
  /// Hands every event to `consumer`, ordered by time; events of one lane keep their order. One pass, constant memory.
  /// `progress` is called about every 64 Ki events with the number so far; returning false stops the reading.
  @discardableResult public func read<Consumer: EventConsumer & ~Copyable>(
    into consumer: inout Consumer, progress: ((Int) -> Bool)? = nil
  ) -> ReadingOutcome {
    var outcome = ReadingOutcome()
    let streams = processes.enumerated().flatMap { number, process in process.lanes.map { (number, $0) } }
    // SAFETY: one initialized cursor a stream, freed here, and reached by nobody else. They are behind a pointer so that
    // moving one on copies nothing.
    let cursors = UnsafeMutablePointer<LaneCursor>.allocate(capacity: max(1, streams.count))
    for (index, (_, stream)) in streams.enumerated() { (cursors + index).initialize(to: LaneCursor(stream)) }
    defer {
      for index in streams.indices { outcome.damaged += cursors[index].damagedRecords }
      cursors.deinitialize(count: streams.count)
      cursors.deallocate()
    }
    var race = Tournament(streams.indices.map { cursors[$0].advance() ? cursors[$0].current.time : .max })
    let mapped = maps.contains { !$0.identity }
    var untilProgress = 1 << 16
    while race.first != .max {
      let cursor = cursors + race.winner
      if mapped {
        var record = cursor.pointee.current
        maps[streams[race.winner].0].apply(to: &record)
        consumer.consume(record)
      } else {
        consumer.consume(cursor.pointee.current)
      }
      race.replay(cursor.pointee.advance() ? cursor.pointee.current.time : .max)
      untilProgress -= 1
      if untilProgress == 0 {
        outcome.events += 1 << 16
        untilProgress = 1 << 16
        if let progress, !progress(outcome.events) { return outcome }
      }
    }
    outcome.events += (1 << 16) - untilProgress
    return outcome
  }
}

/// Which of several times is the earliest, when one changes at a time: a tournament tree of losers.
///
/// Source: Knuth, The Art of Computer Programming, volume 3, 5.4.1. A change costs one comparison a level.
struct Tournament: ~Copyable {
  /// SAFETY: `losers` holds `size` (1 and up, a power of two) initialized times and players, owned here; index 0 is not
  /// used, inner node `i` has the children `2i` and `2i + 1`, players are the leaves `size..<2 * size`.
  private let losers: UnsafeMutablePointer<Entry>
  struct Entry {
    var time = UInt64.max
    var player = -1
  }
  private let size: Int
  /// Who has the earliest time, and that time. Of equal times the one that had won before, else the first.
  private(set) var winner = 0
  private(set) var first = UInt64.max

  init(_ times: [UInt64]) {
    var size = 1
    while size < times.count { size *= 2 }
    self.size = size
    losers = .allocate(capacity: size)
    losers.initialize(repeating: Entry(), count: size)
    var winners = (0..<size).map { Entry(time: $0 < times.count ? times[$0] : .max, player: $0) }
    var level = size
    while level > 1 {
      level /= 2
      for node in 0..<level {
        let (left, right) = (winners[2 * node], winners[2 * node + 1])
        (winners[node], losers[level + node]) = right.time < left.time ? (right, left) : (left, right)
      }
    }
    (first, winner) = (winners[0].time, winners[0].player)
  }
  deinit { losers.deallocate() }

  /// The winner's next time; `.max`: it has no more.
  @inline(__always) mutating func replay(_ time: UInt64) {
    var best = Entry(time: time, player: winner)
    var node = (winner + size) / 2
    while node > 0 {
      let other = losers[node]
      if other.time < best.time {
        losers[node] = best
        best = other
      }
      node /= 2
    }
    (first, winner) = (best.time, best.player)
  }
}
