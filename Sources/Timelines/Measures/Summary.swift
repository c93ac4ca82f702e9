// Everything that one pass can say of a run: the basis of `summary`, `labels`, `workers`, `steals`, `latency`, `lint`, `diff`.
import SchedulerEvents

/// What is known of the tasks of one label.
public struct LabelSummary: Sendable {
  /// The label's id.
  public var label: UInt32
  /// Tasks that ended with a value or an error.
  public var finished: UInt64 = 0
  /// Tasks that ended with an error.
  public var errors: UInt64 = 0
  /// Tasks that were cancelled before they started.
  public var cancelled: UInt64 = 0
  /// Neither finished nor cancelled when the trace ended, or end lost.
  public var unfinished: UInt64 = 0
  /// Tasks that another worker took from the one that had queued them.
  public var stolen: UInt64 = 0
  /// Tasks whose start was seen.
  public var started: UInt64 = 0
  /// Nanoseconds of execution proper, within the window.
  public var selfTime: UInt64 = 0
  /// Nanoseconds from start to end, waits and nested tasks included.
  public var total: UInt64 = 0
  /// Nanoseconds from start to end.
  public var run = Histogram()
  /// Nanoseconds from submit to start.
  public var queue = Histogram()
  /// Tasks, and their self time, that ended while at most a quarter (at least three quarters) of the workers were busy.
  public var quietTasks: UInt64 = 0
  /// Their self time, in nanoseconds.
  public var quietSelf: UInt64 = 0
  /// The same for at least three quarters.
  public var crowdedTasks: UInt64 = 0
  /// Their self time, in nanoseconds.
  public var crowdedSelf: UInt64 = 0
  /// All tasks of the label.
  public var count: UInt64 { finished + cancelled + unfinished }
}

/// A stretch in which exactly one worker ran tasks.
public struct AloneStretch: Sendable, Equatable {
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64 = 0
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64 = 0
  /// The label that ran most of it.
  public var label: UInt32 = 0
  /// Nanoseconds.
  public var length: UInt64 { end - start }
}

/// The measures of one run (or of a window of it).
public struct Summary: Sendable {
  /// Lanes, span, and what was contradictory or lost.
  public var model: ModelResult
  /// How reading went.
  public var reading = ReadingOutcome()
  /// Places where reading went around something; what was there may be missing without being counted.
  public var problems = 0
  /// Texts of the label ids.
  public var labelTable: LabelTable
  /// Nanoseconds per lane and state, `[lane][LaneState.rawValue]`.
  public var states: [[UInt64]] = []
  /// By label id; ids without a task are missing.
  public var labels: [LabelSummary] = []
  /// Nanoseconds from submit to start, of all tasks.
  public var queue = Histogram()
  /// Nanoseconds from start to end, of all tasks.
  public var run = Histogram()
  /// How many tasks ended how, by `TaskFate.rawValue`.
  public var fates = [UInt64](repeating: 0, count: TaskFate.allCases.count)
  /// From where tasks were started, by `TaskSource.rawValue`.
  public var sources = [UInt64](repeating: 0, count: TaskSource.allCases.count)
  /// Steals by thief's and victim's lane index.
  public var steals: [StealPair: UInt64] = [:]
  /// Episodes of looking for work.
  public var searches = SearchSummary()
  /// What picking up a task costs (`TaskRecord.pickup`, where it is not 0), of tasks that another thread had submitted.
  public var pickupMoved = Histogram()
  /// The same of tasks from the worker's own deque.
  public var pickupOwn = Histogram()
  /// Nanoseconds from a wake to the unpark that it caused.
  public var wakeLatency = Histogram()
  /// Nanoseconds that workers slept at a time.
  public var parks = Histogram()
  /// Blocking waits of workers and outside threads.
  public var waits = WaitSummary()
  /// Why workers were idle.
  public var idle = IdleAttribution()
  /// Longest chain of self times, and the edges on it.
  public var criticalSpan: UInt64 = 0
  /// Submits and waits on that chain.
  public var criticalEdges: UInt32 = 0
  /// The label of the task that ends it.
  public var criticalLabel: UInt32 = 0
  /// The stretches in which one worker alone ran tasks that were long enough to be kept.
  public var alone: [AloneStretch] = []
  /// Nanoseconds with exactly `n` busy workers, by `n`.
  public var concurrency: [UInt64] = []
  /// Wakes whose target did not wake up within the trace.
  public var lostWakes = 0
  /// Waits that had not ended when the trace did.
  public var openWaits: [WaitRecord] = []
  /// Nanoseconds in done callbacks.
  public var callbackTime: UInt64 = 0
  /// Ready tasks in deques and injector.
  public var queueDepth = DepthSummary()
  /// Ready tasks in the injector.
  public var injectorDepth = DepthSummary()

