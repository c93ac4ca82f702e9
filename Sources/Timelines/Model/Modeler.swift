// From events to what happened: one pass over the merged events, memory for the tasks that are alive.
//
// Invariants, on which every measure rests:
//   I1  A lane's intervals follow each other without gap or overlap from the beginning of the trace to its end.
//   I2  A stretch is `unknown` when the events around it contradict each other (some must be missing), when the writer
//       says that it lost some there, or when the lane's beginning or end is missing. It lasts until an event proves
//       what the lane does (`isKnown`). Never is a state guessed. What proves what:
//       - worker_start, worker_stop, an idle worker_park, search_end: all of it, the stack is empty;
//       - the end of a task that was on the stack before: that what lay beneath it lies there still, for ids are used once
//         (but not beneath a task that a Swift job carries: it may have gone elsewhere and come back);
//       - the begin of anything: the state until it ends, not what comes then. It lies above a `doubt` (LaneMachine).
//       - nothing else: a submit, say, may come from code that was declared as blocking since.
//   I3  submit <= start <= end for every task, whatever the stamps say.
//   I4  A task that is alive lies on one stack at most, that of its record's lane; one that is not lies on none. Frames hold its
//       slot in the table, which the next task may get: what says that it is elsewhere takes it off first (`leave`).
import SchedulerEvents

extension EventKind {
  /// Its begin came before it, on the same lane.
  fileprivate var endsSomething: Bool {
    switch self {
    case .taskEnd, .taskSuspend, .waitEnd, .callbackEnd, .forkEnd, .jobEnd, .blockingEnd, .workerUnpark: true
    default: false
    }
  }
}

/// Consumes events and tells a sink what they mean. Use: `consume` each event in order, then `finish`.
public struct Modeler<Sink: TimelineSink & ~Copyable>: ~Copyable, EventConsumer {
  /// Who receives what the model finds.
  public var sink: Sink
  let span: ClosedRange<UInt64>
  let window: ClosedRange<UInt64>
  /// The window is the whole span, so that no time lies outside of it.
  let isWhole: Bool
  var table = TaskTable()
  var result: ModelResult
  /// SAFETY: `machines` holds `laneCount` initialized machines of `laneCapacity`; `laneIndex` has 65,536 entries, -1 =
  /// lane not seen. Both are owned by this value and freed in `deinit`.
  var machines: UnsafeMutablePointer<LaneMachine>
  var laneCount = 0
  private var laneCapacity = 8
  private let laneIndex: UnsafeMutablePointer<Int32>
  /// Event kinds by their number, `kindCount` of them. SAFETY: initialized, owned and freed as the above.
  private let kinds: UnsafeMutablePointer<EventKind?>
  private static var kindCount: Int { 128 }
  let facts: [UInt16: LaneFacts]
  var readyLocal = 0
  var readyInjector = 0
  var late = LateTasks()
  private var lostByUnknownLanes: UInt64 = 0
  /// Indexes in `Trace.processes`.
  var processOfPID: [UInt32: Int] = [:]

