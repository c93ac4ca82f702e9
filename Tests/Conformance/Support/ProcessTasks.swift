// Tasks for worker processes, and how a test tells what happens in one: by files in a folder of its own.
import ConcurrentFutures
import Glibc
import Testing

/// A folder in which tasks leave notes and wait for them. Removed with the object.
final class Scene: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/concurrent-futures-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
  deinit {
    for note in notes { unlink("\(path)/\(note)") }
    rmdir(path)
  }

  func leave(_ note: String) { SceneNote.leave(note, in: path) }
  func has(_ note: String) -> Bool { SceneNote.exists(note, in: path) }
  func wait(for note: String) throws { try eventually { has(note) } }
  var notes: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

enum SceneNote {
  static func leave(_ note: String, in path: String) { close(open("\(path)/\(note)", O_CREAT | O_WRONLY, 0o600)) }
  static func exists(_ note: String, in path: String) -> Bool { access("\(path)/\(note)", F_OK) == 0 }
}

struct Power: ProcessTask {
  var base: Int
  var exponent: Int
  func run() -> Int { (0..<exponent).reduce(1) { product, _ in product * base } }
}

struct OwnProcessID: ProcessTask {
  func run() -> Int32 { getpid() }
}

/// Notes "started-<name>", waits for the note "go", notes "ended-<name>"; its output is the process.
struct Blocked: ProcessTask {
  var scene: String
  var name: String
  init(_ scene: Scene, _ name: String) {
    self.scene = scene.path
    self.name = name
  }
  func run() throws -> Int32 {
    SceneNote.leave("started-\(name)", in: scene)
    try eventually { SceneNote.exists("go", in: scene) }
    SceneNote.leave("ended-\(name)", in: scene)
    return getpid()
  }
}

/// Notes "ran-<name>".
struct Noting: ProcessTask {
  var scene: String
  var name: String
  init(_ scene: Scene, _ name: String) {
    self.scene = scene.path
    self.name = name
  }
  func run() -> String {
    SceneNote.leave("ran-\(name)", in: scene)
    return name
  }
}

struct CodableFailure: Error, Codable, Equatable { var number: Int }
struct PlainFailure: Error { var text = "plain" }

struct Failing: ProcessTask {
  var isCodable: Bool
  func run() throws -> Int {
    if isCodable { throw CodableFailure(number: 7) }
    throw PlainFailure()
  }
}

/// Ends its process.
struct Dying: ProcessTask {
  enum Way: Codable, Sendable, CaseIterable { case fatalError, trap, abort, exit, exitZero, kill, terminate }
  var way: Way
  func run() -> Int {
    switch way {
    case .fatalError: fatalError("a task that is meant to crash")
    case .trap: return [Int]()[zero()]
    case .abort: abort()
    case .exit: exit(3)
    case .exitZero: exit(0)
    case .kill: raise(SIGKILL)
    case .terminate: raise(SIGTERM)
    }
    return 0
  }
  private func zero() -> Int { getpid() > 0 ? 0 : 1 }
}

/// Crosses to the worker and back, and misbehaves at one stage.
struct Fragile: Codable, Sendable {
  enum Stage: Codable, Sendable, CaseIterable { case encodingTask, decodingTask, encodingResult, decodingResult }
  enum Behaviour: Codable, Sendable { case fails, crashes }
  var stage: Stage
  var behaviour: Behaviour
  var filler: [UInt8] = []

  private enum Key: CodingKey { case stage, behaviour, filler, isResult }
  var isResult = false

  init(_ stage: Stage, _ behaviour: Behaviour, filler: Int = 0) {
    self.stage = stage
    self.behaviour = behaviour
    self.filler = [UInt8](repeating: 1, count: filler)
  }

  private func misbehave() throws {
    if behaviour == .crashes, ProcessPoolExecutor.isWorkerProcess { abort() }
    throw CodableFailure(number: 1)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    stage = try container.decode(Stage.self, forKey: .stage)
    behaviour = try container.decode(Behaviour.self, forKey: .behaviour)
    filler = try container.decode([UInt8].self, forKey: .filler)
    isResult = try container.decode(Bool.self, forKey: .isResult)
    if stage == (isResult ? .decodingResult : .decodingTask) { try misbehave() }
  }
  func encode(to encoder: any Encoder) throws {
    if stage == (isResult ? .encodingResult : .encodingTask) { try misbehave() }
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(stage, forKey: .stage)
    try container.encode(behaviour, forKey: .behaviour)
    try container.encode(filler, forKey: .filler)
    try container.encode(isResult, forKey: .isResult)
  }
}

struct Passing: ProcessTask {
  var fragile: Fragile
  func run() -> Fragile {
    var result = fragile
    result.isResult = true
    return result
  }
}

/// Echoes bytes.
struct Echoing: ProcessTask {
  var bytes: [UInt8]
  func run() -> [UInt8] { bytes }
}

/// A process pool for the length of `body`; it must come down afterwards.
func withProcesses<R>(
  _ workers: Int = 2, _ adjust: (inout ProcessPoolExecutor.Configuration) -> Void = { _ in },
  _ body: (ProcessPoolExecutor) throws -> R
) throws -> R {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.maxWorkers = workers
  adjust(&configuration)
  let pool = try ProcessPoolExecutor(configuration)
  defer {
    let ending = TestThread { pool.shutdown(wait: true, cancelFutures: true) }
    #expect(throws: Never.self, "the process pool did not come down") { try ending.join(limit: .seconds(20)) }
  }
  return try body(pool)
}

extension Future {
  /// The result, or a failure of the test if it takes too long.
  func soon() throws -> Value { try result(timeout: .seconds(20)) }
  func errorSoon() throws -> (any Error)? { try exception(timeout: .seconds(20)) }
}

func brokenKind(_ error: (any Error)?) -> BrokenExecutorError.Kind? { (error as? BrokenExecutorError)?.kind }
