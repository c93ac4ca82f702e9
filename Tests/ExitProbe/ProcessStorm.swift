// Group M: everything that can happen to a worker process, at once, from a seed, while both CPUs are busy.
import ConcurrentFutures
import Glibc
import SplitMix
import Synchronization

private struct Misdeed: Error, Codable { var number: Int }

/// Misbehaves in one way. Its output is its number.
private struct Unruly: ProcessTask {
  enum Way: Int, Codable, CaseIterable {
    case computes, echoes, throws_, fatalError, traps, aborts, exits, isKilled, isStopped, hoards, hangs
    case crashesDecoding, failsDecoding, crashesEncoding, failsEncoding
  }
  var way: Way
  var number: Int
  var bytes: [UInt8] = []

  init(_ way: Way, _ number: Int) {
    self.way = way
    self.number = number
    // More than the socket takes at once, now and then.
    if way == .echoes { bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 1 << (12 + number % 11)) }
  }
  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    way = try container.decode(Way.self, forKey: .way)
    number = try container.decode(Int.self, forKey: .number)
    bytes = try container.decode([UInt8].self, forKey: .bytes)
    if way == .crashesDecoding { abort() }
    if way == .failsDecoding { throw Misdeed(number: number) }
  }

  struct Answer: Codable, Sendable {
    var way: Way
    var number: Int
    var bytes: [UInt8]
    private enum CodingKeys: CodingKey { case way, number, bytes }

    init(_ task: Unruly) { (way, number, bytes) = (task.way, task.number, task.bytes) }
    func encode(to encoder: any Encoder) throws {
      if way == .crashesEncoding { abort() }
      if way == .failsEncoding { throw Misdeed(number: number) }
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(way, forKey: .way)
      try container.encode(number, forKey: .number)
      try container.encode(bytes, forKey: .bytes)
    }
  }

  func run() throws -> Answer {
    switch way {
    case .throws_: throw Misdeed(number: number)
    case .fatalError: Swift.fatalError("meant to happen")
    case .traps: return Answer([self][getpid() > 0 ? 1 : 0])
    case .aborts: abort()
    case .exits: exit(3)
    case .isKilled: raise(SIGKILL)
    case .isStopped: raise(SIGSTOP)  // the storm continues it
    case .hoards:
      let hoard = [UInt8](repeating: 1, count: 16 << 30)  // the limit is a quarter of it
      return Answer(Unruly(.computes, Int(hoard[number]) + number))
    case .hangs: while true { pause() }
    default: break
    }
    return Answer(self)
  }

  /// Whether a future of this task may end so. Any worker may be killed at any time, any task cancelled before it starts.
  func allows(_ outcome: Result<Answer, any Error>) -> Bool {
    switch outcome {
    case .success(let answer):
      return [.computes, .echoes, .isStopped].contains(way) && answer.number == number && answer.bytes == bytes
    case .failure(is BrokenExecutorError), .failure(is CancelledError): return true
    case .failure(let error as Misdeed):
      return [.throws_, .failsDecoding, .failsEncoding].contains(way) && error.number == number
    case .failure(is TimeoutError): return way == .hangs
    case .failure: return false
    }
  }
}

/// The futures of a storm, each with how often it resolved.
private final class Ledger: Sendable {
  private struct State {
    var entries: [(task: Unruly, future: Future<Unruly.Answer>)] = []
    var resolved: [Int: Int] = [:]
  }
  private let state = Mutex(State())

  func add(_ task: Unruly, _ future: Future<Unruly.Answer>) {
    let number = state.withLock { state in
      state.entries.append((task, future))
      return state.entries.count - 1
    }
    future.addDoneCallback { _ in self.state.withLock { $0.resolved[number, default: 0] += 1 } }
  }

  /// Everything is done, once, in a way that its task allows.
  func check() throws {
    let (entries, resolved) = state.withLock { ($0.entries, $0.resolved) }
    for (number, entry) in entries.enumerated() {
      guard let outcome = entry.future.outcome ?? (entry.future.isCancelled ? .failure(CancelledError()) : nil) else {
        throw ProbeFailure(what: "\(entry.task) is not done: \(entry.future.debugDescription)")
      }
      guard entry.task.allows(outcome) else { throw ProbeFailure(what: "\(entry.task.way) ended as \(outcome)") }
      guard resolved[number] == 1 else { throw ProbeFailure(what: "resolved \(resolved[number] ?? 0) times") }
    }
  }
}

