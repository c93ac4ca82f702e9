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
  /// Workers that ran tasks or blocked in them, on average.
  public var coresUsed: Double { wall == 0 ? 0 : Double(work + time(.blocking)) / Double(wall) }
  /// Work divided by the critical chain: the workers that could be kept busy; 0 when nothing ran.
  public var parallelism: Double { criticalSpan == 0 ? 0 : Double(work) / Double(criticalSpan) }
  /// What one edge of the chain costs when nothing stands in its way: the lowest decile of the queue delays.
  public var costPerEdge: UInt64 { queue.percentile(10) }
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

/// Accumulates a `Summary`.
public struct SummarySink: TimelineSink {
  var summary: Summary
  private let filter: TaskFilter
  private var idle: IdleSweep
  private var byLabel: [LabelSummary] = []
  private var laneOfNumber: [UInt16: Int] = [:]
  private var now: UInt64
  private var ready = 0
  private var injector = 0
  private var aloneSince: UInt64 = 0
  private var aloneLabel: UInt32 = 0
  private var callbackSince: [UInt64] = []
  private var workers = 0

  /// For one pass over `trace`. `window`: nil, or the part to measure.
  public init(_ trace: Trace, window: ClosedRange<UInt64>? = nil, filter: TaskFilter = .all) {
    let span = window.map { $0.clamped(to: trace.span) } ?? trace.span
    summary = Summary(model: ModelResult(span: span), labelTable: trace.labels)
    self.filter = filter
    idle = IdleSweep(start: span.lowerBound)
    now = span.lowerBound
  }

  public mutating func laneAppeared(_ lane: LaneSummary, index: Int) {
    summary.states.append([UInt64](repeating: 0, count: LaneState.allCases.count))
    idle.addLane(isWorker: lane.isWorker)
    callbackSince.append(0)
    if lane.isWorker { workers += 1 }
    laneOfNumber[lane.lane] = index
  }

  @inline(__always) private mutating func at(_ label: UInt32) -> Int {
    let index = Int(label)
    if index >= byLabel.count {
      for next in byLabel.count...index { byLabel.append(LabelSummary(label: UInt32(next))) }
    }
    return index
  }

  @inline(__always) public mutating func interval(_ interval: Interval) {
    summary.states[interval.lane][Int(interval.state.rawValue)] += interval.length
    idle.interval(interval)
    if interval.state.isBusy {
      let index = at(interval.label)
      byLabel[index].selfTime += interval.length
    } else if interval.state == .parked {
      summary.parks.add(interval.length)
    }
  }

  @inline(__always) public mutating func entered(
    _ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32
  ) {
    let before = idle.busy
    idle.entered(state, lane: lane, time: time)
    let busy = idle.busy
    if before != busy { busyChanged(from: before, to: busy, time: time, label: label) }
    if busy == 1 && state.isBusy { aloneLabel = label }
  }
  @inline(__always) private mutating func busyChanged(from: Int, to: Int, time: UInt64, label: UInt32) {
    let length = time - min(now, time)
    now = max(now, time)
    if from >= summary.concurrency.count {
      summary.concurrency += [UInt64](repeating: 0, count: from + 1 - summary.concurrency.count)
    }
    summary.concurrency[from] += length
    if from == 1 && to != 1 { endAlone(time) }
    if to == 1 { aloneSince = time }
  }
  private mutating func endAlone(_ time: UInt64) {
    guard time > aloneSince else { return }
    let stretch = AloneStretch(start: aloneSince, end: time, label: aloneLabel)
    // The five longest are enough for every finding.
    if summary.alone.count < 5 || stretch.length > summary.alone[4].length {
      summary.alone.append(stretch)
      summary.alone.sort { $0.length > $1.length }
      if summary.alone.count > 5 { summary.alone.removeLast() }
    }
  }

  @inline(__always) public mutating func ready(local: Int, injector: Int, time: UInt64) {
    idle.ready(local: local, injector: injector, time: time)
    summary.queueDepth.max = max(summary.queueDepth.max, local + injector)
    summary.injectorDepth.max = max(summary.injectorDepth.max, injector)
  }

