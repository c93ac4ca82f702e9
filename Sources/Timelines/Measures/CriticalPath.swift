// The chain of causes that made the run as long as it was, found backwards from its end.
//
// From the end of the last task: what that task did, back to the last wait that held it up, then the awaited task; or back
// to its start, the delay in the queue, then the submitter at the time of the submit. Every nanosecond from the beginning of
// the run to the end of the last task belongs to exactly one step.
import SchedulerEvents

/// One stretch of the critical path.
public struct CriticalStep: Sendable, Equatable {
  /// What the run waited for during the step.
  public enum Kind: String, CaseIterable, Sendable {
    /// A task executed.
    case run
    /// A ready task lay in a queue behind others: no worker of the pool was idle.
    case behind
    /// A ready task lay in a queue while workers were looking for one.
    case searched
    /// A ready task lay in a queue while a worker was waking up or starting.
    case waking
    /// A ready task lay in a queue and workers slept, but nobody had woken one.
    case unnoticed
    /// A ready task lay in a queue, and what its worker did meanwhile is not known.
    case queued
    /// A result was there, its waiter not yet awake.
    case wakeUp
    /// A wait whose awaited future the trace does not know.
    case wait
    /// Code outside of the pool.
    case outside
  }
  /// What the run waited for.
  public var kind: Kind
  /// Nanoseconds of the trace clock.
  public var start: UInt64
  /// Nanoseconds of the trace clock; not before `start`.
  public var end: UInt64
  /// The task's id; 0: none.
  public var task: UInt64
  /// The id of the task's label; of a task that lay behind another one the other's; 0: none.
  public var label: UInt32
  /// Lane index, -1: none.
  public var lane: Int
  /// Nanoseconds.
  public var length: UInt64 { end - start }
}

/// The critical path of a run.
public struct CriticalPath: Sendable {
  /// In the order of time, adjacent, without overlap.
  public private(set) var steps: [CriticalStep] = []
  /// The model that the path was found in.
  public private(set) var model: ModelResult
  /// Nanoseconds of all steps.
  public var length: UInt64 { steps.reduce(0) { $0 + $1.length } }

