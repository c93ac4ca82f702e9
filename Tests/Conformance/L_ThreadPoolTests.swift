// Group L: ThreadPoolExecutor.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

/// Waits until the pool's threads sit still, then tells how many there are.
private func threadCount(_ pool: ThreadPoolExecutor, prefix: String) throws -> Int {
  #expect(threadNames(prefix: prefix).count == pool.statistics.workers)
  return pool.statistics.workers
}

extension Conformance {
  @Test func c184_defaultWidth() throws {
    let usable = usableCPUs()
    let pool = try ThreadPoolExecutor()
    #expect(pool.maxWorkers == min(32, usable + 4))
    #expect(ThreadPoolExecutor.shared.maxWorkers == usable)
    // In a process that may use one CPU only.
    #expect(try run("oneCPU").lines == ["5"])
  }

  @Test func c185_threadsOnDemand() throws {
    let pool = try PoolShape(workers: 4).make { $0.threadNamePrefix = "c185" }
    #expect(try threadCount(pool, prefix: "c185") == 0)
    let (gate, started) = (Gate(), Counter())
    func occupy() throws -> Future<Void> {
      try pool.submit {
        started.add()
        try gate.wait()
      }
    }
    var futures: [Future<Void>] = []
    for count in 1...4 {
      futures.append(try occupy())
      try started.wait(for: count)
      #expect(try threadCount(pool, prefix: "c185") == count)
    }
    futures += try (4..<60).map { _ in try occupy() }
    #expect(try threadCount(pool, prefix: "c185") == 4)
    #expect(started.value == 4)
    gate.open()
    wait(futures)
    #expect(pool.statistics.workers == 4)
    pool.shutdown()
  }

