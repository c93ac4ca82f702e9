import Foundation
import Programs
import Testing

/// A folder of its own for one test, and a shell in it that finds the programs under test by name.
/// The tests are shell lines, because that is how the programs are used.
struct Shell: ~Copyable {
  let folder: URL

  struct Outcome {
    let status: Int32
    let output: Data
    let messages: String
    var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Copies of the programs: another user, as whom some tests run, may not be allowed into the build folder. Made once,
  /// before anything is started: a file that is open for writing in a child that just forked cannot be executed.
  private static let programs: URL = {
    let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let folder = try! makeFolder()
    for program in ["pgzip", "treesum", "manyparse", "poolscope", "usecases", "questions"] {
      try! FileManager.default.copyItem(
        at: built.appendingPathComponent(program), to: folder.appendingPathComponent(program))
    }
    atexit { try? FileManager.default.removeItem(at: Shell.programs) }
    return folder
  }()
  private static func makeFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("programs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o777])
    return folder
  }

  init() throws {
    folder = try Self.makeFolder()
    chmod(folder.path, 0o777)
    chmod(Self.programs.path, 0o755)
  }
  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  /// Runs `script` with the Bourne-again shell in the folder; `nobody COMMAND` runs one without root's rights.
  @discardableResult func run(_ script: String) throws -> Outcome {
    let prelude = """
      set -o pipefail
      nobody() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi; }
      leftovers() { find . -name '.pgzip-*'; }

      """
    let messages = folder.appendingPathComponent(".messages"), output = folder.appendingPathComponent(".output")
    let status = try spawn(prelude + script, output: output.path, messages: messages.path)
    return Outcome(
      status: status, output: try Data(contentsOf: output),
      messages: String(decoding: try Data(contentsOf: messages), as: UTF8.self))
  }

  /// Returns the exit status, 128 + the signal where one ended the shell. Not by `Process`: its wait needs threads of
  /// its own, which a full test run does not have left.
  private func spawn(_ script: String, output: String, messages: String) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
    // The test runner ignores some signals; the programs must meet them as in a shell.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let path = "PATH=\(Self.programs.path):/usr/sbin:/usr/bin:/sbin:/bin"
    let environment = cStrings([path, "LC_ALL=C", "HOME=\(folder.path)"])
    // A script that hangs is ended, so that the run tells which one it was.
    let limit = isLongRun ? "7200" : "300"
    let arguments = cStrings(["timeout", "--signal=KILL", limit, "bash", "-c", "cd '\(folder.path)'\n" + script])
    defer { (environment + arguments).forEach { free($0) } }
    var child = pid_t()
    let outcome = posix_spawn(&child, "/usr/bin/timeout", &actions, &attributes, arguments, environment)
    guard outcome == 0 else { throw SystemError(outcome) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 { guard errno == EINTR else { throw SystemError.last } }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  private func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
    strings.map { string -> UnsafeMutablePointer<CChar>? in strdup(string) } + [nil]
  }

  /// A file of `count` bytes that compress to about a half, the same for the same seed.
  func write(_ name: String, count: Int, seed: UInt64 = 1) throws {
    var random = SplitMix(state: seed)
    let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) & 0x1F }
    try Data(bytes).write(to: folder.appendingPathComponent(name))
  }
}

/// A small generator whose sequence a seed determines.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Full scale, asked for by `Tools/test long`.
let isLongRun = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
