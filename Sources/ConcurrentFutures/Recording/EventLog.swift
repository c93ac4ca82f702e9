// The in-process event log, as programs see it.
import CPlatform
import Glibc
import SchedulerEvents
import Synchronization

/// The event log could not be started, or a snapshot not be taken.
public struct EventLogError: Error, CustomStringConvertible {
  /// What failed, with the path and the system's reason.
  public let description: String
  init(_ description: String) { self.description = description }
}

/// The in-process event log: every state transition of tasks and workers, in a trace that `poolscope` and `babeltrace2` open.
///
/// The environment does the same without code: `CONCURRENT_FUTURES_LOG=DIR`, `CONCURRENT_FUTURES_LOG_MODE=stream|overwrite|discard`
/// (default `stream`), `CONCURRENT_FUTURES_LOG_SIZE=bytes` per lane (default 8 MiB; `K`, `M` and `G` may follow the number).
/// Recording ends with ``stop()`` or when the process exits; what a killed process has recorded until then can be read.
public enum EventLog {
  /// What the log keeps.
  public enum Mode: String, Sendable, CaseIterable {
    /// Everything is written to the directory while the program runs.
    case stream
    /// Only the latest events of each lane are kept, for ``EventLog/snapshot(to:)``: a flight recorder.
    case overwrite
    /// Only the first events of each lane are kept.
    case discard
  }

  /// Where the log is written, and how much of it is kept.
  public struct Configuration: Sendable {
    /// A folder `<program>-<pid>-<start>` is made in it; one that exists is never written to.
    public var directory: String
    /// What the log keeps.
    public var mode = Mode.stream
    /// What a lane keeps (overwrite, discard) or maps at a time (stream). At least 128 KiB, in steps of 64 KiB.
    public var bytesPerLane = 8 << 20
    /// Stream mode: what all lanes together may write; later events are counted as lost.
    public var maximumBytes: Int?
    /// Recording stops by itself after that time, within 100 ms.
    public var maximumDuration: Duration?
    /// Takes a snapshot when a task starts that long after it was submitted. At most one snapshot every ten seconds.
    public var snapshotWhenQueuedLongerThan: Duration?
    /// Takes a snapshot when a task ends that long after it started. At most one snapshot every ten seconds.
    public var snapshotWhenRunningLongerThan: Duration?
    /// A log in `directory`; the other fields at their defaults.
    public init(directory: String) { self.directory = directory }
  }

  /// Starts recording. Labels, pools and workers that exist already are stated first.
  ///
  /// - Throws: ``EventLogError`` when recording is on already or the directory cannot be written.
  public static func start(_ configuration: Configuration) throws { try LogSession.start(configuration) }

  /// Stops recording and completes the files. Returns when that is done; harmless when nothing is recorded.
  public static func stop() { LogSession.stop() }

  /// Whether events are recorded now. Costs one load.
  public static var isRecording: Bool { cf_recording() & RecordingGate.log != 0 }

  /// Copies what the log holds at this moment to a folder of its own, without stopping a worker.
  ///
  /// - Parameter directory: where the folder is made; nil: where the log's own folder lies.
  /// - Returns: the folder written, a trace like any other.
  /// - Throws: ``EventLogError`` when nothing is recorded or the folder cannot be written.
  @discardableResult public static func snapshot(to directory: String? = nil) throws -> String {
    try Snapshot.take(to: directory)
  }

  /// Marks a point in the trace. Free of cost while nothing is recorded.
  public static func mark(_ label: StaticString, _ value: Int64 = 0) {
    if Recorder.isOn(.mark) { Recorder.mark(label, value) }
  }
  /// States a number at a point in the trace, to be drawn as a curve.
  public static func counter(_ label: StaticString, _ value: Int64) {
    if Recorder.isOn(.counter) { Recorder.counter(label, value) }
  }
  /// Records when `body` begins and ends, on the calling thread.
  public static func region<R>(_ label: StaticString, _ body: () throws -> R) rethrows -> R {
    guard Recorder.isOn(.regionBegin) else { return try body() }
    let id = Recorder.regionBegin(label)
    defer { Recorder.regionEnd(label, id) }
    return try body()
  }

  // MARK: Without code

  /// Starts recording if the environment asks for it; the first call decides. Called before the first pool exists.
  static func startFromEnvironmentOnce() { _ = environmentStart }

  private static let environmentStart: Void = {
    prepareProcess()
    guard let directory = variable("CONCURRENT_FUTURES_LOG"), !directory.isEmpty else { return }
    var configuration = Configuration(directory: directory)
    if let text = variable("CONCURRENT_FUTURES_LOG_MODE"), !text.isEmpty {
      guard let mode = Mode(rawValue: text) else {
        return complain(
          "CONCURRENT_FUTURES_LOG_MODE=\(text): not one of stream, overwrite, discard; nothing is recorded")
      }
      configuration.mode = mode
    }
    if let text = variable("CONCURRENT_FUTURES_LOG_SIZE"), !text.isEmpty {
      guard let bytes = byteCount(text) else {
        return complain("CONCURRENT_FUTURES_LOG_SIZE=\(text): not a number of bytes; nothing is recorded")
      }
      configuration.bytesPerLane = bytes
    }
    do { try start(configuration) } catch { complain("\(error); nothing is recorded") }
  }()

  /// A number of bytes: digits, then nothing, K, M or G (powers of 1024).
  static func byteCount(_ text: String) -> Int? {
    let units: [Character: Int] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30]
    let unit = text.last.flatMap { units[Character($0.uppercased())] }
    guard let number = Int(unit == nil ? text[...] : text.dropLast()), number > 0 else { return nil }
    let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit ?? 1)
    return isTooLarge ? nil : bytes
  }

  /// The variables with which another process records to the same directory; none if nothing is recorded.
  static var environmentOfRecording: [String: String] {
    guard let configuration = LogSession.lock.withLock({ LogSession.current?.configuration }) else { return [:] }
    return [
      "CONCURRENT_FUTURES_LOG": configuration.directory, "CONCURRENT_FUTURES_LOG_MODE": configuration.mode.rawValue,
      "CONCURRENT_FUTURES_LOG_SIZE": "\(configuration.bytesPerLane)",
    ]
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// What the process has to know once, whether it records or not: what to do at its end and when it forks. Registered before the
  /// pools register their own exit handlers, so it runs after the pools were joined.
  static func prepareProcess() { _ = preparedProcess }

  private static let preparedProcess: Void = {
    atexit { LogSession.stop() }
    pthread_atfork(
      {
        Snapshot.lock.lock()
        LogSession.lock.lock()
        Lanes.lock.lock()
        LogSession.rehearseFork()
      },
      {
        Lanes.lock.unlock()
        LogSession.lock.unlock()
        Snapshot.lock.unlock()
      },
      { LogSession.forkedChild() })
  }()

  /// One line on stderr.
  static func complain(_ text: String) {
    let line = Array("concurrent-futures: event log: \(text)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}

extension Duration {
  /// Saturated.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, isTooLarge) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return isTooLarge ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000
  }
}
