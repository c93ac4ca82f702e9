// Group M: the process pool at work; statements 13 and 14.
@_spi(Experimental) import ConcurrentFutures
import Glibc
import Testing

/// A module-level function with an argument, Python's shape.
@Sendable private func sleepy(_ name: String) -> String { "\(name) 睡了" }

extension Conformance {
  @Test func c013_functionWithArgument() throws {
    try withProcesses { pool in
      #expect(try pool.submit(Power(base: 2, exponent: 8)).soon() == 256)
      let future: Future<String> = try pool.submit("古明地觉") { name in "\(name) \(getpid())" }
      let words = try future.soon().split(separator: " ")
      #expect(words.first == "古明地觉")
      #expect(words.last != "\(getpid())")
      let named: Future<String> = try pool.submit("古明地觉", sleepy)
      // A named function may come with a context of its own; then it is refused, never called wrongly.
      if let error = try named.errorSoon() {
        #expect(error is EncodingError)
      } else {
        #expect(try named.soon() == "古明地觉 睡了")
      }
      let captured = getpid()
      let refused: Future<Int32> = try pool.submit(1) { _ in captured }
      #expect(try refused.errorSoon() is EncodingError)
    }
  }

  @Test func c014_noGuardLine() throws {
    let run = try run("processWithoutGuard")
    #expect(run.lines == ["main ran", "42"], "\(run.errors)")
    #expect(run.status == 0)
  }

  @Test func c201_defaultWidth() throws {
    let scene = try Scene()
    let pool = try ProcessPoolExecutor()
    let usable = ThreadPoolExecutor.shared.maxWorkers
    let futures = try (0..<usable + 2).map { try pool.submit(Blocked(scene, "\($0)")) }
    try eventually { scene.notes.count == usable }
    #expect(pool.workerProcessIDs.count == usable)
    scene.leave("go")
    for future in futures { _ = try future.soon() }
    pool.shutdown()
  }

  @Test(arguments: [0, -1])
  func c202_badWidth(_ width: Int) {
    let error = #expect(throws: InvalidArgumentError.self) { try ProcessPoolExecutor(maxWorkers: width) }
    #expect(error?.message == "max_workers must be greater than 0")
  }

  @Test func c203_idleWorkerIsReused() throws {
    try withProcesses(4) { pool in
      #expect(pool.workerProcessIDs.isEmpty)
      var seen: Set<Int32> = []
      for _ in 0..<10 { seen.insert(try pool.submit(OwnProcessID()).soon()) }
      #expect(seen.count == 1)
      #expect(pool.workerProcessIDs == seen.sorted())
      let scene = try Scene()
      let futures = try (0..<2).map { try pool.submit(Blocked(scene, "\($0)")) }
      try scene.wait(for: "started-0")
      try scene.wait(for: "started-1")
      #expect(pool.workerProcessIDs.count == 2)
      scene.leave("go")
      for future in futures { _ = try future.soon() }
    }
  }

  @Test func c204_saturation() throws {
    try withProcesses(3) { pool in
      let scene = try Scene()
      let futures = try (0..<45).map { try pool.submit(Blocked(scene, "\($0)")) }
      try eventually { scene.notes.count == 3 }
      #expect(pool.workerProcessIDs.count == 3)
      scene.leave("go")
      #expect(Set(try futures.map { try $0.soon() }).count == 3)
    }
  }

