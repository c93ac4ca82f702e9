// Parses many files with a parser that may crash: a poisoned file costs its own line, nothing else.
import ArgumentParser
import ConcurrentFutures
import Glibc
import Programs

/// One file, in a worker process: what crashes there is reported by the future.
struct ParseFile: ProcessTask {
  struct Summary: Codable, Sendable {
    var values: Int
    var depth: Int
  }
  struct Unreadable: Error, Codable, CustomStringConvertible {
    var code: Int32
    var description: String { SystemError(code).description }
  }
  var path: String

  func run() throws -> Summary {
    var parser = TrustingParser(try contents())
    try parser.parse()
    return Summary(values: parser.values, depth: parser.deepest)
  }

  private func contents() throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Unreadable(code: errno) }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = read(descriptor, &block, block.count)
      guard count >= 0 else { throw Unreadable(code: errno) }
      if count == 0 { return all }
      all += block[..<count]
    }
  }
}

@main struct ManyParse: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manyparse",
    abstract: "Parses JSON files in worker processes; one that crashes the parser is reported.",
    discussion: "Exit status: 0 all parsed; 1 some did not.")

  @Option(name: .shortAndLong, help: "How many processes.") var processes = usableCPUs()
  @Option(name: .shortAndLong, help: "Seconds a file may take.") var timeout = 10.0
  @Argument(help: ArgumentHelp("The files.", valueName: "file")) var files: [String]

  func validate() throws {
    guard (1...1024).contains(processes) else { throw ValidationError("--processes takes 1 to 1024, not \(processes)") }
    guard timeout > 0 else { throw ValidationError("--timeout takes a number above 0") }
  }

  func run() throws {
    var configuration = ProcessPoolExecutor.Configuration()
    configuration.maxWorkers = processes
    configuration.onWorkerDeath = .replaceWorker(retries: 0)
    let pool = try ProcessPoolExecutor(configuration)
    let futures = try files.map { file in
      try pool.submit(ParseFile(path: file), timeout: .seconds(timeout))
    }
    var failed = 0
    for (file, future) in zip(files, futures) {
      do {
        let summary = try future.result()
        print("\(file): \(summary.values) values, depth \(summary.depth)")
      } catch {
        failed += 1
        print("\(file): \(describe(error))")
      }
    }
    pool.shutdown()
    if failed > 0 { throw ExitCode(1) }
  }

  private func describe(_ error: any Error) -> String {
    switch error {
    case let error as BrokenExecutorError:
      if case .workerTerminated(_, let status) = error.kind { return "the parser crashed (\(status))" }
      return "\(error)"
    case is TimeoutError: return "the parser took longer than \(timeout) s"
    default: return "\(error)"
    }
  }
}
