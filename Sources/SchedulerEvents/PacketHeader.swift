// Packets: the pieces a stream file consists of. Each begins with a header of 128 bytes.
//
// Roles: one writer per stream (the lane's thread), any number of readers, also while the program runs or after it
// was killed. Invariants:
//   I1  The sizes are multiples of 8 bits; packetBits is the distance to the next header.
//   I2  contentBits covers whole records only (to the end of the last field of the last record); it and `end` grow with
//       every record, so a packet can be read at any time.
//   I3  A packet without records has contentBits == emptyBits: where a CTF reader stands after the header. If it is prepared but
//       was never used, begin == end == `unused`.
//   I4  In a ring (overwrite mode) slots are used again: a slot's `revision` is odd while its header is rewritten and
//       grows by 2 each time. A copy is good if `revision` was even and the same before and after.
//       In a slot that is open, only the first `recordCount` records belong to it.

@frozen public struct PacketHeader: Equatable, Sendable {
  /// Bytes of the header; the first record of a packet of records lies here.
  @inlinable public static var size: Int { 128 }
  /// Bytes of a full packet of records, header included.
  @inlinable public static var packetBytes: Int { 64 << 10 }
  /// `contentBits` of a packet without records: the header's last field ends there.
  @inlinable public static var emptyBits: UInt64 { 110 * 8 }
  @inlinable public static var magic: UInt32 { 0xC1FC_1FC1 }
  /// `begin` and `end` of a packet that was prepared but never used: later than everything, still a valid CTF time.
  @inlinable public static var unused: UInt64 { 1 << 62 }

  /// What a packet holds.
  @frozen public enum Stream: UInt32, Sendable { case records = 0, definitions = 1 }

  public var stream: UInt32
  public var uuid: TraceUUID
  /// Lane of the stream; definitions: 0x10000.
  public var instance: UInt64
  /// See I4.
  public var revision: UInt64 = 0
  public var begin: UInt64
  public var end: UInt64
  public var contentBits: UInt64
  public var packetBits: UInt64
  /// Counts the packets of a stream from 0; goes on when a ring's slot is used again.
  public var sequence: UInt64
  /// Events of this stream that were lost so far (cumulative, never decreases), as of the packet's end.
  public var discarded: UInt64
  /// The thread that opened the packet.
  public var tid: UInt32
  public var worker: UInt16

  /// Byte offsets within the header. Bytes 32 to 63 lie between CTF's packet header and packet context: CTF readers
  /// do not see them. (A CTF `packet_seq_num` would make them complain about the gap before a packet that was never used.)
  @frozen public enum Offset: Int, Sendable {
    case magic = 0, stream = 4, uuid = 8, instance = 24, revision = 32, sequence = 40, begin = 64, end = 72
    case contentBits = 80, packetBits = 88, discarded = 96, tid = 104, worker = 108
  }

  public init(
    stream: Stream, uuid: TraceUUID, instance: UInt64, begin: UInt64, end: UInt64, contentBits: UInt64,
    packetBits: UInt64, sequence: UInt64, discarded: UInt64, tid: UInt32, worker: UInt16
  ) {
    self.stream = stream.rawValue
    self.uuid = uuid
    self.instance = instance
    self.begin = begin
    self.end = end
    self.contentBits = contentBits
    self.packetBits = packetBits
    self.sequence = sequence
    self.discarded = discarded
    self.tid = tid
    self.worker = worker
  }

  /// Reads a header from at least `size` bytes; nil if the magic number is missing. Nothing else is checked.
  public init?(loadingFrom memory: UnsafeRawPointer) {
    // SAFETY: the caller vouches for 128 bytes; unaligned loads of integers are defined.
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Offset, _: Number.Type = Number.self) -> Number {
      Number(littleEndian: memory.loadUnaligned(fromByteOffset: offset.rawValue, as: Number.self))
    }
    guard load(.magic, UInt32.self) == Self.magic else { return nil }
    stream = load(.stream)
    uuid = TraceUUID(loadingFrom: memory + Offset.uuid.rawValue)
    instance = load(.instance)
    revision = load(.revision)
    begin = load(.begin)
    end = load(.end)
    contentBits = load(.contentBits)
    packetBits = load(.packetBits)
    sequence = load(.sequence)
    discarded = load(.discarded)
    tid = load(.tid)
    worker = load(.worker)
  }

  /// Writes all 128 bytes.
  public func store(to memory: UnsafeMutableRawPointer) {
    // SAFETY: the caller vouches for 128 writable bytes that nobody else writes.
    func store<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number, _ offset: Offset) {
      memory.storeBytes(of: value.littleEndian, toByteOffset: offset.rawValue, as: Number.self)
    }
    for word in 0..<(Self.size / 8) where word * 8 != Offset.revision.rawValue {
      memory.storeBytes(of: 0, toByteOffset: word * 8, as: UInt64.self)
    }
    store(Self.magic, .magic)
    store(stream, .stream)
    uuid.store(to: memory + Offset.uuid.rawValue)
    store(instance, .instance)
    store(revision, .revision)
    store(begin, .begin)
    store(end, .end)
    store(contentBits, .contentBits)
    store(packetBits, .packetBits)
    store(sequence, .sequence)
    store(discarded, .discarded)
    store(tid, .tid)
    store(worker, .worker)
  }

  /// Number of records that belong to a packet of records (I2).
  public var recordCount: Int {
    let bytes = Int(clamping: contentBits / 8)
    return bytes <= Self.size ? 0 : (bytes - Self.size + EventRecord.size - 1) / EventRecord.size
  }
}

/// The 16 bytes that name a trace.
@frozen public struct TraceUUID: Equatable, Sendable {
  /// First and last 8 bytes, most significant byte first.
  public var high: UInt64
  public var low: UInt64

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  public init(loadingFrom memory: UnsafeRawPointer) {
    high = UInt64(bigEndian: memory.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: memory.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }
  public func store(to memory: UnsafeMutableRawPointer) {
    memory.storeBytes(of: high.bigEndian, as: UInt64.self)
    memory.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
  }
  /// As in `01234567-89ab-cdef-0123-456789abcdef`.
  public var description: String {
    func digits(_ value: UInt64, _ count: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: count - text.utf8.count) + text
    }
    return [
      digits(high >> 32, 8), digits(high >> 16 & 0xFFFF, 4), digits(high & 0xFFFF, 4), digits(low >> 48, 4),
      digits(low & 0xFFFF_FFFF_FFFF, 12),
    ].joined(separator: "-")
  }
}
