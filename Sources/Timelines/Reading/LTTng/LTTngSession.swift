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
  /// The paths of its stream files.
  var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted().filter {
      $0 != LogLayout.metadataFile && !$0.hasPrefix(".")
    }.map { path + "/" + $0 }.filter {
      var status = stat()
      return stat($0, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }
  }
  /// Of all of them.
  var bytes: Int {
    files.reduce(0) { sum, path in
      var status = stat()
      return stat(path, &status) == 0 ? sum + Int(status.st_size) : sum
    }
  }
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

/// What a reader found in a session besides the events, which went to the splitter.
struct SessionContents {
  var discarded: UInt64 = 0
  var missingPackets: UInt64 = 0
  var problems: [ReadingProblem] = []
}

enum LTTngSession {
  /// Reads the folders of one trace (they have the same uuid). Throws `ReadingError`.
  static func open(
    _ folders: [LTTngFolder], _ reader: SessionReader
  ) throws(ReadingError) -> ([ProcessTrace], [ReadingProblem]) {
    // The folder that was closed last knows the most events.
    let latest = folders.max { $0.metadata.events.count < $1.metadata.events.count }!
    if latest.metadata.streams.isEmpty, latest.metadata.failure == nil {
      throw ReadingError(
        path: latest.path, reason: "is an LTTng session in which nothing was recorded",
        advice: "Start the program while the session runs; the package's trait LTTng must be on.")
    }
    var problems: [ReadingProblem] = []
    if let failure = latest.metadata.failure {
      problems.append(ReadingProblem(file: latest.path + "/" + LogLayout.metadataFile, text: "damaged, \(failure)"))
    }
    let splitter = LaneSplitter()
    let contents =
      switch reader {
      case .native: try LTTngReader.read(folders, metadata: latest, into: splitter)
      case .babeltrace2: try Babeltrace2Reader.read(folders, into: splitter)
      }
    problems += contents.problems
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
    if traces.isEmpty, let problem = problems.first {
      throw ReadingError(
        path: latest.path, reason: "no event can be read; first problem: \(problem)",
        advice: reader == .native
          ? "Was the trace copied completely, and the session stopped?" : "The reader native steps over damage.")
    }
    if !traces.isEmpty {
      traces[0].discarded = contents.discarded
      traces[0].missingPackets = contents.missingPackets
      for index in traces.indices { traces[index].recording = latest.uuid }
    }
    return (traces, problems + found.1)
  }
}
