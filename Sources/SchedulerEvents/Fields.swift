// Where each event keeps its fields. Writers and readers name a field as `record[TaskSubmit.label]`; the event table
// (EventTable.swift) is made of the same places. Every event's `worker` is `EventRecord.worker`.
//
// Within one event the fields are laid out so that a CTF reader finds each by alignment alone (EventTable checks it).

public enum TaskSubmit {
  @inlinable public static var label: Place { .aux(0, 20) }
  @inlinable public static var queue: Place { .aux(20, 2) }
  @inlinable public static var depth: Place { .aux(22, 10) }
  @inlinable public static var task: Place { .a(0, 64) }
  @inlinable public static var parent: Place { .b(0, 64) }
}
public enum TaskStart {
  @inlinable public static var victim: Place { .aux(0, 16) }
  @inlinable public static var source: Place { .aux(16, 3) }
  @inlinable public static var depth: Place { .aux(19, 10) }
  @inlinable public static var task: Place { .a(0, 64) }
  @inlinable public static var nesting: Place { .b(0, 32) }
}
public enum TaskEnd {
  @inlinable public static var outcome: Place { .aux(0, 2) }
  @inlinable public static var waiters: Place { .aux(16, 16) }
  @inlinable public static var task: Place { .a(0, 64) }
}
/// task_cancel, task_notify, task_suspend, task_resume.
public enum TaskStep {
  @inlinable public static var nesting: Place { .aux(0, 32) }
  @inlinable public static var task: Place { .a(0, 64) }
}
public enum TaskDepend {
  @inlinable public static var kind: Place { .aux(0, 32) }
  @inlinable public static var from: Place { .a(0, 64) }
  @inlinable public static var to: Place { .b(0, 64) }
}
public enum WaitBegin {
  @inlinable public static var mode: Place { .aux(0, 3) }
  @inlinable public static var timed: Place { .aux(3, 1) }
  @inlinable public static var count: Place { .aux(16, 16) }
  @inlinable public static var waiter: Place { .a(0, 64) }
  @inlinable public static var awaited: Place { .b(0, 64) }
}
public enum WaitEnd {
  @inlinable public static var outcome: Place { .aux(0, 2) }
  @inlinable public static var helped: Place { .aux(16, 16) }
  @inlinable public static var waiter: Place { .a(0, 64) }
  @inlinable public static var awaited: Place { .b(0, 64) }
}
/// callback_begin, callback_end.
public enum Callback {
  @inlinable public static var count: Place { .aux(0, 32) }
  @inlinable public static var task: Place { .a(0, 64) }
}
/// fork_begin, fork_end: a stolen half.
public enum StolenFork {
  @inlinable public static var victim: Place { .aux(0, 32) }
  @inlinable public static var parent: Place { .a(0, 64) }
}
/// fork_split, fork_join: every fork.
public enum Fork {
  @inlinable public static var nesting: Place { .aux(0, 32) }
  @inlinable public static var fork: Place { .a(0, 64) }
  @inlinable public static var parent: Place { .b(0, 64) }
}
public enum SearchEnd {
  @inlinable public static var victim: Place { .aux(0, 16) }
  @inlinable public static var found: Place { .aux(16, 1) }
  @inlinable public static var duration: Place { .a(0, 64) }
  @inlinable public static var attempts: Place { .b(0, 22) }
  @inlinable public static var empty: Place { .b(22, 21) }
  @inlinable public static var lostRaces: Place { .b(43, 21) }
}
public enum WorkerPark {
  @inlinable public static var reason: Place { .aux(0, 32) }
  @inlinable public static var dequeDepth: Place { .a(0, 32) }
  @inlinable public static var injectorDepth: Place { .a(32, 32) }
}
public enum WorkerUnpark {
  @inlinable public static var cause: Place { .aux(0, 3) }
  @inlinable public static var waker: Place { .aux(16, 16) }
}
public enum WorkerWake {
  @inlinable public static var target: Place { .aux(0, 16) }
  @inlinable public static var cause: Place { .aux(16, 3) }
}
/// blocking_begin, blocking_end.
public enum Blocking {
  @inlinable public static var kind: Place { .aux(0, 32) }
}
/// worker_start, worker_stop.
public enum WorkerLife {
  @inlinable public static var pool: Place { .aux(0, 32) }
  @inlinable public static var tid: Place { .a(0, 32) }
  /// Signed; -1: unknown.
  @inlinable public static var cpu: Place { .a(32, 32) }
}
public enum WorkerStatus {
  @inlinable public static var tid: Place { .aux(0, 32) }
  @inlinable public static var task: Place { .a(0, 64) }
  @inlinable public static var state: Place { .b(0, 8) }
  @inlinable public static var pool: Place { .b(8, 24) }
  @inlinable public static var depth: Place { .b(32, 32) }
  /// In `depth`: a reader wrote the status, where it cut a trace. It knows what the thread did at that moment, but not what
  /// lay in its deque.
  @inlinable public static var exact: UInt64 { 0xFFFF_FFFF }
}
public enum QueueSample {
  @inlinable public static var pool: Place { .aux(0, 32) }
  @inlinable public static var injectorDepth: Place { .a(0, 32) }
  @inlinable public static var live: Place { .a(32, 32) }
}
/// region_begin, region_end.
public enum Region {
  @inlinable public static var label: Place { .aux(0, 20) }
  @inlinable public static var id: Place { .a(0, 64) }
}
/// mark, counter.
public enum Annotation {
  @inlinable public static var label: Place { .aux(0, 20) }
  /// Signed.
  @inlinable public static var value: Place { .a(0, 64) }
}
public enum Lost {
  @inlinable public static var cause: Place { .aux(0, 32) }
  @inlinable public static var count: Place { .a(0, 64) }
}
/// call_sent, call_started, call_result, call_worker_spawned, call_worker_died.
public enum Call {
  @inlinable public static var pid: Place { .aux(0, 32) }
  @inlinable public static var call: Place { .a(0, 64) }
  @inlinable public static var peer: Place { .b(0, 16) }
  @inlinable public static var bytes: Place { .b(16, 48) }
}

