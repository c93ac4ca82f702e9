import ArgumentParser
import CZlib
import Programs

/// The command line, with the letters that users of gzip and pigz know.
struct Options: ParsableArguments {
  static let configuration = CommandConfiguration(
    commandName: "pgzip",
    abstract: "Compresses files with gzip's format on several threads.",
    discussion: """
      Each FILE is replaced by FILE.gz, which gunzip reads; without a FILE, or where FILE is -, standard input is \
      compressed to standard output. A file appears under its name only when it is complete.

      Exit status: 0 fine; 1 an error; 2 a warning (something was skipped).
      """,
    version: "pgzip 0.1.0, zlib \(String(cString: zlibVersion()))")

  @Option(name: [.customShort("p", allowingJoined: true), .long], help: "Compress on this many threads.")
  var processes = usableCPUs()

  @Flag(exclusivity: .chooseLast, help: "Compression level: 1 fast, 9 small.") var level = Level.six

  @Option(
    name: [.customShort("b", allowingJoined: true), .customLong("blocksize")],
    help: ArgumentHelp("Compress blocks of this many KiB at a time.", valueName: "KiB"))
  var blockSize = 128

  @Flag(name: [.short, .customLong("stdout")], help: "Write to standard output, keep the files.") var console = false
  @Option(name: .short, help: ArgumentHelp("Write to this file, keep the input.", valueName: "file")) var output: Path?
  @Flag(name: .shortAndLong, help: "Keep (do not remove) the input files.") var keep = false
  @Flag(name: .shortAndLong, help: "Overwrite, follow symbolic links, write to a terminal.") var force = false
  @Flag(name: .shortAndLong, help: "Decompress.") var decompress = false
  @Flag(name: .shortAndLong, help: "Check compressed files.") var test = false
  @Flag(name: [.customShort("n"), .customLong("no-name")], help: "Do not store the file's name and time.")
  var noName = false
  @Flag(
    name: [.customShort("N"), .customLong("name")], help: "Store name and time (the default); with -d restore them.")
  var name = false
  @Flag(name: .shortAndLong, help: "Say how much each file shrank; a progress bar on a terminal.") var verbose = false
  @Flag(name: .shortAndLong, help: "No warnings.") var quiet = false

  @Argument(help: ArgumentHelp("What to compress.", valueName: "file")) var files: [Path] = []

  /// Both read compressed data.
  var inflates: Bool { decompress || test }

  func validate() throws {
    guard (1...1024).contains(processes) else { throw ValidationError("-p takes 1 to 1024, not \(processes)") }
    // Below 32 KiB a block is smaller than its dictionary; above 512 MiB zlib's counters are near their end.
    guard (32...(512 << 10)).contains(blockSize) else {
      throw ValidationError("-b takes 32 to \(512 << 10) KiB, not \(blockSize)")
    }
    if output != nil {
      guard files.count <= 1 else { throw ValidationError("-o writes one file, but there are \(files.count) inputs") }
      guard !console, !test else { throw ValidationError("-o does not go with \(console ? "-c" : "-t")") }
    }
  }
}

enum Level: Int32, EnumerableFlag {
  case one = 1, two, three, four, five, six, seven, eight, nine

  static func name(for value: Level) -> NameSpecification {
    let digit = NameSpecification.Element.customShort(Character("\(value.rawValue)"))
    switch value {
    case .one: return [digit, .customLong("fast")]
    case .nine: return [digit, .customLong("best")]
    default: return [digit]
    }
  }
  static func help(for value: Level) -> ArgumentHelp? { nil }
}
