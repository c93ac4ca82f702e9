// The packets of one stream file: found, checked, put in order. Damage is noted and stepped over.
import SchedulerEvents

/// One packet that can be read.
struct PacketReference: Sendable {
  /// Where its header lies in the file.
  var offset: Int
  /// Bytes of header and whole records, within the file.
  var content: Int
  var begin: UInt64
  var end: UInt64
  var sequence: UInt64
  /// Events lost in this stream up to the end of the packet.
  var discarded: UInt64
  var worker: UInt16
  /// No record of the packet is later, unless it is damaged. nil: the header is.
  var statedEnd: UInt64? { end >= begin && plausible(end) ? end : nil }
  var latest: UInt64 { statedEnd ?? 1 << 61 }
  var recordCount: Int { (content - PacketHeader.size) / EventRecord.size }
}

/// All packets of a stream file.
struct PacketIndex: Sendable {
  var stream: PacketHeader.Stream?
  var packets: [PacketReference] = []
  var problems: [ReadingProblem] = []
  /// The file ends in the middle of a packet, or in memory that was never written as a packet.
  var tornTail = false
  var lane: UInt16 = EventValue.noLane
  var tid: UInt32 = 0

  /// Goes once through the headers of `file`. `uuid` is the trace's: packets of another trace are left out.
  init(_ file: MappedFile, name: String, uuid: TraceUUID?) {
    let size = file.readableSize
    var offset = 0
    var damagedFrom: Int?
    func step(over index: inout PacketIndex) {
      if damagedFrom == nil { damagedFrom = offset }
      offset += PacketHeader.packetBytes - offset % PacketHeader.packetBytes
    }
    while offset + PacketHeader.size <= size {
      guard let header = file.header(at: offset) else {
        step(over: &self)
        continue
      }
      let packetBytes = Int(clamping: header.packetBits / 8)
      guard
        header.packetBits % 8 == 0, packetBytes >= PacketHeader.size, packetBytes <= 1 << 30,
        let kind = PacketHeader.Stream(rawValue: header.stream), uuid == nil || header.uuid == uuid
      else {
        problems.append(ReadingProblem(file: name, offset: offset, text: "packet header makes no sense, left out"))
        step(over: &self)
        continue
      }
      if let from = damagedFrom {
        problems.append(
          ReadingProblem(file: name, offset: from, text: "\(offset - from) bytes are no packet, left out"))
        damagedFrom = nil
      }
      if stream == nil { stream = kind }
      var content = Int(clamping: header.contentBits / 8 + (header.contentBits % 8 == 0 ? 0 : 1))
      if content > packetBytes || content < Int(PacketHeader.emptyBits / 8) {
        problems.append(
          ReadingProblem(file: name, offset: offset, text: "content size \(content) is outside of the packet"))
        content = content < PacketHeader.size ? PacketHeader.size : packetBytes
      }
      content = max(content, PacketHeader.size)
      if kind == .records {
        // The content ends with the last field of the last record; the record's own memory is there all the same.
        let records = (content - PacketHeader.size + EventRecord.size - 1) / EventRecord.size
        content = min(PacketHeader.size + records * EventRecord.size, packetBytes)
      }
      if offset + content > size {
        tornTail = true
        problems.append(
          ReadingProblem(
            file: name, offset: size, text: "file ends \(offset + content - size) bytes before the packet does"))
        content = size - offset
      }
      if packets.isEmpty { lane = header.worker }
      if tid == 0 { tid = header.tid }
      if header.stream != stream?.rawValue {
        problems.append(ReadingProblem(file: name, offset: offset, text: "packet of another stream class, left out"))
      } else if header.worker != lane {
        problems.append(ReadingProblem(file: name, offset: offset, text: "packet of another lane, left out"))
      } else if header.revision % 2 != 0 {
        // A ring's slot that was being used again when the program was killed.
        tornTail = true
      } else if header.begin != PacketHeader.unused || content > PacketHeader.size {
        packets.append(
          PacketReference(
            offset: offset, content: content, begin: header.begin, end: header.end, sequence: header.sequence,
            discarded: header.discarded, worker: header.worker))
      }
      offset += packetBytes
    }
    if let from = damagedFrom {
      problems.append(ReadingProblem(file: name, offset: from, text: "\(size - from) bytes are no packet, left out"))
      tornTail = true
    } else if offset < size {
      problems.append(ReadingProblem(file: name, offset: offset, text: "\(size - offset) bytes after the last packet"))
      tornTail = true
    }
    if !zip(packets, packets.dropFirst()).allSatisfy({ $0.sequence < $1.sequence }) {
      packets.sort { ($0.sequence, $0.offset) < ($1.sequence, $1.offset) }  // a ring, rotated
    }
  }

  /// The first and the last event's time, nil when there is no event. Reads at most two packets.
  func span(in file: MappedFile) -> ClosedRange<UInt64>? {
    var first: UInt64?
    for packet in packets {
      first = times(of: packet, in: file)?.first
      if first != nil { break }
    }
    var last: UInt64?
    for packet in packets.reversed() {
      last = times(of: packet, in: file)?.last
      if last != nil { break }
    }
    guard let first, let last else { return nil }
    return min(first, last)...max(first, last)
  }
  private func times(of packet: PacketReference, in file: MappedFile) -> (first: UInt64, last: UInt64)? {
    guard packet.offset + packet.content <= file.readableSize else { return nil }
    var count = packet.recordCount
    // SAFETY: record `index` lies within the packet's content, which lies within the file.
    func time(_ index: Int) -> UInt64 {
      (file.base + packet.offset + PacketHeader.size + index * EventRecord.size).loadUnaligned(as: UInt64.self)
    }
    while count > 0, !(1...packet.latest).contains(time(count - 1)) { count -= 1 }
    guard count > 0 else { return nil }
    let first = (0..<count).lazy.map(time).first { (1...packet.latest).contains($0) }
    return (first ?? time(count - 1), time(count - 1))
  }
}

/// A time of a record that was written: 0 is memory never written, and CLOCK_MONOTONIC stays far below 2^61 ns (73 years).
@inline(__always) func plausible(_ time: UInt64) -> Bool { time != 0 && time < 1 << 61 }
