// What a trace's model says, without times: to be compared between two recordings of one run.
import SchedulerEvents
import Timelines

struct RunFacts: TimelineSink, Equatable {
  struct Task: Equatable {
    var label: String
    var parent: UInt64
    var submitLane: Int32
    var lane: Int32
    var queue: SubmitQueue
    var source: TaskSource
    var victim: UInt16
    var depth: UInt16
    var nesting: UInt16
    var waiters: UInt16
    var fate: TaskFate
  }
  struct Wait: Hashable {
    var lane: Int
    var waiter: UInt64
    var awaited: UInt64
    var mode: WaitMode
    var helped: Int
  }
  struct Wake: Hashable {
    var from: Int
    var to: Int
    var cause: WakeCause
    var arrived: Bool
  }
  private(set) var tasks: [UInt64: Task] = [:]
  /// Of each lane the states it entered, in order.
  private(set) var states: [Int: [LaneState]] = [:]
  private(set) var waits: [Wait: Int] = [:]
  private(set) var wakes: [Wake: Int] = [:]
  private(set) var searches = 0
  private(set) var contradictions = 0
  private var labels: LabelTable

  static func == (one: RunFacts, other: RunFacts) -> Bool { one.differences(from: other).isEmpty }

  /// In words.
  func differences(from other: RunFacts) -> [String] {
    var found: [String] = []
    for id in Set(tasks.keys).union(other.tasks.keys).sorted() where tasks[id] != other.tasks[id] {
      found.append("task \(id): \(String(describing: tasks[id])) and \(String(describing: other.tasks[id]))")
    }
    for lane in Set(states.keys).union(other.states.keys).sorted() where states[lane] != other.states[lane] {
      found.append("states of lane \(lane): \(states[lane] ?? []) and \(other.states[lane] ?? [])")
    }
    if waits != other.waits { found.append("waits: \(waits) and \(other.waits)") }
    if wakes != other.wakes { found.append("wakes: \(wakes) and \(other.wakes)") }
    if searches != other.searches { found.append("searches: \(searches) and \(other.searches)") }
    if contradictions != other.contradictions {
      found.append("contradictions: \(contradictions), \(other.contradictions)")
    }
    return found
  }

  init(_ trace: Trace) {
    labels = trace.labels
    var modeler = Modeler(trace, sink: self)
    trace.read(into: &modeler)
    let result = modeler.finish()
    self = modeler.sink
    contradictions = result.contradictions
  }

  mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32) {
    states[lane, default: []].append(state)
  }
  mutating func task(_ task: TaskRecord) {
    tasks[task.task] = Task(
      label: labels.text(task.label), parent: task.parent, submitLane: task.submitLane, lane: task.lane,
      queue: task.queue, source: task.source, victim: task.victim, depth: task.queueDepth, nesting: task.nesting,
      waiters: task.waiters, fate: task.fate)
  }
  mutating func wait(_ wait: WaitRecord) {
    waits[
      Wait(lane: wait.lane, waiter: wait.waiter, awaited: wait.awaited, mode: wait.mode, helped: wait.helped),
      default: 0
    ] += 1
  }
  mutating func wake(_ wake: WakeRecord) {
    wakes[Wake(from: wake.from, to: wake.to, cause: wake.cause, arrived: wake.unpark > 0), default: 0] += 1
  }
  mutating func search(_ search: SearchRecord) { searches += 1 }
}

/// Goes through a session and a log of the same run, merged: each thread's k-th event of a kind, for each task, must come first from the session.
struct TwiceRecorded: EventConsumer {
  private(set) var pairs = 0
  private(set) var inversions: [String] = []
  private let isSession: [UInt16: Bool]
  private let lanes: [UInt16: UInt16]
  private struct Key: Hashable {
    var id: UInt16
    var worker: UInt16
    var a: UInt64
  }
  private var waiting: [Key: Int] = [:]

  init(_ merged: Trace) {
    isSession = Dictionary(
      uniqueKeysWithValues: merged.lanes.map { ($0.lane, merged.processes[$0.process].format == .lttng) })
    // Both have the same lanes; merged, those of the second process follow those of the first.
    var lanes: [UInt16: UInt16] = [:]
    for isWorker in [true, false] {
      let found = merged.lanes.filter { $0.isWorker == isWorker }.sorted { $0.lane < $1.lane }
      for (number, lane) in found.enumerated() {
        lanes[lane.lane] = UInt16(number % max(1, found.count / 2)) * 2 + (isWorker ? 0 : 1)
      }
    }
    self.lanes = lanes
  }
  mutating func consume(_ record: EventRecord) {
    guard let kind = record.kind, [.taskSubmit, .taskStart, .taskEnd].contains(kind), let lane = lanes[record.worker],
      let isSession = isSession[record.worker]
    else { return }
    // A task's id holds a lane.
    let creator = lanes[EventValue.lane(ofTask: record.a)].map(UInt64.init) ?? .max
    let key = Key(
      id: record.id, worker: lane, a: creator << 48 | EventValue.counter(ofTask: record.a))
    if isSession {
      waiting[key, default: 0] += 1
    } else if waiting[key, default: 0] > 0 {
      waiting[key]! -= 1
      pairs += 1
    } else {
      inversions.append("\(kind) of task \(EventValue.counter(ofTask: record.a)) at \(record.time)")
    }
  }
}