  /// Holds the tasks and waits of the window in memory, and reads the trace twice; once where the causes of delays in queues
  /// do not matter.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, explainsQueues: Bool = true, progress: ((Int) -> Bool)? = nil
  ) -> CriticalPath {
    var modeler = Modeler(trace, window: window, sink: Graph(span: trace.span))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    var path = CriticalPath(model: modeler.sink.model)
    path.walk(modeler.sink)
    if explainsQueues { path.splitQueued(trace, window, progress) }
    return path
  }
  private init(model: ModelResult) { self.model = model }

  /// What the walk needs of a run: 32 bytes a task, 32 a wait.
  struct Graph: TimelineSink, ~Copyable {
    static var splitsAtSubmits: Bool { false }
    struct Wait: BitwiseCopyable {
      /// The waiting task, or the lane of code outside of tasks.
      var waiter: UInt64
      var awaited: UInt64
      var start: UInt64
      var end: UInt64
    }
    var model: ModelResult
    var nodes: TaskNodes
    /// By waiter, then in the order of time, when the model has finished.
    var waits: [Wait] = []
    var outsideWaits: [Wait] = []
    var last: UInt64 = 0
    private var lastEnd: UInt64 = 0
    private var laneOfNumber: [UInt16: Int] = [:]

    init(span: ClosedRange<UInt64>) {
      model = ModelResult(span: span)
      nodes = TaskNodes(origin: span.lowerBound)
    }
    mutating func laneAppeared(_ lane: LaneSummary, index: Int) { laneOfNumber[lane.lane] = index }
    mutating func task(_ task: TaskRecord) {
      guard task.start > 0 else { return }
      let end = task.end > 0 ? task.end : task.fate == .running ? model.span.upperBound : task.start
      nodes.insert(task, end: end)
      if end >= lastEnd { (last, lastEnd) = (task.task, end) }
    }
    mutating func wait(_ wait: WaitRecord) {
      // A wait of no length holds nothing up.
      guard wait.end > wait.start else { return }
      if wait.waiter != 0 {
        waits.append(Wait(waiter: wait.waiter, awaited: wait.awaited, start: wait.start, end: wait.end))
      } else {
        outsideWaits.append(Wait(waiter: UInt64(wait.lane), awaited: wait.awaited, start: wait.start, end: wait.end))
      }
    }
    mutating func finish(_ result: ModelResult) {
      model = result
      waits.sort { ($0.waiter, $0.end) < ($1.waiter, $1.end) }
      outsideWaits.sort { ($0.waiter, $0.end) < ($1.waiter, $1.end) }
    }
    /// The lane of who submitted a task: it made its id.
    func submitLane(_ task: UInt64) -> Int { laneOfNumber[EventValue.lane(ofTask: task)] ?? -1 }

    /// The last wait of a waiter that ended at or before `time`.
    static func lastWait(_ waits: [Wait], of waiter: UInt64, before time: UInt64) -> Wait? {
      var low = 0
      var high = waits.count
      while low < high {
        let middle = (low + high) / 2
        if (waits[middle].waiter, waits[middle].end) <= (waiter, time) { low = middle + 1 } else { high = middle }
      }
      return low > 0 && waits[low - 1].waiter == waiter ? waits[low - 1] : nil
    }
  }

  private mutating func walk(_ graph: borrowing Graph) {
    guard let last = graph.nodes[graph.last] else { return }
    let floor = graph.model.span.lowerBound
    var found: [CriticalStep] = []
    func add(_ kind: CriticalStep.Kind, _ start: UInt64, _ end: UInt64, _ node: TaskNodes.Node?, lane: Int) {
      let from = max(start, floor)
      guard from < end else { return }
      found.append(
        CriticalStep(kind: kind, start: from, end: end, task: node?.task ?? 0, label: node?.label ?? 0, lane: lane))
    }
    var node: TaskNodes.Node? = last
    var lane = Int(last.lane)
    var time = last.end
    var steps = 0  // that led no further back in time
    while time > floor {
      let before = time
      if let current = node {
        // Within a task: its last wait, or its start.
        if let wait = Graph.lastWait(graph.waits, of: current.task, before: time), wait.start >= current.start {
          add(.run, wait.end, time, current, lane: Int(current.lane))
          time = wait.end
          if let awaited = graph.nodes[wait.awaited], awaited.end > wait.start, awaited.end <= wait.end {
            add(.wakeUp, awaited.end, time, current, lane: Int(current.lane))
            node = awaited
            lane = Int(awaited.lane)
            time = awaited.end
          } else {
            add(.wait, wait.start, time, current, lane: Int(current.lane))
            time = wait.start
          }
        } else {
          add(.run, current.start, time, current, lane: Int(current.lane))
          time = min(time, current.start)
          guard current.submit > 0 else { break }
          add(.queued, current.submit, time, current, lane: Int(current.lane))
          time = min(time, current.submit)
          lane = graph.submitLane(current.task)
          node = current.parent == 0 ? nil : graph.nodes[current.parent]
          if let parent = node, parent.start > time { node = nil }
        }
      } else {
        // Outside of the pool: back to the last result that this thread waited for.
        if let wait = Graph.lastWait(graph.outsideWaits, of: UInt64(bitPattern: Int64(lane)), before: time) {
          add(.outside, wait.end, time, nil, lane: lane)
          time = wait.end
          if let awaited = graph.nodes[wait.awaited], awaited.end > wait.start, awaited.end <= wait.end {
            add(.wakeUp, awaited.end, time, nil, lane: lane)
            node = awaited
            lane = Int(awaited.lane)
            time = awaited.end
          } else {
            add(.wait, wait.start, time, nil, lane: lane)
            time = wait.start
          }
        } else {
          add(.outside, floor, time, nil, lane: lane)
          time = floor
        }
      }
      steps = time == before ? steps + 1 : 0
      if steps > graph.nodes.count + 16 { break }  // damaged stamps going in circles
    }
    self.steps = found.reversed()
  }

  /// Reads the trace once more to see what the pool did while the path's tasks lay in queues.
  private mutating func splitQueued(
    _ trace: Trace, _ window: ClosedRange<UInt64>?, _ progress: ((Int) -> Bool)?
  ) {
    let queued = steps.filter { $0.kind == .queued }
    guard !queued.isEmpty else { return }
    var modeler = Modeler(trace, window: window, sink: QueueSweep(queued, model))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    var split: [CriticalStep] = []
    var next = 0
    for step in steps {
      guard step.kind == .queued else {
        split.append(step)
        continue
      }
      split += modeler.sink.pieces[next]
      next += 1
    }
    steps = split
  }

  // MARK: Attribution

  /// Nanoseconds of all steps of a kind.
  public func time(_ kind: CriticalStep.Kind) -> UInt64 { steps.reduce(0) { $0 + ($1.kind == kind ? $1.length : 0) } }
  /// Nanoseconds by label, of steps that ran.
  public var byLabel: [UInt32: UInt64] {
    var sums: [UInt32: UInt64] = [:]
    for step in steps where step.kind == .run { sums[step.label, default: 0] += step.length }
    return sums
  }
}
