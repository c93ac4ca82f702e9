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
  /// The first packet of the stream is gone: what the lane did before is unknown.
  var startsLate: Bool { beganEarlier || (index.packets.first?.sequence ?? 0) > 0 }

  init(file: MappedFile, name: String, index: PacketIndex) {
    self.file = file
    self.name = name
    self.index = index
    span = index.span(in: file)
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
  private var pending: EventRecord?
  private var lastTime: UInt64 = 0
  /// The end that the packet's header states: a later record is damaged.
  private var latest = UInt64(1) << 61
  private var nextSequence: UInt64 = 0
  /// Records that could not be read (torn or of no plausible time).
  private(set) var damagedRecords = 0
  /// The record that `advance` found.
  private(set) var current = EventRecord(.lost)

  init(_ stream: LaneStream) {
    self.stream = stream
    lane = stream.lane
    speaksForOthers = stream.lane == LogLayout.logLane
    position = stream.file.base
    limit = position
    nextSequence = stream.index.packets.first?.sequence ?? 0
    stream.file.willReadInOrder()
  }

  /// Moves to the next record; false at the end.
  @inline(__always) mutating func advance() -> Bool {
    if position < limit {
      // SAFETY: `position..<limit` holds whole records within the mapped file (openPacket checked it); packets are
      // 8-byte aligned or loaded unaligned.
      current = position.loadUnaligned(as: EventRecord.self)
      position += EventRecord.size
      if current.time >= lastTime && current.time <= latest {
        lastTime = current.time
        if !speaksForOthers { current.worker = lane }
        return true
      }
    }
    return advanceSlowly()
  }

  @inline(never) private mutating func advanceSlowly() -> Bool {
    var candidate: EventRecord? = current.time < lastTime || current.time > latest ? current : nil
    while true {
      if let record = candidate {
        candidate = nil
        if record.time == 0 {
          position = limit  // never written, nor is anything behind it
        } else if record.time > latest {
          damagedRecords += 1
        } else {
          current = record
          current.time = max(record.time, lastTime)
          if !speaksForOthers { current.worker = lane }
          lastTime = current.time
          return true
        }
      }
      if let record = pending, position < limit {
        // The gap is stated at the time of the first record behind it.
        pending = nil
        let next = position.loadUnaligned(as: UInt64.self)
        current = record
        current.time = max(plausible(next) ? next : lastTime, lastTime)
        lastTime = current.time
        if current.time > 0 { return true }
      }
      while position >= limit {
        guard openPacket() else { return false }
      }
      if pending != nil { continue }
      candidate = position.loadUnaligned(as: EventRecord.self)
      position += EventRecord.size
    }
  }

  private mutating func openPacket() -> Bool {
    if packet >= 0 {
      let done = stream.index.packets[packet]
      stream.file.release(done.offset..<(done.offset + done.content))
    }
    packet += 1
    guard packet < stream.index.packets.count else {
      position = limit
      return false
    }
    let next = stream.index.packets[packet]
    let readable = min(next.offset + next.content, stream.file.readableSize) - next.offset
    let records = max(0, (readable - PacketHeader.size) / EventRecord.size)
    position = stream.file.base + next.offset + PacketHeader.size
    limit = position + records * EventRecord.size
    let gap = next.sequence > nextSequence || (packet == 0 && next.sequence > 0)
    if gap && records > 0 {
      pending = EventRecord(.lost, worker: lane)
      pending?.b = LaneCursor.derivedMark
    }
    latest = next.latest
    nextSequence = next.sequence &+ 1
    return true
  }

  /// In `b` of a `lost` record that the reader made from packet headers: it says where, the headers say how many.
  static let derivedMark: UInt64 = 1
}
