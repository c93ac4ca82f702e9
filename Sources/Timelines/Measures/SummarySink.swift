// The one pass behind a `Summary`. It is called for every event, so what it counts lies in plain memory of its own and becomes
// arrays and dictionaries at the end.
import SchedulerEvents

/// Accumulates a `Summary`. Copies of a sink share what they have counted.
public struct SummarySink: TimelineSink {
  public static var splitsAtSubmits: Bool { false }
  private let box: Box
  /// SAFETY: `count` is touched by the methods below only, one at a time: sinks are not Sendable and call nobody back.
  private final class Box {
    @exclusivity(unchecked) var count: SummaryCount
    init(_ count: consuming SummaryCount) { self.count = count }
  }

  /// Complete when the model has finished.
  public var summary: Summary { box.count.summary }

  /// For one pass over `trace`. `window`: nil, or the part to measure.
  public init(_ trace: Trace, window: ClosedRange<UInt64>? = nil, filter: TaskFilter = .all) {
    box = Box(SummaryCount(trace, window: window, filter: filter))
  }
  public mutating func laneAppeared(_ lane: LaneSummary, index: Int) { box.count.laneAppeared(lane, index: index) }
  @inline(__always) public mutating func interval(_ interval: Interval) { box.count.interval(interval) }
  @inline(__always) public mutating func entered(
    _ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32
  ) {
    box.count.entered(state, from: from, lane: lane, time: time, label: label)
  }
  @inline(__always) public mutating func ready(local: Int, injector: Int, time: UInt64) {
    box.count.ready(local: local, injector: injector, time: time)
  }
  public mutating func woken(lane: Int, time: UInt64) { box.count.woken(lane: lane, time: time) }
  @inline(__always) public mutating func task(_ task: TaskRecord) { box.count.task(task) }
  @inline(__always) public mutating func event(_ record: EventRecord, lane: Int) {
    box.count.event(record, lane: lane)
  }
  public mutating func wait(_ wait: WaitRecord) { box.count.wait(wait) }
  public mutating func wake(_ wake: WakeRecord) { box.count.wake(wake) }
  public mutating func search(_ search: SearchRecord) { box.count.search(search) }
  public mutating func finish(_ result: ModelResult) { box.count.finish(result) }
}

/// What a `SummarySink` counts.
struct SummaryCount: ~Copyable {
  private(set) var summary: Summary
  private let filter: TaskFilter
  private let takesAll: Bool
  private var idle: IdleSweep
  private var labels = PlainBuffer<LabelTally>()
  private var lanes = PlainBuffer<LaneTally>()
  private var pickupMoved = Tally()
  private var pickupOwn = Tally()
  private var laneOfNumber: [UInt16: Int] = [:]
  private var now: UInt64
  private var aloneSince: UInt64 = 0
  private var aloneLabel: UInt32 = 0
  /// By the number of busy workers, up to that of the lanes.
  private var concurrency = PlainBuffer<UInt64>()
  /// Started tasks by `TaskSource.rawValue`.
  private var sources = PlainBuffer<UInt64>()
  private var workers = 0

  /// A `LabelSummary` in the making.
  struct LabelTally: BitwiseCopyable {
    var fates: (value: UInt64, error: UInt64, cancelled: UInt64, other: UInt64) = (0, 0, 0, 0)
    var stolen: UInt64 = 0
    var started: UInt64 = 0
    var selfTime: UInt64 = 0
    var total: UInt64 = 0
    var run = Tally()
    var queue = Tally()
    var quiet: (tasks: UInt64, time: UInt64) = (0, 0)
    var crowded: (tasks: UInt64, time: UInt64) = (0, 0)
  }
  struct LaneTally: BitwiseCopyable {
    var callbackSince: UInt64 = 0
  }

  init(_ trace: Trace, window: ClosedRange<UInt64>? = nil, filter: TaskFilter = .all) {
    let span = window.map { $0.clamped(to: trace.span) } ?? trace.span
    summary = Summary(model: ModelResult(span: span), labelTable: trace.labels)
    summary.problems = trace.problems.count
    self.filter = filter
    takesAll = filter.isTrivial
    idle = IdleSweep(start: span.lowerBound)
    now = span.lowerBound
    sources.grow(to: summary.sources.count, filling: 0)
    concurrency.grow(to: 1, filling: 0)
  }
  deinit {
    for label in 0..<labels.count {
      labels[label].run.free()
      labels[label].queue.free()
    }
    pickupMoved.free()
    pickupOwn.free()
  }

