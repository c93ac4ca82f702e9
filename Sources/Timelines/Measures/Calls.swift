// Calls to worker processes: where each one's time went, by task type and by worker process.
//
//   parent   submit ──queue──> call_sent                                                    call_result
//   worker                         └──(behind another)── there ──> call_started ─run─> call_result ── back ──┘
//
// What a call sent ahead spends behind the one that its worker runs counts as queue delay: the way there begins when its
// worker is free.
import SchedulerEvents

/// A call to a worker process. Times are on the trace's clock, 0: unknown.
public struct CallRecord: Sendable, Equatable {
  /// How a call ended.
  public enum Fate: Sendable, Equatable {
    /// Its value came, its error came, its worker went away with it, it was cancelled, or the trace ends before it does.
    case value, error, lost, cancelled, open
  }
  /// The task's id.
  public var task: UInt64
  /// The label's id.
  public var label: UInt32 = 0
  /// The worker process that was sent it last; 0: none.
  public var pid: UInt32 = 0
  /// It was submitted.
  public var submit: UInt64 = 0
  /// It was sent to its worker.
  public var sent: UInt64 = 0
  /// Its worker had no other call any more, not before it was sent.
  public var free: UInt64 = 0
  /// The worker began it.
  public var start: UInt64 = 0
  /// The worker ended it.
  public var end: UInt64 = 0
  /// The parent had its result.
  public var result: UInt64 = 0
  /// Bytes of the task.
  public var bytesOut: UInt64 = 0
  /// Bytes of the result.
  public var bytesBack: UInt64 = 0
  /// How often it was sent.
  public var attempts = 0
  /// How it ended.
  public var fate = Fate.open

  private func stretch(_ from: UInt64, _ to: UInt64) -> UInt64? { from > 0 && to > 0 ? to - min(from, to) : nil }
  /// Nanoseconds until its worker was free for it.
  public var queue: UInt64? { stretch(submit, free) }
  /// Nanoseconds on the way to the worker.
  public var there: UInt64? { stretch(free, start) }
  /// Nanoseconds in the worker: decoding, running, encoding.
  public var run: UInt64? { stretch(start, end) }
  /// Nanoseconds on the way back, decoding included.
  public var back: UInt64? { stretch(end, result) }
}

/// What several calls have in common.
public struct CallGroup: Sendable {
  /// Calls that were submitted (of a label) or sent (to a process).
  public internal(set) var calls: UInt64 = 0
  /// Those that threw.
  public internal(set) var errors: UInt64 = 0
  /// Those whose worker went away with them.
  public internal(set) var lost: UInt64 = 0
  /// Those that were sent more than once.
  public internal(set) var repeated: UInt64 = 0
  /// Until the worker was free.
  public internal(set) var queue = Histogram()
  /// The way to the worker.
  public internal(set) var there = Histogram()
  /// In the worker.
  public internal(set) var run = Histogram()
  /// The way back.
  public internal(set) var back = Histogram()
  /// Bytes sent.
  public internal(set) var bytesOut: UInt64 = 0
  /// Bytes of results.
  public internal(set) var bytesBack: UInt64 = 0

  mutating func add(_ call: CallRecord) {
    calls += 1
    if call.fate == .error { errors += 1 }
    if call.fate == .lost { lost += 1 }
    if call.attempts > 1 { repeated += 1 }
    if let time = call.queue { queue.add(time) }
    if let time = call.there { there.add(time) }
    if let time = call.run { run.add(time) }
    if let time = call.back { back.add(time) }
    bytesOut &+= call.bytesOut
    bytesBack &+= call.bytesBack
  }
}

/// A worker process, as its calls show it.
public struct PeerSummary: Sendable {
  /// Its process id.
  public let pid: UInt32
  /// It was started; 0: before the trace.
  public internal(set) var spawned: UInt64 = 0
  /// It was gone; 0: after the trace.
  public internal(set) var ended: UInt64 = 0
  /// Its calls.
  public internal(set) var group = CallGroup()
  /// Nanoseconds in which it ran calls.
  public internal(set) var busy: UInt64 = 0
}

/// All calls of a trace to worker processes. One pass; memory for the calls that are not done.
public struct Calls: EventConsumer {
  /// By label id.
  public private(set) var labels: [UInt32: CallGroup] = [:]
  /// By process id.
  public private(set) var peers: [UInt32: PeerSummary] = [:]
  /// Of all.
  public private(set) var all = CallGroup()
  /// First and last event of the trace.
  public let span: ClosedRange<UInt64>
  /// Worker processes whose own events are in the trace. Without them runs begin and end as the parent heard of it.
  public let recorded: Int
  private let workerLanes: Set<UInt16>
  private let knownPIDs: Set<UInt32>
  private var open: [UInt64: CallRecord] = [:]
  private var freeSince: [UInt32: UInt64] = [:]
  private let deliver: (CallRecord) -> Void