  /// `window`: what lies outside is read, but not handed on.
  public init(_ trace: Trace, window: ClosedRange<UInt64>? = nil, sink: consuming Sink) {
    self.init(span: trace.span, window: window, lanes: trace.lanes, sink: sink)
    lostByUnknownLanes = trace.lostByUnknownLanes
    result.processes = trace.processes.map(\.pid)
    result.formats = Set(trace.processes.map(\.format))
    result.unreadable = trace.lanes.filter { $0.unreadable != nil }
    result.unreadProcesses = trace.unreadProcesses
    for (index, process) in trace.processes.enumerated() {
      if let pid = UInt32(process.pid) { processOfPID[pid] = index }
    }
  }
  init(span: ClosedRange<UInt64>, window: ClosedRange<UInt64>?, lanes: [LaneFacts], sink: consuming Sink) {
    self.sink = sink
    self.span = span
    self.window = window.map { $0.clamped(to: span) } ?? span
    isWhole = self.window == span
    result = ModelResult(span: self.window)
    machines = .allocate(capacity: laneCapacity)
    laneIndex = .allocate(capacity: 1 << 16)
    laneIndex.initialize(repeating: -1, count: 1 << 16)
    kinds = .allocate(capacity: Self.kindCount)
    for number in 0..<Self.kindCount { (kinds + number).initialize(to: EventKind(rawValue: UInt16(number))) }
    facts = Dictionary(lanes.map { ($0.lane, $0) }) { first, _ in first }
    // Workers come first and in order, so that rows need no sorting.
    for lane in lanes.sorted(by: { $0.lane < $1.lane }) where lane.isShown { _ = addLane(lane.lane) }
  }
  deinit {
    for index in 0..<laneCount { machines[index].dispose() }
    machines.deinitialize(count: laneCount)
    machines.deallocate()
    laneIndex.deallocate()
    kinds.deallocate()
  }

  // MARK: Lanes

  /// Index of a lane, -1 if it never recorded anything.
  func index(of lane: UInt16) -> Int { Int(laneIndex[Int(lane)]) }

  @inline(never) mutating func addLane(_ lane: UInt16) -> Int {
    if laneCount == laneCapacity {
      let larger = UnsafeMutablePointer<LaneMachine>.allocate(capacity: laneCapacity * 2)
      larger.moveInitialize(from: machines, count: laneCount)
      machines.deallocate()
      machines = larger
      laneCapacity *= 2
    }
    var machine = LaneMachine(lane: lane, index: laneCount, time: span.lowerBound)
    if let known = facts[lane] {
      machine.summary.tid = known.tid
      machine.summary.process = known.process
      machine.summary.lost = known.lost
      machine.isTruncated = known.tornTail
    }
    (machines + laneCount).initialize(to: machine)
    laneIndex[Int(lane)] = Int32(laneCount)
    laneCount += 1
    sink.laneAppeared(machine.summary, index: laneCount - 1)
    return laneCount - 1
  }

  /// `time`, which lies within the span, or the window's nearest.
  @inline(__always) func clamp(_ time: UInt64) -> UInt64 {
    isWhole ? time : min(max(time, window.lowerBound), window.upperBound)
  }

  // MARK: Time

  /// Accounts the open interval of a lane up to `time`.
  @inline(__always) mutating func close(_ lane: UnsafeMutablePointer<LaneMachine>, _ time: UInt64) {
    guard time > lane.pointee.since else { return }
    // Here and where else a trace's millions of events come by, &+ and &-: sums of lengths stay below 2^64.
    let length = time &- lane.pointee.since
    if let top = lane.pointee.top {
      switch lane.pointee.state {
      case .running, .helping:
        if top.pointee.slot >= 0 {
          let record = table.slots + Int(top.pointee.slot)
          record.pointee.selfTime &+= length
          record.pointee.depthSpan &+= length
        } else {
          top.pointee.span &+= length
          top.pointee.ownTime &+= length
        }
      case .waiting: top.pointee.ownTime &+= length
      default: break
      }
    }
    emit(lane, lane.pointee.state, lane.pointee.since, time)
    lane.pointee.since = time
  }
  @inline(__always) private mutating func emit(
    _ lane: UnsafeMutablePointer<LaneMachine>, _ state: LaneState, _ start: UInt64, _ end: UInt64
  ) {
    let from = clamp(start)
    let to = clamp(end)
    guard from < to else { return }
    let known = state != .unknown
    sink.interval(
      Interval(
        lane: lane.pointee.index, state: state, start: from, end: to, task: known ? lane.pointee.task : 0,
        label: known ? lane.pointee.label : 0))
  }

