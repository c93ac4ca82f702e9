// A lane's events, taken out of a trace that is ordered otherwise, as an event log's stream: in a file without a name, so that
// memory stays small however long the trace is, and everything that reads event logs reads it.
import Foundation
import SchedulerEvents

/// Writes one lane. `finish` gives what was written.
final class LaneFile {
  let lane: UInt16
  private(set) var records = 0
  private(set) var last: UInt64 = 0
  /// The system's number of the thread; 0: not known yet.
  var tid: UInt32 = 0
  /// The lane's first events are not there.
  var beganEarlier = false
  /// How many losses this lane knows of (`LaneSplitter`).
  var knownLosses = 0
  private let descriptor: Int32
  private let buffer: UnsafeMutableRawPointer
  private var used = PacketHeader.size
  private var first: UInt64 = 0
  private var sequence: UInt64 = 0

  init(_ lane: UInt16) throws(ReadingError) {
    self.lane = lane
    descriptor = try Self.namelessFile()
    // SAFETY: ours alone, freed by `deinit`; `used` never exceeds its size.
    buffer = .allocate(byteCount: PacketHeader.packetBytes, alignment: 64)
  }
  deinit {
    buffer.deallocate()
    close(descriptor)
  }

  @inline(__always) func append(_ record: EventRecord) throws(ReadingError) {
    if used + EventRecord.size > PacketHeader.packetBytes { try flush() }
    if used == PacketHeader.size { first = record.time }
    (buffer + used).storeBytes(of: record, as: EventRecord.self)
    used += EventRecord.size
    records += 1
    last = record.time
  }

  private func flush() throws(ReadingError) {
    guard used > PacketHeader.size else { return }
    PacketHeader(
      stream: .records, uuid: TraceUUID(high: 0, low: 0), instance: UInt64(lane), begin: first, end: last,
      contentBits: UInt64(used * 8), packetBits: UInt64(used * 8), sequence: sequence, discarded: 0, tid: tid,
      worker: lane
    ).store(to: buffer)
    sequence += 1
    var done = 0
    while done < used {
      let count = write(descriptor, buffer + done, used - done)
      guard count > 0 else {
        if errno == EINTR { continue }
        throw ReadingError(
          path: Self.folder, reason: "cannot hold the trace while it is read: \(String(cString: strerror(errno)))",
          advice: "Name a folder with more room in TMPDIR.")
      }
      done += count
    }
    used = PacketHeader.size
  }

  /// The lane as it would be read from an event log.
  func finish() throws(ReadingError) -> LaneStream {
    try flush()
    let name = LogLayout.fileName(lane: lane)
    let file = try MappedFile(descriptor: dup(descriptor), name: name)
    var stream = LaneStream(file: file, name: name, index: PacketIndex(file, name: name, uuid: nil))
    stream.index.tid = tid
    stream.beganEarlier = beganEarlier
    return stream
  }

  private static var folder: String { ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp" }
  /// A file that nobody else sees and that vanishes with its last user.
  private static func namelessFile() throws(ReadingError) -> Int32 {
    let path = folder + "/poolscope-\(UUID().uuidString)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw ReadingError(
        path: folder, reason: "cannot hold the trace while it is read: \(String(cString: strerror(errno)))",
        advice: "Name a folder that can be written in TMPDIR.")
    }
    unlink(path)
    return descriptor
  }
}
