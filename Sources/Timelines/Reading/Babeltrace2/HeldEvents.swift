// libbabeltrace2 says before a packet's events that some were discarded; they were so behind its last event. Which one that is, is known
// when the packet ends, and by then other streams have gone on: what they say is held until then.

/// Events in their order, numbered without a hole.
struct HeldEvents {
  struct Event {
    var number: Int
    var stream: UInt64
    var shape: UInt16
    var time: UInt64
  }
  /// `losses`: streams that lost something right behind the event.
  private var rows: [(event: Event, body: [UInt8], losses: [UInt64])] = []
  /// The next one; the rows before it are gone.
  private var first = 0

  mutating func append(_ event: Event, _ body: [UInt8]) { rows.append((event, body, [])) }

  /// False: the event is not held any more, so the loss lies before all that are.
  mutating func note(lossOf stream: UInt64, behind number: Int) -> Bool {
    guard first < rows.count, number >= rows[first].event.number else { return false }
    rows[first + number - rows[first].event.number].losses.append(stream)
    return true
  }

  /// Takes the next event out; nil: its number is larger than `last`, or there is none.
  mutating func next(upTo last: Int) -> (event: Event, body: [UInt8], losses: [UInt64])? {
    guard first < rows.count, rows[first].event.number <= last else { return nil }
    defer {
      first += 1
      if first == rows.count {
        rows.removeAll(keepingCapacity: true)
        first = 0
      }
    }
    return rows[first]
  }
}