  /// I2: what the lane did between its last event and now is not known.
  @inline(never) mutating func gap(_ lane: UnsafeMutablePointer<LaneMachine>, _ time: UInt64) {
    result.contradictions += 1
    gapWithoutContradiction(lane, time)
  }
  /// Where the lane was known to do something else (a contradiction), and where it was not known what it does (none).
  @inline(__always) mutating func gapIfKnown(_ lane: UnsafeMutablePointer<LaneMachine>, _ time: UInt64) {
    if lane.pointee.isKnown { gap(lane, time) } else { close(lane, time) }
  }
  @inline(never) mutating func gapWithoutContradiction(_ lane: UnsafeMutablePointer<LaneMachine>, _ time: UInt64) {
    close(lane, max(lane.pointee.last, lane.pointee.since))
    emit(lane, .unknown, lane.pointee.since, time)
    lane.pointee.since = max(time, lane.pointee.since)
  }

  /// Sets the state that follows from the stack; `close` was called before the stack changed.
  @inline(__always) mutating func settle(_ lane: UnsafeMutablePointer<LaneMachine>, _ time: UInt64) {
    let state = lane.pointee.stateNow
    if let top = lane.pointee.top {
      lane.pointee.task = top.pointee.id
      lane.pointee.label = top.pointee.label
    } else {
      lane.pointee.task = 0
      lane.pointee.label = 0
    }
    let old = lane.pointee.state
    lane.pointee.state = state
    if old.isBusy { lane.pointee.freeSince = time }
    if state != old || state.isBusy {
      sink.entered(state, from: old, lane: lane.pointee.index, time: clamp(time), label: lane.pointee.label)
    }
  }

  // MARK: Events

  public mutating func consume(_ record: EventRecord) {
    var number = index(of: record.worker)
    if number < 0 { number = addLane(record.worker) }
    let lane = machines + number
    let time = min(max(record.time, lane.pointee.last), span.upperBound)
    guard record.id < Self.kindCount, let kind = kinds[Int(record.id)] else {
      result.unknownEvents += 1
      return
    }
    if !lane.pointee.isOrdinary && kind != .workerStatus { prepare(lane, record, kind, time) }
    lane.pointee.summary.events &+= 1
    sink.event(record, lane: number)
    switch kind {
    case .taskSubmit: taskSubmit(lane, record, time)
    case .taskStart: taskStart(lane, record, time)
    case .taskEnd: taskEnd(lane, record, time)
    case .taskCancel: taskCancel(record, time)
    case .taskSuspend: taskSuspend(lane, record, time)
    case .taskResume: taskResume(lane, record, time)
    case .waitBegin: waitBegin(lane, record, time)
    case .waitEnd: waitEnd(lane, record, time)
    case .callbackBegin: pushPlain(lane, .callback, record[Callback.task], time)
    case .callbackEnd: popPlain(lane, .callback, time)
    case .forkBegin: pushPlain(lane, .fork, record[StolenFork.parent], time)
    case .forkEnd: popPlain(lane, .fork, time)
    case .jobBegin: pushPlain(lane, .job, 0, time)
    case .jobEnd: popPlain(lane, .job, time)
    case .blockingBegin: pushPlain(lane, .blocking, nearestTask(lane), time)
    case .blockingEnd: popPlain(lane, .blocking, time)
    case .workerPark: workerPark(lane, record, time)
    case .workerUnpark: workerUnpark(lane, record, time)
    case .workerWake: workerWake(lane, record, time)
    case .workerStart: workerStart(lane, record, time)
    case .workerStop: workerStop(lane, time)
    case .workerStatus:
      guard lane.pointee.hasBegun && lane.pointee.isKnown && !saysDead(record) else {
        if !lane.pointee.isOrdinary { prepare(lane, record, kind, time) }
        workerStatus(lane, record, time)
        break
      }
      return note(lane, record)
    case .searchEnd: searchEnd(lane, record, time)
    case .lost: lost(lane, record, time)
    case .callWorkerDied: callWorkerDied(record, time)
    case .regionBegin, .regionEnd, .mark, .counter:
      if window.contains(time) {
        sink.annotation(
          AnnotationRecord(
            kind: kind, lane: number, time: time, label: UInt32(record[Region.label]),
            value: record.signed(Annotation.value)))
      }
    default: break
    }
    lane.pointee.last = time
  }

