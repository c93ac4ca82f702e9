import ArgumentParser
import Timelines

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Copies what a running program's event log holds now, without stopping it.",
    discussion: """
      The program must record (CONCURRENT_FUTURES_LOG=DIR, best with CONCURRENT_FUTURES_LOG_MODE=overwrite). Prints the folder of
      the copy, a trace like any other; with several logs in the process, one line each.
      """)
  @Argument(help: "The process.") var pid: Int32
  @Option(
    name: .shortAndLong, help: "Directory in which the copy is made; default: next to the log.", completion: .directory)
  var output: String?

  func run() throws {
    let folders = try LiveSnapshot.folders(ofProcess: pid)
    guard !folders.isEmpty else {
      throw ReadingError(
        path: "process \(pid)", reason: "writes no event log",
        advice: "Start it with CONCURRENT_FUTURES_LOG=DIR, or with poolscope record.")
    }
    for folder in folders { print(try LiveSnapshot.take(folder, to: output)) }
  }
}
