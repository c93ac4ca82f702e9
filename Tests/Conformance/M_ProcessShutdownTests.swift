// Group M: how a process pool ends.
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test func c226_earlyShutdownWithMaxTasksPerChild() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 3, maxTasksPerChild: 1)
    let futures = try (0..<6).map { try pool.submit(Power(base: $0, exponent: 2)) }
    pool.shutdown()
    #expect(futures.map { $0.state } == Array(repeating: .finished, count: 6))
    #expect(try futures.map { try $0.soon() } == [0, 1, 4, 9, 16, 25])
  }

  @Test func c227_limitAfterShutdownWithoutWaiting() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1, maxTasksPerChild: 2)
    let futures = try (0..<7).map { _ in try pool.submit(OwnProcessID()) }
    pool.shutdown(wait: false)
    #expect(Set(try futures.map { try $0.soon() }).count == 4)
    pool.shutdown()
  }

  @Test func c229_droppedPool() throws {
    let scene = try Scene()
    var pool: ProcessPoolExecutor? = try ProcessPoolExecutor(maxWorkers: 1, maxTasksPerChild: 1)
    let futures = try (0..<4).map { try pool!.submit(Blocked(scene, "\($0)")) }
    pool = nil
    scene.leave("go")
    for future in futures { #expect(try future.soon() != 0) }
  }

  @Test func c231_terminateWorkers() throws { try endsWorkers(SIGTERM) }
  @Test func c232_killWorkers() throws { try endsWorkers(SIGKILL) }

  @Test func c234_submitAfterKill() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    _ = try pool.submit(OwnProcessID()).soon()
    pool.killWorkers()
    let refused = #expect(throws: RejectedExecutionError.self) { try pool.submit(OwnProcessID()) }
    #expect(refused?.description == "cannot schedule new futures after shutdown")
    pool.shutdown()
  }

  private func endsWorkers(_ signal: Int32) throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    let scene = try Scene()
    let running = try (0..<2).map { try pool.submit(Blocked(scene, "\($0)")) }
    try scene.wait(for: "started-0")
    try scene.wait(for: "started-1")
    try eventually { running.allSatisfy(\.isRunning) }
    let pending = try (0..<10).map { try pool.submit(Noting(scene, "\($0)")) }
    let processes = pool.workerProcessIDs
    if signal == SIGTERM { pool.terminateWorkers() } else { pool.killWorkers() }
    for future in running {
      guard case .terminated? = brokenKind(try future.errorSoon()) else {
        Issue.record("another error: \(String(describing: try future.errorSoon()))")
        continue
      }
    }
    for future in pending { #expect(throws: CancelledError.self) { try future.soon() } }
    pool.shutdown()
    #expect(pool.workerProcessIDs.isEmpty)
    for process in processes { #expect(kill(process, 0) == -1 && errno == ESRCH) }
    #expect(!scene.notes.contains { $0.hasPrefix("ran") })
  }

  @Test func c233_terminateWithoutWorkers() throws {
    let fresh = try ProcessPoolExecutor(maxWorkers: 1)
    fresh.terminateWorkers()
    fresh.killWorkers()
    #expect(throws: RejectedExecutionError.self) { try fresh.submit(OwnProcessID()) }
    fresh.shutdown()
    let broken = try ProcessPoolExecutor(maxWorkers: 1)
    #expect(try brokenKind(broken.submit(Dying(way: .abort)).errorSoon()) != nil)
    broken.terminateWorkers()
    broken.killWorkers()
    #expect(throws: RejectedExecutionError.self) { try broken.submit(OwnProcessID()) }
    broken.shutdown()
  }

  @Test func c235_noReplacementDuringKill() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1, maxTasksPerChild: 1)
    let scene = try Scene()
    let running = try pool.submit(Blocked(scene, "running"))
    let pending = try (0..<5).map { try pool.submit(Noting(scene, "\($0)")) }
    try scene.wait(for: "started-running")
    pool.killWorkers()
    pool.shutdown()
    #expect(running.isDone && pending.allSatisfy(\.isCancelled))
    #expect(scene.notes == ["started-running"])
  }

  @Test func c238_nothingIsLeft() throws {
    let run = try run("processResources")
    #expect(run.lines == ["descriptors 0", "children 0", "threads 0"], "\(run.output) \(run.errors)")
  }

  @Test(arguments: ["idle", "busy"])
  func c239_workersDieWithTheParent(_ state: String) throws {
    let run = try run("processParentKilled", state)
    #expect(run.status == -SIGKILL)
    let workers = run.lines.compactMap { Int32($0) }
    #expect(workers.count == 2)
    try eventually(limit: .seconds(10)) { workers.allSatisfy { isGone($0) } }
  }

  @Test(arguments: ["end", "exit", "shutdownNoWait"])
  func c241_exitWaits(_ how: String) throws {
    let run = try run("processWorkAtExit", how)
    #expect(run.lines.sorted() == Array(repeating: "task ends", count: 6), "\(run.errors)")
    #expect(run.status == (how == "exit" ? 3 : 0))
  }

  @Test func c242_standardOutput() throws {
    let run = try run("processOutput")
    #expect(run.lines.sorted() == ["from a worker", "from the parent"])
    #expect(run.errors.contains("error line"))
  }

  @Test func deletedExecutable() throws {
    let run = try run("processDeletedExecutable")
    #expect(run.lines == ["gone", "42"], "\(run.errors)")
  }

  @Test func replacedExecutable() throws {
    let run = try run("processDeletedExecutable", "replaced")
    #expect(run.lines == ["still there", "42"], "\(run.errors)")
  }

  @Test func entryByHand() throws {
    let careful = try run("careful", program: "manualProbe")
    #expect(careful.lines == ["main", "main", "42"], "\(careful.errors)")
    // The child that does not ask runs `main` once, as far as its first pool.
    let careless = try run("careless", program: "manualProbe")
    #expect(careless.lines == ["main", "main", "BrokenExecutorError"], "\(careless.errors)")
    #expect(careless.errors.contains("did not call ProcessPoolExecutor.runWorkerIfRequested()"))
  }

  @Test func workerOfNobody() throws {
    let stale = try run("processStaleVariable")
    #expect(stale.status == 70 && stale.lines.isEmpty, "\(stale.output)")
    #expect(stale.errors.contains("no pool started this process"))
    let inTask = try run("processStartedInTask")
    #expect(inTask.lines == ["main ran", "42", "status 0"], "\(inTask.output) \(inTask.errors)")
  }

  @Test func forkedChildRefuses() throws {  // 197 on processes
    let run = try run("processForkedChild")
    #expect(run.lines == ["child: forkedChild", "parent: 42"], "\(run.errors)")
  }

  @Test func submitAfterShutdown() throws {  // 164 on processes
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    pool.shutdown()
    pool.shutdown()
    let refused = #expect(throws: RejectedExecutionError.self) { try pool.submit(OwnProcessID()) }
    #expect(refused?.description == "cannot schedule new futures after shutdown")
    #expect(try pool.map([] as [OwnProcessID]).collect() == [])
  }

  @Test func shutdownCancelsPending() throws {  // 168 on processes
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    let scene = try Scene()
    let futures = try (0..<20).map { try pool.submit(Blocked(scene, "\($0)")) }
    try scene.wait(for: "started-0")
    try scene.wait(for: "started-1")
    pool.shutdown(wait: false, cancelFutures: true)
    scene.leave("go")
    pool.shutdown()
    #expect(futures.count(where: \.isCancelled) == 18)
    for future in futures where !future.isCancelled { #expect(try future.soon() != 0) }
  }

  @Test func shutdownInCallback() throws {  // 171 on processes: the pool's own thread does not wait for itself
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    let called = Gate()
    let future = try pool.submit(Power(base: 1, exponent: 1))
    future.addDoneCallback { _ in
      pool.shutdown()
      called.open()
    }
    try called.wait()
    pool.shutdown()
  }

  @Test func asyncShutdown() async throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    let future = try pool.submit(Power(base: 2, exponent: 3))
    await pool.shutdown()
    #expect(future.isDone)
    #expect(pool.workerProcessIDs.isEmpty)
  }
}

/// True once the process is no more, or only its entry is left for someone to collect.
private func isGone(_ process: Int32) -> Bool {
  guard let line = readFile("/proc/\(process)/stat"), let end = line.lastIndex(of: ")") else { return true }
  return line[end...].dropFirst(2).first == "Z"
}
