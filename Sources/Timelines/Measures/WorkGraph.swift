// What the tasks of a run do, without when and where they did it: the input of a replay.
import SchedulerEvents

/// The program that a run followed.
public struct WorkGraph: Sendable {
  /// Of tasks, numbered in the order of their submits, and of outside threads: there `run` is a thread's own time between its
  /// submits and waits.
  let programs = WorkPrograms()
  /// Not a task: an outside thread.
  static let outside: Int32 = -1
  var workers = 0
  var wall: UInt64 = 0
  var coverage = 1.0
  /// Measured: nanoseconds to get at the next task, and from a wake to running.
  var costPerTask: UInt64 = 0
  var wakeLatency: UInt64 = 0
  /// From the beginning of the trace, or of the window, to the end of the last task within it: what the replay predicts.
  var makespan: UInt64 = 0
  /// Stolen halves of forks, async jobs: work that the graph does not have.
  public internal(set) var leftOut: UInt64 = 0

  /// Reads the trace once and keeps what each task of the window does, in about thirty bytes a task.
  /// `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, progress: ((Int) -> Bool)? = nil
  ) -> WorkGraph {
    let both = BothSinks(Builder(span: window ?? trace.span), SummarySink(trace, window: window))
    var modeler = Modeler(trace, window: window, sink: both)
    trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    var graph = modeler.sink.first.graph
    let summary = modeler.sink.second.summary
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
    private let numbers = TaskNumbers()
    /// Of tasks that are in the middle of their program, by number, and of outside lanes, by index.
    private var open: [Int32: WorkStepWriter] = [:]
    private var outside: [Int: WorkStepWriter] = [:]
    private var isWorker: [Bool] = []
    private let begin: UInt64
    private let end: UInt64

    /// `span`: the part of the run that is replayed.
    init(span: ClosedRange<UInt64>) { (begin, end) = (span.lowerBound, span.upperBound) }
    mutating func laneAppeared(_ lane: LaneSummary, index: Int) { isWorker.append(lane.isWorker) }

    private mutating func add(_ step: WorkStep, to node: Int32) {
      open[node, default: WorkStepWriter(node: node)].add(step)
    }
    private mutating func add(_ step: WorkStep, outside lane: Int) {
      outside[lane, default: WorkStepWriter(node: WorkGraph.outside)].add(step)
    }

    mutating func interval(_ interval: Interval) {
      switch interval.state {
      case .running, .helping:
        if let node = numbers[interval.task] {
          add(.run(interval.length), to: node)
        } else {
          graph.leftOut += interval.length
        }
      case .blocking: if let node = numbers[interval.task] { add(.blocking(interval.length), to: node) }
      case .outside: add(.run(interval.length), outside: interval.lane)
      default: break
      }
    }
    mutating func submitted(_ task: TaskRecord) {
      let parent = numbers[task.parent]
      let node = graph.programs.add(label: task.label)
      numbers[task.task] = node
      if let parent {
        add(.submit(node), to: parent)
      } else if task.submitLane >= 0 {
        add(.submit(node), outside: Int(task.submitLane))
      }
    }
    mutating func wait(_ wait: WaitRecord) {
      guard wait.end > 0 else { return }
      let step = numbers[wait.awaited].map { WorkStep.wait($0) } ?? .blocking(wait.end - wait.start)
      if let waiter = numbers[wait.waiter] {
        add(step, to: waiter)
      } else if !isWorker[wait.lane] {
        add(step, outside: wait.lane)
      }
    }
    mutating func task(_ task: TaskRecord) {
      // A window sees of a task what lies within it.
      if task.end > begin { graph.makespan = max(graph.makespan, min(task.end, end) - begin) }
      guard let node = numbers[task.task], var program = open.removeValue(forKey: node) else { return }
      graph.programs.set(program.finished(), of: node)
    }
    mutating func finish(_ result: ModelResult) {
      for (node, var program) in open { graph.programs.set(program.finished(), of: node) }
      for lane in outside.keys.sorted() { graph.programs.addOutside(outside[lane]!.finished()) }
      open = [:]
      outside = [:]
    }
  }
}
