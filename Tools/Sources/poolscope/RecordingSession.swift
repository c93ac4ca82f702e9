// The LTTng session of `poolscope record --lttng`: what a person would type, with channels that lose nothing.
import ArgumentParser
import Foundation

/// A session that records every event of the provider. Starts a session daemon if none runs.
struct RecordingSession {
  private let name = "poolscope-\(getpid())"
  private let daemon: Process?

  /// Throws `ExitCode` after saying why.
  init(in directory: String) throws {
    var daemon: Process?
    if try Self.lttng(["list"]).status != 0 { daemon = try Self.startDaemon() }
    self.daemon = daemon
    // A folder with something in it is not written into.
    let isUsed = (try? FileManager.default.contentsOfDirectory(atPath: directory))?.isEmpty == false
    for arguments in [
      ["create", name, "--output=" + (isUsed ? directory + "/" + name : directory)],
      // 8 sub-buffers of 1 MiB for each processor: what a pool at full rate fills while the daemon writes.
      ["enable-channel", "--session=\(name)", "-u", "pool", "--subbuf-size=1M", "--num-subbuf=8"],
      // Processes of one user share the buffers: this tells them apart.
      ["add-context", "--session=\(name)", "-u", "-c", "pool", "-t", "vpid"],
      ["enable-event", "--session=\(name)", "-u", "-c", "pool", "concurrent_futures:*"], ["start", name],
    ] {
      let outcome = try Self.lttng(arguments)
      guard outcome.status == 0 else {
        end()
        complain("lttng \(arguments.joined(separator: " ")): \(outcome.messages)")
        throw ExitCode(3)
      }
    }
  }

  /// Stops the session, which completes its files, and the daemon if it is ours. Does not wait for the destruction, which has
  /// nothing to add: LTTng 2.13 waits for ever for a process that SIGKILL ended inside a tracepoint.
  func end() {
    if let outcome = try? Self.lttng(["stop", name]), outcome.status != 0 {
      complain("the trace may lack its last events: lttng stop \(name): \(outcome.messages)")
    }
    _ = try? Self.lttng(["destroy", "--no-wait", name])
    if let daemon { Self.end(daemon) }
  }

  /// Ends the daemon; by force if it does not end within ten seconds.
  private static func end(_ daemon: Process) {
    daemon.terminate()
    let deadline = Date().addingTimeInterval(10)
    while daemon.isRunning, Date() < deadline { usleep(10_000) }
    if daemon.isRunning { kill(daemon.processIdentifier, SIGKILL) }
    daemon.waitUntilExit()
  }

  private static func startDaemon() throws -> Process {
    // `env` finds it on the path. Its process group is its own, so that an interrupt at the terminal spares it.
    let process = command(["lttng-sessiond", "--no-kernel"])
    process.standardError = FileHandle.nullDevice
    try process.run()
    let deadline = Date().addingTimeInterval(10)
    while try lttng(["list"]).status != 0 {
      guard process.isRunning, Date() < deadline else {
        end(process)
        complain(
          process.terminationStatus == 127
            ? "there is no lttng-sessiond: install lttng-tools"
            : "lttng-sessiond does not start: lttng-sessiond --no-kernel says why")
        throw ExitCode(3)
      }
      usleep(20_000)
    }
    return process
  }

  /// Runs the command-line tool, for at most half a minute.
  private static func lttng(_ arguments: [String]) throws -> (status: Int32, messages: String) {
    let process = command(["timeout", "--signal=KILL", "30", "lttng", "--no-sessiond"] + arguments)
    let messages = Pipe()
    process.standardError = messages
    try process.run()
    let said = messages.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let isLate = process.terminationReason == .uncaughtSignal || process.terminationStatus == 128 + SIGKILL
    return (
      process.terminationStatus,
      isLate
        ? "no end within 30 s"
        : String(decoding: said, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    )
  }
  private static func command(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    return process
  }
}
