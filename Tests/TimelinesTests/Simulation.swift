// Random schedules with known truth: a small simulation of a work-stealing pool that writes down both the events that a
// recorder would have recorded and what every worker really did.
import SchedulerEvents

@testable import Timelines

/// SplitMix64: the same schedule for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A program: what each task does, one step after the other.
struct SimulatedTask {
  enum Step { case compute(UInt64), submit(Int), wait(Int), block(UInt64) }
  var label: UInt32
  var steps: [Step]
  var fails = false
}

struct Simulation {
  struct Shape {
    var workers = 4
    var roots = 20
    var depth = 3
    var children = 0...4
    var compute: ClosedRange<UInt64> = 500...60_000
    var labels = ["parse", "index", "merge", "write", "hash"]
    var blocking = true
  }
  /// What happened to a task, as it was decided here.
  struct Truth {
    var submit: UInt64 = 0
    var start: UInt64 = 0
    var end: UInt64 = 0
    var selfTime: UInt64 = 0
    var lane = 0
    var fails = false
    var label: UInt32 = 0
    var parent: UInt64 = 0
    var submitLane: UInt16 = 0
    var source = TaskSource.local
    var victim: Int?
  }
  struct Wait: Hashable { var waiter: UInt64, awaited: UInt64, start: UInt64, end: UInt64 }
  struct Wake: Hashable { var from: UInt16, to: UInt16, wake: UInt64, unpark: UInt64 }
  private(set) var waits: Set<Wait> = []
  private(set) var wakes: Set<Wake> = []
  private(set) var searches = 0
  private(set) var text = TraceText()
  private(set) var truth: [UInt64: Truth] = [:]
  /// Nanoseconds by lane and state.
  private(set) var states: [[LaneState: UInt64]] = []
  private(set) var intervals: [[(state: LaneState, start: UInt64, end: UInt64)]] = []

  /// What a lane did, stretch by stretch; nil: not a lane of the simulation.
  func truth(ofLane lane: UInt16) -> [(state: LaneState, start: UInt64, end: UInt64)]? {
    if lane == EventValue.firstOutsideLane { return [(.outside, begin, .max)] }
    return Int(lane) < intervals.count ? intervals[Int(lane)] : nil
  }

  /// Behind a reference, so that an event can be filled from the simulation's state.
  private final class Log { var records: [EventRecord] = [] }
  private let log = Log()
  private var program: [SimulatedTask] = []
  private var ids: [UInt64]
  private var pending: [Bool]
  private var done: [Bool]
  private var random: SeededGenerator
  private var counters: [UInt16: UInt64] = [:]
  private var deques: [[Int]]
  private var injector: [Int] = []
  private var workers: [Worker]
  private var agenda: [(time: UInt64, order: Int, worker: Int)] = []
  private var order = 0
  private let begin = TraceText.epoch

  private struct Activity {
    var task: Int
    var step = 0
    /// Waiting for this task, and since when.
    var awaiting: Int?
    var since: UInt64 = 0
    var blocked = false
  }
  private struct Worker {
    enum Phase { case notStarted, starting, loop, parked, running, stopped }
    var phase = Phase.notStarted
    var stack: [Activity] = []
    var since: UInt64
    var state = LaneState.stopped
    var waiting = false
    var wokenBy: UInt16?
    var wokenAt: UInt64 = 0
    var isParkedInWait = false
  }

  init(seed: UInt64, shape: Shape = Shape()) {
    random = SeededGenerator(seed)
    workers = (0..<shape.workers).map { _ in Worker(since: TraceText.epoch) }
    deques = Array(repeating: [], count: shape.workers)
    states = Array(repeating: [:], count: shape.workers)
    intervals = Array(repeating: [], count: shape.workers)
    ids = []
    pending = []
    done = []
    text.labels = shape.labels.map { ($0, "\($0).swift:1") }
    text.pools = [("main", UInt32(shape.workers))]
    var roots: [Int] = []
    for _ in 0..<shape.roots { roots.append(make(shape, depth: shape.depth)) }
    ids = Array(repeating: 0, count: program.count)
    pending = Array(repeating: false, count: program.count)
    done = Array(repeating: false, count: program.count)
    run(roots)
  }

