// What if there were more workers, or a label were faster: the run's program replayed by a simulated pool.
//
// The replay uses neither the recorded placement nor the recorded start times: only what tasks do (WorkGraph), and two
// measured costs. Policy as the pool's: own deque last in first out, then the injector first in first out, then a steal of
// the oldest; who waits runs the awaited task if it is pending, else blocks. It does not know of caches, memory bandwidth
// and locks, which is what the calibration error shows.

/// A prediction.
public struct WhatIf: Sendable {
  /// What is changed.
  public struct Scenario: Sendable {
    /// Workers of the simulated pool.
    public var workers: Int
    /// Run times of a label are divided by this.
    public var speedups: [UInt32: Double]
    /// Speed-ups are by the id of the label.
    public init(workers: Int, speedups: [UInt32: Double] = [:]) {
      self.workers = workers
      self.speedups = speedups
    }
  }
  /// What the tasks of the run do.
  public let graph: WorkGraph
  /// The recorded time from the first event to the end of the last task, and the replay of the same.
  public let recorded: UInt64
  /// The replay's, at the recorded width.
  public let replayed: UInt64
  /// Error of the replay at the recorded width; predictions can hardly be better.
  public var calibrationError: Double {
    recorded == 0 ? 1 : abs(Double(replayed) - Double(recorded)) / Double(recorded)
  }
  /// Above this the model does not fit the run, and predictions are refused.
  public static let tolerance = 0.10

  /// Replays the run once, at its recorded width, for the calibration error.
  public init(_ graph: WorkGraph) {
    self.graph = graph
    recorded = graph.makespan
    replayed = graph.workers == 0 ? 0 : Self.replay(graph, Scenario(workers: graph.workers))
  }
  /// Nanoseconds from the beginning to the end of the last task.
  public func predict(_ scenario: Scenario) -> UInt64 { Self.replay(graph, scenario) }
  /// The recorded width.
  public var workers: Int { graph.workers }

  static func replay(_ graph: WorkGraph, _ scenario: Scenario) -> UInt64 {
    var pool = ReplayPool(graph, scenario)
    return pool.run()
  }
}

/// The simulated pool.
struct ReplayPool {
  private let graph: WorkGraph
  private let programs: WorkPrograms
  private let speed: [UInt32: Double]
  private enum State: UInt8 { case unborn, pending, running, done }
  private var states: [State]
  private var agenda = Agenda()
  private var deques: [ReplayQueue]
  private var injector = ReplayQueue()
  private var actors: [Actor]
  private var idle: [Int] = []
  /// Who waits for a task.
  private var waiters: [Int32: [Int]] = [:]
  private var end: UInt64 = 0
  private let workers: Int
  private var nextVictim = 0

  private struct Activity {
    /// Or `WorkGraph.outside`.
    var node: Int32
    var steps: WorkStepReader
    var waitsFor: Int32 = -1
  }
  private struct Actor {
    var stack: [Activity] = []
    var isIdle = false
  }

  init(_ graph: WorkGraph, _ scenario: WhatIf.Scenario) {
    self.graph = graph
    programs = graph.programs
    workers = max(1, scenario.workers)
    speed = scenario.speedups
    states = [State](repeating: .unborn, count: programs.count)
    deques = Array(repeating: ReplayQueue(), count: workers)
    actors = Array(repeating: Actor(), count: workers + programs.outsideCount)
    for worker in (0..<workers).reversed() {
      actors[worker].isIdle = true
      idle.append(worker)
    }
    for number in 0..<programs.outsideCount {
      actors[workers + number].stack = [Activity(node: WorkGraph.outside, steps: programs.reader(outside: number))]
      agenda.add(0, workers + number)
    }
  }

  mutating func run() -> UInt64 {
    while let (time, actor) = agenda.next() { advance(actor, time) }
    return end
  }