  @Test(arguments: PoolShape.all)
  func c186_anIdleThreadIsReused(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let threads = Journal<pid_t>()
      for _ in 0..<3 {
        try pool.submit { threads.note(currentThread()) }.result()
        try eventually { pool.statistics.running == 0 && pool.statistics.idle == pool.statistics.workers }
      }
      #expect(Set(threads.entries).count == 1)
      #expect(pool.statistics.workers == 1)
    }
  }

  @Test(arguments: PoolShape.all)
  func c187_tasksThatBlockEachOther(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      for _ in 0..<20 {
        let together = Barrier(parties: shape.workers)
        let futures = try (0..<shape.workers).map { _ in try pool.submit { try together.arriveAndWait() } }
        for future in futures { try future.result() }
        // Queued by a worker on itself: those that do not fit beside it must be taken from it.
        guard shape.workers > 1 else { continue }
        let inner = Barrier(parties: shape.workers)
        try pool.submit {
          let futures = try (1..<shape.workers).map { _ in try pool.submit { try inner.arriveAndWait() } }
          try inner.arriveAndWait()
          _ = futures
        }.result()
      }
    }
  }

  @Test func c188_threadNames() throws {
    let pool = try PoolShape(workers: 3).make { $0.threadNamePrefix = "a-rather-long-prefix" }
    let names = Journal<String>()
    let indices = Journal<Int>()
    let (together, gate) = (Barrier(parties: 3), Gate())
    let futures = try (0..<3).map { _ in
      try pool.submit {
        try together.arriveAndWait()
        names.note(ThreadPoolExecutor.currentWorker?.name ?? "")
        indices.note(ThreadPoolExecutor.currentWorker?.index ?? -1)
        try gate.wait()
      }
    }
    try eventually { names.entries.count == 3 }
    let kernelNames = threadNames(prefix: "")
    gate.open()
    for future in futures { try future.result() }
    #expect(Set(names.entries) == Set((0..<3).map { "a-rather-long-prefix_\($0)" }))
    #expect(indices.entries.sorted() == [0, 1, 2])
    for name in names.entries {
      #expect(kernelNames.contains { $0.utf8.count >= 10 && name.hasSuffix($0) }, "\(name) in \(kernelNames)")
    }
    #expect(ThreadPoolExecutor.currentWorker == nil)
    pool.shutdown()
  }

  @Test func c189_defaultNames() throws {
    let names = try (0..<2).map { _ in
      try withPool { pool in
        try #require(try pool.submit { ThreadPoolExecutor.currentWorker?.name ?? "" }.result())
      }
    }
    for name in names {
      #expect(name.wholeMatch(of: /ThreadPoolExecutor-[0-9]+_0/) != nil, "\(name)")
    }
    #expect(names[0] != names[1])
  }

  @Test(arguments: [1, 2, 4])
  func c190_initializer(_ workers: Int) throws {
    let threads = Journal<pid_t>()
    let pool = try ThreadPoolExecutor(maxWorkers: workers, initializer: { threads.note(currentThread()) })
    let together = Barrier(parties: workers)
    let initialized = try (0..<workers).map { _ in
      try pool.submit {
        try together.arriveAndWait()
        return threads.entries.filter { $0 == currentThread() }.count
      }
    }
    #expect(try initialized.map { try $0.result() } == Array(repeating: 1, count: workers))
    for _ in 0..<20 { try pool.submit {}.result() }
    #expect(threads.entries.count == workers)
    pool.shutdown()
  }

  /// Also in threads that come later: in place of one that has ended, and for a chain of waits deeper than a stack.
  @Test func c190_initializerOfLaterThreads() throws {
    let (initialized, ran) = (Journal<pid_t>(), Journal<pid_t>())
    func configuration(_ adjust: (inout ThreadPoolExecutor.Configuration) -> Void) -> ThreadPoolExecutor.Configuration {
      var configuration = ThreadPoolExecutor.Configuration()
      configuration.maxWorkers = 1
      configuration.initializer = { initialized.note(currentThread()) }
      adjust(&configuration)
      return configuration
    }
    let leaving = try ThreadPoolExecutor(configuration { $0.keepAlive = .microseconds(100) })
    for _ in 0..<5 {
      let before = initialized.entries.count
      let thread = try leaving.submit { currentThread() }.result()
      #expect(initialized.entries.count > before && initialized.entries.last == thread)
      try eventually { leaving.statistics.workers == 0 }
    }
    leaving.shutdown()
    let deep = try ThreadPoolExecutor(configuration { $0.stackSize = 256 << 10 })
    @Sendable func descend(_ depth: Int) throws -> Int {
      ran.note(currentThread())
      return depth == 0 ? 0 : try deep.submit { try descend(depth - 1) }.result() + 1
    }
    let bottom = try deep.submit { try descend(2000) }
    #expect(try bottom.result() == 2000)
    #expect(Set(ran.entries).count > 1, "one stack was enough")
    #expect(Set(ran.entries).isSubset(of: initialized.entries))
    deep.shutdown()
  }

  @Test func c191_aFailingInitializer() throws {
    let (reports, gate) = (Journal<any Error>(), Gate())
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.initializer = {
      try gate.wait()
      throw TaskFailure(number: 9)
    }
    configuration.errorHandler = { error, _ in reports.note(error) }
    let pool = try ThreadPoolExecutor(configuration)
    let ran = Counter()
    let futures = try (0..<5).map { _ in try pool.submit { ran.add() } }
    for _ in 0..<3 { try pool.execute { ran.add() } }
    gate.open()
    func isTheCause(_ error: (any Error)?) -> Bool {
      guard case .threadInitializerFailed(let cause)? = (error as? BrokenExecutorError)?.kind else { return false }
      return cause as? TaskFailure == TaskFailure(number: 9)
    }
    for future in futures { #expect(isTheCause(try future.exception())) }
    let error = #expect(throws: RejectedExecutionError.self) { try pool.submit { ran.add() } }
    guard case .broken(let broken)? = error?.reason else {
      Issue.record("another reason: \(error as Any)")
      return
    }
    #expect(isTheCause(broken))
    pool.shutdown()
    #expect(ran.value == 0)
    // The pool's end, and of each task without a future.
    #expect(reports.entries.count == 4)
    #expect(reports.entries.allSatisfy(isTheCause))
    #expect(pool.statistics.queued == 0)
    #expect(pool.statistics.failed == 8)
  }

  /// A submission that meets the pool while it breaks is refused or fails.
  @Test func c191_noTaskRunsInAThreadWithoutItsInitializer() throws {
    for _ in 0..<200 {
      var configuration = ThreadPoolExecutor.Configuration()
      configuration.maxWorkers = 1
      configuration.errorHandler = { _, _ in }
      configuration.initializer = { throw TaskFailure() }
      let (pool, ran) = (try ThreadPoolExecutor(configuration), Counter())
      var futures: [Future<Void>] = []
      while let future = try? pool.submit({ _ = ran.add() }) {
        futures.append(future)
        try? pool.execute { ran.add() }
      }
      pool.shutdown()
      #expect(ran.value == 0)
      for future in futures { #expect(try future.exception(timeout: .zero) is BrokenExecutorError) }
    }
  }

  /// What another worker has queued on itself fails too, while that worker is busy.
  @Test(arguments: [ThreadPoolExecutor.LocalOrder.lifo, .fifo])
  func c191_pendingFuturesInAWorkersQueue(_ order: ThreadPoolExecutor.LocalOrder) throws {
    let (calls, gate, queued, others) = (Counter(), Gate(), Journal<Future<Int>>(), Gate())
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 2
    configuration.localOrder = order
    configuration.errorHandler = { _, _ in }
    configuration.initializer = {
      guard calls.add() > 1 else { return }
      try gate.wait()
      throw TaskFailure(number: 9)
    }
    let pool = try ThreadPoolExecutor(configuration)
    let running = try pool.submit { () -> Int in
      for number in 0..<5 { queued.note(try pool.submit { number }) }
      try others.wait()
      return 7
    }
    try eventually { queued.entries.count == 5 && calls.value == 2 }
    gate.open()
    for future in queued.entries {
      let error = try future.exception(timeout: .seconds(30)) as? BrokenExecutorError
      guard case .threadInitializerFailed? = error?.kind else {
        Issue.record("another error: \(error as Any)")
        continue
      }
    }
    #expect(running.state == .running)
    others.open()
    #expect(try running.result() == 7)
    pool.shutdown()
  }

  @Test func c192_itsText() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1, initializer: { throw TaskFailure() })
    let text = "A thread initializer failed, the thread pool is not usable anymore"
    do {
      let error = try pool.submit { 1 }.exception() as? BrokenExecutorError
      #expect(error?.description.contains(text) == true)
    } catch let error as RejectedExecutionError {
      #expect(error.description.contains(text))
    }
    try eventually { (try? pool.submit { 1 }) == nil }
    let error = #expect(throws: RejectedExecutionError.self) { try pool.submit { 1 } }
    #expect(error?.description.contains(text) == true)
    // Without a handler it goes to the standard error.
    #expect(try run("initializerFails").errors.contains(text))
  }

  @Test(arguments: [true, false])
  func c194_shutdownOfABrokenPool(_ waits: Bool) throws {
    let gate = Gate()
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 2
    configuration.threadNamePrefix = "c194"
    configuration.errorHandler = { _, _ in }
    configuration.initializer = {
      try gate.wait()
      throw TaskFailure()
    }
    let pool = try ThreadPoolExecutor(configuration)
    let futures = try (0..<4).map { number in try pool.submit { number } }
    gate.open()
    for future in futures { #expect(try future.exception() is BrokenExecutorError) }
    pool.shutdown(wait: waits)
    pool.shutdown()
    // What it says stays.
    let error = #expect(throws: RejectedExecutionError.self) { try pool.submit { 1 } }
    guard case .broken? = error?.reason else {
      Issue.record("another reason: \(error as Any)")
      return
    }
    try eventually { threadNames(prefix: "c194").isEmpty }
  }

  @Test(arguments: PoolShape.all.filter { $0.workers == 1 })
  func c195_outsideSubmissionsStartInOrder(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let order = Journal<Int>()
      for number in 0..<500 { try pool.execute { order.note(number) } }
      occupied.release()
      try pool.submit {}.result()
      #expect(order.entries == Array(0..<500))
    }
  }

  @Test(arguments: PoolShape.all.filter { $0.workers == 1 })
  func c196_aWorkersOwnSubmissions(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let order = Journal<Int>()
      let futures = try pool.submit {
        try (0..<50).map { number in try pool.submit { order.note(number) } }
      }.result()
      wait(futures)
      #expect(order.entries == (shape.localOrder == .fifo ? Array(0..<50) : (0..<50).reversed()))
    }
  }

  @Test(.disabled(if: isThreadSanitized, "fork with threads is not supported by ThreadSanitizer"))
  func c197_fork() throws {
    let run = try run("fork")
    #expect(
      run.lines == [
        "child: submit is refused", "child: wait returns what is done", "child: result throws",
        "child: BrokenExecutorError", "child: BrokenExecutorError", "child: asCompleted gives what is done",
        "child: map throws BrokenExecutorError", "child: a new pool gives 4", "parent: child ended with 0, result 1",
      ], "\(run)")
    #expect(run.status == 0)
  }

  /// A task forks: in the child its thread is a worker no more.
  @Test(.disabled(if: isThreadSanitized, "fork with threads is not supported by ThreadSanitizer"))
  func c197_forkInATask() throws {
    let run = try run("forkInTask")
    #expect(
      run.lines == [
        "child: no worker", "child: result throws BrokenExecutorError", "child: cancelled here",
        "child: submit is refused",
        "child: a new pool gives 4", "parent: child ended with 0, result 1",
      ], "\(run)")
    #expect(run.status == 0)
  }

  @Test(arguments: PoolShape.helping)
  func c198_aTaskThatWaitsForATaskOfItsPool(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      func inPool(_ body: @escaping @Sendable () throws -> Int) throws -> Int { try pool.submit(body).result() }
      #expect(try inPool { try pool.submit { 1 }.result() } == 1)
      #expect(try inPool { wait(try (0..<5).map { number in try pool.submit { number } }).done.count } == 5)
      #expect(try inPool { Array(asCompleted(try (0..<5).map { number in try pool.submit { number } })).count } == 5)
      #expect(try inPool { try pool.map(0..<5) { $0 }.collect().count } == 5)
      #expect(try inPool { try pool.map(0..<5, bufferSize: 2) { $0 }.collect().count } == 5)
      #expect(try inPool { try pool.map(0..<5, chunkSize: 2) { $0 }.collect().count } == 5)
      #expect(try inPool { try pool.submit { 1 }.exception() == nil ? 1 : 0 } == 1)
      for condition in ReturnCondition.allCases {
        #expect(try inPool { wait([try pool.submit { 1 }], returnWhen: condition).done.count } == 1, "\(condition)")
      }
      // Of a future made from others: those.
      #expect(try inPool { try all((0..<5).map { number in try pool.submit { number } }).result().count } == 5)
      #expect(try inPool { try pool.submit { 1 }.map { $0 + 1 }.zip(pool.submit { 2 }).result().0 } == 2)
      #expect(try inPool { try firstCompleted(of: [pool.submit { 1 }, pool.submit { 1 }]).result() } == 1)
      // Every worker at once, three deep.
      let futures = try (0..<(2 * shape.workers)).map { _ in
        try pool.submit { try pool.submit { try pool.submit { 3 }.result() }.result() }
      }
      #expect(try futures.allSatisfy { try $0.result() == 3 })
      // A task from outside of the pool, queued before the one that waits for it.
      let occupied = try Occupied(pool)
      let waited = Journal<Future<Int>>()
      let waiting = try pool.submit { try waited.entries[0].result() }
      waited.note(try pool.submit { 8 })
      occupied.release()
      #expect(try waiting.result() == 8)
    }
  }

  @Test(arguments: ["block", "runAwaited", "stealAny"])
  func c199_aCycleStaysADeadlock(_ policy: String) throws {
    for workers in ["1", "2"] {
      // The debug build says so, where both have started.
      let isReported = workers == "2" || policy != "block"
      let run = try run("cycle", workers, policy, isReported ? "reported" : "silent")
      #expect(run.lines == ["done: 0"], "\(run)")
      #expect(run.status == 0)
      if isReported {
        #expect(run.errors.contains("ConcurrentFutures: deadlock: <Future at 0x"), "\(workers): \(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1, "once: \(run.errors)")
      }
    }
  }
}

/// As the kernel says: the affinity of this process, and the quota of its cgroup (version 2), rounded up.
private func usableCPUs() -> Int {
  let status = readFile("/proc/self/status") ?? ""
  let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }!.split(separator: "\t")[1]
  let affinity = mask.filter { $0 != "," }.reduce(0) { $0 + $1.hexDigitValue!.nonzeroBitCount }
  var usable = affinity
  var path = (readFile("/proc/self/cgroup") ?? "").split(separator: "\n").first { $0.hasPrefix("0::") }?.dropFirst(3)
  while let folder = path {
    let words = readFile("/sys/fs/cgroup\(folder == "/" ? "" : folder)/cpu.max")?.split { $0 == " " || $0 == "\n" }
    if let words, let quota = Int(words[0]), let period = Int(words[1]) {
      usable = min(usable, max(1, (quota + period - 1) / period))
    }
    path = folder == "/" || folder.isEmpty ? nil : folder[..<folder.lastIndex(of: "/")!]
  }
  return usable
}

/// Whether this process was built with ThreadSanitizer.
let isThreadSanitized = dlsym(nil, "__tsan_init") != nil