  /// Who stole from whom.
  public struct StealPair: Hashable, Sendable {
    /// Lane index.
    public var thief: Int
    /// Lane index.
    public var victim: Int
  }
  /// Episodes of looking for work, of all workers.
  public struct SearchSummary: Sendable {
    /// How many.
    public var episodes: UInt64 = 0
    /// How many ended with a task.
    public var found: UInt64 = 0
    /// Queues that were looked into.
    public var attempts: UInt64 = 0
    /// Attempts that found nothing.
    public var empty: UInt64 = 0
    /// Attempts where another thief was faster.
    public var lostRaces: UInt64 = 0
    /// Nanoseconds of an episode.
    public var duration = Histogram()
    /// Queues looked into in an episode.
    public var attemptsPerEpisode = Histogram()
  }
  /// Blocking waits.
  public struct WaitSummary: Sendable {
    /// Waits that ended.
    public var count: UInt64 = 0
    /// Those that ended by their deadline.
    public var timeouts: UInt64 = 0
    /// Nanoseconds in which waiting workers ran nothing.
    public var blocked: UInt64 = 0
    /// Nanoseconds in which it ran other tasks meanwhile.
    public var helpedTime: UInt64 = 0
    /// Tasks that were run meanwhile.
    public var helped: UInt64 = 0
    /// From the end of a wait's begin to its end, outside threads included.
    public var length = Histogram()
    /// Waits that never ended.
    public var open = 0
  }
  /// The depth of a queue over time.
  public struct DepthSummary: Sendable {
    /// The greatest.
    public var max = 0
    /// Depth times nanoseconds.
    public var area = 0.0
  }

  // MARK: Derived

  /// Nanoseconds from the first event to the last.
  public var wall: UInt64 { model.wall }
  /// Indexes of the workers' lanes.
  public var workers: [Int] { model.lanes.indices.filter { model.lanes[$0].isWorker } }
  /// Workers x wall: what the states sum to.
  public var capacity: UInt64 { UInt64(workers.count) * wall }
  /// Nanoseconds that all workers together spent in a state.
  public func time(_ state: LaneState) -> UInt64 { workers.reduce(0) { $0 + states[$1][Int(state.rawValue)] } }
  /// The part of `capacity` that workers spent in a state, 0 to 1.
  public func share(_ state: LaneState) -> Double { Units.ratio(time(state), of: capacity) }
  /// Work: nanoseconds in which workers ran tasks.
  public var work: UInt64 { time(.running) + time(.helping) }
  /// All tasks that were seen.
  public var tasks: UInt64 { fates.reduce(0, +) }
  /// How many tasks ended so.
  public func count(_ fate: TaskFate) -> UInt64 { fates[Int(fate.rawValue)] }
  /// The part of workers x wall of which something is known.
  public var coverage: Double { capacity == 0 ? 1 : 1 - Units.ratio(time(.unknown), of: capacity) }
  /// Whether something of the run is not known.
  var lacksSomething: Bool { coverage < 0.99995 || !model.unreadProcesses.isEmpty }
  /// `97.3 %`, and what that share is not of.
  var coverageText: String {
    let unread = model.unreadProcesses.count
    guard unread > 0 else { return Units.percent(coverage) }
    return "\(Units.percent(coverage)) without \(Units.count(unread)) unread process" + (unread == 1 ? "" : "es")
  }
  /// Workers that ran tasks or blocked in them, on average.
  public var coresUsed: Double { wall == 0 ? 0 : Double(work + time(.blocking)) / Double(wall) }
  /// Work divided by the critical chain: the workers that could be kept busy; 0 when nothing ran.
  public var parallelism: Double { criticalSpan == 0 ? 0 : Double(work) / Double(criticalSpan) }
  /// What one edge of the chain costs when the task goes to another worker: the median pickup of tasks that did; where none
  /// did, of all.
  public var costPerEdge: UInt64 { (pickupMoved.count > 0 ? pickupMoved : pickupOwn).percentile(50) }
  /// The critical chain with the cost of its edges, in nanoseconds.
  public var burdenedSpan: UInt64 { criticalSpan + UInt64(criticalEdges) * costPerEdge }
  /// Work divided by the burdened chain; 0 when nothing ran.
  public var burdenedParallelism: Double { burdenedSpan == 0 ? 0 : Double(work) / Double(burdenedSpan) }
  /// Graham's bound for the run's own number of workers: T1/P + Tinf.
  public var greedyBound: UInt64 { workers.isEmpty ? 0 : work / UInt64(workers.count) + criticalSpan }
  /// Nanoseconds that getting at a task costs a worker: looking for work although there was some, per task started.
  public var costPerTask: UInt64 {
    let started = sources.reduce(0, +)
    return started == 0 ? 0 : (idle[.searching] + idle[.injectorOnly]) / started
  }
  /// Tasks that were started by a thief.
  public var stolen: UInt64 { sources[Int(TaskSource.stolen.rawValue)] }

  /// Runs the model over a trace. `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, window: ClosedRange<UInt64>? = nil, filter: TaskFilter = .all, progress: ((Int) -> Bool)? = nil
  ) -> Summary {
    var modeler = Modeler(trace, window: window, sink: SummarySink(trace, window: window, filter: filter))
    let outcome = trace.read(into: &modeler, progress: progress)
    _ = modeler.finish()
    var summary = modeler.sink.summary
    summary.reading = outcome
    return summary
  }
}
