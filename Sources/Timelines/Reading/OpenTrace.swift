// Finding and opening: a trace directory, or a directory that holds several.
import Foundation
import SchedulerEvents

/// Who takes an LTTng session's files apart; an event log's are always read natively.
public enum SessionReader: String, CaseIterable, Sendable {
  /// Our own reader: some six times as fast as the library, and it steps over damage.
  case native
  /// libbabeltrace2, in a process of its own: it knows every layout that CTF 1.8 allows, and ends at the first damage.
  case babeltrace2

  /// Whether it can be used: libbabeltrace2 is installed, and its headers were when the package was built, with the trait `Babeltrace`.
  public var isAvailable: Bool { self == .native || Babeltrace2Reader.isThere }
}

extension Trace {
  /// Opens the trace at `path`: a trace directory or a parent of trace directories. Of several runs that did not overlap
  /// in time the newest is opened, and a problem names the others. Throws `ReadingError`, also where `reader` is not available. Blocks
  /// while an LTTng session is read; a reader that says nothing for a minute is ended.
  public static func open(_ path: String, reader: SessionReader = .native) throws(ReadingError) -> Trace {
    let (directories, orphans) = try find(path)
    var opened: [(process: ProcessTrace, problems: [ReadingProblem])] = []
    var failures = orphans.map {
      ReadingError(path: $0, reason: "holds streams, but no file `metadata`", advice: "Was it copied completely?")
    }
    var sessions: [String: [LTTngFolder]] = [:]
    for directory in directories {
      do {
        let metadata = try readMetadata(directory)
        if let folder = LTTngFolder(directory, metadata) {
          if folder.isUserSpace { sessions[folder.uuid, default: []].append(folder) }
        } else {
          opened.append(try openProcess(directory, metadata))
        }
      } catch { failures.append(error) }
    }
    for folders in sessions.values.sorted(by: { $0[0].path < $1[0].path }) {
      do {
        let (processes, problems) = try LTTngSession.open(folders, reader)
        for (number, process) in processes.enumerated() { opened.append((process, number == 0 ? problems : [])) }
      } catch { failures.append(error) }
    }
    let live = opened.filter { $0.process.lanes.contains { $0.span != nil } }
    // Nothing says when they ran: they count for the run that is opened, whichever that is.
    var unread = failures.map { ReadingProblem(file: $0.path, text: $0.reason) }
    for (process, _) in opened where !process.lanes.contains(where: { $0.span != nil }) {
      let reasons = process.unreadable.map(\.problem) + process.lanes.compactMap(\.unreadable)
      if let reason = reasons.first { unread.append(ReadingProblem(file: process.path, text: "\(reason)")) }
    }
    guard !live.isEmpty else {
      if let failure = failures.first { throw failure }
      throw ReadingError(
        path: path,
        reason: opened.flatMap(\.problems).first.map { "no event can be read; first problem: \($0)" }
          ?? "the trace holds no events",
        advice: "Did the program submit any work while the log was on?")
    }
    let runs = cluster(live)
    let newest = runs[runs.count - 1]
    var problems = newest.flatMap(\.problems)
    problems += unread
    if runs.count > 1 {
      let others = runs.dropLast().flatMap { $0 }.map { URL(fileURLWithPath: $0.process.path).lastPathComponent }
      let shown = others.suffix(4).joined(separator: ", ")
      problems.append(
        ReadingProblem(
          file: path,
          text: "holds \(runs.count) runs, this is the newest; name one to see it: \(shown)"
            + (others.count > 4 ? ", ..." : "")))
    }
    // A session's own folder says more than those in it, which are called `64-bit`.
    let isSession = runs.count == 1 && newest.contains { $0.process.format == .lttng }
    return try Trace(
      path: newest.count == 1 && !isSession ? newest[0].process.path : path, processes: newest.map(\.process),
      problems: problems, unreadProcesses: unread)
  }

