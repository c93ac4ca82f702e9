// What can happen to a worker at any time of its life; the conformance suite has the rest of the list (group M).
import CPlatform
import Glibc
import SplitMix
import Synchronization
import Testing

@testable import ConcurrentFutures

struct Square: ProcessTask {
  var number: Int
  func run() -> Int { number * number }
}
private struct ProcessID: ProcessTask {
  func run() -> Int32 { getpid() }
}
/// Runs until the file exists.
private struct Waiting: ProcessTask {
  var file: String
  func run() -> Int32 {
    while access(file, F_OK) != 0 { usleep(500) }
    return getpid()
  }
}
private struct Hoarding: ProcessTask {
  var byteCount: Int
  func run() -> Int {
    let bytes = [UInt8](repeating: 1, count: byteCount)
    return bytes.withUnsafeBytes { Int($0[byteCount - 1]) }
  }
}
/// Leaves a child that holds every descriptor of the worker, then dies.
private struct DyingWithChild: ProcessTask {
  func run() -> Int {
    let fork = unsafeBitCast(dlsym(nil, "fork"), to: (@convention(c) () -> pid_t).self)
    if fork() == 0 {
      sleep(20)
      _exit(0)
    }
    raise(SIGKILL)
    return 0
  }
}
private struct DyingFirst: ProcessInitializer {
  var file: String
  var attempts: Int
  func initialize() {
    for attempt in 0..<attempts {
      let descriptor = open("\(file)-\(attempt)", O_CREAT | O_EXCL | O_WRONLY, 0o600)
      if descriptor >= 0 { raise(SIGKILL) }
    }
  }
}
struct Summing: ProcessTask {
  var bytes: SharedBytes
  func run() -> [SharedBytes] {
    let sum = bytes.withUnsafeBytes { $0.reduce(0) { $0 &+ UInt8($1) } }
    return [bytes, try! SharedBytes([sum])]
  }
}

private func makePool(
  _ workers: Int, _ adjust: (inout ProcessPoolExecutor.Configuration) -> Void = { _ in }
) throws -> ProcessPoolExecutor {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.maxWorkers = workers
  adjust(&configuration)
  return try ProcessPoolExecutor(configuration)
}

private func scratch() -> String { "/tmp/concurrent-futures-fault-\(getpid())-\(UInt32.random(in: 0 ... .max))" }
private func touch(_ file: String) { close(open(file, O_CREAT | O_WRONLY, 0o600)) }
private func isBroken(_ future: AnyFuture) throws -> Bool {
  try future.exception(timeout: .seconds(30)) is BrokenExecutorError
}
/// Polls for what can only be looked at; the suite's time limit ends it.
private func eventually(_ isTrue: () -> Bool) throws {
  while !isTrue() {
    try #require(!Task.isCancelled)
    usleep(200)
  }
}

@Suite(.serialized) struct FaultTests {
  @Test(.timeLimit(.minutes(1))) func killedWhileIdle() throws {
    let breaking = try makePool(1)
    let idle = try breaking.submit(ProcessID()).result(timeout: .seconds(30))
    kill(idle, SIGKILL)
    try eventually { breaking.workerProcessIDs.isEmpty }
    try eventually { (try? breaking.submit(Square(number: 1))) == nil }
    breaking.shutdown()

    let replacing = try makePool(1) { $0.onWorkerDeath = .replaceWorker(retries: 0) }
    let first = try replacing.submit(ProcessID()).result(timeout: .seconds(30))
    kill(first, SIGKILL)
    try eventually { replacing.workerProcessIDs.isEmpty }
    #expect(try replacing.submit(ProcessID()).result(timeout: .seconds(30)) != first)
    replacing.shutdown()
  }

  @Test(.timeLimit(.minutes(1))) func killedWhileStarting() throws {
    let file = scratch()
    let breaking = try makePool(1) { $0.initializer = DyingFirst(file: file, attempts: 1) }
    let future = try breaking.submit(Square(number: 3))
    #expect(try isBroken(future))
    breaking.shutdown()
    unlink("\(file)-0")

    let replacing = try makePool(1) {
      $0.initializer = DyingFirst(file: file, attempts: 2)
      $0.onWorkerDeath = .replaceWorker(retries: 0)
    }
    #expect(try replacing.submit(Square(number: 3)).result(timeout: .seconds(30)) == 9)
    replacing.shutdown()
    for attempt in 0..<2 { unlink("\(file)-\(attempt)") }

    // One that never comes up does not start workers for ever.
    let hopeless = try makePool(1) {
      $0.initializer = DyingFirst(file: file, attempts: 1000)
      $0.onWorkerDeath = .replaceWorker(retries: 1000)
    }
    let lost = try hopeless.submit(Square(number: 3))
    #expect(try isBroken(lost))
    hopeless.shutdown()
    for attempt in 0..<10 { unlink("\(file)-\(attempt)") }
  }

  @Test(.timeLimit(.minutes(1))) func killedWhileShuttingDown() throws {
    for round in 0..<10 {
      let pool = try makePool(2)
      let file = scratch()
      let running = try pool.submit(Waiting(file: file))
      let others = try (0..<10).map { try pool.submit(Square(number: $0)) }
      try eventually { running.isRunning }
      pool.shutdown(wait: false)
      if round % 2 == 0 { touch(file) }
      for process in pool.workerProcessIDs { kill(process, SIGKILL) }
      for future in others + [] { _ = try future.exception(timeout: .seconds(30)) }
      _ = try running.exception(timeout: .seconds(30))
      pool.shutdown()
      #expect(pool.workerProcessIDs.isEmpty)
      unlink(file)
    }
  }

