// Group M: what only a program of its own can show of a process pool.
import ConcurrentFutures
import Glibc

struct Doubling: ProcessTask {
  var number: Int
  func run() -> Int { number * 2 }
}
struct Saying: ProcessTask {
  var line: String
  var pause: UInt32 = 0
  func run() -> Int {
    usleep(pause)
    print(line)
    return 0
  }
}
private struct SayingError: ProcessTask {
  func run() -> Int {
    complain("error line")
    return 0
  }
}
private struct Endless: ProcessTask {
  func run() -> Int32 {
    say("\(getpid())")
    var spins: UInt64 = 0
    while getppid() != 0 { spins &+= 1 }
    return Int32(truncatingIfNeeded: spins)
  }
}
private struct Telling: ProcessTask {
  func run() -> Int {
    say("\(getpid())")
    usleep(20_000)
    return 0
  }
}

private struct StartingThis: ProcessTask {
  func run() throws -> Int32 {
    let child = hidden("fork", as: (@convention(c) () -> pid_t).self)()
    if child == 0 {
      try executeThis("processWithoutGuard")
      _exit(1)
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    return status
  }
}
private func executeThis(_ scenario: String) throws {
  var words = (["exitProbe", scenario] as [String]).map { strdup($0) }
  words.append(nil)
  execv("/proc/self/exe", words)
  throw ProbeFailure(what: "execv")
}

private nonisolated(unsafe) var keptPools: [ProcessPoolExecutor] = []  // SAFETY: the main thread's

let processScenarios: [String: Scenario] = [
  "processWithoutGuard": { _ in
    say("main ran")
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    say("\(try pool.submit(Doubling(number: 21)).result(timeout: .seconds(20)))")
    pool.shutdown()
  },

  // A copy of this program that is gone from the disk before its first worker starts.
  "processDeletedExecutable": { arguments in
    let copy = "/tmp/exitProbe-\(getpid())"
    guard let link = realpath("/proc/self/exe", nil) else { throw ProbeFailure(what: "realpath") }
    try copyFile(from: String(cString: link), to: copy)
    var words = ([copy, "processUnlinked", copy] + arguments).map { strdup($0) }
    words.append(nil)
    execv(copy, words)
    throw ProbeFailure(what: "execv")
  },
  "processUnlinked": { arguments in
    unlink(arguments[0])
    if arguments.count > 1 {  // something else takes its place
      let other = open(arguments[0], O_CREAT | O_WRONLY | O_CLOEXEC, 0o755)
      _ = write(other, "#!/bin/sh\nexit 9\n", 17)
      close(other)
    }
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    say("\(access(arguments[0], F_OK) == 0 ? "still there" : "gone")")
    say("\(try pool.submit(Doubling(number: 21)).result(timeout: .seconds(20)))")
    pool.shutdown()
    unlink(arguments[0])
  },

  // A variable that was left over must not make a worker of nobody.
  "processStaleVariable": { _ in
    setenv("CONCURRENT_FUTURES_WORKER_OF", "\(getppid())", 1)
    try executeThis("processWithoutGuard")
  },
  // A task that starts this program does not start a worker.
  "processStartedInTask": { _ in
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    say("status \(try pool.submit(StartingThis()).result(timeout: .seconds(20)))")
    pool.shutdown()
  },

  "processReplacementFails": { _ in
    let pool = try ProcessPoolExecutor(maxWorkers: 1, maxTasksPerChild: 1)
    let first = try pool.submit(Saying(line: "first 1", pause: 100_000))
    let rest = try (0..<5).map { _ in try pool.submit(Doubling(number: 1)) }
    try until { first.isRunning }
    var limit = rlimit(rlim_cur: 3, rlim_max: 3)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    _ = try first.result(timeout: .seconds(20))
    for future in rest {
      guard try future.exception(timeout: .seconds(20)) is BrokenExecutorError else {
        throw ProbeFailure(what: "no error")
      }
    }
    say("rest failed")
    pool.shutdown()
  },

  "processResources": { _ in
    func round() throws {
      for width in [1, 3] {
        let pool = try ProcessPoolExecutor(maxWorkers: width, maxTasksPerChild: 5)
        for future in try (0..<20).map({ try pool.submit(Doubling(number: $0)) }) {
          _ = try future.result(timeout: .seconds(20))
        }
        pool.shutdown()
      }
      let killed = try ProcessPoolExecutor(maxWorkers: 2)
      _ = try killed.submit(Doubling(number: 1)).result(timeout: .seconds(20))
      killed.killWorkers()
      killed.shutdown()
    }
    try round()
    usleep(50_000)  // a thread may be seen for a moment after it ended
    let (before, threads) = (descriptorCount(), threadCount())
    for _ in 0..<5 { try round() }
    say("descriptors \(descriptorCount() - before)")
    say("children \(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD ? 0 : 1)")
    try until { threadCount() <= threads }
    say("threads \(threadCount() - threads)")
  },

  "processParentKilled": { arguments in
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    if arguments.first == "busy" {
      let futures = try (0..<2).map { _ in try pool.submit(Endless()) }
      try until { futures.allSatisfy(\.isRunning) }
      usleep(50_000)  // their lines are written after they became RUNNING
    } else {
      for future in try (0..<2).map({ _ in try pool.submit(Telling()) }) {
        _ = try future.result(timeout: .seconds(20))
      }
    }
    kill(getpid(), SIGKILL)
  },

  "processWorkAtExit": { arguments in
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    keptPools.append(pool)
    for _ in 0..<6 { _ = try pool.submit(Saying(line: "task ends", pause: 20_000)) }
    if arguments.first == "exit" { exit(3) }
    if arguments.first == "shutdownNoWait" { pool.shutdown(wait: false) }
  },

  "processOutput": { _ in
    print("from the parent")
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    _ = try pool.submit(Saying(line: "from a worker")).result(timeout: .seconds(20))
    _ = try pool.submit(SayingError()).result(timeout: .seconds(20))
    pool.shutdown()
  },

  "processForkedChild": { _ in
    let pool = try ProcessPoolExecutor(maxWorkers: 1)
    _ = try pool.submit(Doubling(number: 1)).result(timeout: .seconds(20))
    let child = hidden("fork", as: (@convention(c) () -> pid_t).self)()
    if child == 0 {
      do throws(RejectedExecutionError) { _ = try pool.submit(Doubling(number: 1)) } catch {
        guard case .forkedChild = error.reason else { _exit(1) }
        say("child: forkedChild")
      }
      pool.shutdown()
      exit(0)  // must neither wait for the parent's pool nor stop its workers
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    say("parent: \(try pool.submit(Doubling(number: 21)).result(timeout: .seconds(20)))")
    pool.shutdown()
  },
]

func descriptorCount() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while readdir(folder) != nil { count += 1 }
  return count
}

private func copyFile(from source: String, to target: String) throws {
  let reading = open(source, O_RDONLY | O_CLOEXEC)
  let writing = open(target, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o755)
  guard reading >= 0, writing >= 0 else { throw ProbeFailure(what: "open") }
  defer {
    close(reading)
    close(writing)
  }
  var block = [UInt8](repeating: 0, count: 1 << 20)
  while case let count = read(reading, &block, block.count), count > 0 {
    guard write(writing, block, count) == count else { throw ProbeFailure(what: "write") }
  }
}