  private mutating func submit(_ node: Int32, by actor: Int, _ time: UInt64) {
    states[Int(node)] = .pending
    if actor < workers { deques[actor].append(node) } else { injector.append(node) }
    if let sleeper = idle.popLast() {
      actors[sleeper].isIdle = false
      agenda.add(time + graph.wakeLatency, sleeper)
    }
  }
  /// The next task of a worker; tasks that a waiter took meanwhile are passed over.
  private mutating func take(_ worker: Int) -> Int32? {
    while let node = deques[worker].takeLast() {
      if states[Int(node)] == .pending { return node }
    }
    while let node = injector.takeFirst() {
      if states[Int(node)] == .pending { return node }
    }
    for offset in 0..<workers {
      let victim = (nextVictim + offset) % workers
      guard victim != worker else { continue }
      while let node = deques[victim].takeFirst() {
        if states[Int(node)] == .pending {
          nextVictim += 1
          return node
        }
      }
    }
    return nil
  }

  private mutating func advance(_ actor: Int, _ now: UInt64) {
    while true {
      guard let top = actors[actor].stack.last else {
        guard actor < workers else { return }
        guard let node = take(actor) else {
          actors[actor].isIdle = true
          idle.append(actor)
          return
        }
        states[Int(node)] = .running
        actors[actor].stack.append(Activity(node: node, steps: programs.reader(node)))
        agenda.add(now + graph.costPerTask, actor)
        return
      }
      let position = actors[actor].stack.count - 1
      if top.waitsFor >= 0 {
        guard states[Int(top.waitsFor)] == .done else { return }
        actors[actor].stack[position].waitsFor = -1
        continue
      }
      guard let step = actors[actor].stack[position].steps.step() else {
        actors[actor].stack.removeLast()
        if top.node != WorkGraph.outside { finish(top.node, now) }
        continue
      }
      switch step {
      case .run(let length):
        agenda.add(now + time(of: length, in: top.node), actor)
        return
      case .blocking(let length):
        agenda.add(now + length, actor)
        return
      case .submit(let node): submit(node, by: actor, now)
      case .wait(let node):
        if states[Int(node)] == .done { continue }
        actors[actor].stack[position].waitsFor = node
        if states[Int(node)] == .pending && actor < workers {
          states[Int(node)] = .running
          actors[actor].stack.append(Activity(node: node, steps: programs.reader(node)))
          continue
        }
        waiters[node, default: []].append(actor)
        return
      }
    }
  }
  private func time(of length: UInt64, in node: Int32) -> UInt64 {
    guard !speed.isEmpty, node != WorkGraph.outside, let factor = speed[programs.label(node)] else { return length }
    return UInt64(Double(length) / factor)
  }
  private mutating func finish(_ node: Int32, _ now: UInt64) {
    states[Int(node)] = .done
    end = max(end, now)
    for waiter in waiters.removeValue(forKey: node) ?? [] { agenda.add(now + graph.wakeLatency, waiter) }
  }
}

/// Tasks of a deque or of the injector, the oldest first. What was taken does not stay in memory.
struct ReplayQueue {
  private var nodes: [Int32] = []
  private var head = 0

  mutating func append(_ node: Int32) {
    if head > 1024 && head * 2 > nodes.count {
      nodes.removeSubrange(..<head)
      head = 0
    }
    nodes.append(node)
  }
  mutating func takeFirst() -> Int32? {
    guard head < nodes.count else { return nil }
    head += 1
    return nodes[head - 1]
  }
  mutating func takeLast() -> Int32? { head < nodes.count ? nodes.removeLast() : nil }
}

/// What happens next: a binary heap by time, first come first served at the same time.
struct Agenda {
  private var heap: [(time: UInt64, order: UInt64, actor: Int)] = []
  private var order: UInt64 = 0

  mutating func add(_ time: UInt64, _ actor: Int) {
    order += 1
    heap.append((time, order, actor))
    var child = heap.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }
  mutating func next() -> (time: UInt64, actor: Int)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [parent * 2 + 1, parent * 2 + 2] where child < heap.count && precedes(child, least) {
          least = child
        }
        if least == parent { break }
        heap.swapAt(parent, least)
        parent = least
      }
    }
    return (first.time, first.actor)
  }
  private func precedes(_ a: Int, _ b: Int) -> Bool { (heap[a].time, heap[a].order) < (heap[b].time, heap[b].order) }
}
