// Random schedules with known truth: a small simulation of a work-stealing pool that writes down both the events that a
// recorder would have recorded and what every worker really did.
import SchedulerEvents
import SplitMix

@testable import Timelines

struct Simulation {
  /// What happened to a task, as it was decided here.
  struct Truth {
    var submit: UInt64 = 0
    var start: UInt64 = 0
    var end: UInt64 = 0
    var selfTime: UInt64 = 0
    var lane = 0
    var fails = false
    var isCancelled = false
    var label: UInt32 = 0
    var parent: UInt64 = 0
    var submitLane: UInt16 = 0
    var source = TaskSource.local
    var victim: Int?
  }
  struct Wait: Hashable { var waiter: UInt64, awaited: UInt64, start: UInt64, end: UInt64 }
  struct Wake: Hashable { var from: UInt16, to: UInt16, wake: UInt64, unpark: UInt64 }
  var waits: Set<Wait> = []
  var wakes: Set<Wake> = []
  private(set) var searches = 0
  /// Nanoseconds of callbacks and stolen halves of forks: run, but not by a task.
  var extraWork: UInt64 = 0
  /// How often each of the rarer things happened.
  var happened: [String: Int] = [:]
  private(set) var text = TraceText()
  var truth: [UInt64: Truth] = [:]
  /// Nanoseconds by lane and state.
  private(set) var states: [[LaneState: UInt64]] = []
  private(set) var intervals: [[(state: LaneState, start: UInt64, end: UInt64)]] = []

  /// What a lane did, stretch by stretch; nil: not a lane of the simulation.
  func truth(ofLane lane: UInt16) -> [(state: LaneState, start: UInt64, end: UInt64)]? {
    if lane >= EventValue.firstOutsideLane {
      guard lane == EventValue.firstOutsideLane, let wait = outsideWait else { return [(.outside, begin, .max)] }
      return [(.outside, begin, wait.start), (.waiting, wait.start, wait.end), (.outside, wait.end, .max)]
    }
    return Int(lane) < intervals.count ? intervals[Int(lane)] : nil
  }

  /// Behind a reference, so that an event can be filled from the simulation's state.
  private final class Log { var records: [EventRecord] = [] }
  private let log = Log()
  let program: [SimulatedTask]
  var ids: [UInt64]
  var pending: [Bool]
  var done: [Bool]
  var random: SplitMix64
  private var counters: [UInt16: UInt64] = [:]
  var deques: [[Int]]
  var injector: [Int] = []
  var workers: [Worker]
  private var agenda: [(time: UInt64, order: Int, worker: Int, turn: Int)] = []
  var forks: [Fork] = []
  /// Suspended tasks that can go on, and when.
  var suspended: [(time: UInt64, activity: Activity)] = []
  var outsideWait: (task: Int, start: UInt64, end: UInt64)?
  /// Resumes what was suspended.
  private static let timerLane = EventValue.firstOutsideLane + 1
  struct Fork {
    enum State { case open, stolen, done }
    let owner: Int
    let length: UInt64
    var state = State.open
  }
  private var order = 0
  private let awaitsOutside: Bool
  private let begin = TraceText.epoch

  struct Activity {
    var task: Int
    var step = 0
    /// Waiting for this task, and since when.
    var awaiting: Int?
    var since: UInt64 = 0
    var deadline = UInt64.max
    var blocked = false
    /// The fork whose own half is being run, or waited for.
    var fork: Int?
    /// Not the task itself, but its callback, or a half of a fork that was stolen.
    var part: Part?
    enum Part { case callback, half(Int) }
  }
  struct Worker {
    enum Phase { case notStarted, starting, loop, parked, running, stopped }
    var phase = Phase.notStarted
    var stack: [Activity] = []
    var since: UInt64
    var state = LaneState.stopped
    var waiting = false
    var wokenBy: UInt16?
    var wokenAt: UInt64 = 0
    var isParkedInWait = false
    /// Of several times at which it could go on the first one counts.
    var turn = 0
  }

  init(seed: UInt64, shape: Shape = Shape()) {
    random = SplitMix64(seed: seed)
    awaitsOutside = shape.everything
    workers = (0..<shape.workers).map { _ in Worker(since: TraceText.epoch) }
    deques = Array(repeating: [], count: shape.workers)
    states = Array(repeating: [:], count: shape.workers)
    intervals = Array(repeating: [], count: shape.workers)
    text.labels = shape.labels.map { ($0, "\($0).swift:1") }
    text.pools = [("main", UInt32(shape.workers))]
    let made = SimulatedProgram(shape, &random)
    program = made.tasks
    ids = Array(repeating: 0, count: program.count)
    pending = Array(repeating: false, count: program.count)
    done = Array(repeating: false, count: program.count)
    run(made.roots)
  }

  func record(_ kind: EventKind, _ time: UInt64, _ lane: UInt16, _ fill: (inout EventRecord) -> Void = { _ in }) {
    var event = EventRecord(kind, time: time, worker: lane)
    fill(&event)
    log.records.append(event)
  }
  mutating func at(_ time: UInt64, _ worker: Int) {
    order += 1
    agenda.append((time, order, worker, worker < 0 ? 0 : workers[worker].turn))
  }
  /// Ends the worker's current state in the books.
  mutating func enter(_ worker: Int, _ state: LaneState, _ time: UInt64) {
    let old = workers[worker]
    if time > old.since {
      states[worker][old.state, default: 0] += time - old.since
      intervals[worker].append((old.state, old.since, time))
    }
    workers[worker].since = time
    workers[worker].state = state
  }
  func busyState(_ worker: Int) -> LaneState {
    workers[worker].stack.contains { $0.awaiting != nil } ? .helping : .running
  }

