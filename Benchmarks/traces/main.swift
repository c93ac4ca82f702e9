// Writes an event log of any length for Benchmarks/Runner/poolscope.py, with the layout that a recorder gives it.
//
// usage: traces DIRECTORY MIB [WORKERS [SEED]]
//
// The log is that of a made-up run: an outside thread submits trees of tasks, workers take them in the order of a
// work-stealing pool, some tasks wait for the child that they submitted last. A fifth of the trees come after a pause, so
// that workers park and are woken. The same arguments give the same events.
import Glibc
import SchedulerEvents
import Timelines

/// SplitMix64.
struct Generator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// Below `bound`.
  mutating func below(_ bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}

struct Task {
  var id: UInt64
  var submitted: UInt64
  /// Levels of children below it.
  var depth: UInt8
}

/// A worker of the made-up pool.
struct Worker {
  var time: UInt64
  var deque: [Task] = []
  var top = 0
  var isParked = false
  var count: UInt64 = 0

  mutating func pop() -> Task? {
    guard deque.count > top else {
      deque.removeAll(keepingCapacity: true)
      top = 0
      return nil
    }
    return deque.removeLast()
  }
  mutating func takeOldest() -> Task? {
    guard deque.count > top else { return nil }
    defer { top += 1 }
    return deque[top]
  }
}

struct Run {
  static let outside = EventValue.firstOutsideLane
  static let labels = ["load", "parse", "index", "merge", "score", "write"]
  let writer: TraceWriter
  var random: Generator
  var workers: [Worker]
  var injector: [Task] = []
  var outsideTime: UInt64 = 1_000_000_000
  var outsideCount: UInt64 = 0
  var events = 0

  init(directory: String, workers count: Int, seed: UInt64) throws {
    writer = try TraceWriter(directory: directory, environment: [("program", "traces"), ("pid", "1")])
    random = Generator(state: seed)
    workers = (0..<count).map { _ in Worker(time: 1_000_000_000) }
    for (index, label) in Self.labels.enumerated() {
      writer.define(
        label: UInt32(index + 1), text: label, source: "traces/main.swift:\(index + 1)", time: 1_000_000_000)
    }
    writer.define(pool: 1, name: "traces", workers: UInt32(count), time: 1_000_000_000)
    for worker in workers.indices {
      var start = EventRecord(.workerStart, time: workers[worker].time, worker: UInt16(worker))
      start[WorkerLife.pool] = 1
      start[WorkerLife.tid] = UInt64(1000 + worker)
      try write(start)
    }
  }

  mutating func write(_ record: EventRecord) throws {
    events += 1
    try writer.append(record)
  }

  mutating func submit(_ depth: UInt8, lane: UInt16, parent: UInt64, count: UInt64, time: UInt64) throws -> Task {
    let task = Task(id: UInt64(lane) << 48 | count, submitted: time, depth: depth)
    var record = EventRecord(.taskSubmit, time: time, worker: lane)
    record[TaskSubmit.task] = task.id
    record[TaskSubmit.parent] = parent
    record[TaskSubmit.label] = 1 + (count &* 7 &+ UInt64(depth)) % UInt64(Self.labels.count)
    record[TaskSubmit.queue] = UInt64((lane == Self.outside ? SubmitQueue.injector : .local).rawValue)
    try write(record)
    return task
  }

  /// Between half a microsecond and twenty, mostly short.
  mutating func length() -> UInt64 { 500 + random.below(random.below(20_000) + 1) }

  mutating func run(
    _ task: Task, _ source: TaskSource, victim: UInt16 = EventValue.noLane, on lane: Int, nesting: UInt64
  )
    throws
  {
    let worker = UInt16(lane)
    // The clocks of workers run apart; what a thief finds was there.
    workers[lane].time = max(workers[lane].time, task.submitted + 50)
    var start = EventRecord(.taskStart, time: workers[lane].time, worker: worker)
    start[TaskStart.task] = task.id
    start[TaskStart.source] = UInt64(source.rawValue)
    start[TaskStart.victim] = UInt64(victim)
    start[TaskStart.nesting] = nesting
    try write(start)
    workers[lane].time += length()
    if task.depth > 0 {
      for _ in 0..<2 + random.below(5) {
        workers[lane].count += 1
        workers[lane].deque.append(
          try submit(
            task.depth - 1, lane: worker, parent: task.id, count: workers[lane].count, time: workers[lane].time))
        workers[lane].time += 100 + random.below(400)
      }
      if random.below(4) == 0, let child = workers[lane].pop() {
        var wait = EventRecord(.waitBegin, time: workers[lane].time, worker: worker)
        wait[WaitBegin.waiter] = task.id
        wait[WaitBegin.awaited] = child.id
        try write(wait)
        workers[lane].time += 50
        try run(child, .awaited, on: lane, nesting: nesting + 1)
        wait = EventRecord(.waitEnd, time: workers[lane].time, worker: worker)
        wait[WaitEnd.waiter] = task.id
        wait[WaitEnd.awaited] = child.id
        wait[WaitEnd.helped] = 1
        try write(wait)
        workers[lane].time += 200
      }
    }
    var end = EventRecord(.taskEnd, time: workers[lane].time, worker: worker)
    end[TaskEnd.task] = task.id
    end[TaskEnd.outcome] = random.below(1000) == 0 ? 1 : 0
    try write(end)
    workers[lane].time += 60 + random.below(100)
  }

