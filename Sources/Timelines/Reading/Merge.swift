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
    var race = Tournament(streams.indices.map { cursors[$0].advance() ? cursors[$0].time : nil })
    let mapped = maps.contains { !$0.identity }
    var untilProgress = 1 << 16
    while !race.isOver {
      let cursor = cursors + race.winner
      if mapped {
        var record = cursor.pointee.current
        maps[streams[race.winner].0].apply(to: &record)
        consumer.consume(record)
      } else {
        consumer.consume(cursor.pointee.current)
      }
      if cursor.pointee.advance() { race.replay(cursor.pointee.time) } else { race.retireWinner() }
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

/// Which of several players has the earliest time, when one changes at a time: a tournament tree of losers.
///
/// Source: Knuth, The Art of Computer Programming, volume 3, 5.4.1. We differ in that a time and its player are one number, so
/// that a change costs a minimum and a maximum a level, and no jump: whose event comes next is as good as random, and a wrong
/// guess costs more than all the comparisons.
struct Tournament: ~Copyable {
  /// SAFETY: `losers` holds `size` (1 and up, a power of two) initialized keys, owned here; index 0 is not used, inner node `i`
  /// has the children `2i` and `2i + 1`, players are the leaves `size..<2 * size`.
  private let losers: UnsafeMutablePointer<UInt64>
  private let size: Int
  /// Bits of a key that are its player; above them is the time, counted from `base`.
  private let bits: UInt64
  private let base: UInt64
  /// Later times than this one (at 256 players two years after the first: a damaged stamp) count as equal to it.
  private let latest: UInt64
  private static var over: UInt64 { .max }
  private var first = over

  /// No player has any more.
  var isOver: Bool { first == Self.over }
  /// Who has the earliest time; of equal times the first player. Not where the tournament is over.
  var winner: Int { Int(truncatingIfNeeded: first & (1 &<< bits &- 1)) }

  /// The first times; nil: a player has none.
  init(_ times: [UInt64?]) {
    var size = 1
    while size < times.count { size *= 2 }
    self.size = size
    bits = UInt64(size.trailingZeroBitCount)
    base = times.compactMap { $0 }.min() ?? 0
    latest = .max >> bits - 1
    losers = .allocate(capacity: size)
    losers.initialize(repeating: Self.over, count: size)
    var winners = [UInt64](repeating: Self.over, count: size)
    for (player, time) in times.enumerated() {
      if let time { winners[player] = key(time, player) }
    }
    var level = size
    while level > 1 {
      level /= 2
      for node in 0..<level {
        losers[level + node] = max(winners[2 * node], winners[2 * node + 1])
        winners[node] = min(winners[2 * node], winners[2 * node + 1])
      }
    }
    first = winners[0]
  }
  deinit { losers.deallocate() }

  /// Times of one player do not go back, so none is before `base`.
  @inline(__always) private func key(_ time: UInt64, _ player: Int) -> UInt64 {
    min(time &- base, latest) &<< bits | UInt64(truncatingIfNeeded: player)
  }

  /// The winner's next time.
  @inline(__always) mutating func replay(_ time: UInt64) { replay(key: key(time, winner)) }
  /// The winner has no more.
  @inline(never) mutating func retireWinner() { replay(key: Self.over) }

  @inline(__always) private mutating func replay(key: UInt64) {
    var best = key
    var node = UInt(bitPattern: winner &+ size) >> 1
    // With one player there is no inner node; 0 is as good.
    repeat {
      let other = losers[Int(bitPattern: node)]
      losers[Int(bitPattern: node)] = max(other, best)
      best = min(other, best)
      node >>= 1
    } while node != 0
    first = best
  }
}