  mutating func submit(_ task: Int, from lane: UInt16, parent: Int?, _ time: UInt64) {
    let counter = counters[lane, default: 0] + 1
    counters[lane] = counter
    let id = UInt64(lane) << 48 | counter
    // Async code does not know which task it is.
    let maker = parent.flatMap { program[$0].isAsync ? nil : $0 }.map { ids[$0] } ?? 0
    ids[task] = id
    pending[task] = true
    truth[id] = Truth(
      submit: time, fails: program[task].fails, label: program[task].label, parent: maker,
      submitLane: lane)
    let isWorker = lane < EventValue.firstOutsideLane
    record(.taskSubmit, time, lane) {
      $0[TaskSubmit.task] = id
      $0[TaskSubmit.parent] = maker
      $0[TaskSubmit.label] = UInt64(program[task].label)
      $0[TaskSubmit.queue] = UInt64((isWorker ? SubmitQueue.local : .injector).rawValue)
    }
    if isWorker { deques[Int(lane)].append(task) } else { injector.append(task) }
    callSomebody(from: lane, time)
  }
  /// Wakes or starts a worker, if one sleeps or has no thread yet.
  mutating func callSomebody(from lane: UInt16, _ time: UInt64) {
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
        if next == roots.count, awaitsOutside { waitOutside(roots[next - 1], time + 50) }
        time += UInt64.random(in: 100...40_000, using: &random)
        continue
      }
      guard let turn = agenda.popLast() else { break }
      guard turn.worker >= 0 else {
        callSomebody(from: Self.timerLane, turn.time)
        continue
      }
      guard turn.turn == workers[turn.worker].turn else { continue }
      workers[turn.worker].turn += 1
      step(turn.worker, turn.time)
    }
    precondition(truth.values.allSatisfy { $0.end > 0 }, "a schedule that came to a halt")
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

  private mutating func waitOutside(_ task: Int, _ time: UInt64) {
    outsideWait = (task, time, .max)
    record(.waitBegin, time, EventValue.firstOutsideLane) { $0[WaitBegin.awaited] = ids[task] }
  }
  mutating func endOutsideWait(_ end: UInt64, cancelled: Bool = false) {
    outsideWait!.end = end
    let task = ids[outsideWait!.task]
    waits.insert(Wait(waiter: 0, awaited: task, start: outsideWait!.start, end: end))
    record(.waitEnd, end, EventValue.firstOutsideLane) {
      $0[WaitEnd.awaited] = task
      $0[WaitEnd.outcome] = UInt64((cancelled ? WaitOutcome.cancelled : .done).rawValue)
    }
  }

  private mutating func look(_ worker: Int, _ time: UInt64) {
    if let index = suspended.firstIndex(where: { $0.time <= time }) {
      return resume(worker, suspended.remove(at: index).activity, time)
    }
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
    if let fork = forks.firstIndex(where: { $0.state == .open && $0.owner != worker }) {
      return steal(fork, worker, time)
    }
    enter(worker, .parked, time)
    record(.workerPark, time, UInt16(worker)) { $0[WorkerPark.reason] = UInt64(ParkReason.idle.rawValue) }
    workers[worker].phase = .parked
  }
  private mutating func steal(_ fork: Int, _ worker: Int, _ time: UInt64) {
    happened["stolen half", default: 0] += 1
    forks[fork].state = .stolen
    let owner = forks[fork].owner
    let task = workers[owner].stack.last { $0.fork == fork }!.task
    record(.forkBegin, time, UInt16(worker)) {
      $0[StolenFork.parent] = ids[task]
      $0[StolenFork.victim] = UInt64(owner)
    }
    workers[worker].phase = .running
    workers[worker].stack.append(Activity(task: task, part: .half(fork)))
    enter(worker, .running, time)
    extraWork += forks[fork].length
    at(time + forks[fork].length, worker)
  }
  private mutating func resume(_ worker: Int, _ activity: Activity, _ time: UInt64) {
    record(.jobBegin, time, UInt16(worker))
    if program[activity.task].statesSuspension {
      record(.taskResume, time, UInt16(worker)) { $0[TaskStep.task] = ids[activity.task] }
      truth[ids[activity.task]]!.lane = worker
    }
    workers[worker].phase = .running
    workers[worker].stack.append(activity)
    enter(worker, .running, time)
    advance(worker, time)
  }

  mutating func start(_ worker: Int, _ task: Int, _ source: TaskSource, _ victim: Int?, _ time: UInt64) {
    let nesting = workers[worker].stack.count
    pending[task] = false
    workers[worker].stack.append(Activity(task: task))
    workers[worker].phase = .running
    let isAsync = program[task].isAsync
    let origin: (source: TaskSource, victim: Int?) = isAsync ? (.injector, nil) : (source, victim)
    if isAsync { record(.jobBegin, time, UInt16(worker)) }
    truth[ids[task]]!.start = time
    truth[ids[task]]!.lane = worker
    truth[ids[task]]!.source = origin.source
    truth[ids[task]]!.victim = origin.victim
    record(.taskStart, time, UInt16(worker)) {
      $0[TaskStart.task] = ids[task]
      $0[TaskStart.source] = UInt64(origin.source.rawValue)
      $0[TaskStart.victim] = UInt64(origin.victim.map(UInt16.init) ?? EventValue.noLane)
      $0[TaskStart.nesting] = UInt64(nesting)
    }
    enter(worker, busyState(worker), time)
    advance(worker, time)
  }

}
