// Runs a small concurrent program under every schedule and every choice of stale reads, up to given bounds.
//
// Depth-first over the decisions of a run: who goes on, and which message a load takes. Threads are coroutines of one
// thread, so a run is a function of its decisions and a failing one can be repeated with a trace. The bounds are on the
// unusual: switches away from a thread that could go on (preemptions), and loads of anything but the newest message. First
// all of it with few of these, then with more: where the runs are not enough, what is left out is the rarest, and not
// whatever comes late in the search. (Iterative context bounding: Musuvathi and Qadeer, PLDI 2007.)
import Coroutines
import Glibc

/// A program to explore: made anew for every run.
struct Program {
  /// At most three, of at most about three operations each: longer ones find no more and take for ever.
  let threads: [() -> Void]
  /// Threads that may still sleep when all others have ended: they were never needed.
  var spares: Set<Int> = []
  /// After the run: what is wrong, or nil.
  let check: () -> String?
}

struct Bounds {
  var preemptions = isLong ? 3 : 2
  var staleReads = isLong ? 3 : 2
  /// Runs after which exploring is cut off; the verdict says so.
  var runs = isLong ? 1_000_000 : 30_000

  static let isLong = getenv("LONG_TESTS") != nil

  /// The way there: each number of preemptions with no stale read first, then with more.
  var levels: [Bounds] {
    (1...max(1, preemptions)).flatMap { switches in
      (0...min(switches, staleReads)).map { Bounds(preemptions: switches, staleReads: $0, runs: runs) }
    } + (preemptions < staleReads ? [self] : [])
  }
}

struct Verdict {
  var runs = 0
  var isComplete = false
  /// What went wrong, and the steps that led there.
  var failure: String?
}

enum Explorer {
  /// The run in progress. One test explores at a time (the suites are serialized).
  nonisolated(unsafe) static var run: Run!

  static func explore(_ name: String, _ bounds: Bounds = Bounds(), _ make: () -> Program) -> Verdict {
    var verdict = Verdict()
    for level in bounds.levels where verdict.failure == nil {
      explore(level, &verdict, make)
      if !verdict.isComplete { break }
    }
    print(
      "model \(name): \(verdict.runs) runs, \(verdict.isComplete ? "complete" : verdict.failure == nil ? "cut off" : "FAILED")"
        + " (preemptions \(bounds.preemptions), stale reads \(bounds.staleReads))")
    return verdict
  }

  private static func explore(_ bounds: Bounds, _ verdict: inout Verdict, _ make: () -> Program) {
    var path: [Decision] = []
    verdict.isComplete = false
    while verdict.runs < bounds.runs {
      run = Run(bounds, path, isTraced: false)
      run.perform(make())
      verdict.runs += 1
      path = run.path
      if run.failure != nil {
        run = Run(bounds, path, isTraced: true)
        run.perform(make())
        verdict.failure = "\(run.failure ?? "not repeated")\n" + run.trace.joined(separator: "\n")
        return
      }
      while let last = path.last, last.chosen + 1 == last.options { path.removeLast() }
      if path.isEmpty {
        verdict.isComplete = true
        return
      }
      path[path.count - 1].chosen += 1
    }
  }
}

struct Decision {
  let options: Int
  var chosen = 0
}

final class Run {
  private enum State {
    case ready
    /// Spins: goes on after somebody wrote something.
    case yielded(at: Int)
    case blocked(until: () -> Bool)
    case finished
  }

  let memory = Memory()
  private let bounds: Bounds
  private(set) var path: [Decision]
  private var depth = 0
  private var states: [State] = []
  private var bodies: [() -> Void] = []
  private var spares: Set<Int> = []
  private var coroutines: [OpaquePointer] = []
  private let main = coroutine_make(nil, 0)!
  private(set) var current = -1
  private var preemptions = 0
  private var staleReads = 0
  private var steps = 0
  var writes = 0
  private var lonelyYields = 0
  /// Threads that spin read the newest messages until they write: a real one would see them in the end.
  private var mustReadNewest: [Bool] = []
  private(set) var failure: String?
  private let isTraced: Bool
  private(set) var trace: [String] = []
  var waiters: [(location: Int, thread: Int)] = []
  var timersFired: Set<Int> = []

