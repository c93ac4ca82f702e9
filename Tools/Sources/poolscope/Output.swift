// Where results go: stdout or a file; colour, width, progress.
import ArgumentParser
import Foundation
import Timelines

/// A result that could not be written.
struct OutputError: Error { let message: String }

enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

struct TextOptions: ParsableArguments {
  @Option(help: "Colour: auto, always or never. NO_COLOR is heeded.") var color = ColorChoice.auto
  @Flag(help: "Draw with ASCII characters only.") var ascii = false
  @Option(help: "Columns to fill; default: the terminal's, or 100.") var width: Int?
  @Option(name: .shortAndLong, help: "Write to this file.", completion: .file()) var output: String?

  func validate() throws {
    if let width, !(20...1000).contains(width) { throw ValidationError("--width must be from 20 to 1000") }
  }

  var style: TerminalStyle {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = output == nil && isatty(1) != 0
    let allowed = environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    let useColor = color == .always || (color == .auto && isTerminal && allowed)
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "UTF-8"
    let isUnicode = locale.uppercased().replacing("-", with: "").hasSuffix("UTF8")
    return TerminalStyle(color: useColor, ascii: ascii || !isUnicode, width: width ?? terminalWidth())
  }
  private func terminalWidth() -> Int {
    var size = winsize()
    if output == nil, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 { return Int(size.ws_col) }
    if let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap(Int.init), (20...1000).contains(columns) {
      return columns
    }
    return 100
  }
  func write(_ lines: [String]) throws { try Sink(output).write(lines.map { $0 + "\n" }.joined()) }
  /// A table as text, CSV or JSON.
  func write(_ table: Table, _ format: FormatOptions, _ kind: String, _ trace: Trace) throws {
    if format.json {
      try write(envelope(kind, trace, [(kind, table.json())]))
    } else {
      try write(format.csv ? table.csv() : table.lines(style).joined(separator: "\n") + "\n")
    }
  }
  func write(_ text: String) throws { try Sink(output).write(text) }
}

/// Formats that tables can have besides text.
struct FormatOptions: ParsableArguments {
  @Flag(help: "Print JSON (versioned, units in the names).") var json = false
  @Flag(help: "Print CSV.") var csv = false
  func validate() throws {
    if json && csv { throw ValidationError("--json and --csv exclude each other") }
  }
}

/// Writes stdout as it comes.
struct Sink {
  let path: String?
  init(_ path: String?) { self.path = path == "-" ? nil : path }

  func write(_ text: String) throws { try write(Data(text.utf8)) }
  func write(_ data: Data) throws {
    guard let path else { return try Self.write(data, to: 1, name: "stdout") }
    let file = try OutputFile(path)
    try file.append(data)
    try file.finish()
  }
  static func write(_ data: Data, to descriptor: Int32, name: String) throws {
    try data.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count > 0 {
          done += count
        } else if errno != EINTR {
          throw OutputError(message: "\(name): \(String(cString: strerror(errno)))")
        }
      }
    }
  }
}

/// A file that appears as a whole or not at all.
final class OutputFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isFinished = false

  init(_ path: String) throws {
    self.path = path
    temporary = path + ".part-\(getpid())"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputError(message: "\(path): \(String(cString: strerror(errno)))") }
  }
  func append(_ data: Data) throws { try Sink.write(data, to: descriptor, name: path) }
  func finish() throws {
    isFinished = true
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      throw OutputError(message: "\(path): \(reason)")
    }
  }
  deinit {
    guard !isFinished, descriptor >= 0 else { return }
    close(descriptor)
    unlink(temporary)
  }
}

/// A line on stderr that is rewritten while a long trace is read; silent unless stderr is a terminal.
final class Progress {
  private let total: Int
  private var shown = false
  private let isOn: Bool
  private let began = Date()
  init(_ trace: Trace) {
    total = trace.recordCount
    isOn = isatty(2) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }
  /// To be handed to `Trace.read`.
  func callback(_ events: Int) -> Bool {
    guard isOn, Date().timeIntervalSince(began) > 0.5 else { return true }
    shown = true
    let percent = total > 0 ? events * 100 / total : 0
    FileHandle.standardError.write(Data("\rreading \(Units.count(events)) events (\(percent) %) ".utf8))
    return true
  }
  func finish() {
    if shown { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    shown = false
  }
}

/// Wraps a result with the name and version of its schema.
func envelope(_ kind: String, _ trace: Trace, _ items: [(String, JSON)]) -> String {
  JSON.object([("schema", .string("poolscope.\(kind)/1")), ("trace", .string(trace.path))] + items).text() + "\n"
}
