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
struct LaneCursor: ~Copyable {
  private let stream: LaneStream
  /// A record's `worker` is `worker & kept | lane`: the log's own stream speaks for other lanes.
  private let lane: UInt16
  private let kept: UInt16
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
  /// Packets are missing in front of the next record.
  private var isGapPending = false
  /// The record that says so. SAFETY: one initialized record, owned here.
  private let gap: UnsafeMutablePointer<EventRecord>
  /// Where the current record lies: in the file, or it is that one.
  private var place: UnsafeRawPointer
  /// The end that the packet's header states: a later record is damaged.
  private var latest = UInt64(1) << 61
  private var nextSequence: UInt64 = 0
  /// Records that could not be read (torn or of no plausible time).
  private(set) var damagedRecords = 0
  /// When the record that `advance` found happened.
  private(set) var time: UInt64 = 0

  init(_ stream: LaneStream) {
    self.stream = stream
    let speaksForOthers = stream.lane == LogLayout.logLane
    (lane, kept) = speaksForOthers ? (0, .max) : (stream.lane, 0)
    var lost = EventRecord(.lost, worker: stream.lane)
    lost.b = LaneCursor.derivedMark
    gap = .allocate(capacity: 1)
    gap.initialize(to: lost)
    place = UnsafeRawPointer(gap)
    position = stream.file.base
    limit = position
    nextSequence = stream.index.packets.first?.sequence ?? 0
    stream.file.willReadInOrder()
  }
  deinit { gap.deallocate() }

  /// The record that `advance` found. It is put together here, not kept: what is written in parts and read as a whole at once
  /// costs the processor a dozen cycles.
  var current: EventRecord {
    @inline(__always) get {
      // SAFETY: `place` is `gap` or a whole record of the mapped file, in front of `position`.
      var record = place.loadUnaligned(as: EventRecord.self)
      record.time = time
      record.worker = record.worker & kept | lane
      return record
    }
  }

  /// Moves to the next record; false at the end.
  @inline(__always) mutating func advance() -> Bool {
    let next = nextTime
    if next >= time && next <= latest && next != 0 {
      time = next
      place = position
      position += EventRecord.size
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
      if isGapPending, position < limit {
        // It is stated at the time of the first record behind it.
        isGapPending = false
        let next = position.loadUnaligned(as: UInt64.self)
        time = max(plausible(next) ? next : time, time)
        place = UnsafeRawPointer(gap)
        lookAhead()
        if time > 0 { return true }
      }
      while position >= limit {
        guard openPacket() else { return false }
      }
      if isGapPending { continue }
      let next = position.loadUnaligned(as: UInt64.self)
      let record = position
      position += EventRecord.size
      if next == 0 {
        position = limit  // never written, nor is anything behind it
      } else if next > latest {
        damagedRecords += 1
      } else {
        time = max(next, time)
        place = record
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
    let isGap = next.sequence > nextSequence || (packet == 0 && next.sequence > 0)
    isGapPending = isGapPending || isGap && records > 0
    latest = next.statedEnd ?? stream.span?.upperBound ?? next.latest
    nextSequence = next.sequence &+ 1
    return true
  }

  /// In `b` of a `lost` record that the reader made from packet headers: it says where, the headers say how many.
  static let derivedMark: UInt64 = 1
}
