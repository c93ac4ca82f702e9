// The packets of an LTTng trace: found in its stream files, checked, put in order. Damage is noted and stepped over.
import SchedulerEvents

/// One packet that can be read.
struct LTTngPacket {
  var file: MappedFile
  var offset: Int
  /// Bytes of header and events, within the file.
  var content: Int
  var begin: UInt64
  var end: UInt64
  var sequence: UInt64
  /// Events that the tracer discarded in this stream up to the end of the packet.
  var discarded: UInt64
}

/// One processor's buffer of one channel: its packets in order, from however many files.
struct LTTngStream {
  /// Stream class (channel) and instance (processor).
  struct Key: Hashable, Comparable {
    var stream: UInt64
    var instance: UInt64
    static func < (one: Key, other: Key) -> Bool { (one.stream, one.instance) < (other.stream, other.instance) }
  }
  var packets: [LTTngPacket] = []
  /// Something lay behind its last packet, or its rest, that cannot be read.
  var isCut = false

  /// The tracer's count of discarded events. It says 0 where it is not a plausible number.
  var discarded: UInt64 { packets.last?.discarded ?? 0 }
  /// Packets whose numbers are skipped, apart from those before the first.
  var missingPackets: UInt64 {
    zip(packets, packets.dropFirst()).reduce(0) { $0 + ($1.1.sequence &- $1.0.sequence &- 1) }
  }

  /// In order, each once: snapshots may hold the same packet, the later one more of it.
  mutating func sort() {
    packets.sort { ($0.sequence, $0.begin, $1.content) < ($1.sequence, $1.begin, $0.content) }
    var kept: [LTTngPacket] = []
    for packet in packets where kept.last?.sequence != packet.sequence { kept.append(packet) }
    for index in kept.indices.dropFirst() where kept[index].discarded < kept[index - 1].discarded {
      kept[index].discarded = kept[index - 1].discarded  // it only counts up: damaged
    }
    packets = kept
  }
}

extension LTTngLayout {
  /// The smallest step at which packets lie in a file: they are whole pages.
  private static let step = 4096

  /// Adds the packets of `file` to the streams they belong to. False: there are bytes, but no packet; nobody knows what was in it.
  func index(
    _ file: MappedFile, name: String, into streams: inout [LTTngStream.Key: LTTngStream],
    problems: inout [ReadingProblem]
  ) -> Bool {
    let size = file.readableSize
    var offset = 0
    var last: LTTngStream.Key?
    var found: [ReadingProblem] = []
    var damagedFrom: Int?
    func damaged(_ at: Int, _ text: String) { found.append(ReadingProblem(file: name, offset: at, text: text)) }
    while offset < size {
      guard let (key, packet, bytes, problem) = packet(in: file, at: offset, size: size) else {
        if damagedFrom == nil { damagedFrom = offset }
        offset += Self.step - offset % Self.step
        continue
      }
      if let from = damagedFrom {
        damaged(from, "\(offset - from) bytes are no packet, left out")
        damagedFrom = nil
      }
      if let problem { damaged(offset, problem) }
      streams[key, default: LTTngStream()].packets.append(packet)
      offset += bytes
      last = key
      if offset == size, problem != nil { streams[key]?.isCut = true }
    }
    if let from = damagedFrom {
      damaged(from, "\(size - from) bytes are no packet, left out")
      if let last { streams[last]?.isCut = true }
    }
    problems +=
      found.count > 5
      ? found.prefix(4) + [ReadingProblem(file: name, text: "\(found.count - 4) more damaged places")] : found
    return last != nil || size == 0
  }

  /// nil: no packet of this trace begins there.
  private func packet(
    in file: MappedFile, at offset: Int, size: Int
  ) -> (LTTngStream.Key, LTTngPacket, bytes: Int, problem: String?)? {
    guard size - offset >= headerBytes else { return nil }
    // SAFETY: `headerBytes` and, below, `prologue` bytes lie within the mapped file; the places lie within these.
    let base = file.base + offset
    guard magic.load(base) == UInt64(PacketHeader.magic) else { return nil }
    if let uuid, let uuidBytes, TraceUUID(loadingFrom: base + uuidBytes.lowerBound) != uuid { return nil }
    let id = streamID?.load(base) ?? 0
    guard let layout = streams[id], size - offset >= layout.prologue else { return nil }
    var problem: String?
    let bits = layout.packetBits.load(base)
    var bytes = Int(clamping: bits / 8)
    guard bits % 8 == 0, bytes >= layout.prologue else { return nil }
    var content = Int(clamping: layout.contentBits.load(base) / 8)
    if content > bytes || content < layout.prologue {
      problem = "content size \(content) is outside of the packet"
      content = max(layout.prologue, min(content, bytes))
    }
    if bytes > size - offset {
      problem = "file ends \(bytes - (size - offset)) bytes before the packet does"
      bytes = size - offset
      content = min(content, bytes)
    }
    let begin = layout.begin.load(base)
    let end = layout.end.load(base)
    let discarded = layout.discarded?.load(base) ?? 0
    let isCount = discarded < 1 << 60
    if !isCount { problem = "the count of discarded events makes no sense" }
    let packet = LTTngPacket(
      file: file, offset: offset, content: content, begin: begin, end: max(begin, end),
      sequence: layout.sequence?.load(base) ?? begin, discarded: isCount ? discarded : 0)
    let instance = instance?.load(base) ?? layout.cpu?.load(base) ?? 0
    return (LTTngStream.Key(stream: id, instance: instance), packet, bytes, problem)
  }
}