  /// One turn of the worker whose clock is the furthest behind; false: every one sleeps.
  mutating func turn() throws -> Bool {
    var lane = -1
    for index in workers.indices
    where !workers[index].isParked && (lane < 0 || workers[index].time < workers[lane].time) { lane = index }
    guard lane >= 0 else { return false }
    if let task = workers[lane].pop() {
      try run(task, .local, on: lane, nesting: 0)
    } else if let task = injector.popLast() {
      try run(task, .injector, on: lane, nesting: 0)
    } else {
      let began = workers[lane].time
      workers[lane].time += 300 + random.below(2000)
      var search = EventRecord(.searchEnd, time: workers[lane].time, worker: UInt16(lane))
      search[SearchEnd.duration] = workers[lane].time - began
      let first = Int(random.below(UInt64(workers.count)))
      for offset in workers.indices {
        let victim = (first + offset) % workers.count
        search[SearchEnd.attempts] = UInt64(offset + 1)
        search[SearchEnd.empty] = UInt64(offset)
        guard victim != lane, let task = workers[victim].takeOldest() else { continue }
        search[SearchEnd.found] = 1
        search[SearchEnd.victim] = UInt64(victim)
        try write(search)
        try run(task, .stolen, victim: UInt16(victim), on: lane, nesting: 0)
        return true
      }
      search[SearchEnd.victim] = UInt64(EventValue.noLane)
      try write(search)
      try write(EventRecord(.workerPark, time: workers[lane].time, worker: UInt16(lane)))
      workers[lane].isParked = true
    }
    return true
  }

  /// The outside thread submits a tree and wakes who sleeps.
  mutating func submitTree() throws {
    outsideTime = max(outsideTime, workers.map(\.time).max()!) + (random.below(5) == 0 ? 40_000 : 100)
    for _ in workers.indices {
      outsideCount += 1
      injector.append(try submit(6, lane: Self.outside, parent: 0, count: outsideCount, time: outsideTime))
      outsideTime += 150
    }
    for lane in workers.indices where workers[lane].isParked {
      var wake = EventRecord(.workerWake, time: outsideTime, worker: Self.outside)
      wake[WorkerWake.target] = UInt64(lane)
      try write(wake)
      outsideTime += 1200
      workers[lane].time = outsideTime + 3000 + random.below(50_000)
      var unpark = EventRecord(.workerUnpark, time: workers[lane].time, worker: UInt16(lane))
      unpark[WorkerUnpark.waker] = UInt64(Self.outside)
      try write(unpark)
      workers[lane].isParked = false
    }
    for lane in workers.indices { workers[lane].time = max(workers[lane].time, outsideTime) }
  }

  /// Ends with every task done and every worker stopped.
  mutating func make(bytes: Int) throws {
    while events * EventRecord.size < bytes {
      try submitTree()
      while try turn() {}
    }
    outsideTime = workers.map(\.time).max()! + 1000
    for lane in workers.indices {
      for kind in [EventKind.workerWake, .workerUnpark, .workerStop] {
        outsideTime += 500
        var record = EventRecord(kind, time: outsideTime, worker: kind == .workerWake ? Self.outside : UInt16(lane))
        switch kind {
        case .workerWake:
          record[WorkerWake.target] = UInt64(lane)
          record[WorkerWake.cause] = UInt64(WakeCause.stop.rawValue)
        case .workerUnpark:
          record[WorkerUnpark.cause] = UInt64(WakeCause.stop.rawValue)
          record[WorkerUnpark.waker] = UInt64(Self.outside)
        default: record[WorkerLife.tid] = UInt64(1000 + lane)
        }
        try write(record)
      }
    }
    try writer.close()
  }
}

let arguments = CommandLine.arguments
guard arguments.count >= 3, let mebibytes = Int(arguments[2]) else {
  print("usage: traces DIRECTORY MIB [WORKERS [SEED]]")
  exit(2)
}
var run = try Run(
  directory: arguments[1], workers: arguments.count > 3 ? Int(arguments[3]) ?? 8 : 8,
  seed: arguments.count > 4 ? UInt64(arguments[4]) ?? 1 : 1)
try run.make(bytes: mebibytes << 20)
print(run.events)
