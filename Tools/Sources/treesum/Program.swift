import ArgumentParser
import ConcurrentFutures
import Glibc
import Programs

struct Options: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "treesum",
    abstract: "Prints the SHA-256 of every regular file below directories.",
    discussion: """
      The output is what `find DIR -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum` prints, and \
      `sha256sum --check` reads it. Symbolic links are not followed.

      Exit status: 0 fine; 1 something could not be read.
      """,
    version: "treesum 0.1.0")

  @Option(name: [.customShort("p", allowingJoined: true), .long], help: "Hash on this many threads, or processes.")
  var threads = usableCPUs()
  @Flag(help: "Hash in processes of their own: a file that makes one crash is reported and costs nothing else.")
  var processes = false
  @Flag(name: .shortAndLong, help: "Progress on a terminal, and a closing line on standard error.") var verbose = false
  @Argument(help: ArgumentHelp("Where to look; the current directory if none.", valueName: "dir"))
  var directories: [Path] = []

  func validate() throws {
    guard (1...1024).contains(threads) else { throw ValidationError("-p takes 1 to 1024, not \(threads)") }
  }
}

@main struct Program {
  static let complaints = Complaints(program: "treesum")

  static func main() {
    let options = parse()
    do {
      exit(
        try withThreadPool(maxWorkers: options.threads, threadNamePrefix: "treesum") { pool in
          guard options.processes else { return try run(options, TreeSum(pool: pool)) }
          let processes = try TreeSum.processPool(maxWorkers: options.threads)
          defer { processes.shutdown() }
          return try run(options, TreeSum(pool: pool, processes: processes))
        })
    } catch {
      complaints.say("\(error)")
      exit(1)
    }
  }

  private static func parse() -> Options {
    do {
      return try Options.parse(CommandWords.all())
    } catch {
      let isHelp = Options.exitCode(for: error) == .success
      let text = Array((Options.fullMessage(for: error) + "\n").utf8)
      try? (isHelp ? Descriptor.standardOutput : Descriptor.standardError).write(text)
      exit(isHelp ? 0 : 1)
    }
  }

  private static func run(_ options: Options, _ sum: TreeSum) throws -> Int32 {
    let began = ContinuousClock.now
    let roots = options.directories.isEmpty ? [Path(".")] : options.directories
    var failures: [Failure] = []
    let files = try gather(try roots.map(sum.start), &failures)
    var entries: [TreeSum.Entry] = []
    entries.reserveCapacity(files.count)
    let progress = options.verbose ? ProgressLine(total: files.count, unit: .files) : nil
    for file in asCompleted(files) {
      entries.append(try file.result())
      progress?.update(entries.count, suffix: byteCount(sum.bytesRead))
    }
    progress?.clear()
    failures += try print(entries)
    for failure in failures.sorted(by: { $0.subject < $1.subject }) { complaints.say(failure) }
    if options.verbose {
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      complaints.say(
        "\(entries.count) files, \(byteCount(sum.bytesRead)) in \((seconds * 100).rounded() / 100) s, "
          + "\(byteCount(Int(Double(sum.bytesRead) / max(seconds, 0.001))))/s")
    }
    return failures.isEmpty ? 0 : 1
  }

  /// The futures of all files, once every directory was read; hashing goes on meanwhile.
  private static func gather(
    _ roots: [Future<TreeSum.Listing>], _ failures: inout [Failure]
  ) throws -> [Future<TreeSum.Entry>] {
    var files: [Future<TreeSum.Entry>] = []
    var open = roots
    while let next = open.popLast() {
      let listing = try next.result()
      files += listing.files
      open += listing.directories
      failures += listing.failures
    }
    return files
  }

  /// Prints what was hashed in the order of the paths' bytes; returns what was not.
  private static func print(_ entries: [TreeSum.Entry]) throws -> [Failure] {
    var failures: [Failure] = []
    var text: [UInt8] = []
    for entry in entries.sorted(by: { $0.path < $1.path }) {
      switch entry.outcome {
      case .success(let digest): text += Report.line(digest, entry.path)
      case .failure(let failure): failures.append(failure)
      }
      if text.count > 64 << 10 {
        try put(text)
        text.removeAll(keepingCapacity: true)
      }
    }
    try put(text)
    return failures
  }
  // A reader that goes away ends the program by SIGPIPE, as it ends sha256sum.
  private static func put(_ text: [UInt8]) throws {
    do { try Descriptor.standardOutput.write(text) } catch { throw OutputError(reason: error) }
  }
  private struct OutputError: Error, CustomStringConvertible {
    let reason: SystemError
    var description: String { "stdout: \(reason)" }
  }
}