  /// Steps after which a run counts as one that does not end.
  private static let longest = 20_000

  init(_ bounds: Bounds, _ path: [Decision], isTraced: Bool) {
    self.bounds = bounds
    self.path = path
    self.isTraced = isTraced
  }

  deinit {
    for coroutine in coroutines { coroutine_free(coroutine) }
    coroutine_free(main)
  }

  func perform(_ program: Program) {
    bodies = program.threads
    spares = program.spares
    states = bodies.map { _ in .ready }
    mustReadNewest = bodies.map { _ in false }
    memory.views = bodies.map { _ in memory.everything }  // what was made before the threads is theirs to see
    for _ in bodies { coroutines.append(coroutine_make(Run.enter, 512 << 10)) }
    if let first = pickNext() {
      current = first
      coroutine_switch(main, coroutines[first])
    }
    current = -1
    if failure == nil, let wrong = program.check() { failure = wrong }
    // The program's objects go while this is the run in progress: their atomics are its locations.
    bodies = []
    states = []
  }

  /// Returns, so that nothing on the coroutine's stack holds the run: else each one would be kept, with its stacks, for ever.
  private static let enter: @convention(c) () -> OpaquePointer? = {
    let run = Explorer.run!
    run.bodies[run.current]()
    return run.finish()
  }

  /// Who goes on after the current thread, which is at its end.
  private func finish() -> OpaquePointer {
    states[current] = .finished
    guard let next = pickNext() else { return main }
    current = next
    return coroutines[next]
  }

  /// Gives up the coroutine for good, or until its state lets it go on.
  private func leave() {
    let me = current
    let next = pickNext()
    let target = next.map { coroutines[$0] } ?? main
    if next == me { return }
    if let next { current = next }
    coroutine_switch(coroutines[me], target)
  }

  // MARK: Decisions

  /// One of `options`: 0 is the usual one.
  private func decide(_ options: Int) -> Int {
    if options == 1 { return 0 }
    if depth == path.count { path.append(Decision(options: options)) }
    defer { depth += 1 }
    return path[depth].chosen
  }

  /// Who goes on; nil when nobody can.
  private func pickNext() -> Int? {
    if failure != nil { return nil }
    var ready: [Int] = []
    var spinning: [Int] = []
    for thread in states.indices {
      switch states[thread] {
      case .ready: ready.append(thread)
      case .yielded(let at): if writes > at { ready.append(thread) } else { spinning.append(thread) }
      case .blocked(let condition): if condition() { ready.append(thread) }
      case .finished: break
      }
    }
    if ready.isEmpty, !spinning.isEmpty {
      lonelyYields += 1
      if lonelyYields > 100 { fail("threads \(spinning) spin for ever") }
      ready = spinning
    } else {
      lonelyYields = 0
    }
    if ready.isEmpty {
      let stuck = states.indices.filter { thread in
        if case .finished = states[thread] { false } else { !spares.contains(thread) }
      }
      if !stuck.isEmpty { fail("threads \(stuck) sleep for ever") }
      return nil
    }
    if failure != nil { return nil }
    var canGoOn = false
    if current >= 0, case .ready = states[current] { canGoOn = true }
    if canGoOn {
      if preemptions >= bounds.preemptions { return current }
      let others = ready.filter { $0 != current }
      let choice = decide(others.count + 1)
      if choice == 0 { return current }
      preemptions += 1
      states[others[choice - 1]] = .ready
      return others[choice - 1]
    }
    let choice = ready[decide(ready.count)]
    states[choice] = .ready
    return choice
  }

  // MARK: Steps

  var isActive: Bool { current >= 0 }

  /// Before every access to memory: another thread may go first.
  func point() {
    steps += 1
    if steps > Run.longest { fail("does not end") }
    leave()
  }

  /// The thread spins: it goes on when somebody wrote something, or nobody else can.
  func yield() {
    guard isActive else { return }
    mustReadNewest[current] = true
    states[current] = .yielded(at: writes)
    leave()
    steps += 1
    if steps > Run.longest { fail("does not end") }
  }

