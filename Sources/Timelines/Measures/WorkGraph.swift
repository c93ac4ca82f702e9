// What the tasks of a run do, without when and where they did it: the input of a replay.
import SchedulerEvents

/// The program that a run followed.
public struct WorkGraph: Sendable {
  enum Step: Sendable {
    case run(UInt64)
    case blocking(UInt64)
    case submit(Int32)
    case wait(Int32)
  }
  struct Node: Sendable {
    var label: UInt32
    var steps: [Step] = []
  }
  /// Tasks, in the order of their submits.
  var nodes: [Node] = []
  /// What each outside thread did; `run` is its own time between its submits and waits.
  var outside: [[Step]] = []
  var workers = 0
  var wall: UInt64 = 0
  var coverage = 1.0
  /// Measured: nanoseconds to get at the next task, and from a wake to running.
  var costPerTask: UInt64 = 0
  var wakeLatency: UInt64 = 0
  /// From the first event to the first submit's... end of the last task: what the replay predicts.
  var makespan: UInt64 = 0
  /// Stolen halves of forks, async jobs: work that the graph does not have.
  public internal(set) var leftOut: UInt64 = 0

  /// Reads the trace once and keeps what each task of the window does.
  /// `progress` gets the per cent done; false ends the reading.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, progress: ((Int) -> Bool)? = nil
  ) -> WorkGraph {
    var modeler = Modeler(trace, window: window, sink: Builder(span: trace.span))
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    var graph = modeler.sink.graph
    let summary = Summary.of(trace, window: window)
    graph.workers = summary.workers.count
    graph.wall = summary.wall
    graph.coverage = summary.coverage
    graph.costPerTask = summary.costPerTask
    graph.wakeLatency = summary.wakeLatency.percentile(50)
    return graph
  }

  /// Collects steps in the order in which the model tells them.
  struct Builder: TimelineSink {
    var graph = WorkGraph()
    private var index: [UInt64: Int32] = [:]
    private var outsideOfLane: [Int: Int] = [:]
    private var isWorker: [Bool] = []
    private let begin: UInt64

    init(span: ClosedRange<UInt64>) { begin = span.lowerBound }
    mutating func laneAppeared(_ lane: LaneSummary, index: Int) { isWorker.append(lane.isWorker) }

    private mutating func add(_ step: Step, to node: Int) {
      if case .run(let more) = step, case .run(let length)? = graph.nodes[node].steps.last {
        graph.nodes[node].steps[graph.nodes[node].steps.count - 1] = .run(length + more)
      } else {
        graph.nodes[node].steps.append(step)
      }
    }
    private mutating func add(_ step: Step, outside lane: Int) {
      if outsideOfLane[lane] == nil {
        outsideOfLane[lane] = graph.outside.count
        graph.outside.append([])
      }
      graph.outside[outsideOfLane[lane]!].append(step)
    }
    private mutating func node(_ task: UInt64) -> Int? { index[task].map(Int.init) }

    mutating func interval(_ interval: Interval) {
      switch interval.state {
      case .running, .helping:
        if let node = node(interval.task) {
          add(.run(interval.length), to: node)
        } else {
          graph.leftOut += interval.length
        }
      case .blocking: if let node = node(interval.task) { add(.blocking(interval.length), to: node) }
      case .outside: add(.run(interval.length), outside: interval.lane)
      default: break
      }
    }
    mutating func submitted(_ task: TaskRecord) {
      let number = Int32(graph.nodes.count)
      graph.nodes.append(Node(label: task.label))
      index[task.task] = number
      if let parent = node(task.parent) {
        add(.submit(number), to: parent)
      } else if task.submitLane >= 0 {
        add(.submit(number), outside: Int(task.submitLane))
      }
    }
    mutating func wait(_ wait: WaitRecord) {
      guard wait.end > 0 else { return }
      let step: Step = node(wait.awaited).map { .wait(Int32($0)) } ?? .blocking(wait.end - wait.start)
      if let waiter = node(wait.waiter) {
        add(step, to: waiter)
      } else if !isWorker[wait.lane] {
        add(step, outside: wait.lane)
      }
    }
    mutating func task(_ task: TaskRecord) {
      if task.end > 0 { graph.makespan = max(graph.makespan, task.end - begin) }
    }
  }
}
