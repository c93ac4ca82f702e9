// All lanes' events in the order of time: a k-way merge that stays on one lane as long as it is the earliest.
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
    var heads: [(time: UInt64, cursor: UnsafeMutablePointer<LaneCursor>, process: Int)] = []
    // SAFETY: each cursor is allocated and freed here, and reached by nobody else. They are behind pointers so that
    // moving one on copies nothing.
    func drop(_ cursor: UnsafeMutablePointer<LaneCursor>) {
      outcome.damaged += cursor.pointee.damagedRecords
      cursor.deinitialize(count: 1)
      cursor.deallocate()
    }
    for (number, process) in processes.enumerated() {
      for lane in process.lanes {
        let cursor = UnsafeMutablePointer<LaneCursor>.allocate(capacity: 1)
        cursor.initialize(to: LaneCursor(lane))
        if cursor.pointee.advance() {
          heads.append((cursor.pointee.current.time, cursor, number))
        } else {
          drop(cursor)
        }
      }
    }
    defer { for head in heads { drop(head.cursor) } }
    let mapped = maps.contains { !$0.identity }
    var untilProgress = 1 << 16
    while !heads.isEmpty {
      var first = 0
      var limit = UInt64.max  // the second earliest
      for index in 1..<max(1, heads.count) {
        let time = heads[index].time
        if time < heads[first].time {
          limit = heads[first].time
          first = index
        } else if time < limit {
          limit = time
        }
      }
      let cursor = heads[first].cursor
      var more = true
      repeat {
        if mapped {
          var record = cursor.pointee.current
          maps[heads[first].process].apply(to: &record)
          consumer.consume(record)
        } else {
          consumer.consume(cursor.pointee.current)
        }
        outcome.events += 1
        untilProgress -= 1
        more = cursor.pointee.advance()
      } while more && cursor.pointee.current.time <= limit && untilProgress > 0
      if more {
        heads[first].time = cursor.pointee.current.time
      } else {
        drop(cursor)
        heads.remove(at: first)
      }
      if untilProgress <= 0 {
        untilProgress = 1 << 16
        if let progress, !progress(outcome.events) { break }
      }
    }
    return outcome
  }
}