  /// Adds a task and what it submits; returns its number.
  private mutating func make(_ shape: Shape, depth: Int) -> Int {
    var steps: [SimulatedTask.Step] = [.compute(UInt64.random(in: shape.compute, using: &random))]
    let count = depth > 0 ? Int.random(in: shape.children, using: &random) : 0
    var children: [Int] = []
    for _ in 0..<count {
      let child = make(shape, depth: depth - 1)
      children.append(child)
      steps.append(.submit(child))
      steps.append(.compute(UInt64.random(in: shape.compute, using: &random) / 4 + 1))
    }
    for child in children.shuffled(using: &random) where Bool.random(using: &random) {
      steps.append(.wait(child))
      steps.append(.compute(UInt64.random(in: shape.compute, using: &random) / 8 + 1))
    }
    if shape.blocking && Int.random(in: 0..<10, using: &random) == 0 {
      steps.append(.block(UInt64.random(in: shape.compute, using: &random)))
    }
    program.append(
      SimulatedTask(
        label: UInt32.random(in: 1...UInt32(shape.labels.count), using: &random), steps: steps,
        fails: Int.random(in: 0..<20, using: &random) == 0))
    return program.count - 1
  }

  private func record(_ kind: EventKind, _ time: UInt64, _ lane: UInt16, _ fill: (inout EventRecord) -> Void = { _ in })
  {
    var event = EventRecord(kind, time: time, worker: lane)
    fill(&event)
    log.records.append(event)
  }
  private mutating func at(_ time: UInt64, _ worker: Int) {
    order += 1
    agenda.append((time, order, worker))
  }
  /// Ends the worker's current state in the books.
  private mutating func enter(_ worker: Int, _ state: LaneState, _ time: UInt64) {
    let old = workers[worker]
    if time > old.since {
      states[worker][old.state, default: 0] += time - old.since
      intervals[worker].append((old.state, old.since, time))
    }
    workers[worker].since = time
    workers[worker].state = state
  }
  private func busyState(_ worker: Int) -> LaneState {
    workers[worker].stack.contains { $0.awaiting != nil } ? .helping : .running
  }

  private mutating func submit(_ task: Int, from lane: UInt16, parent: Int?, _ time: UInt64) {
    let counter = counters[lane, default: 0] + 1
    counters[lane] = counter
    let id = UInt64(lane) << 48 | counter
    ids[task] = id
    pending[task] = true
    truth[id] = Truth(
      submit: time, fails: program[task].fails, label: program[task].label, parent: parent.map { ids[$0] } ?? 0,
      submitLane: lane)
    let isWorker = lane < EventValue.firstOutsideLane
    record(.taskSubmit, time, lane) {
      $0[TaskSubmit.task] = id
      $0[TaskSubmit.parent] = parent.map { ids[$0] } ?? 0
      $0[TaskSubmit.label] = UInt64(program[task].label)
      $0[TaskSubmit.queue] = UInt64((isWorker ? SubmitQueue.local : .injector).rawValue)
    }
    if isWorker { deques[Int(lane)].append(task) } else { injector.append(task) }
    if let idle = workers.indices.first(where: { workers[$0].phase == .parked && workers[$0].wokenBy == nil }) {
      workers[idle].wokenBy = lane
      workers[idle].wokenAt = time
      record(.workerWake, time, lane) {
        $0[WorkerWake.target] = UInt64(idle)
        $0[WorkerWake.cause] = UInt64(WakeCause.work.rawValue)
      }
      at(time + UInt64.random(in: 2000...20_000, using: &random), idle)
    } else if let fresh = workers.indices.first(where: { workers[$0].phase == .notStarted }) {
      workers[fresh].phase = .starting
      at(time + UInt64.random(in: 5000...30_000, using: &random), fresh)
    }
  }

