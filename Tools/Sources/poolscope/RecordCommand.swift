import ArgumentParser
import Foundation
import Synchronization
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
      let session = try RecordingSession(in: directory)
      // A short program must not end before it is registered; one whose daemon is dead must not wait for ever.
      environment["LTTNG_UST_REGISTER_TIMEOUT"] = "10000"
      defer { session.end() }
      status = try runCommand(environment)
    } else {
      environment["CONCURRENT_FUTURES_LOG"] = directory
      environment["CONCURRENT_FUTURES_LOG_MODE"] = mode
      environment["CONCURRENT_FUTURES_LOG_SIZE"] = size
      status = try runCommand(environment)
    }
    complain("the trace is in \(directory)")
    if lttng, status == 128 + SIGKILL {
      complain("killed: LTTng loses up to its last sub-buffers (1 MiB for each processor)")
    }
    if !quiet { summarize(directory) }
    throw ExitCode(status)
  }

  /// Runs the command to its end. Signals from the terminal reach it too, others are passed on to it; we wait for what it makes
  /// of them.
  private func runCommand(_ environment: [String: String]) throws -> Int32 {
    let fromTerminal = [SIGINT, SIGQUIT]
    let passedOn = [SIGTERM, SIGHUP]
    for number in fromTerminal { signal(number, SIG_IGN) }
    for number in passedOn { signal(number) { Self.command.pass($0) } }
    defer { for number in fromTerminal + passedOn { signal(number, SIG_DFL) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in fromTerminal + passedOn { sigaddset(&defaults, number) }
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
    Self.command.began(pid)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let ending = status & 0x7F
    return ending == 0 ? status >> 8 & 0xFF : 128 + ending
  }

  /// The running command, as signal handlers see it.
  private static let command = RunningCommand()
  private final class RunningCommand: Sendable {
    private let pid = Atomic<Int32>(0)
    /// A signal that came before the command ran, 0: none.
    private let early = Atomic<Int32>(0)
    func began(_ started: pid_t) {
      pid.store(started, ordering: .sequentiallyConsistent)
      let number = early.load(ordering: .sequentiallyConsistent)
      if number != 0 { kill(started, number) }
    }
    /// Called in a signal handler.
    func pass(_ number: Int32) {
      early.store(number, ordering: .sequentiallyConsistent)
      let target = pid.load(ordering: .sequentiallyConsistent)
      if target != 0 { kill(target, number) }
    }
  }

  /// The summary goes to stderr: stdout is the command's.
  private func summarize(_ directory: String) {
    fflush(nil)
    dup2(2, 1)
    do {
      let summary = try SummaryCommand.parse([directory])
      try summary.run()
    } catch let error as ReadingError {
      complain(error.description)
    } catch {
      complain("\(error)")
    }
  }
}