  /// A call that is to run again when the pool is shut down and cancels what has not started.
  @Test(.timeLimit(.minutes(1))) func shutDownBeforeTheRepetition() throws {
    for _ in 0..<5 {
      let pool = try makePool(1) { $0.onWorkerDeath = .replaceWorker(retries: 3) }
      let file = scratch()
      let running = try pool.submit(Waiting(file: file))
      try eventually { running.isRunning }
      let process = try #require(pool.workerProcessIDs.first)
      kill(process, SIGKILL)
      try eventually { !pool.workerProcessIDs.contains(process) }
      pool.shutdown(wait: false, cancelFutures: true)
      touch(file)
      pool.shutdown()
      #expect(running.isDone)
      let error = try running.exception(timeout: .zero)
      #expect(error == nil || error is BrokenExecutorError)
      unlink(file)
    }
  }

  @Test(.timeLimit(.minutes(1))) func stoppedAndContinued() throws {
    let pool = try makePool(2) { $0.prefetch = 2 }
    let file = scratch()
    let stopped = try pool.submit(Waiting(file: file))
    try eventually { stopped.isRunning }
    let process = try #require(pool.workerProcessIDs.first)
    kill(process, SIGSTOP)
    touch(file)
    // Nothing is stuck behind it: the other worker takes what was sent ahead.
    let others = try (0..<50).map { try pool.submit(Square(number: $0)) }
    for (number, future) in others.enumerated() { #expect(try future.result(timeout: .seconds(30)) == number * number) }
    #expect(!stopped.isDone)
    kill(process, SIGCONT)
    #expect(try stopped.result(timeout: .seconds(30)) == process)
    pool.shutdown()
    unlink(file)
  }

  @Test(
    .timeLimit(.minutes(1)),
    .disabled(if: dlsym(nil, "__tsan_init") != nil, "ThreadSanitizer needs the whole address space"))
  func outOfMemory() throws {
    let pool = try makePool(1) {
      $0.resourceLimits = [Int32(RLIMIT_AS.rawValue): 4 << 30]
      $0.onWorkerDeath = .replaceWorker(retries: 0)
    }
    let hoarding = try pool.submit(Hoarding(byteCount: 8 << 30))
    #expect(try isBroken(hoarding))
    #expect(try pool.submit(Hoarding(byteCount: 1 << 20)).result(timeout: .seconds(30)) == 1)
    pool.shutdown()
    let refused = try makePool(1) { $0.resourceLimits = [9999: 1] }
    let future = try refused.submit(Square(number: 1))
    #expect(try isBroken(future))
    refused.shutdown()
  }

  /// A grandchild keeps the socket open: the end is seen on the process itself.
  @Test(.timeLimit(.minutes(1))) func grandchildHoldsTheSocket() throws {
    let pool = try makePool(1)
    let future = try pool.submit(DyingWithChild())
    let start = ContinuousClock.now
    #expect(try isBroken(future))
    #expect(ContinuousClock.now - start < .seconds(15))
    pool.shutdown()
  }

  @Test(.timeLimit(.minutes(1))) func sharedMemoryCrosses() throws {
    let pool = try makePool(1)
    let bytes = try SharedBytes([UInt8](repeating: 1, count: 200))
    for _ in 0..<50 {
      let result = try pool.submit(Summing(bytes: bytes)).result(timeout: .seconds(30))
      #expect(result[0].count == 200)
      #expect(result[1].withUnsafeBytes { $0[0] } == 200)
    }
    pool.shutdown()
  }

  /// Workers are killed at random times under load: every future resolves exactly once, with its value or the error.
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [ProcessPoolExecutor.WorkerDeathPolicy.replaceWorker(retries: 0), .replaceWorker(retries: 3)])
  func randomKills(_ policy: ProcessPoolExecutor.WorkerDeathPolicy) throws {
    let seed = UInt64.random(in: 1 ... .max)
    print("kill seed \(seed)")
    var random = SplitMix64(seed: seed)
    let pool = try makePool(3) {
      $0.onWorkerDeath = policy
      $0.prefetch = 3
      $0.maxTasksPerChild = 40
    }
    let resolved = Mutex<[Int: Int]>([:])
    var futures: [Future<Int>] = []
    var kills = 0
    while kills < 200 {
      for _ in 0..<10 {
        let number = futures.count
        let future = try pool.submit(Square(number: number))
        future.addDoneCallback { _ in resolved.withLock { $0[number, default: 0] += 1 } }
        futures.append(future)
      }
      // Some tasks done between kills, so that workers die at all ages and the pool never seems hopeless.
      let target = pool.statistics.completed + UInt64.random(in: 1...5, using: &random)
      // Without retries kills may have left fewer than that to complete.
      try eventually { pool.statistics.completed >= target || futures.allSatisfy(\.isDone) }
      if let victim = pool.workerProcessIDs.randomElement(using: &random), kill(victim, SIGKILL) == 0 { kills += 1 }
    }
    pool.shutdown()
    var failures = 0
    for (number, future) in futures.enumerated() {
      switch future.outcome {
      case .success(let value): #expect(value == number * number)
      case .failure(let error):
        #expect(error is BrokenExecutorError)
        failures += 1
      case nil: Issue.record("future \(number) is not done after shutdown")
      }
    }
    #expect(failures <= 200)
    let counts = resolved.withLock { $0 }
    #expect(counts.count == futures.count && counts.values.allSatisfy { $0 == 1 })
    let statistics = pool.statistics
    #expect(statistics.submitted == UInt64(futures.count))
    #expect(statistics.completed + statistics.failed == statistics.submitted)
  }
}