  private mutating func run(_ roots: [Int]) {
    let outside = EventValue.firstOutsideLane
    var time = begin + 1000
    var next = 0
    while true {
      agenda.sort { ($0.time, $0.order) > ($1.time, $1.order) }
      if next < roots.count, agenda.last.map({ time <= $0.time }) ?? true {
        submit(roots[next], from: outside, parent: nil, time)
        next += 1
        time += UInt64.random(in: 100...40_000, using: &random)
        continue
      }
      guard let turn = agenda.popLast() else { break }
      step(turn.worker, turn.time)
    }
    // Everything is done: stop the workers that exist.
    var end = log.records.map(\.time).max()! + 1000
    for worker in workers.indices where workers[worker].phase == .parked {
      record(.workerWake, end, outside) {
        $0[WorkerWake.target] = UInt64(worker)
        $0[WorkerWake.cause] = UInt64(WakeCause.stop.rawValue)
      }
      wakes.insert(Wake(from: outside, to: UInt16(worker), wake: end, unpark: end + 500))
      end += 500
      record(.workerUnpark, end, UInt16(worker)) { $0[WorkerUnpark.cause] = UInt64(WakeCause.stop.rawValue) }
      enter(worker, .searching, end)
      end += 500
      record(.workerStop, end, UInt16(worker))
      enter(worker, .stopped, end)
      workers[worker].phase = .stopped
      end += 500
    }
    let last = log.records.map(\.time).max()!
    let first = log.records.map(\.time).min()!
    for worker in workers.indices {
      enter(worker, .stopped, last)
      // The trace begins with its first event.
      if let initial = intervals[worker].first, initial.start < first {
        intervals[worker][0].start = first
        states[worker][initial.state]! -= first - initial.start
      }
    }
    text.records = log.records.sorted { $0.time < $1.time }
  }

  private mutating func step(_ worker: Int, _ time: UInt64) {
    let lane = UInt16(worker)
    switch workers[worker].phase {
    case .starting:
      record(.workerStart, time, lane) { $0[WorkerLife.tid] = UInt64(100 + worker) }
      enter(worker, .starting, time)
      workers[worker].phase = .loop
      at(time + UInt64.random(in: 500...3000, using: &random), worker)
    case .parked:
      guard let waker = workers[worker].wokenBy else { return }
      workers[worker].wokenBy = nil
      workers[worker].phase = .loop
      wakes.insert(Wake(from: waker, to: lane, wake: workers[worker].wokenAt, unpark: time))
      record(.workerUnpark, time, lane) {
        $0[WorkerUnpark.cause] = UInt64(WakeCause.work.rawValue)
        $0[WorkerUnpark.waker] = UInt64(waker)
      }
      enter(worker, .searching, time)
      at(time + UInt64.random(in: 100...400, using: &random), worker)
    case .loop: look(worker, time)
    case .running: advance(worker, time)
    case .notStarted, .stopped: break
    }
  }

  private mutating func look(_ worker: Int, _ time: UInt64) {
    if let task = deques[worker].popLast() { return start(worker, task, .local, nil, time) }
    if !injector.isEmpty { return start(worker, injector.removeFirst(), .injector, nil, time) }
    let victims = workers.indices.filter { $0 != worker }.shuffled(using: &random)
    if let victim = victims.first(where: { !deques[$0].isEmpty }) {
      searches += 1
      record(.searchEnd, time, UInt16(worker)) {
        $0[SearchEnd.found] = 1
        $0[SearchEnd.attempts] = 3
        $0[SearchEnd.empty] = 2
        $0[SearchEnd.victim] = UInt64(victim)
        // Of a thread that has just started it would say when it began to look.
        $0[SearchEnd.duration] = workers[worker].state == .starting ? 0 : min(100, time - workers[worker].since)
      }
      return start(worker, deques[victim].removeFirst(), .stolen, victim, time)
    }
    enter(worker, .parked, time)
    record(.workerPark, time, UInt16(worker)) { $0[WorkerPark.reason] = UInt64(ParkReason.idle.rawValue) }
    workers[worker].phase = .parked
  }

  private mutating func start(_ worker: Int, _ task: Int, _ source: TaskSource, _ victim: Int?, _ time: UInt64) {
    let nesting = workers[worker].stack.count
    pending[task] = false
    workers[worker].stack.append(Activity(task: task))
    workers[worker].phase = .running
    truth[ids[task]]!.start = time
    truth[ids[task]]!.lane = worker
    truth[ids[task]]!.source = source
    truth[ids[task]]!.victim = victim
    record(.taskStart, time, UInt16(worker)) {
      $0[TaskStart.task] = ids[task]
      $0[TaskStart.source] = UInt64(source.rawValue)
      $0[TaskStart.victim] = UInt64(victim.map(UInt16.init) ?? EventValue.noLane)
      $0[TaskStart.nesting] = UInt64(nesting)
    }
    enter(worker, busyState(worker), time)
    advance(worker, time)
  }

