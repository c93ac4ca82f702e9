// Opens LTTng traces: the folders of a session (one for each user or process, and again in each chunk of a rotated session and each
// snapshot) become one trace for each process.
import Foundation
import SchedulerEvents

/// A folder with LTTng's metadata.
struct LTTngFolder {
  var path: String
  var metadata: TSDL

  /// nil: not LTTng's.
  init?(_ path: String, _ data: Data) {
    self.path = path
    guard let text = Self.text(of: data) else { return nil }
    metadata = TSDL(text)
    guard metadata.environment.contains(where: { $0.name == "tracer_name" && $0.value.hasPrefix("lttng") }) else {
      return nil
    }
  }
  /// What the kernel or another tracer recorded.
  var isUserSpace: Bool { metadata.environment.contains { $0.name == "domain" && $0.value == "ust" } }
  var uuid: String { metadata.trace.first { $0.name == "uuid" }?.value ?? path }
  /// Whether our events may be in it: the metadata declares what the programs registered.
  var hasOurEvents: Bool { metadata.events.contains { $0.name.hasPrefix(EventTable.provider + ":") } }

  /// Metadata is text, or lies in packets of its own: 37 bytes of header, then text as far as the content goes.
  static func text(of data: Data) -> [UInt8]? {
    let bytes = [UInt8](data)
    guard !bytes.starts(with: Array("/* CTF".utf8)) else { return bytes }
    var text: [UInt8] = []
    var offset = 0
    func number(_ at: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << ($1 * 8) }
    }
    while offset + 37 <= bytes.count, number(offset) == 0x75D1_1D57 {
      let content = number(offset + 24) / 8
      let packet = number(offset + 28) / 8
      guard content >= 37, content <= packet else { break }
      text += bytes[offset + 37..<max(offset + 37, min(offset + content, bytes.count))]
      offset += packet
    }
    return text.isEmpty ? nil : text
  }
}

enum LTTngSession {
  /// Reads the folders of one trace (they have the same uuid). Throws `ReadingError`.
  static func open(_ folders: [LTTngFolder]) throws(ReadingError) -> ([ProcessTrace], [ReadingProblem]) {
    // The folder that was closed last knows the most events.
    let latest = folders.max { $0.metadata.events.count < $1.metadata.events.count }!
    if latest.metadata.streams.isEmpty, latest.metadata.failure == nil {
      throw ReadingError(
        path: latest.path, reason: "is an LTTng session in which nothing was recorded",
        advice: "Start the program while the session runs; the package's trait LTTng must be on.")
    }
    let layout: LTTngLayout
    do { layout = try LTTngLayout(latest.metadata) } catch {
      throw ReadingError(
        path: latest.path, reason: "is an LTTng trace of an unusual layout: \(error.reason)",
        advice: "Record it with LTTng-UST 2.10 or later on this kind of machine.")
    }
    var problems: [ReadingProblem] = []
    if let failure = latest.metadata.failure {
      problems.append(ReadingProblem(file: latest.path + "/" + LogLayout.metadataFile, text: "damaged, \(failure)"))
    }
    var streams: [LTTngStream.Key: LTTngStream] = [:]
    let splitter = LaneSplitter()
    for folder in folders {
      for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
      where name != LogLayout.metadataFile && !name.hasPrefix(".") {
        var status = stat()
        guard stat(folder.path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
        do {
          let file = try MappedFile(path: folder.path + "/" + name)
          // What a processor recorded is lost as a whole, of whichever lanes.
          if !layout.index(file, name: name, into: &streams, problems: &problems) { splitter.lossBegins() }
        } catch {
          problems.append(ReadingProblem(file: name, text: error.reason))
          splitter.lossBegins()
        }
      }
    }
    var damaged = 0
    var discarded: UInt64 = 0
    var missing: UInt64 = 0
    var cursors: [LTTngCursor] = []
    for key in streams.keys.sorted() {
      guard var stream = streams[key], let layout = layout.streams[key.stream] else { continue }
      stream.sort()
      discarded &+= stream.discarded
      if layout.sequence != nil { missing &+= stream.missingPackets }
      cursors.append(LTTngCursor(stream, layout))
    }
    try merge(cursors, into: splitter, damaged: &damaged)
    if damaged > 0 {
      problems.append(
        ReadingProblem(
          file: latest.path, text: "\(damaged) damaged places, and what followed them in their packets, left out"))
    }
    let clock = latest.metadata.clock
    let frequency = clock.first { $0.name == "freq" }.flatMap { UInt64($0.value) } ?? 1_000_000_000
    if frequency != 1_000_000_000 {
      problems.append(ReadingProblem(file: latest.path, text: "a clock of \(frequency) Hz: times are in its ticks"))
    }
    let found = try splitter.finish(
      path: folders[0].path, environment: latest.metadata.environment,
      clockUUID: clock.first { $0.name == "uuid" }?.value,
      clockOffset: clock.first { $0.name == "offset" }.flatMap { Int64($0.value) } ?? 0)
    var traces = found.0
    if !traces.isEmpty {
      traces[0].discarded = discarded
      traces[0].missingPackets = missing
      for index in traces.indices { traces[index].recording = latest.uuid }
    }
    return (traces, problems + found.1)
  }

  /// Hands all streams' events to the splitter, in the order of time.
  private static func merge(_ cursors: [LTTngCursor], into splitter: LaneSplitter, damaged: inout Int)
    throws(ReadingError)
  {
    var heads: [(time: UInt64, cursor: UnsafeMutablePointer<LTTngCursor>)] = []
    // SAFETY: each cursor is allocated and freed here, and reached by nobody else.
    func drop(_ cursor: UnsafeMutablePointer<LTTngCursor>) {
      damaged += cursor.pointee.damaged
      cursor.deinitialize(count: 1)
      cursor.deallocate()
    }
    for value in cursors {
      let cursor = UnsafeMutablePointer<LTTngCursor>.allocate(capacity: 1)
      cursor.initialize(to: value)
      let more = cursor.pointee.advance()
      if cursor.pointee.lossBefore { splitter.lossBegins() }
      if more { heads.append((cursor.pointee.time, cursor)) } else { drop(cursor) }
    }
    defer { for head in heads { drop(head.cursor) } }
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
        let pid = cursor.pointee.pid
        if let definition = cursor.pointee.definition {
          splitter.add(definition, pid: pid)
        } else {
          try splitter.add(cursor.pointee.record, pid: pid)
        }
        if let program = cursor.pointee.program, !splitter.isNamed(pid) { splitter.name(program, pid: pid) }
        // The gap ends with the event that was handed on, and maybe another one opens behind it.
        if cursor.pointee.lossBefore { splitter.lossEnds() }
        more = cursor.pointee.advance()
        if cursor.pointee.lossBefore { splitter.lossBegins() }
      } while more && cursor.pointee.time <= limit
      if more {
        heads[first].time = cursor.pointee.time
      } else {
        drop(cursor)
        heads.remove(at: first)
      }
    }
  }
}