  /// Before an event of a lane that has not begun, starts, sleeps or has no thread.
  @inline(never) private mutating func prepare(
    _ lane: UnsafeMutablePointer<LaneMachine>, _ record: EventRecord, _ kind: EventKind, _ time: UInt64
  ) {
    if !lane.pointee.hasBegun { begin(lane, kind, time) }
    if lane.pointee.isStarting && kind != .workerStart { endStarting(lane, record, kind, time) }
    if lane.pointee.isParked && kind != .workerUnpark && kind != .lost && kind != .workerStatus {
      // A thread that sleeps does nothing: its waking up is among the lost.
      gap(lane, time)
      lane.pointee.isParked = false
      settle(lane, time)
    }
    if !lane.pointee.isAlive && kind != .workerStart && kind != .lost {
      gap(lane, time)
      lane.pointee.isAlive = true
      settle(lane, time)
    }
  }

  /// A lane's first event: what it did before depends on whether this is its beginning.
  @inline(never) private mutating func begin(
    _ lane: UnsafeMutablePointer<LaneMachine>, _ kind: EventKind, _ time: UInt64
  ) {
    lane.pointee.hasBegun = true
    let late = facts[lane.pointee.summary.lane]?.startsLate ?? false
    if lane.pointee.isWorker {
      lane.pointee.state = kind == .workerStart && !late ? .stopped : .unknown
      lane.pointee.isAlive = kind != .workerStart && kind != .lost
      lane.pointee.isKnown = kind == .workerStart
      lane.pointee.summary.hasBeginning = kind == .workerStart && !late
    } else {
      let isMidLife = late || kind == .lost || kind.endsSomething
      lane.pointee.state = isMidLife ? .unknown : .outside
      lane.pointee.isKnown = !isMidLife
    }
    close(lane, time)
    settle(lane, time)
    lane.pointee.last = time
  }

  /// Ends everything at the end of the trace and returns the whole.
  public mutating func finish() -> ModelResult {
    let end = span.upperBound
    for index in 0..<laneCount {
      let lane = machines + index
      if lane.pointee.summary.events == 0 { lane.pointee.state = .unknown }
      // Losses that no record states any more happened after the last one.
      let lostAtEnd = (facts[lane.pointee.summary.lane]?.lost ?? 0) > lane.pointee.lostInRecords
      let mayGoOn = lane.pointee.isAlive || !lane.pointee.isWorker
      if lostAtEnd || lane.pointee.isTruncated && mayGoOn {
        gapWithoutContradiction(lane, end)
      } else {
        close(lane, end)
      }
      while lane.pointee.depth > 0 {
        let frame = lane.pointee.pop()
        if frame.kind == .wait { finishWait(lane, frame, end: 0, outcome: .done) }
      }
      if lane.pointee.wakeTime > 0 && lane.pointee.isParked { sendWake(lane, unpark: 0) }
    }
    for record in late.takeAll() where isInWindow(record) { sink.task(record) }
    var rest: [TaskRecord] = []
    table.forEach { rest.append($0) }
    for record in rest.sorted(by: { ($0.submit, $0.task) < ($1.submit, $1.task) }) where isInWindow(record) {
      sink.task(record)
    }
    for index in 0..<laneCount { machines[index].summary.isStopped = !machines[index].isAlive }
    result.lanes = (0..<laneCount).map { machines[$0].summary }
    result.events = result.lanes.reduce(result.unknownEvents) { $0 + $1.events }
    result.lost = result.lanes.saturatingSum(\.lost).saturatingAdd(lostByUnknownLanes)
    sink.finish(result)
    return result
  }
}