  /// Blocks the thread until `condition` holds.
  func block(until condition: @escaping () -> Bool) {
    precondition(isActive, "would block outside of a run")
    states[current] = .blocked(until: condition)
    leave()
  }

  /// Ends the run as a failure. The other coroutines are given up.
  func fail(_ what: String) {
    if failure == nil { failure = what }
    guard isActive else { return }
    let me = current
    coroutine_switch(coroutines[me], main)
  }

  func note(_ what: @autoclosure () -> String) {
    if isTraced, isActive { trace.append("  thread \(current): \(what())") }
  }

  // MARK: Memory

  private func location(_ id: Int) -> Location {
    guard id >= 0, id < memory.locations.count, !memory.locations[id].isDead else {
      fail("use of freed memory (\(id))")
      return Location(-1, 0)
    }
    return memory.locations[id]
  }

  /// Picks a message for a load that may take `range`.
  private func pick(_ range: ClosedRange<Int>) -> Int {
    if mustReadNewest[current] || staleReads >= bounds.staleReads || range.count == 1 { return range.upperBound }
    let choice = decide(min(range.count, 3))
    if choice > 0 { staleReads += 1 }
    return range.upperBound - choice
  }

  func load(_ id: Int, _ strength: Strength) -> UInt64 {
    guard isActive else { return location(id).history.last!.bits }
    point()
    let at = location(id)
    let index = pick(memory.readable(at, current, strength))
    let bits = memory.read(at, index, current, strength)
    note("#\(id) is \(hex(bits))\(index == at.last ? "" : ", stale")")
    return bits
  }

  func store(_ id: Int, _ bits: UInt64, _ strength: Strength) {
    guard isActive else { return location(id).history.append(Message(bits: bits, view: View())) }
    point()
    mustReadNewest[current] = false
    writes += 1
    memory.write(location(id), bits, current, strength)
    note("#\(id) = \(hex(bits))")
  }

  /// `change` gives the new value, or nil to leave the old.
  func update(_ id: Int, _ strength: Strength, _ failing: Strength, _ change: (UInt64) -> UInt64?) -> UInt64 {
    guard isActive else {
      let at = location(id)
      let old = at.history.last!.bits
      if let new = change(old) { at.history.append(Message(bits: new, view: View())) }
      return old
    }
    point()
    let at = location(id)
    if memory.mayComeBefore(newest: at, current), let new = change(at.history[at.last - 1].bits),
      pick(at.last - 1...at.last) < at.last
    {
      let index = at.last
      let old = memory.read(at, index - 1, current, strength)
      memory.exchange(at, index, new, current, strength)
      writes += 1
      note("#\(id) was \(hex(old)), now \(hex(new)), before the newest")
      return old
    }
    let last = at.last
    guard let new = change(at.history[last].bits) else {
      let old = memory.read(at, last, current, failing)
      note("#\(id) is \(hex(old)), left")
      return old
    }
    // An exchange that fails is a load: it may fail for a stale value, where the newest would do.
    let range = memory.readable(at, current, failing)
    if range.count > 1, change(at.history[last - 1].bits) == nil, pick(last - 1...last) != last {
      let old = memory.read(at, last - 1, current, failing)
      note("#\(id) is \(hex(old)), stale, left")
      return old
    }
    let old = memory.read(at, last, current, strength)
    memory.exchange(at, last + 1, new, current, strength)
    mustReadNewest[current] = false
    writes += 1
    note("#\(id) was \(hex(old)), now \(hex(new))")
    return old
  }

  func fence() {
    guard isActive else { return }
    point()
    memory.fence(current)
    note("fence")
  }

  /// A fence on every thread, not at one moment.
  func fenceEverywhere() {
    guard isActive else { return }
    memory.fence(current)
    for thread in memory.views.indices where thread != current {
      point()
      memory.fence(thread)
    }
    memory.fence(current)
    note("membarrier")
  }

  private func hex(_ bits: UInt64) -> String { bits < 1000 ? "\(bits)" : "0x" + String(bits, radix: 16) }
}