  /// The trace directories at or below `path`, at most eight levels deep (a rotated LTTng session has that many), in the order of
  /// their names; and those that would be some if they had metadata.
  private static func find(_ path: String) throws(ReadingError) -> (traces: [String], orphans: [String]) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw ReadingError(
        path: path, reason: String(cString: strerror(errno)),
        advice: "Name the directory that the event log was written to.")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw ReadingError(
        path: path, reason: "is a file, not a trace directory",
        advice: "Name the directory that holds it (the one with the file `metadata`).")
    }
    var found: [String] = []
    var orphans: [String] = []
    func visit(_ directory: String, depth: Int) {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { return }
      if names.contains(LogLayout.metadataFile) {
        found.append(directory)
        return
      }
      if names.contains(where: { LogLayout.lane(ofFile: $0) != nil }) { orphans.append(directory) }
      guard depth < 8 else { return }
      for name in names.sorted() {
        var status = stat()
        let child = directory + "/" + name
        if lstat(child, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { visit(child, depth: depth + 1) }
      }
    }
    visit(path, depth: 0)
    guard !found.isEmpty else {
      throw ReadingError(
        path: path, reason: "holds no trace (no file `metadata` in it or below it)",
        advice: "Record one: CONCURRENT_FUTURES_LOG=\(path) PROGRAM")
    }
    return (found, orphans)
  }

  private static func readMetadata(_ directory: String) throws(ReadingError) -> Data {
    let path = directory + "/" + LogLayout.metadataFile
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ReadingError(path: path, reason: "cannot be read", advice: "Check the permissions.")
    }
    return data
  }

  private static func openProcess(
    _ directory: String, _ data: Data
  ) throws(ReadingError) -> (ProcessTrace, [ReadingProblem]) {
    let metadata = MetadataText(data)
    var problems: [ReadingProblem] = []
    switch metadata.origin {
    case .eventLog: break
    case .lttng:
      throw ReadingError(
        path: directory, reason: "its metadata speaks of LTTng but cannot be read",
        advice: "Was the trace copied completely, and the session stopped?")
    case .other(let what):
      // Damaged metadata costs names, not events: the records have a fixed layout.
      problems.append(ReadingProblem(file: "metadata", text: "\(what); reading the streams all the same"))
    }
    var process = ProcessTrace(
      path: directory, environment: metadata.environment, clockUUID: metadata.clockUUID,
      clockOffset: metadata.clockOffset)
    // In overwrite mode the files of a running or killed program lie in a folder of their own.
    var names = ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    let rings = (try? FileManager.default.contentsOfDirectory(atPath: directory + "/" + LogLayout.ringsFolder)) ?? []
    names += rings.sorted().filter { !names.contains($0) }.map { LogLayout.ringsFolder + "/" + $0 }
    for name in names where name != LogLayout.metadataFile && !name.hasPrefix(".") {
      var status = stat()
      let path = directory + "/" + name
      func give(up problem: ReadingProblem) {
        guard let lane = LogLayout.lane(ofFile: name.split(separator: "/").last.map(String.init) ?? name) else {
          return
        }
        process.unreadable.append((lane, problem))
      }
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      do {
        let file = try MappedFile(path: path)
        let index = PacketIndex(file, name: name, uuid: metadata.origin == .eventLog ? metadata.uuid : nil)
        problems += limited(index.problems)
        switch index.stream {
        case .records: process.lanes.append(LaneStream(file: file, name: name, index: index))
        case .definitions: readDefinitions(file, index, name: name, into: &process, &problems)
        case nil:
          if file.mappedSize == 0 { problems.append(ReadingProblem(file: name, text: "is empty")) }
          give(up: index.problems.first ?? ReadingProblem(file: name, text: "is empty"))
        }
      } catch {
        problems.append(ReadingProblem(file: name, text: error.reason))
        give(up: problems[problems.count - 1])
      }
    }
    let readable = Set(process.lanes.map(\.lane))
    process.unreadable.removeAll { readable.contains($0.lane) }  // its header says that it is another's
    if process.lanes.isEmpty {
      throw ReadingError(
        path: directory,
        reason: problems.first.map { "holds no readable stream; first problem: \($0)" } ?? "holds no stream file",
        advice: metadata.origin == .eventLog
          ? "Was the trace copied completely?" : "Is this the directory of an event log?")
    }
    return (process, problems)
  }
  /// A file full of damage should not fill the screen.
  private static func limited(_ problems: [ReadingProblem]) -> [ReadingProblem] {
    guard problems.count > 5 else { return problems }
    return problems.prefix(4)
      + [ReadingProblem(file: problems[0].file, text: "\(problems.count - 4) more damaged places")]
  }

  private static func readDefinitions(
    _ file: MappedFile, _ index: PacketIndex, name: String, into process: inout ProcessTrace,
    _ problems: inout [ReadingProblem]
  ) {
    for packet in index.packets {
      guard packet.offset + packet.content <= file.readableSize else { continue }
      var offset = packet.offset + PacketHeader.size
      let end = packet.offset + packet.content
      while offset < end {
        // SAFETY: the range lies within the packet's content, which lies within the file.
        let bytes = UnsafeRawBufferPointer(start: file.base + offset, count: end - offset)
        guard let (_, definition, size) = Definition.decode(bytes) else {
          problems.append(ReadingProblem(file: name, offset: offset, text: "definition cannot be read"))
          break
        }
        switch definition {
        case .label(let id, let text, let source) where id <= EventValue.maxLabel:
          process.labels[id] = Label(text: printable(text), source: printable(source))
        case .label: problems.append(ReadingProblem(file: name, offset: offset, text: "label id out of range"))
        case .pool(let id, let workers, _, let poolName, let policies):
          process.pools[id] = Pool(name: printable(poolName), workers: workers, policies: printable(policies))
        }
        offset += size
      }
    }
  }

  /// Groups processes that overlap in time; the groups are in the order of their beginning.
  private static func cluster(
    _ opened: [(process: ProcessTrace, problems: [ReadingProblem])]
  ) -> [[(process: ProcessTrace, problems: [ReadingProblem])]] {
    func span(_ process: ProcessTrace) -> ClosedRange<UInt64> {
      let spans = process.lanes.compactMap(\.span)
      return spans.map(\.lowerBound).min()!...spans.map(\.upperBound).max()!
    }
    // Boots do not share a clock: the realtime offset orders them.
    let sorted = opened.sorted {
      Int64(span($0.process).lowerBound) &+ $0.process.clockOffset < Int64(span($1.process).lowerBound)
        &+ $1.process.clockOffset
    }
    var runs: [[(process: ProcessTrace, problems: [ReadingProblem])]] = []
    var end: UInt64 = 0
    for item in sorted {
      let own = span(item.process)
      if let last = runs.last, last[0].process.clockUUID == item.process.clockUUID,
        own.lowerBound <= end || last.contains(where: { $0.process.isRecorded(with: item.process) })
      {
        runs[runs.count - 1].append(item)
        end = max(end, own.upperBound)
      } else {
        runs.append([item])
        end = own.upperBound
      }
    }
    return runs
  }
}
