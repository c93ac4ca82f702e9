// The folder of one recording: its name, its metadata.
import CPlatform
import Glibc
import SchedulerEvents

struct TraceFolder {
  let path: String
  /// `<program>-<pid>-<start>`.
  let name: String
  let start: String
  var ringsPath: String { path + "/" + LogLayout.ringsFolder }

  /// Makes a folder that did not exist in `directory`, which is made too.
  static func create(in directory: String, mode: EventLog.Mode) throws(EventLogError) -> TraceFolder {
    let start = startStamp()
    let folder = try create(in: directory, name: "\(program)-\(getpid())-\(start)", start: start)
    if mode == .overwrite, mkdir(folder.ringsPath, 0o755) != 0 {
      throw EventLogError("\(SystemError(errno, folder.ringsPath))")
    }
    return folder
  }

  static func create(in directory: String, name: String, start: String) throws(EventLogError) -> TraceFolder {
    guard !directory.isEmpty else { throw EventLogError("the event log's directory is empty") }
    makePath(directory)
    // In a container every process may be number 1 and start in the same second.
    for attempt in 1...1000 {
      let unique = attempt == 1 ? name : "\(name).\(attempt)"
      let path = directory + "/" + unique
      if mkdir(path, 0o755) == 0 { return TraceFolder(path: path, name: unique, start: start) }
      guard errno == EEXIST else { throw EventLogError("\(SystemError(errno, path))") }
    }
    throw EventLogError("\(directory)/\(name): a thousand folders of that name exist")
  }

  /// As `mkdir -p`; what goes wrong shows when the last folder is made.
  private static func makePath(_ path: String) {
    var prefix = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      prefix += part
      if !prefix.isEmpty { mkdir(prefix, 0o755) }
      prefix += "/"
    }
  }

  func removeRings() { rmdir(ringsPath) }

  func description(uuid: TraceUUID, mode: EventLog.Mode) -> Metadata.Trace {
    Metadata.Trace(
      uuid: uuid, bootID: Self.firstLine("/proc/sys/kernel/random/boot_id") ?? "00000000-0000-0000-0000-000000000000",
      clockOffset: TraceClock.realtimeOffset(),
      environment: [
        ("domain", EventTable.provider), ("tracer_name", "swift-concurrent-futures"), ("program", Self.program),
        ("pid", "\(getpid())"), ("start", start), ("hostname", Self.firstLine("/proc/sys/kernel/hostname") ?? ""),
        ("mode", mode.rawValue), ("schema", "\(EventTable.schema)"), ("cpus", "\(cf_usable_cpus())"),
      ])
  }

  static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let file = try LogFile.create(path)
    defer { file.close() }
    try LogFile.append(bytes, to: file.descriptor)
  }

  /// The program's file name, with what could surprise in a path replaced.
  static let program: String = {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      // SAFETY: bytes; readlink writes at most `count` of them into the borrowed buffer.
      readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    let path = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    let name = path.split(separator: "/").last.map(String.init) ?? "program"
    return String(name.map { $0.isLetter || $0.isNumber || "._-+".contains($0) ? $0 : "_" })
  }()

  /// Now, as 20261122-213237 (UTC).
  static func startStamp() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int32, _ count: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
    return digits(parts.tm_year + 1900, 4) + digits(parts.tm_mon + 1, 2) + digits(parts.tm_mday, 2) + "-"
      + digits(parts.tm_hour, 2) + digits(parts.tm_min, 2) + digits(parts.tm_sec, 2)
  }

  private static func firstLine(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { Glibc.close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(count, 0)).prefix { $0 != 10 }, as: UTF8.self)
  }
}
