// One lane's events in order: a cursor over the packets of a stream file.
//
// Invariants: I1 `next` never goes back in time (a record earlier than its predecessor is stated at the predecessor's
// time). I2 Where packets are missing, a `lost` record stands in front of what follows.
import SchedulerEvents

/// A stream file of one lane, opened.
struct LaneStream {
  let file: MappedFile
  /// File name, for messages.
  let name: String
  var index: PacketIndex
  let span: ClosedRange<UInt64>?
  /// The lane recorded before what is here, though no packet is missing.
  var beganEarlier = false

  var lane: UInt16 { index.lane }
  /// An upper bound that is exact unless records are damaged.
  var recordCount: Int { index.packets.reduce(0) { $0 + $1.recordCount } }
  /// Events that the writer says it lost.
  var discarded: UInt64 { index.packets.map(\.discarded).max() ?? 0 }
  /// Packets that the sequence numbers say existed and are not here.
  var missingPackets: UInt64 {
    guard let last = index.packets.last else { return 0 }
    let expected = last.sequence &+ 1
    return expected > UInt64(index.packets.count) ? expected - UInt64(index.packets.count) : 0
  }
  /// Why there is no event although there should be some.
  var unreadable: ReadingProblem? {
    guard span == nil, lane != LogLayout.logLane else { return nil }
    return index.problems.first
      ?? (index.tornTail ? ReadingProblem(file: name, text: "was being written when the program ended") : nil)
  }
  /// The first packet of the stream is gone: what the lane did before is unknown.
  var startsLate: Bool { beganEarlier || (index.packets.first?.sequence ?? 0) > 0 }

  init(file: MappedFile, name: String, index: PacketIndex) {
    self.file = file
    self.name = name
    self.index = index
    span = index.span(in: file)
  }
}

extension LaneStream {
  /// See `Trace.recent`.
  func recent(from time: UInt64) -> LaneStream {
    let reaching = index.packets.firstIndex { $0.latest >= time } ?? index.packets.count
    guard reaching > 1 else { return self }
    var short = index
    short.packets.removeFirst(reaching - 1)
    var stream = LaneStream(file: file, name: name, index: short)
    stream.beganEarlier = true
    return stream
  }
}

/// Walks through a lane's records.
struct LaneCursor {
  private let stream: LaneStream
  private let lane: UInt16
  /// The log's own stream speaks for other lanes: its records keep their `worker`.
  private let speaksForOthers: Bool
  private var packet = -1
  /// The next record in memory and the first byte behind the packet's last.
  private var position: UnsafeRawPointer
  private var limit: UnsafeRawPointer
  /// The part of the file that is in use: asked for and given back in pieces.
  private var mapped = 0..<0
  /// Larger: more of the file is mapped at a time; smaller: more calls of the system, at 64 KiB 3 % of reading.
  private static let stride = 1 << 20
  /// The time of the next record, read an event early, so that nobody waits for the memory; 0: there is none.
  private var nextTime: UInt64 = 0
  /// Stands in front of the next record.
  private var pending: EventRecord?
  /// The current record, where it is not as it lies in the file.
  private var made = EventRecord(.lost)
  private var isMade = false
  /// The end that the packet's header states: a later record is damaged.
  private var latest = UInt64(1) << 61
  private var nextSequence: UInt64 = 0
  /// Records that could not be read (torn or of no plausible time).
  private(set) var damagedRecords = 0
  /// When the record that `advance` found happened.
  private(set) var time: UInt64 = 0

  init(_ stream: LaneStream) {
    self.stream = stream
    lane = stream.lane
    speaksForOthers = stream.lane == LogLayout.logLane
    position = stream.file.base
    limit = position
    nextSequence = stream.index.packets.first?.sequence ?? 0
    stream.file.willReadInOrder()
  }

  /// The record that `advance` found. It is put together here, not kept: what is written in parts and read as a whole at once
  /// costs the processor a dozen cycles.
  var current: EventRecord {
    @inline(__always) get {
      // SAFETY: unless the record is made, `advance` has moved `position` behind a whole one of the mapped file.
      var record = isMade ? made : (position - EventRecord.size).loadUnaligned(as: EventRecord.self)
      record.time = time
      if !speaksForOthers { record.worker = lane }
      return record
    }
  }

  /// Moves to the next record; false at the end.
  @inline(__always) mutating func advance() -> Bool {
    let next = nextTime
    if next >= time && next <= latest && next != 0 {
      time = next
      position += EventRecord.size
      isMade = false
      lookAhead()
      return true
    }
    return advanceSlowly()
  }
  // SAFETY: `position..<limit` holds whole records within the mapped file (openPacket checked it); packets are 8-byte aligned
  // or loaded unaligned.
  @inline(__always) private mutating func lookAhead() {
    nextTime = position < limit ? position.loadUnaligned(as: UInt64.self) : 0
  }

  @inline(never) private mutating func advanceSlowly() -> Bool {
    while true {
      if let record = pending, position < limit {
        // The gap is stated at the time of the first record behind it.
        pending = nil
        let next = position.loadUnaligned(as: UInt64.self)
        time = max(plausible(next) ? next : time, time)
        made = record
        isMade = true
        lookAhead()
        if time > 0 { return true }
      }
      while position >= limit {
        guard openPacket() else { return false }
      }
      if pending != nil { continue }
      let next = position.loadUnaligned(as: UInt64.self)
      position += EventRecord.size
      if next == 0 {
        position = limit  // never written, nor is anything behind it
      } else if next > latest {
        damagedRecords += 1
      } else {
        time = max(next, time)
        isMade = false
        lookAhead()
        return true
      }
    }
  }

  private mutating func openPacket() -> Bool {
    packet += 1
    guard packet < stream.index.packets.count else {
      position = limit
      return false
    }
    let next = stream.index.packets[packet]
    if !mapped.contains(next.offset) || next.offset + next.content > mapped.upperBound {
      stream.file.release(mapped)
      mapped = next.offset..<next.offset + max(Self.stride, next.content)
      stream.file.willRead(mapped)
    }
    let readable = min(next.offset + next.content, stream.file.readableSize) - next.offset
    let records = max(0, (readable - PacketHeader.size) / EventRecord.size)
    position = stream.file.base + next.offset + PacketHeader.size
    limit = position + records * EventRecord.size
    let gap = next.sequence > nextSequence || (packet == 0 && next.sequence > 0)
    if gap && records > 0 {
      pending = EventRecord(.lost, worker: lane)
      pending?.b = LaneCursor.derivedMark
    }
    latest = next.statedEnd ?? stream.span?.upperBound ?? next.latest
    nextSequence = next.sequence &+ 1
    return true
  }

  /// In `b` of a `lost` record that the reader made from packet headers: it says where, the headers say how many.
  static let derivedMark: UInt64 = 1
}