extension EventKind {
  /// Bits from the beginning of a record to the end of its last field: how far a CTF reader has read after the event.
  /// Written out for the writer's sake, who needs it as a constant; a test compares it with the event table.
  @inlinable @inline(__always) public var contentBits: Int {
    switch self {
    case .taskSubmit: TaskSubmit.parent.bitEnd
    case .taskStart: TaskStart.nesting.bitEnd
    case .taskEnd: TaskEnd.task.bitEnd
    case .taskCancel, .taskNotify, .taskSuspend, .taskResume: TaskStep.task.bitEnd
    case .taskDepend: TaskDepend.to.bitEnd
    case .waitBegin: WaitBegin.awaited.bitEnd
    case .waitEnd: WaitEnd.awaited.bitEnd
    case .callbackBegin, .callbackEnd: Callback.task.bitEnd
    case .forkBegin, .forkEnd: StolenFork.parent.bitEnd
    case .forkSplit, .forkJoin: Fork.parent.bitEnd
    case .jobBegin, .jobEnd: Place.worker.bitEnd
    case .searchEnd: SearchEnd.lostRaces.bitEnd
    case .workerPark: WorkerPark.injectorDepth.bitEnd
    case .workerUnpark: WorkerUnpark.waker.bitEnd
    case .workerWake: WorkerWake.cause.bitEnd
    case .blockingBegin, .blockingEnd: Blocking.kind.bitEnd
    case .workerStart, .workerStop: WorkerLife.cpu.bitEnd
    case .workerStatus: WorkerStatus.depth.bitEnd
    case .queueSample: QueueSample.live.bitEnd
    case .regionBegin, .regionEnd: Region.id.bitEnd
    case .mark, .counter: Annotation.value.bitEnd
    case .lost: Lost.count.bitEnd
    case .callSent, .callStarted, .callResult, .callWorkerSpawned, .callWorkerDied: Call.bytes.bitEnd
    case .labelDef, .poolConfig: 0
    }
  }
}
