import ConcurrentFutures
import Glibc
import Programs

/// Goes through the operands one by one; a failure ends one of them, not the others.
final class Session {
  private let options: Options
  private let compressor: Compressor
  private lazy var decompressor = Decompressor()
  private let complaints = Complaints(program: "pgzip")
  private var worst: Failure.Severity?

  init(_ options: Options, _ pool: ThreadPoolExecutor) {
    self.options = options
    compressor = Compressor(pool: pool, level: options.level.rawValue, blockBytes: options.blockSize << 10)
  }

  /// Returns the exit status: 0 fine, 1 an error, 2 a warning.
  func run() -> Int32 {
    for operand in options.files.isEmpty ? [Path("-")] : options.files {
      do throws(Failure) {
        if operand == Path("-") {
          try handleStandardInput()
        } else {
          try handle(operand)
        }
      } catch {
        report(error)
        if error.isBrokenPipe { break }  // nobody reads any more
      }
    }
    switch worst {
    case nil: return 0
    case .error: return 1
    case .warning: return 2
    }
  }

  private func report(_ failure: Failure) {
    if !(options.quiet && failure.severity == .warning) { complaints.say(failure) }
    worst = max(worst ?? .warning, failure.severity)
  }

  private func handleStandardInput() throws(Failure) {
    let input = try Input.standardInput()
    if options.inflates, input.descriptor.isTerminal, !options.force {
      throw Failure(input.path, "compressed data is not read from a terminal (-f reads it)")
    }
    try convert(input, to: options.output, name: nil)
  }

  private func handle(_ path: Path) throws(Failure) {
    let isStream = options.console || options.test
    let target = isStream ? nil : options.output
    let name = try isStream || target != nil ? target : targetName(path)
    // -c and -f accept links: the file itself is not replaced, or the user insists.
    let isLenient = isStream || options.force
    let input = try Input.open(path, follow: isLenient, lenient: isLenient || options.keep || options.output != nil)
    try convert(input, to: name, name: path.name)
    if !isStream, options.output == nil, !options.keep {
      guard path.withCString({ unlink($0) }) == 0 else { throw Failure(path, .last) }
    }
  }

  /// FILE.gz for FILE, and the other way with -d.
  private func targetName(_ path: Path) throws(Failure) -> Path {
    let hasSuffix = path.bytes.suffix(3) == GzipFormat.suffix[...]
    if options.decompress {
      if path.bytes.suffix(4) == Array(".tgz".utf8)[...] {
        return Path(bytes: path.bytes.dropLast(3) + Array("tar".utf8))
      }
      guard hasSuffix, path.name.count > 3 else {
        throw Failure(path, "unknown suffix -- ignored", severity: .warning)
      }
      return Path(bytes: path.bytes.dropLast(3))
    }
    if hasSuffix, !options.force {
      throw Failure(path, "already has .gz suffix -- unchanged", severity: .warning)
    }
    return Path(bytes: path.bytes + GzipFormat.suffix)
  }

  /// `target` nil or "-": standard output. `name`: the input's own, nil for standard input.
  private func convert(_ input: Input, to target: Path?, name: [UInt8]?) throws(Failure) {
    let target = target == Path("-") ? nil : target
    let output = try options.test ? nil : open(target)
    let progress = options.verbose ? ProgressLine(total: input.size, unit: .bytes) : nil
    let outcome = Result { () throws(Failure) in
      options.inflates
        ? try decompressor.run(input, to: output, progress: progress)
        : (totals: try compress(input, to: output!, name: name, progress), garbage: false)
    }
    progress?.clear()
    let (totals, garbage) = try outcome.get()
    var final = target
    if let target, let output { final = try publish(output, as: target, from: input, isFile: name != nil) }
    note(input, totals, final)
    if garbage {
      report(Failure(input.path, "decompression OK, trailing garbage ignored", severity: .warning))
    }
  }

  private func compress(
    _ input: Input, to output: Output, name: [UInt8]?, _ progress: ProgressLine?
  ) throws(Failure) -> Totals {
    try compressor.compress(
      input, to: output, name: options.noName ? nil : name, modified: options.noName ? 0 : input.modified,
      progress: progress)
  }

  private func open(_ target: Path?) throws(Failure) -> Output {
    guard let target else {
      if !options.inflates, Descriptor.standardOutput.isTerminal, !options.force {
        throw Failure(Path("stdout"), "compressed data is not written to a terminal (-f writes it)")
      }
      return .standardOutput()
    }
    var status = stat()
    // A device or a pipe (-o /dev/null) is written into, never replaced.
    if target.withCString({ stat($0, &status) }) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
      return try .device(target)
    }
    // Said before the work is done; `publish` makes sure again afterwards.
    if !options.force, target.withCString({ lstat($0, &status) }) == 0 {
      throw Failure(target, "already exists; not overwritten (-f overwrites)")
    }
    return try .file(beside: target)
  }

  /// Returns the name that the file got.
  private func publish(_ output: Output, as target: Path, from input: Input, isFile: Bool) throws(Failure) -> Path {
    guard output.isFile else { return target }
    var final = target
    var modified = isFile ? input.status.st_mtim : nil
    if options.decompress, options.name {
      if isFile, options.output == nil, let name = decompressor.name, !name.isEmpty {
        // Only its last component: a file must not choose where it is unpacked.
        let safe = Path(bytes: name).name
        if !safe.isEmpty, safe != Path(".").bytes, safe != Path("..").bytes {
          final = Path(bytes: target.directory + safe)
        }
      }
      if decompressor.modified != 0 { modified = timespec(tv_sec: decompressor.modified, tv_nsec: 0) }
    }
    try output.publish(as: final, like: isFile ? input.status : nil, modified: modified, replacing: options.force)
    return final
  }

  private func note(_ input: Input, _ totals: Totals, _ target: Path?) {
    guard options.verbose, !options.quiet else { return }
    if options.test { return Complaints.note("OK", about: input.path) }
    let saved = options.inflates ? Totals.saved(from: totals.written, to: totals.read) : totals.ratio
    let verb = options.keep || options.output != nil || input.path == Path("stdin") ? "created" : "replaced with"
    let place = target.map { " -- \(verb) \(String(decoding: $0.bytes, as: UTF8.self))" } ?? ""
    Complaints.note(saved + place, about: input.path)
  }
}