let isSanitized = dlsym(nil, "__tsan_init") != nil  // it needs more address space than any limit

private func oneStorm(_ dice: inout SplitMix64, _ policy: ProcessPoolExecutor.WorkerDeathPolicy) throws {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.maxWorkers = Int.random(in: 1...4, using: &dice)
  configuration.prefetch = Int.random(in: 0...5, using: &dice)
  configuration.maxTasksPerChild = Bool.random(using: &dice) ? nil : Int.random(in: 1...20, using: &dice)
  configuration.onWorkerDeath = policy
  if !isSanitized { configuration.resourceLimits = [Int32(RLIMIT_AS.rawValue): 4 << 30] }
  let ways = Unruly.Way.allCases.filter { !isSanitized || $0 != .hoards }
  let pool = try ProcessPoolExecutor(configuration)
  let ledger = Ledger()
  var killedAt = UInt64.max
  for number in 0..<Int.random(in: 20...150, using: &dice) {
    let isTame = Int.random(in: 0..<4, using: &dice) > 0
    let task = Unruly(
      isTame ? [.computes, .echoes].randomElement(using: &dice)! : ways.randomElement(using: &dice)!, number)
    do {
      let future = try pool.submit(task, timeout: task.way == .hangs ? .milliseconds(30) : nil)
      ledger.add(task, future)
      if Int.random(in: 0..<10, using: &dice) == 0 { future.cancel() }
    } catch {
      break  // a pool that broke takes no more
    }
    for process in pool.workerProcessIDs { kill(process, SIGCONT) }
    // Not one after the other before any has done something: that is a pool without hope, which breaks.
    if Int.random(in: 0..<8, using: &dice) == 0, pool.statistics.completed != killedAt,
      let victim = pool.workerProcessIDs.randomElement(using: &dice)
    {
      killedAt = pool.statistics.completed
      kill(victim, SIGKILL)
    }
    if Int.random(in: 0..<4, using: &dice) == 0 { usleep(UInt32.random(in: 0...3000, using: &dice)) }
  }
  let ended = Gate()
  startThread {
    while !ended.isOpen {
      for process in pool.workerProcessIDs { kill(process, SIGCONT) }
      usleep(2000)
    }
  }
  switch Int.random(in: 0..<6, using: &dice) {
  case 0: pool.terminateWorkers()
  case 1: pool.killWorkers()
  case 2: pool.shutdown(wait: false, cancelFutures: true)
  default: break
  }
  pool.shutdown()
  ended.open()
  try ledger.check()
  guard pool.workerProcessIDs.isEmpty else { throw ProbeFailure(what: "workers are left") }
}

let stormScenarios: [String: Scenario] = [
  // processStorm SEED STORMS
  "processStorm": { arguments in
    guard arguments.count == 2, let seed = UInt64(arguments[0]), let storms = Int(arguments[1]) else {
      throw ProbeFailure(what: "processStorm SEED STORMS")
    }
    var dice = SplitMix64(seed: seed)
    let ended = Gate()
    for _ in 0..<2 { startThread { while !ended.isOpen {} } }  // the load
    try oneStorm(&dice, .replaceWorker(retries: 1))
    usleep(50_000)  // a thread may be seen for a moment after it ended
    let (descriptors, threads) = (descriptorCount(), threadCount())
    for _ in 0..<storms {
      try oneStorm(
        &dice, Bool.random(using: &dice) ? .breakPool : .replaceWorker(retries: Int.random(in: 0...2, using: &dice)))
    }
    try until { threadCount() <= threads }
    say("descriptors \(descriptorCount() - descriptors)")
    say("children \(waitpid(-1, nil, WNOHANG) == -1 && errno == ECHILD ? 0 : 1)")
    ended.open()
  }
]
