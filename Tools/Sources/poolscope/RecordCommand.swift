import ArgumentParser
import Foundation
import Timelines

struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Runs a program with its event log on (or in an LTTng session), then shows a summary.",
    discussion: """
      poolscope record -- PROGRAM ARGUMENTS...
      poolscope record --lttng -o /tmp/trace -- PROGRAM ARGUMENTS...

      The program keeps stdin and stdout; where the trace is and the summary go to stderr. Ends with the program's own exit
      status (128 + the signal's number if a signal ended it).
      """)
  @Flag(help: "Record with LTTng-UST instead of the event log. Starts a session daemon if none runs.") var lttng = false
  @Option(help: "Event log: stream, overwrite or discard.") var mode = "stream"
  @Option(help: "Event log: bytes per lane (K, M and G may follow the number).") var size: String?
  @Option(
    name: .shortAndLong, help: "Directory of the trace; default: ./poolscope-record-<time>.", completion: .directory)
  var output: String?
  @Flag(help: "No summary.") var quiet = false
  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String]

  func validate() throws {
    guard ["stream", "overwrite", "discard"].contains(mode) else {
      throw ValidationError("--mode must be stream, overwrite or discard")
    }
    guard !command.isEmpty else { throw ValidationError("a command is missing: poolscope record -- PROGRAM") }
  }

  func run() throws {
    let directory = URL(fileURLWithPath: output ?? "poolscope-record-\(Int(Date().timeIntervalSince1970))").path
    var environment = ProcessInfo.processInfo.environment
    let status: Int32
    if lttng {
      let session = try LTTngSession(output: directory)
      environment["LTTNG_UST_REGISTER_TIMEOUT"] = "-1"
      defer { session.end() }
      status = try runCommand(environment)
    } else {
      environment["CONCURRENT_FUTURES_LOG"] = directory
      environment["CONCURRENT_FUTURES_LOG_MODE"] = mode
      environment["CONCURRENT_FUTURES_LOG_SIZE"] = size
      status = try runCommand(environment)
    }
    complain("the trace is in \(directory)")
    if !quiet { summarize(directory) }
    throw ExitCode(status)
  }

  /// Runs the command to its end. Signals from the terminal reach it too; we wait for what it makes of them.
  private func runCommand(_ environment: [String: String]) throws -> Int32 {
    signal(SIGINT, SIG_IGN)
    signal(SIGQUIT, SIG_IGN)
    defer {
      signal(SIGINT, SIG_DFL)
      signal(SIGQUIT, SIG_DFL)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGINT)
    sigaddset(&defaults, SIGQUIT)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    let arguments = command.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, command[0], nil, &attributes, arguments, variables)
    guard code == 0 else {
      complain("\(command[0]): \(String(cString: strerror(code)))")
      throw ExitCode(code == ENOENT ? 127 : 126)  // as a shell says it
    }
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let ending = status & 0x7F
    return ending == 0 ? status >> 8 & 0xFF : 128 + ending
  }

  /// The summary goes to stderr: stdout is the command's.
  private func summarize(_ directory: String) {
    fflush(nil)
    dup2(2, 1)
    do {
      let summary = try SummaryCommand.parse([directory])
      try summary.run()
    } catch let error as ReadingError {
      complain(lttng ? "read it with: babeltrace2 \(directory)" : error.description)
    } catch {
      complain("\(error)")
    }
  }
}

/// An LTTng session that records every event of the provider, with buffers that hold what a busy pool says.
struct LTTngSession {
  private let name = "poolscope-\(getpid())"
  private let daemon: Process?

  init(output: String) throws {
    if try Self.lttng("list") == 0 {
      daemon = nil
    } else {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["lttng-sessiond", "--no-kernel"]
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      daemon = process
      let deadline = Date().addingTimeInterval(10)
      while try Self.lttng("list") != 0 {
        guard process.isRunning, Date() < deadline else {
          process.terminate()
          complain("cannot start lttng-sessiond; is lttng-tools installed?")
          throw ExitCode(3)
        }
        usleep(20_000)
      }
    }
    for arguments in [
      ["create", name, "--output=\(output)"],
      // 8 sub-buffers of 1 MiB for each processor: what a pool at full rate fills while the daemon writes.
      ["enable-channel", "--session=\(name)", "-u", "pool", "--subbuf-size=1M", "--num-subbuf=8"],
      ["enable-event", "--session=\(name)", "-u", "-c", "pool", "concurrent_futures:*"], ["start", name],
    ] where try Self.lttng(arguments) != 0 {
      end()
      complain("lttng \(arguments.joined(separator: " ")) failed")
      throw ExitCode(3)
    }
  }

  /// Stops the session, which completes its files, and the daemon if it is ours.
  func end() {
    for arguments in [["stop", name], ["destroy", name]] { _ = try? Self.lttng(arguments) }
    daemon?.terminate()
    daemon?.waitUntilExit()
  }

  private static func lttng(_ arguments: String...) throws -> Int32 { try lttng(arguments) }
  private static func lttng(_ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["lttng", "--no-sessiond"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
