// Writes an event log: what `trim` and `merge` make, and what the tests are fed with. The layout is SchedulerEvents'.
import Foundation
import SchedulerEvents

/// Writes records into a new trace directory, a stream file per lane. One owner; not for use from several threads.
public final class TraceWriter {
  /// Where the trace is written.
  public let directory: String
  private let metadata: Metadata.Trace
  private var lanes: [UInt16: Lane] = [:]
  private var definitions: [(time: UInt64, definition: Definition)] = []
  private var lastTime: UInt64 = 0

  private struct Lane {
    let handle: FileHandle
    var records: [EventRecord] = []
    var sequence: UInt64 = 0
    var discarded: UInt64 = 0
    var tid: UInt32 = 0
  }
  private static let recordsPerPacket = (PacketHeader.packetBytes - PacketHeader.size) / EventRecord.size

  /// Makes the directory. Throws `ReadingError` if it exists already or cannot be made.
  public init(
    directory: String, environment: [(name: String, value: String)] = [],
    bootID: String = "00000000-0000-0000-0000-000000000000",
    clockOffset: Int64 = 0
  ) throws(ReadingError) {
    self.directory = directory
    guard mkdir(directory, 0o777) == 0 else {
      throw ReadingError(
        path: directory, reason: "cannot be made: \(String(cString: strerror(errno)))",
        advice: "Name a directory that does not exist yet.")
    }
    var generator = SystemRandomNumberGenerator()
    let uuid = TraceUUID(high: generator.next(), low: generator.next())
    var entries = environment.filter { $0.name != "schema" }
    entries.append(("schema", "\(EventTable.schema)"))
    metadata = Metadata.Trace(uuid: uuid, bootID: bootID, clockOffset: clockOffset, environment: entries)
  }

  /// States a label, before the first event that uses it.
  public func define(label: UInt32, text: String, source: String, time: UInt64) {
    definitions.append((time, .label(label: label, text: text, source: source)))
  }
  /// States a pool.
  public func define(pool: UInt32, name: String, workers: UInt32, policies: String = "", time: UInt64) {
    definitions.append(
      (time, .pool(pool: pool, workers: workers, schema: EventTable.schema, name: name, policies: policies)))
  }

  /// Appends to the record's lane; a lane's records must come in the order of time.
  public func append(_ record: EventRecord) throws(ReadingError) {
    if lanes[record.worker] == nil {
      lanes[record.worker] = Lane(handle: try create(LogLayout.fileName(lane: record.worker)))
    }
    if record.kind == .workerStart { lanes[record.worker]!.tid = UInt32(truncatingIfNeeded: record[WorkerLife.tid]) }
    if record.kind == .lost { lanes[record.worker]!.discarded &+= record[Lost.count] }
    lanes[record.worker]!.records.append(record)
    lastTime = max(lastTime, record.time)
    if lanes[record.worker]!.records.count == Self.recordsPerPacket { try flush(record.worker, full: true) }
  }

  /// Writes what is left, the definitions and the metadata.
  public func close() throws(ReadingError) {
    for lane in lanes.keys.sorted() {
      try flush(lane, full: false)
      try? lanes[lane]!.handle.close()
    }
    let handle = try create(LogLayout.definitionsFile)
    let sorted = definitions.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
    for (sequence, item) in sorted.map(\.element).enumerated() {
      let bytes = item.definition.encode(time: item.time)
      let size = UInt64(PacketHeader.size + bytes.count)
      // Packets begin at multiples of 8 bytes.
      let padded = (size + 7) / 8 * 8
      let header = PacketHeader(
        stream: .definitions, uuid: metadata.uuid, instance: LogLayout.definitionsInstance, begin: item.time,
        end: item.time,
        contentBits: size * 8, packetBits: padded * 8, sequence: UInt64(sequence), discarded: 0, tid: 0,
        worker: EventValue.noLane)
      var data = Self.bytes(of: header) + Data(bytes)
      data.append(contentsOf: [UInt8](repeating: 0, count: Int(padded - size)))
      try write(data, to: handle, "definitions")
    }
    try? handle.close()
    try write(Data(Metadata.text(metadata).utf8), to: try create(LogLayout.metadataFile), "metadata")
  }

  private func flush(_ lane: UInt16, full: Bool) throws(ReadingError) {
    let state = lanes[lane]!
    guard let first = state.records.first, let last = state.records.last else { return }
    let content = PacketHeader.size + state.records.count * EventRecord.size
    // CTF: the content ends with the last record's last field.
    let contentBits = last.kind?.contentBits ?? EventRecord.size * 8
    let header = PacketHeader(
      stream: .records, uuid: metadata.uuid, instance: UInt64(lane), begin: first.time, end: last.time,
      contentBits: UInt64((content - EventRecord.size) * 8 + contentBits),
      packetBits: UInt64(PacketHeader.packetBytes * 8), sequence: state.sequence,
      discarded: state.discarded, tid: state.tid, worker: lane)
    var data = Self.bytes(of: header)
    // SAFETY: EventRecord is bitwise copyable without padding.
    state.records.withUnsafeBytes { data.append(contentsOf: $0) }
    data.append(contentsOf: [UInt8](repeating: 0, count: PacketHeader.packetBytes - content))
    try write(data, to: state.handle, "lane")
    lanes[lane]!.records.removeAll(keepingCapacity: true)
    lanes[lane]!.sequence += 1
  }
  private static func bytes(of header: PacketHeader) -> Data {
    var data = Data(count: PacketHeader.size)
    // SAFETY: the buffer holds `PacketHeader.size` bytes and is ours alone.
    data.withUnsafeMutableBytes { header.store(to: $0.baseAddress!) }
    return data
  }
  private func create(_ name: String) throws(ReadingError) -> FileHandle {
    let path = directory + "/" + name
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw ReadingError(path: path, reason: String(cString: strerror(errno)), advice: "Is there room, and permission?")
    }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }
  private func write(_ data: Data, to handle: FileHandle, _ name: String) throws(ReadingError) {
    do { try handle.write(contentsOf: data) } catch {
      throw ReadingError(
        path: directory + "/" + name, reason: "cannot be written: \(error)", advice: "Is the disk full?")
    }
  }
}
