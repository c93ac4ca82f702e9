// Groups I, L and N: threads that are refused, a smaller machine, a fork.
import ConcurrentFutures
import Glibc

let systemScenarios: [String: Scenario] = [
  "refusedSecondThread": { _ in
    let (executor, started, gate) = try roomForOneWorker()
    let futures = try (0..<50).map { number in try executor.submit { number } }
    say("\(executor.statistics.workers) thread")
    gate.open()
    say("\(try futures.map { try $0.result() }.count) results")
    // Threads that were refused are not counted on: the one that there is gets woken. The pause lets it fall asleep.
    try until { executor.statistics.idle == 1 }
    usleep(20_000)
    say("\(try executor.submit { 1 }.result()) more")
    withExtendedLifetime(started) {}
  },

  /// The accepted tasks come from the only worker, which then waits for them.
  "refusedThreadInWorker": { _ in
    let (executor, _, gate) = try roomForOneWorker()
    let outer = try executor.submit {
      try (0..<50).map { number in try executor.submit { number } }
    }
    gate.open()
    say("\(try outer.result().map { try $0.result() }.count) results")
  },

  "refusedFirstThread": { _ in
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.stackSize = 1 << 30
    let executor = try ThreadPoolExecutor(configuration)
    let ran = Gate()
    let former = limitAddressSpace(to: pages().virtual * 4096 + 1 << 29)
    do {
      _ = try executor.submit { ran.open() }
      say("accepted")
    } catch let error as RejectedExecutionError {
      if case .noThread = error.reason { say("refused") }
    }
    // With room again a later one runs, and whatever had been enqueued before it would.
    _ = limitAddressSpace(to: former)
    say("\(try executor.submit { 1 }.result()) result")
    executor.shutdown()
    say(ran.isOpen ? "it ran" : "nothing was enqueued")
  },

  "oneCPU": { _ in
    // The overlay has no CPU_SET: a mask of 1024 bits with the first usable one.
    var mask = [UInt64](repeating: 0, count: 16)
    let size = mask.count * 8
    typealias Affinity = @convention(c) (pid_t, Int, UnsafeMutableRawPointer) -> Int32
    let get = hidden("sched_getaffinity", as: Affinity.self)
    let set = hidden("sched_setaffinity", as: Affinity.self)
    precondition(get(0, size, &mask) == 0)
    let first = mask.firstIndex { $0 != 0 }!
    let bit = mask[first] & (~mask[first] + 1)
    mask = mask.indices.map { $0 == first ? bit : 0 }
    precondition(set(0, size, &mask) == 0)
    say("\(try ThreadPoolExecutor().maxWorkers)")
  },

  "initializerFails": { _ in
    struct InitializerFailure: Error {}
    let executor = try ThreadPoolExecutor(maxWorkers: 1, initializer: { throw InitializerFailure() })
    let error = try executor.submit { 1 }.exception()
    say(error is BrokenExecutorError ? "broken" : "not broken: \(error as Any)")
  },

  /// `cycle WORKERS POLICY reported|silent`: two tasks that wait for each other. Whatever the policy: neither ends, and
  /// nothing crashes. Leaves a moment after the report, if there is to be one.
  "cycle": { arguments in
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = Int(arguments[0])!
    configuration.joinsAtExit = false
    configuration.waitPolicy = ["block": .block, "runAwaited": .runAwaited, "stealAny": .stealAny][arguments[1]]!
    let executor = try ThreadPoolExecutor(configuration)
    let (first, second) = (Slot(), Slot())
    let ready = Gate()
    first.future = try executor.submit {
      try ready.wait()
      return try second.future!.result()
    }
    second.future = try executor.submit {
      try ready.wait()
      return try first.future!.result()
    }
    let errors = try CapturedErrors()
    ready.open()
    if arguments[2] == "reported" { try until { errors.text.contains("\n") } }
    usleep(300_000)
    complain(errors.end())
    say("done: \(wait([first.future!, second.future!], timeout: .zero).done.count)")
    _exit(0)
  },

  "shutDownShared": { arguments in
    _ = try ThreadPoolExecutor.shared.submit {}.result()
    let general: any FutureExecutor = ThreadPoolExecutor.shared
    switch arguments[0] {
    case "wait": ThreadPoolExecutor.shared.shutdown()
    case "no wait": general.shutdown(wait: false)
    case "cancel": ThreadPoolExecutor.shared.shutdown(wait: false, cancelFutures: true)
    case "async":
      let ended = Gate()
      Task {
        await ThreadPoolExecutor.shared.shutdown()
        ended.open()
      }
      try ended.wait()
    default: ThreadPoolExecutor.shared.shutdown(deadline: .seconds(1))
    }
    say("shut down")
  },

  "fork": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 2)
    let (gate, started) = (Gate(), Gate())
    let running = try executor.submit { () -> Int in
      started.open()
      try gate.wait()
      return 1
    }
    let finished = try executor.submit { 2 }
    _ = try finished.result()
    try started.wait()
    let mapping = Gate()
    let mapped = try executor.map(0..<2) { number in
      mapping.open()
      try gate.wait()
      return number
    }
    // Both workers wait: neither is in a lock of Swift's runtime, as it is when it uses a generic type for the first time.
    try mapping.wait()
    let child = hidden("fork", as: (@convention(c) () -> pid_t).self)()
    if child == 0 { forkedChild(executor, running, finished, mapped) }
    var status: Int32 = 0
    try until { waitpid(child, &status, WNOHANG) == child }
    gate.open()
    say("parent: child ended with \(status), result \(try running.result())")
  },

  /// The only worker forks; what it has queued is pending meanwhile.
  "forkInTask": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    let (polls, ended) = (Calls(), Gate())
    let outcome = try executor.submit { () -> String in
      defer { ended.open() }
      try until { polls.value > 2 }  // the main thread is in no lock of Swift's runtime
      let pending = try executor.submit { 1 }
      let child = hidden("fork", as: (@convention(c) () -> pid_t).self)()
      if child == 0 { forkedWorker(executor, pending) }
      var status: Int32 = 0
      try until { waitpid(child, &status, WNOHANG) == child }
      return "child ended with \(status), result \(try pending.result())"
    }
    try until {
      polls.add()
      return ended.isOpen
    }
    say("parent: \(try outcome.result())")
  },
]

