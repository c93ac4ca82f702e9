// Group M: what becomes of futures when workers, arguments or results fail.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test func c207_taskDoesNotEncode() throws { try failsAlone(.encodingTask) }
  @Test func c208_resultDoesNotEncode() throws { try failsAlone(.encodingResult) }
  @Test func c209_taskDoesNotDecode() throws { try failsAlone(.decodingTask) }
  @Test func c210_resultDoesNotDecode() throws { try failsAlone(.decodingResult) }

  private func failsAlone(_ stage: Fragile.Stage) throws {
    try withProcesses(1) { pool in
      let before = try pool.submit(OwnProcessID()).soon()
      let error = try pool.submit(Passing(fragile: Fragile(stage, .fails))).errorSoon()
      #expect(error is CodableFailure, "\(String(describing: error))")
      #expect(try pool.submit(OwnProcessID()).soon() == before)
      let two = [Passing(fragile: Fragile(stage, .fails)), Passing(fragile: Fragile(stage, .fails))]
      #expect(try pool.map(two, chunkSize: 2).outcomes.allSatisfy { (try? $0.get()) == nil })
      #expect(try pool.submit(OwnProcessID()).soon() == before)
    }
  }

  @Test(arguments: [Dying.Way.fatalError, .trap, .abort, .kill, .terminate])
  func c211_endOfWorker(_ way: Dying.Way) throws {
    try withProcesses(1) { pool in
      let error = try pool.submit(Dying(way: way)).errorSoon()
      guard case .workerTerminated(let pid, .signalled(let signal))? = brokenKind(error) else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
      #expect(pid != getpid())
      switch way {
      case .abort: #expect(signal == SIGABRT)
      case .kill: #expect(signal == SIGKILL)
      case .terminate: #expect(signal == SIGTERM)
      default: #expect([SIGILL, SIGTRAP].contains(signal))
      }
    }
  }

  @Test func c212_everyOtherFuture() throws {
    try withProcesses(2) { pool in
      let scene = try Scene()
      let bystander = try pool.submit(Blocked(scene, "bystander"))
      try scene.wait(for: "started-bystander")
      let culprit = try pool.submit(Dying(way: .abort))
      let pending = try (0..<5).map { _ in try pool.submit(OwnProcessID()) }
      for future in pending { #expect(try brokenKind(future.errorSoon()) != nil) }
      #expect(try brokenKind(culprit.errorSoon()) != nil)
      #expect(try brokenKind(bystander.errorSoon()) != nil)
    }
  }

  @Test func c214_errorNamesProcessAndStatus() throws {
    try withProcesses(1) { pool in
      let process = try pool.submit(OwnProcessID()).soon()
      let error = try #require(try pool.submit(Dying(way: .kill)).errorSoon() as? BrokenExecutorError)
      for part in ["terminated abruptly", "\(process)", "signal 9"] {
        #expect(error.description.contains(part), "\(error.description)")
      }
    }
  }

  @Test func c215_laterSubmits() throws {
    try withProcesses(1) { pool in
      let crash = try pool.submit(Dying(way: .kill))
      #expect(try brokenKind(crash.errorSoon()) != nil)
      let refused = #expect(throws: RejectedExecutionError.self) { try pool.submit(OwnProcessID()) }
      #expect(refused?.description.contains("terminated abruptly, the process pool is not usable anymore") == true)
      guard case .broken? = refused?.reason else {
        Issue.record("another reason: \(String(describing: refused))")
        return
      }
    }
  }

  @Test(arguments: [Dying.Way.exit, .exitZero])
  func c216_exitInTask(_ way: Dying.Way) throws {
    try withProcesses(1) { pool in
      let error = try pool.submit(Dying(way: way)).errorSoon()
      guard case .workerTerminated(_, .exited(let code))? = brokenKind(error) else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
      #expect(code == (way == .exit ? 3 : 0))
    }
  }

  @Test func c213_errorsAreValues() throws {
    try withProcesses(1) { pool in
      let first = try pool.submit(Dying(way: .abort))
      let second = try pool.submit(OwnProcessID())
      var error = try #require(try first.errorSoon() as? BrokenExecutorError)
      error.description = "changed"
      #expect(try second.errorSoon().map { "\($0)" } != "changed")
    }
  }

  @Test(arguments: [Fragile.Stage.decodingTask, .encodingResult])
  func c217_crashWhileCoding(_ stage: Fragile.Stage) throws {
    try withProcesses(1) { pool in
      let error = try pool.submit(Passing(fragile: Fragile(stage, .crashes))).errorSoon()
      guard case .workerTerminated(_, .signalled(SIGABRT))? = brokenKind(error) else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
    }
  }

  @Test func c218_crashWithBigDataInFlight() throws {
    try withProcesses(1, { $0.prefetch = 10 }) { pool in
      let filler = 4 << 20  // more than both socket buffers
      let scene = try Scene()
      let first = try pool.submit(Blocked(scene, "first"))  // holds the crash back until everything is in flight
      let futures = try (0..<10).map { _ in
        try pool.submit(Passing(fragile: Fragile(.decodingTask, .crashes, filler: filler)))
      }
      scene.leave("go")
      #expect(try first.soon() != 0)
      for future in futures { #expect(try brokenKind(future.errorSoon()) != nil) }
    }
    try withProcesses(1) { pool in  // and the other way: a result that nobody has read all of when the worker dies
      let futures = try (0..<4).map { _ in try pool.submit(Echoing(bytes: [UInt8](repeating: 3, count: 8 << 20))) }
      let crash = try pool.submit(Dying(way: .kill))
      for future in futures {
        let error = try future.errorSoon()
        #expect(error == nil || brokenKind(error) != nil)
      }
      #expect(try brokenKind(crash.errorSoon()) != nil)
    }
  }

  @Test func c219_failureDuringShutdown() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    let scene = try Scene()
    let running = try pool.submit(Blocked(scene, "running"))
    let crash = try pool.submit(Dying(way: .abort))
    try scene.wait(for: "started-running")
    let shutdown = TestThread { pool.shutdown(wait: true) }
    try shutdown.untilBlocked()
    scene.leave("go")
    try shutdown.join()
    #expect(try running.soon() != 0)
    #expect(try brokenKind(crash.errorSoon()) != nil)
  }

  @Test func c220_encodingFailureAndShutdown() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    let scene = try Scene()
    let running = try pool.submit(Blocked(scene, "running"))
    let unencodable = try pool.submit(Passing(fragile: Fragile(.encodingTask, .fails)))
    let result = try pool.submit(Passing(fragile: Fragile(.encodingResult, .fails)))
    pool.shutdown(wait: false)
    #expect(try unencodable.errorSoon() is CodableFailure)
    scene.leave("go")
    #expect(try result.errorSoon() is CodableFailure)
    #expect(try running.soon() != 0)
    pool.shutdown()
    #expect(pool.workerProcessIDs.isEmpty)
  }

  @Test func c228_noReplacementToBeHad() throws {
    // The descriptor limit of a process of its own: the pool cannot make another socket pair.
    let run = try run("processReplacementFails")
    #expect(run.lines == ["first 1", "rest failed"], "\(run.output) \(run.errors)")
    #expect(run.status == 0)
  }

  @Test func taskTimeout() throws {  // clarification: submit(timeout:)
    try withProcesses(2) { pool in
      let scene = try Scene()
      let late = try pool.submit(Blocked(scene, "late"), timeout: .milliseconds(50))
      let other = try pool.submit(Blocked(scene, "other"))
      try scene.wait(for: "started-other")
      #expect(try late.errorSoon() is TimeoutError)
      #expect(!other.isDone)
      #expect(try pool.submit(Power(base: 2, exponent: 2)).soon() == 4)
      scene.leave("go")
      #expect(try other.soon() != 0)
      #expect(try pool.submit(Power(base: 2, exponent: 2), timeout: .seconds(20)).soon() == 4)
    }
  }

  @Test(arguments: [0, 2])
  func replaceWorker(_ retries: Int) throws {  // clarification: n repetitions after the first attempt
    try withProcesses(2, { $0.onWorkerDeath = .replaceWorker(retries: retries) }) { pool in
      let scene = try Scene()
      let poisoned = try pool.submit(CountedCrash(scene: scene.path))
      let others = try (0..<20).map { try pool.submit(Power(base: $0, exponent: 2)) }
      #expect(try brokenKind(poisoned.errorSoon()) != nil)
      #expect(try others.map { try $0.soon() } == (0..<20).map { $0 * $0 })
      #expect(scene.notes.count == retries + 1)
      #expect(try pool.submit(Power(base: 3, exponent: 2)).soon() == 9)
    }
  }
}

/// Leaves a note for each attempt, then dies.
struct CountedCrash: ProcessTask {
  var scene: String
  func run() -> Int {
    SceneNote.leave("attempt-\(getpid())", in: scene)
    raise(SIGKILL)
    return 0
  }
}
