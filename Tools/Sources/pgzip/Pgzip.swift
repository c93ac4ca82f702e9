import ArgumentParser
import ConcurrentFutures
import Glibc
import Programs

@main struct Pgzip {
  static func main() {
    // A reader that goes away is an error of `write`, so that the unfinished file is removed.
    signal(SIGPIPE, SIG_IGN)
    let options = parse()
    UnfinishedFile.removeOnSignals()
    do {
      exit(
        try withThreadPool(maxWorkers: options.processes, threadNamePrefix: "pgzip") { pool in
          Session(options, pool).run()
        })
    } catch {
      Complaints(program: "pgzip").say("\(error)")
      exit(1)
    }
  }

  /// Ends the program where the command line asks for help or is wrong (1, as gzip does).
  private static func parse() -> Options {
    do {
      return try Command.parse(CommandWords.all()).options
    } catch {
      let text = Command.fullMessage(for: error) + "\n"
      let isHelp = Command.exitCode(for: error) == .success
      try? (isHelp ? Descriptor.standardOutput : Descriptor.standardError).write(Array(text.utf8))
      exit(isHelp ? 0 : 1)
    }
  }
  private struct Command: ParsableCommand {
    static let configuration = Options.configuration
    @OptionGroup var options: Options
  }
}