  private init(_ trace: Trace, _ deliver: @escaping (CallRecord) -> Void) {
    span = trace.span
    let workers = trace.processes.indices.filter { trace.processes[$0].parent != nil }
    recorded = workers.count
    knownPIDs = Set(workers.compactMap { UInt32(trace.processes[$0].pid) })
    workerLanes = Set(trace.lanes.filter { workers.contains($0.process) }.map(\.lane))
    self.deliver = deliver
  }

  /// Reads the trace once. `each` is given every call when its story ends; `progress`: see `Trace.read`.
  public static func of(
    _ trace: Trace, progress: ((Int) -> Bool)? = nil, each: @escaping (CallRecord) -> Void = { _ in }
  ) -> Calls {
    var calls = Calls(trace, each)
    trace.read(into: &calls, progress: progress)
    for call in calls.open.values.sorted(by: { ($0.submit, $0.task) < ($1.submit, $1.task) }) where call.attempts > 0 {
      calls.close(call)
    }
    return calls
  }

  public mutating func consume(_ record: EventRecord) {
    switch record.kind {
    case .taskSubmit:
      // Any task may turn out to be a call; one that starts as a thread's task is none.
      guard EventValue.lane(ofTask: record[TaskSubmit.task]) == record.worker,
        record[TaskSubmit.queue] == UInt64(SubmitQueue.injector.rawValue)
      else { return }
      var call = CallRecord(task: record[TaskSubmit.task])
      call.label = UInt32(record[TaskSubmit.label])
      call.submit = record.time
      open[call.task] = call
    case .taskStart: if !workerLanes.contains(record.worker) { open[record[TaskStart.task]] = nil }
    case .taskCancel:
      guard var call = open.removeValue(forKey: record[TaskStep.task]), call.attempts > 0 else { return }
      call.fate = .cancelled
      close(call)
    case .taskEnd:
      let task = record[TaskEnd.task]
      guard let call = open[task] else { return }
      if call.attempts == 0 { open[task] = nil }  // a thread's
      if record[TaskEnd.outcome] == UInt64(TaskOutcome.error.rawValue) { open[task]?.fate = .error }
    case .callSent: sent(record)
    case .callStarted: started(record)
    case .callResult: result(record)
    case .callWorkerSpawned: peer(record) { $0.spawned = record.time }
    case .callWorkerDied: died(record)
    default: break
    }
  }

  private mutating func sent(_ record: EventRecord) {
    var call = open[record[Call.call]] ?? CallRecord(task: record[Call.call])
    call.pid = UInt32(record[Call.pid])
    call.sent = record.time
    call.free = 0
    call.start = 0
    call.end = 0
    call.bytesOut = record[Call.bytes]
    call.attempts += 1
    open[call.task] = call
  }

  /// The worker's own stamp counts, or the parent's where the worker did not record.
  private func counts(_ record: EventRecord) -> Bool {
    workerLanes.contains(record.worker) || !knownPIDs.contains(UInt32(record[Call.pid]))
  }

  private mutating func started(_ record: EventRecord) {
    let task = record[Call.call]
    guard counts(record), open[task] != nil else { return }
    let pid = UInt32(record[Call.pid])
    open[task]!.pid = pid
    open[task]!.free = max(open[task]!.sent, freeSince[pid] ?? 0)
    open[task]!.start = record.time
  }

  private mutating func result(_ record: EventRecord) {
    let task = record[Call.call]
    let pid = UInt32(record[Call.pid])
    guard open[task] != nil else { return }
    if counts(record) {
      open[task]!.end = record.time
      freeSince[pid] = record.time
      let start = open[task]!.start
      if start > 0 { peer(record) { $0.busy += record.time - min(start, record.time) } }
    }
    guard !workerLanes.contains(record.worker), var call = open.removeValue(forKey: task) else { return }
    call.result = record.time
    call.bytesBack = record[Call.bytes]
    if call.fate == .open { call.fate = .value }
    close(call)
  }

  private mutating func died(_ record: EventRecord) {
    guard record[Call.call] != 0 else { return peer(record) { $0.ended = record.time } }
    guard var call = open.removeValue(forKey: record[Call.call]) else { return }
    call.fate = .lost
    close(call)
  }

  private mutating func peer(_ record: EventRecord, _ change: (inout PeerSummary) -> Void) {
    let pid = UInt32(record[Call.pid])
    change(&peers[pid, default: PeerSummary(pid: pid)])
  }

  private mutating func close(_ call: CallRecord) {
    all.add(call)
    labels[call.label, default: CallGroup()].add(call)
    if call.pid != 0 { peers[call.pid, default: PeerSummary(pid: call.pid)].group.add(call) }
    deliver(call)
  }
}