  public mutating func woken(lane: Int, time: UInt64) { idle.woken(lane: lane, time: time) }

  @inline(__always) public mutating func task(_ task: TaskRecord) {
    guard filter.accepts(task) else { return }
    summary.fates[Int(task.fate.rawValue)] += 1
    let index = at(task.label)
    switch task.fate {
    case .value: byLabel[index].finished += 1
    case .error:
      byLabel[index].finished += 1
      byLabel[index].errors += 1
    case .cancelled: byLabel[index].cancelled += 1
    case .running, .pending, .unknown: byLabel[index].unfinished += 1
    }
    if task.start > 0 {
      byLabel[index].started += 1
      summary.sources[Int(task.source.rawValue)] += 1
      if task.source == .stolen { steal(task, index) }
      if task.submit > 0 {
        let delay = task.start - task.submit
        byLabel[index].queue.add(delay)
        summary.queue.add(delay)
      }
      if task.end > 0 {
        let length = task.end - task.start
        byLabel[index].run.add(length)
        byLabel[index].total += length
        summary.run.add(length)
        crowd(task, index)
      }
    }
    if task.depthSpan > summary.criticalSpan {
      summary.criticalSpan = task.depthSpan
      summary.criticalEdges = task.depthEdges
      summary.criticalLabel = task.label
    }
  }
  @inline(__always) private mutating func crowd(_ task: TaskRecord, _ index: Int) {
    // This task has just ended, its worker still counts as busy.
    if idle.busy * 4 <= workers || idle.busy == 1 {
      byLabel[index].quietTasks += 1
      byLabel[index].quietSelf &+= task.selfTime
    } else if idle.busy * 4 >= workers * 3 {
      byLabel[index].crowdedTasks += 1
      byLabel[index].crowdedSelf &+= task.selfTime
    }
  }
  public mutating func event(_ record: EventRecord, lane: Int) {
    switch record.kind {
    case .callbackBegin?: callbackSince[lane] = record.time
    case .callbackEnd?:
      if callbackSince[lane] > 0 { summary.callbackTime += record.time - min(callbackSince[lane], record.time) }
      callbackSince[lane] = 0
    default: break
    }
  }
  private mutating func steal(_ task: TaskRecord, _ index: Int) {
    byLabel[index].stolen += 1
    let victim = laneOfNumber[task.victim] ?? -1
    summary.steals[Summary.StealPair(thief: Int(task.lane), victim: victim), default: 0] += 1
  }

  public mutating func wait(_ wait: WaitRecord) {
    summary.waits.count += 1
    summary.waits.helped += UInt64(wait.helped)
    summary.waits.helpedTime += wait.helpedTime
    if wait.end == 0 {
      summary.waits.open += 1
      if summary.openWaits.count < 10_000 { summary.openWaits.append(wait) }
    } else {
      summary.waits.length.add(wait.end - wait.start)
      if wait.outcome == .timeout { summary.waits.timeouts += 1 }
    }
  }
  public mutating func wake(_ wake: WakeRecord) {
    if wake.unpark > 0 { summary.wakeLatency.add(wake.unpark - wake.wake) } else { summary.lostWakes += 1 }
  }
  public mutating func search(_ search: SearchRecord) {
    summary.searches.episodes += 1
    summary.searches.found += search.found ? 1 : 0
    summary.searches.attempts += UInt64(search.attempts)
    summary.searches.empty += UInt64(search.empty)
    summary.searches.lostRaces += UInt64(search.lostRaces)
    summary.searches.duration.add(search.end - search.start)
    summary.searches.attemptsPerEpisode.add(UInt64(search.attempts))
  }

  public mutating func finish(_ result: ModelResult) {
    busyChanged(from: idle.busy, to: 0, time: result.span.upperBound, label: 0)
    if idle.busy == 1 { endAlone(result.span.upperBound) }
    summary.model = result
    summary.idle = idle.finished()
    summary.labels = byLabel.filter { $0.count > 0 || $0.selfTime > 0 }
    summary.waits.blocked = summary.workers.reduce(0) { $0 + summary.states[$1][Int(LaneState.waiting.rawValue)] }
  }
}