  @Test func c205_survivesErrors() throws {
    try withProcesses(1) { pool in
      let before = try pool.submit(OwnProcessID()).soon()
      for isCodable in [true, false] { #expect(try pool.submit(Failing(isCodable: isCodable)).errorSoon() != nil) }
      #expect(try pool.submit(OwnProcessID()).soon() == before)
    }
  }

  @Test func c206_remoteErrors() throws {
    try withProcesses(1) { pool in
      #expect(try pool.submit(Failing(isCodable: true)).errorSoon() as? CodableFailure == CodableFailure(number: 7))
      let remote = try #require(try pool.submit(Failing(isCodable: false)).errorSoon() as? RemoteError)
      #expect(remote.typeName.contains("PlainFailure"))
      #expect(remote.description.contains("plain"))
      #expect(remote.pid == pool.workerProcessIDs.first)
      let backtrace = try #require(remote.backtrace)
      #expect(backtrace.split(separator: "\n").count > 2, "\(backtrace)")
    }
  }

  @Test func c221_submitNeverBlocks() throws {
    try withProcesses(1) { pool in
      let scene = try Scene()
      let blocked = try pool.submit(Blocked(scene, "first"))
      try scene.wait(for: "started-first")
      let futures = try (0..<20_000).map { try pool.submit(Power(base: $0, exponent: 1)) }
      #expect(!blocked.isDone)
      scene.leave("go")
      #expect(try futures.map { try $0.soon() } == Array(0..<20_000))
    }
  }

  @Test func c222_submitsBeforeTheStart() throws {
    try withProcesses(1) { pool in
      let futures = try (0..<100).map { try pool.submit(Power(base: $0, exponent: 2)) }
      #expect(try futures.map { try $0.soon() } == (0..<100).map { $0 * $0 })
    }
  }

  @Test func c223_maxTasksPerChild() throws {
    try withProcesses(1, { $0.maxTasksPerChild = 3 }) { pool in
      var processes: [Int32] = []
      for _ in 0..<9 { processes.append(try pool.submit(OwnProcessID()).soon()) }
      #expect(Set(processes[0..<3]).count == 1)
      #expect(Set(processes).count == 3)
      try eventually { pool.workerProcessIDs.count <= 1 }
    }
  }

  @Test(arguments: [0, -1])
  func c224_badMaxTasksPerChild(_ limit: Int) {
    #expect(throws: InvalidArgumentError.self) { try ProcessPoolExecutor(maxWorkers: 1, maxTasksPerChild: limit) }
  }

  @Test(arguments: [1, 2])
  func c225_backlogWithMaxTasksPerChild(_ limit: Int) throws {
    try withProcesses(2, { $0.maxTasksPerChild = limit }) { pool in
      let futures = try (0..<20).map { _ in try pool.submit(OwnProcessID()) }
      let processes = try futures.map { try $0.soon() }
      for process in Set(processes) { #expect(processes.count { $0 == process } <= limit) }
    }
  }

  @Test func c230_initializer() throws {
    let scene = try Scene()
    try withProcesses(2, { $0.initializer = Preparing(scene: scene.path, fails: false) }) { pool in
      let futures = try (0..<2).map { try pool.submit(Blocked(scene, "\($0)")) }
      try scene.wait(for: "started-0")
      try scene.wait(for: "started-1")
      scene.leave("go")
      for future in futures { _ = try future.soon() }
      for process in pool.workerProcessIDs { #expect(scene.has("initialized-\(process)-1")) }
      #expect(scene.notes.count { $0.hasPrefix("initialized") } == 2)
    }
    try withProcesses(1, { $0.initializer = Preparing(scene: scene.path, fails: true) }) { pool in
      let future = try pool.submit(Power(base: 1, exponent: 1))
      guard case .processInitializerFailed(let error)? = brokenKind(try future.errorSoon()) else {
        Issue.record("another error: \(String(describing: try future.errorSoon()))")
        return
      }
      #expect(error.typeName.contains("PlainFailure"))
      #expect(throws: RejectedExecutionError.self) { try pool.submit(Power(base: 1, exponent: 1)) }
    }
  }

  @Test func c236_runningOnlyWhenStarted() throws {
    try withProcesses(1, { $0.prefetch = 3 }) { pool in
      let scene = try Scene()
      let running = try pool.submit(Blocked(scene, "running"))
      let sentAhead = try (0..<6).map { try pool.submit(Noting(scene, "\($0)")) }
      try scene.wait(for: "started-running")
      try eventually { running.state == .running }
      #expect(!running.cancel())
      #expect(sentAhead.allSatisfy { $0.state == .pending })
      for future in sentAhead[..<5] { #expect(future.cancel()) }
      #expect(sentAhead[..<5].allSatisfy { $0.state == .cancelled })
      scene.leave("go")
      #expect(try running.soon() != 0)
      #expect(try sentAhead[5].soon() == "5")
      #expect(scene.notes.filter { $0.hasPrefix("ran") } == ["ran-5"])
    }
  }

  /// Exactly one of start and cancel wins, also for what was sent ahead (35 across processes).
  @Test func c236_cancelRacesWithStart() throws {
    try withProcesses(2, { $0.prefetch = 4 }) { pool in
      let scene = try Scene()
      var futures: [(future: Future<String>, cancelled: Bool)] = []
      for number in 0..<400 {
        futures.append((try pool.submit(Noting(scene, "\(number)")), false))
        if number % 3 == 0 { futures[number / 2].cancelled = futures[number / 2].future.cancel() }
      }
      for (future, _) in futures { try? future.waitUntilDone(timeout: .seconds(20)) }
      for (number, entry) in futures.enumerated() {
        #expect(scene.has("ran-\(number)") != entry.cancelled, "\(number): \(entry.future.debugDescription)")
      }
    }
  }

  @Test func c237_argumentsAreFreed() throws {
    try withProcesses(1) { pool in
      let bytes = [UInt8](repeating: 1, count: 32 << 20)
      let resident = try (0..<12).map { _ in try pool.submit(Weighing(bytes: bytes)).soon() }
      #expect(resident.last! < resident[2] + 40 << 20, "\(resident)")
    }
  }

  @Test func c240_noPoolInWorker() throws {
    try withProcesses(1) { pool in
      #expect(!ProcessPoolExecutor.isWorkerProcess)
      let inWorker = try pool.submit(MakingPool()).soon()
      #expect(inWorker == "InvalidArgumentError, worker: true")
    }
  }

  @Test func mapInChunks() throws {  // 136, 148-151 on processes
    try withProcesses { pool in
      for chunkSize in [1, 3, 10, 25] {
        #expect(
          try pool.map((0..<10).map { Power(base: $0, exponent: 2) }, chunkSize: chunkSize).collect()
            == (0..<10).map { $0 * $0 })
      }
      #expect(throws: InvalidArgumentError.self) { try pool.map([Power(base: 1, exponent: 1)], chunkSize: 0) }
      #expect(throws: InvalidArgumentError.self) { try pool.map([Power(base: 1, exponent: 1)], bufferSize: 0) }
      let outcomes = try pool.map((0..<6).map { Picky(number: $0) }, chunkSize: 3).outcomes
      #expect(outcomes.map { (try? $0.get()) } == [0, nil, 2, 3, nil, 5])
      let endless = try pool.map(
        sequence(first: Power(base: 2, exponent: 0)) { Power(base: 2, exponent: $0.exponent + 1) }, bufferSize: 4)
      #expect(try (0..<5).map { _ in try endless.next() } == [1, 2, 4, 8, 16])
      endless.close()
    }
  }

  @Test func mixedWithThreads() throws {  // 120 across kinds of executors
    try withProcesses { pool in
      let threads = try ThreadPoolExecutor(maxWorkers: 2)
      let mixed: [AnyFuture] = [
        try pool.submit(Power(base: 3, exponent: 3)), try threads.submit { 5 },
        try pool.submit(Failing(isCodable: true)),
      ]
      #expect(wait(mixed, timeout: .seconds(20)).notDone.isEmpty)
      #expect(Set(asCompleted(mixed).map { ObjectIdentifier($0) }).count == 3)
      threads.shutdown()
    }
  }

  @Test func awaited() async throws {
    let value = try await withProcessPool(maxWorkers: 1) { pool in
      try await pool.submit(Power(base: 2, exponent: 5)).value
    }
    #expect(value == 32)
  }
}

struct Preparing: ProcessInitializer {
  var scene: String
  var fails: Bool
  func initialize() throws {
    if fails { throw PlainFailure() }
    var round = 1
    while SceneNote.exists("initialized-\(getpid())-\(round)", in: scene) { round += 1 }
    SceneNote.leave("initialized-\(getpid())-\(round)", in: scene)
  }
}

/// The resident bytes of the worker.
struct Weighing: ProcessTask {
  var bytes: [UInt8]
  func run() -> Int {
    let pages = readFile("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * 4096
  }
}

struct MakingPool: ProcessTask {
  func run() -> String {
    do {
      _ = try ProcessPoolExecutor(maxWorkers: 1)
      return "made"
    } catch {
      return "\(type(of: error)), worker: \(ProcessPoolExecutor.isWorkerProcess)"
    }
  }
}

/// Fails for 1 and 4.
struct Picky: ProcessTask {
  var number: Int
  func run() throws -> Int {
    if number % 3 == 1 { throw CodableFailure(number: number) }
    return number
  }
}