private func forkedWorker(_ executor: ThreadPoolExecutor, _ pending: Future<Int>) -> Never {
  say("child: \(ThreadPoolExecutor.currentWorker == nil && CancellationToken.current == nil ? "no" : "still a") worker")
  do { say("child: result \(try pending.result())") } catch { say("child: result throws \(type(of: error))") }
  say("child: \(pending.cancel() && pending.isCancelled ? "cancelled here" : "not cancelled")")
  do {
    _ = try executor.submit { 3 }
    say("child: submit was accepted")
  } catch {
    if case .forkedChild = error.reason { say("child: submit is refused") }
  }
  do {
    say("child: a new pool gives \(try withThreadPool(maxWorkers: 2) { try $0.submit { 4 }.result() })")
  } catch {
    say("child: \(error)")
  }
  exit(0)
}

/// What is written to the standard error from now on.
private final class CapturedErrors {
  private let original = dup(2)
  private var ends: [Int32] = [0, 0]
  private var bytes: [UInt8] = []

  init() throws {
    guard pipe(&ends) == 0, fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0, dup2(ends[1], 2) == 2 else {
      throw ProbeFailure(what: "pipe")
    }
  }
  var text: String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = read(ends[0], &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }
  /// The standard error is itself again.
  func end() -> String {
    dup2(original, 2)
    return text
  }
}

/// A reference that is set once, before any task reads it.
private final class Slot: @unchecked Sendable {
  // SAFETY: written before the gate opens, read after it.
  var future: Future<Int>?
}

/// A pool of four with one worker running, in an address space without room for another worker's stack.
private func roomForOneWorker() throws -> (ThreadPoolExecutor, Gate, Gate) {
  var configuration = ThreadPoolExecutor.Configuration()
  configuration.maxWorkers = 4
  configuration.stackSize = 1 << 30
  let executor = try ThreadPoolExecutor(configuration)
  let (started, gate) = (Gate(), Gate())
  try executor.execute {
    started.open()
    try gate.wait()
  }
  try started.wait()
  _ = limitAddressSpace(to: pages().virtual * 4096 + 1 << 29)
  return (executor, started, gate)
}

/// - Returns: the limit before.
private func limitAddressSpace(to bytes: Int) -> Int {
  var limit = rlimit()
  let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
  precondition(getrlimit(resource, &limit) == 0)
  let former = Int(truncatingIfNeeded: limit.rlim_cur)
  limit.rlim_cur = rlim_t(truncatingIfNeeded: bytes)
  precondition(setrlimit(resource, &limit) == 0)
  return former
}

private func forkedChild(
  _ executor: ThreadPoolExecutor, _ running: Future<Int>, _ finished: Future<Int>, _ mapped: MappedResults<Int>
) -> Never {
  do {
    _ = try executor.submit { 3 }
    say("child: submit was accepted")
  } catch {
    if case .forkedChild = error.reason { say("child: submit is refused") }
  }
  say("child: \(wait([running, finished]).done == [finished] ? "wait returns what is done" : "wait is wrong")")
  say("child: \((try? running.result()) == nil ? "result throws" : "result came")")
  for timeout in [nil, Duration.seconds(1000)] {
    do { _ = try running.result(timeout: timeout) } catch { say("child: \(type(of: error))") }
  }
  say("child: asCompleted gives \(Array(asCompleted([running, finished])) == [finished] ? "what is done" : "else")")
  do { _ = try mapped.next() } catch { say("child: map throws \(type(of: error))") }
  executor.shutdown()
  do {
    say("child: a new pool gives \(try withThreadPool(maxWorkers: 2) { try $0.submit { 4 }.result() })")
  } catch {
    say("child: \(error)")
  }
  exit(0)
}