  mutating func laneAppeared(_ lane: LaneSummary, index: Int) {
    summary.states.append([])
    idle.addLane(isWorker: lane.isWorker)
    lanes.append(LaneTally())
    concurrency.grow(to: lanes.count + 1, filling: 0)
    if lane.isWorker { workers += 1 }
    laneOfNumber[lane.lane] = index
  }

  @inline(__always) private mutating func at(_ label: UInt32) -> Int {
    let index = Int(label)
    if index >= labels.count { labels.grow(to: index + 1, filling: LabelTally()) }
    return index
  }

  @inline(__always) mutating func interval(_ interval: Interval) {
    idle.interval(interval)
    if interval.state.isBusy {
      labels[at(interval.label)].selfTime &+= interval.length
    } else if interval.state == .parked {
      summary.parks.add(interval.length)
    }
  }

  @inline(__always) mutating func entered(
    _ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32
  ) {
    let before = idle.busy
    if state != from { idle.entered(state, lane: lane, time: time) }
    let busy = idle.busy
    if busy == 1 && state.isBusy { aloneLabel = label }
    if before != busy { busyChanged(from: before, to: busy, time: time) }
  }
  /// Calls nothing but at its end: then `entered`, which comes by twice a task, has no registers to save.
  @inline(__always) private mutating func busyChanged(from: Int, to: Int, time: UInt64) {
    concurrency[from] &+= time &- min(now, time)
    now = max(now, time)
    if to == 1 { aloneSince = time }
    if from == 1 { endAlone(time) }
  }
  @inline(never) private mutating func endAlone(_ time: UInt64) {
    guard time > aloneSince else { return }
    // The five longest are enough for every finding.
    guard summary.alone.count < 5 || time - aloneSince > summary.alone[4].length else { return }
    summary.alone.append(AloneStretch(start: aloneSince, end: time, label: aloneLabel))
    summary.alone.sort { $0.length > $1.length }
    if summary.alone.count > 5 { summary.alone.removeLast() }
  }

  @inline(__always) mutating func ready(local: Int, injector: Int, time: UInt64) {
    idle.ready(local: local, injector: injector, time: time)
    if local &+ injector > summary.queueDepth.max { summary.queueDepth.max = local &+ injector }
    if injector > summary.injectorDepth.max { summary.injectorDepth.max = injector }
  }

  mutating func woken(lane: Int, time: UInt64) { idle.woken(lane: lane, time: time) }

  @inline(__always) mutating func task(_ task: TaskRecord) {
    guard takesAll || filter.accepts(task) else { return }
    let label = labels.pointer(at(task.label))
    if task.fate == .value { label.pointee.fates.value &+= 1 } else { count(task.fate, label) }
    if task.start > 0 {
      label.pointee.started &+= 1
      sources[Int(task.source.rawValue)] &+= 1
      if task.source == .stolen { steal(task, label) }
      if task.submit > 0 {
        label.pointee.queue.add(task.start &- task.submit)
        // 0: its start has the stamp of the end before it, so there is nothing measured.
        if task.pickup > 0 {
          if task.source == .local { pickupOwn.add(task.pickup) } else { pickupMoved.add(task.pickup) }
        }
      }
      if task.end > 0 {
        let length = task.end &- task.start
        label.pointee.run.add(length)
        label.pointee.total &+= length
        crowd(task, label)
      }
    }
    if task.depthSpan > summary.criticalSpan {
      summary.criticalSpan = task.depthSpan
      summary.criticalEdges = task.depthEdges
      summary.criticalLabel = task.label
    }
  }
  @inline(never) private mutating func count(_ fate: TaskFate, _ label: UnsafeMutablePointer<LabelTally>) {
    switch fate {
    case .value: label.pointee.fates.value += 1
    case .error: label.pointee.fates.error += 1
    case .cancelled: label.pointee.fates.cancelled += 1
    case .running, .pending, .unknown:
      label.pointee.fates.other += 1
      summary.fates[Int(fate.rawValue)] += 1
    }
  }
  @inline(__always) private func crowd(_ task: TaskRecord, _ label: UnsafeMutablePointer<LabelTally>) {
    // This task has just ended, its worker still counts as busy.
    let quarters = idle.busy &* 4
    if quarters <= workers || idle.busy == 1 {
      label.pointee.quiet.tasks &+= 1
      label.pointee.quiet.time &+= task.selfTime
    } else if quarters >= workers &* 3 {
      label.pointee.crowded.tasks &+= 1
      label.pointee.crowded.time &+= task.selfTime
    }
  }
  private mutating func steal(_ task: TaskRecord, _ label: UnsafeMutablePointer<LabelTally>) {
    label.pointee.stolen += 1
    let victim = laneOfNumber[task.victim] ?? -1
    summary.steals[Summary.StealPair(thief: Int(task.lane), victim: victim), default: 0] += 1
  }

