import Glibc
import Testing

/// A run of the program `exitProbe`, for what only a process of its own can show.
struct ProgramRun {
  var status: Int32
  var output: String
  var errors: String
  var lines: [String] { output.split(separator: "\n").map(String.init) }
}

/// Runs a scenario of `exitProbe` (or another program of this package); one that does not end within `limit` is killed and reported as hung.
func run(
  _ scenario: String, _ arguments: String..., program name: String = "exitProbe", limit: Duration = .seconds(50)
) throws -> ProgramRun {
  let program = try probePath(name)
  var (output, errors) = (try Pipe(), try Pipe())
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
  posix_spawn_file_actions_adddup2(&actions, errors.writing, 2)
  var words: [UnsafeMutablePointer<CChar>?] = ([program, scenario] + arguments).map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  var child = pid_t()
  let result = posix_spawn(&child, program, &actions, nil, &words, environ)
  try #require(result == 0, "posix_spawn \(program): \(result)")
  output.closeWriting()
  errors.closeWriting()
  let readers = [output.reading, errors.reading].map { descriptor in TestThread { readAll(descriptor) } }
  var status: Int32 = 0
  do {
    try eventually(limit: limit) { waitpid(child, &status, WNOHANG) == child }
  } catch {
    kill(child, SIGKILL)
    waitpid(child, &status, 0)
    Issue.record("\(scenario) hung; output so far: \(try readers.map { try $0.join() })")
    throw error
  }
  return ProgramRun(
    status: (status & 0x7f) == 0 ? (status >> 8) & 0xff : -(status & 0x7f), output: try readers[0].join(),
    errors: try readers[1].join())
}

private func probePath(_ name: String) throws -> String {
  var path = [CChar](repeating: 0, count: 4096)
  let length = readlink("/proc/self/exe", &path, path.count)
  try #require(length > 0)
  let executable = String(decoding: path[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  return executable[..<executable.lastIndex(of: "/")!] + "/\(name)"
}

private struct Pipe {
  let reading: Int32
  private(set) var writing: Int32
  init() throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (reading, writing) = (ends[0], ends[1])
  }
  mutating func closeWriting() {
    close(writing)
    writing = -1
  }
}

private func readAll(_ descriptor: Int32) -> String {
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}