  /// Performs steps of the topmost task until one takes time.
  private mutating func advance(_ worker: Int, _ now: UInt64) {
    let lane = UInt16(worker)
    while let top = workers[worker].stack.last {
      let task = top.task
      let position = workers[worker].stack.count - 1
      if let awaited = top.awaiting {
        guard done[awaited] else { return }  // woken too early
        if workers[worker].isParkedInWait, let waker = workers[worker].wokenBy {
          workers[worker].isParkedInWait = false
          workers[worker].wokenBy = nil
          wakes.insert(Wake(from: waker, to: lane, wake: workers[worker].wokenAt, unpark: now))
          record(.workerUnpark, now, lane) {
            $0[WorkerUnpark.cause] = UInt64(WakeCause.result.rawValue)
            $0[WorkerUnpark.waker] = UInt64(waker)
          }
        }
        waits.insert(Wait(waiter: ids[task], awaited: ids[awaited], start: top.since, end: now))
        record(.waitEnd, now, lane) {
          $0[WaitEnd.waiter] = ids[task]
          $0[WaitEnd.awaited] = ids[awaited]
        }
        workers[worker].stack[position].awaiting = nil
        enter(worker, busyState(worker), now)
        continue
      }
      if top.blocked {
        workers[worker].stack[position].blocked = false
        record(.blockingEnd, now, lane)
        enter(worker, busyState(worker), now)
        continue
      }
      guard top.step < program[task].steps.count else {
        finish(worker, task, now)
        if workers[worker].stack.isEmpty {
          workers[worker].phase = .loop
          enter(worker, .searching, now)
          at(now + UInt64.random(in: 50...500, using: &random), worker)
          return
        }
        continue
      }
      workers[worker].stack[position].step += 1
      switch program[task].steps[top.step] {
      case .compute(let length):
        truth[ids[task]]!.selfTime += length
        at(now + length, worker)
        return
      case .block(let length):
        record(.blockingBegin, now, lane)
        enter(worker, .blocking, now)
        workers[worker].stack[position].blocked = true
        at(now + length, worker)
        return
      case .submit(let child): submit(child, from: lane, parent: task, now)
      case .wait(let child):
        if done[child] { break }
        record(.waitBegin, now, lane) {
          $0[WaitBegin.waiter] = ids[task]
          $0[WaitBegin.awaited] = ids[child]
        }
        workers[worker].stack[position].awaiting = child
        workers[worker].stack[position].since = now
        enter(worker, .waiting, now)
        if pending[child] {
          injector.removeAll { $0 == child }
          for index in deques.indices { deques[index].removeAll { $0 == child } }
          return start(worker, child, .awaited, nil, now)
        }
        workers[worker].isParkedInWait = true
        record(.workerPark, now, lane) { $0[WorkerPark.reason] = UInt64(ParkReason.wait.rawValue) }
        return
      }
    }
  }

  private mutating func finish(_ worker: Int, _ task: Int, _ now: UInt64) {
    workers[worker].stack.removeLast()
    done[task] = true
    truth[ids[task]]!.end = now
    record(.taskEnd, now, UInt16(worker)) {
      $0[TaskEnd.task] = ids[task]
      $0[TaskEnd.outcome] = program[task].fails ? 1 : 0
    }
    if !workers[worker].stack.isEmpty { enter(worker, .waiting, now) }
    for other in workers.indices where other != worker && workers[other].stack.last?.awaiting == task {
      workers[other].wokenBy = UInt16(worker)
      workers[other].wokenAt = now
      record(.workerWake, now, UInt16(worker)) {
        $0[WorkerWake.target] = UInt64(other)
        $0[WorkerWake.cause] = UInt64(WakeCause.result.rawValue)
      }
      at(now + UInt64.random(in: 500...8000, using: &random), other)
    }
  }
}