  @inline(__always) mutating func event(_ record: EventRecord, lane: Int) {
    if record.id == EventKind.callbackBegin.rawValue || record.id == EventKind.callbackEnd.rawValue {
      callback(record, lane)
    }
  }
  @inline(never) private mutating func callback(_ record: EventRecord, _ lane: Int) {
    if record.kind == .callbackBegin { return lanes[lane].callbackSince = record.time }
    let since = lanes[lane].callbackSince
    if since > 0 { summary.callbackTime += record.time - min(since, record.time) }
    lanes[lane].callbackSince = 0
  }

  mutating func wait(_ wait: WaitRecord) {
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
  mutating func wake(_ wake: WakeRecord) {
    if wake.unpark > 0 { summary.wakeLatency.add(wake.unpark - wake.wake) } else { summary.lostWakes += 1 }
  }
  mutating func search(_ search: SearchRecord) {
    summary.searches.episodes += 1
    summary.searches.found += search.found ? 1 : 0
    summary.searches.attempts += UInt64(search.attempts)
    summary.searches.empty += UInt64(search.empty)
    summary.searches.lostRaces += UInt64(search.lostRaces)
    summary.searches.duration.add(search.end - search.start)
    summary.searches.attemptsPerEpisode.add(UInt64(search.attempts))
  }

  mutating func finish(_ result: ModelResult) {
    busyChanged(from: idle.busy, to: 0, time: result.span.upperBound)
    summary.model = result
    summary.idle = idle.finished()
    summary.queueDepth.area = idle.depthArea
    summary.injectorDepth.area = idle.injectorArea
    let most = (0..<concurrency.count).last { concurrency[$0] > 0 } ?? 0
    summary.concurrency = (0..<concurrency.count).prefix(most + 1).map { concurrency[$0] }
    summary.sources = (0..<sources.count).map { sources[$0] }
    summary.pickupMoved = Histogram(pickupMoved)
    summary.pickupOwn = Histogram(pickupOwn)
    for lane in 0..<lanes.count { summary.states[lane] = idle.times(lane) }
    for index in 0..<labels.count { finish(label: index) }
    summary.waits.blocked = summary.workers.reduce(0) { $0 + summary.states[$1][Int(LaneState.waiting.rawValue)] }
  }
  private mutating func finish(label index: Int) {
    let tally = labels[index]
    var label = LabelSummary(label: UInt32(index))
    label.finished = tally.fates.value + tally.fates.error
    label.errors = tally.fates.error
    label.cancelled = tally.fates.cancelled
    label.unfinished = tally.fates.other
    label.stolen = tally.stolen
    label.started = tally.started
    label.selfTime = tally.selfTime
    label.total = tally.total
    label.run = Histogram(tally.run)
    label.queue = Histogram(tally.queue)
    (label.quietTasks, label.quietSelf) = tally.quiet
    (label.crowdedTasks, label.crowdedSelf) = tally.crowded
    summary.fates[Int(TaskFate.value.rawValue)] += tally.fates.value
    summary.fates[Int(TaskFate.error.rawValue)] += tally.fates.error
    summary.fates[Int(TaskFate.cancelled.rawValue)] += tally.fates.cancelled
    summary.run.merge(label.run)
    summary.queue.merge(label.queue)
    if label.count > 0 || label.selfTime > 0 { summary.labels.append(label) }
  }
}
