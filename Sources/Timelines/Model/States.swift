// What a lane can be doing, and the pieces that the model hands on: intervals, tasks, waits, wakes, searches.
import SchedulerEvents

/// What a thread is doing. Every nanosecond of every worker is in exactly one of these.
public enum LaneState: UInt8, CaseIterable, BitwiseCopyable, Sendable {
  /// The thread runs, but has not looked for work yet.
  case starting
  /// Runs a task from the worker's loop.
  case running
  /// Runs another task, or a stolen half of a fork, beneath a wait.
  case helping
  /// Between tasks: looks for work.
  case searching
  /// In `result()` or another wait, with nothing to help.
  case waiting
  /// Asleep because there was no work.
  case parked
  /// In code that was declared as blocking.
  case blocking
  /// There is no thread: not started yet, or stopped.
  case stopped
  /// Events are missing: nothing can be said. Its share is what coverage lacks.
  case unknown
  /// Only outside threads: code of their own.
  case outside

  /// The states that a worker can be in.
  public static let ofWorkers: [LaneState] = [
    .running, .helping, .searching, .waiting, .parked, .blocking, .starting, .stopped, .unknown,
  ]
  /// As views show it.
  public var name: String { "\(self)" }
  /// One letter for plain text timelines.
  public var letter: Character {
    switch self {
    case .starting: "s"
    case .running: "#"
    case .helping: "h"
    case .searching: "?"
    case .waiting: "W"
    case .parked: "."
    case .blocking: "B"
    case .stopped: " "
    case .unknown: "~"
    case .outside: "-"
    }
  }
  /// User code is being run.
  @inline(__always) public var isBusy: Bool { self == .running || self == .helping }
}

/// A stretch of one lane in one state. `end > start`.
public struct Interval: Sendable, Equatable {
  /// Index in `ModelResult.lanes`.
  public var lane: Int
  /// What the lane did.
  public var state: LaneState
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64
  /// The task that runs, or (waiting) the one that is awaited; 0: none.
  public var task: UInt64
  /// The running task's label, or (waiting) the awaited one's.
  public var label: UInt32
  /// Nanoseconds.
  @inlinable public var length: UInt64 { end &- start }
}

/// How a task's story ended.
public enum TaskFate: UInt8, CaseIterable, Sendable {
  /// It ended with a value, with an error, or was cancelled before it started.
  case value, error, cancelled
  /// Still running, or still pending, when the trace ended.
  case running, pending
  /// Its end is among the lost events.
  case unknown
}

/// One task's life. Times are on the trace's clock; `submit <= start <= end` always holds for those that are known.
public struct TaskRecord: Sendable, Equatable {
  /// The task's id.
  public var task: UInt64
  /// The task that submitted it; 0: none.
  public var parent: UInt64 = 0
  /// Its label's id; 0: none.
  public var label: UInt32 = 0
  /// Lane indexes; -1: unknown.
  public var submitLane: Int32 = -1
  /// Index of the lane that ran it; -1: unknown.
  public var lane: Int32 = -1
  /// 0: unknown.
  public var submit: UInt64 = 0
  /// 0: it has not started, or unknown.
  public var start: UInt64 = 0
  /// 0: it has not ended, or unknown.
  public var end: UInt64 = 0
  /// Of the queue delay, the nanoseconds in which the worker that took the task had nothing else to do: looking for work and
  /// waking up. The rest it lay behind other tasks.
  public var pickup: UInt64 = 0
  /// Nanoseconds in which the task itself was executed: without waits, nested tasks and declared blocking.
  public var selfTime: UInt64 = 0
  /// Length of the longest chain of self times that leads to its end (see WorkSpan).
  public var depthSpan: UInt64 = 0
  /// Edges (submits and waits) on that chain.
  public var depthEdges: UInt32 = 0
  /// Where it was submitted to.
  public var queue = SubmitQueue.local
  /// Where it was started from.
  public var source = TaskSource.local
  /// The lane (not index) it was stolen from.
  public var victim: UInt16 = EventValue.noLane
  /// Tasks that lay in the worker's deque when it started.
  public var queueDepth: UInt16 = 0
  /// Tasks beneath it on the same stack when it started.
  public var nesting: UInt16 = 0
  /// Waiters and callbacks when it ended.
  public var waiters: UInt16 = 0
  /// How it ended.
  public var fate = TaskFate.pending
  /// A stamp was moved so that causes precede effects.
  public var isRepaired = false
  /// It was suspended at least once.
  public var wasSuspended = false

  /// Of a task of which nothing else is known.
  public init(task: UInt64) { self.task = task }
  /// Whether its start is known.
  public var hasRun: Bool { start > 0 }
  /// Nanoseconds from submit to start; nil unless both are known.
  public var queueDelay: UInt64? { submit > 0 && start > 0 ? start - submit : nil }
  /// Nanoseconds from start to end, waits and nested tasks included; nil unless both are known.
  public var runTime: UInt64? { start > 0 && end > 0 ? end - start : nil }
}

/// A blocking wait. `end` 0: the trace ends before it does.
public struct WaitRecord: Sendable, Equatable {
  /// Index of the lane that waited.
  public var lane: Int
  /// The task that waited; 0: code outside of tasks.
  public var waiter: UInt64
  /// The task waited for, the first of several; 0: not a task.
  public var awaited: UInt64
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64
  /// What it waited for: one, the first, all.
  public var mode: WaitMode
  /// Whether it had a deadline.
  public var isTimed: Bool
  /// How it ended.
  public var outcome: WaitOutcome
  /// Tasks that were run meanwhile.
  public var helped: Int
  /// Nanoseconds of the wait in which the lane ran something else.
  public var helpedTime: UInt64
}

/// One thread woke another. `unpark` 0: the target never woke up within the trace.
public struct WakeRecord: Sendable, Equatable {
  /// Lane index of the waker.
  public var from: Int
  /// Lane index of the woken.
  public var to: Int
  /// On the trace's clock, in nanoseconds.
  public var wake: UInt64
  /// On the trace's clock, in nanoseconds; 0: never.
  public var unpark: UInt64
  /// Why it was woken.
  public var cause: WakeCause
}

/// One episode of looking for work.
public struct SearchRecord: Sendable, Equatable {
  /// Lane index.
  public var lane: Int
  /// On the trace's clock, in nanoseconds.
  public var start: UInt64
  /// On the trace's clock, in nanoseconds.
  public var end: UInt64
  /// Queues that were looked into.
  public var attempts: UInt32
  /// Attempts that found nothing.
  public var empty: UInt32
  /// Attempts where another thief was faster.
  public var lostRaces: UInt32
  /// Whether it ended with a task.
  public var found: Bool
  /// The lane (not index) that was stolen from; `noLane`: none.
  public var victim: UInt16
}

/// A mark, a counter's value, or one end of a region.
public struct AnnotationRecord: Sendable, Equatable {
  /// Mark, counter, begin or end of a region.
  public var kind: EventKind
  /// Lane index.
  public var lane: Int
  /// On the trace's clock, in nanoseconds.
  public var time: UInt64
  /// The label's id.
  public var label: UInt32
  /// The mark's or counter's value; a region's id.
  public var value: Int64
}

/// What the model knows of a lane in the end.
public struct LaneSummary: Sendable {
  /// The lane's number.
  public var lane: UInt16
  /// The system's number of its last thread.
  public var tid: UInt32 = 0
  /// The pool's id; 0: an outside thread.
  public var pool: UInt32 = 0
  /// Index in `Trace.processes`.
  public var process = 0
  /// Number of `worker_start`s.
  public var incarnations = 0
  /// Events that were read.
  public var events = 0
  /// Events that the writer could not keep, or that are missing from the file.
  public var lost: UInt64 = 0
  /// A worker whose thread began within the trace.
  public var hasBeginning = false
  /// A worker whose thread had ended when the trace did.
  public var isStopped = false
  /// Whether it belongs to a worker, not to an outside thread.
  public var isWorker: Bool { lane < EventValue.firstOutsideLane }
  /// `w3`, or `x0` for the first outside thread.
  public var name: String { Self.name(of: lane) }
  /// `w3`, `x0`, or `?` for no lane.
  public static func name(of lane: UInt16) -> String {
    if lane == EventValue.noLane { return "?" }
    return lane < EventValue.firstOutsideLane ? "w\(lane)" : "x\(lane - EventValue.firstOutsideLane)"
  }
  /// Of a lane of which nothing else is known.
  public init(lane: UInt16) { self.lane = lane }
}

/// Receives what the model finds, in the order in which it becomes certain. Every method may be left out.
public protocol TimelineSink: ~Copyable {
  /// Whether what a task does up to a submit is handed on as an interval of its own, so that intervals and submits come in
  /// the order in which they happened. Costs time; true unless a sink says otherwise.
  static var splitsAtSubmits: Bool { get }
  /// A lane was in one state from `start` to `end`. A lane's intervals come in order, without gap or overlap, and cover the
  /// whole of the trace.
  mutating func interval(_ interval: Interval)
  /// At `time`, `lane` began to be in `state`. Called in the order of the events.
  mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32)
  /// The number of tasks that could be started changed.
  mutating func ready(local: Int, injector: Int, time: UInt64)
  /// A task was submitted or began (its record is as far as it goes).
  mutating func submitted(_ task: TaskRecord)
  /// A task began (its record is as far as it goes).
  mutating func started(_ task: TaskRecord)
  /// A task's story ended; also called at the end of the trace for those that did not end.
  mutating func task(_ task: TaskRecord)
  /// A blocking wait ended, or the trace did.
  mutating func wait(_ wait: WaitRecord)
  /// A worker woke up after a wake, or never did.
  mutating func wake(_ wake: WakeRecord)
  /// A wake was sent to `lane`.
  mutating func woken(lane: Int, time: UInt64)
  /// A worker ended looking for work.
  mutating func search(_ search: SearchRecord)
  /// The program annotated its run.
  mutating func annotation(_ annotation: AnnotationRecord)
  /// Any event, in the order of time; `lane` is an index.
  mutating func event(_ record: EventRecord, lane: Int)
  /// A lane is mentioned for the first time. Indexes count up from 0.
  mutating func laneAppeared(_ lane: LaneSummary, index: Int)
  /// The last call.
  mutating func finish(_ result: ModelResult)
}

extension TimelineSink where Self: ~Copyable {
  @inlinable public static var splitsAtSubmits: Bool { true }
  @inlinable public mutating func interval(_ interval: Interval) {}
  @inlinable public mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32) {
  }
  @inlinable public mutating func ready(local: Int, injector: Int, time: UInt64) {}
  @inlinable public mutating func submitted(_ task: TaskRecord) {}
  /// A task began (its record is as far as it goes).
  @inlinable public mutating func started(_ task: TaskRecord) {}
  @inlinable public mutating func task(_ task: TaskRecord) {}
  /// A blocking wait ended, or the trace did.
  @inlinable public mutating func wait(_ wait: WaitRecord) {}
  /// A worker woke up after a wake, or never did.
  @inlinable public mutating func wake(_ wake: WakeRecord) {}
  @inlinable public mutating func woken(lane: Int, time: UInt64) {}
  /// A worker ended looking for work.
  @inlinable public mutating func search(_ search: SearchRecord) {}
  /// The program annotated its run.
  @inlinable public mutating func annotation(_ annotation: AnnotationRecord) {}
  /// Any event, in the order of time; `lane` is an index.
  @inlinable public mutating func event(_ record: EventRecord, lane: Int) {}
  /// A lane is mentioned for the first time. Indexes count up from 0.
  @inlinable public mutating func laneAppeared(_ lane: LaneSummary, index: Int) {}
  @inlinable public mutating func finish(_ result: ModelResult) {}
}

/// What the model says of the trace as a whole.
public struct ModelResult: Sendable {
  /// First and last event, on the trace's clock.
  public var span: ClosedRange<UInt64>
  /// By lane index.
  public var lanes: [LaneSummary] = []
  /// Lanes of which nothing can be read: their state is unknown throughout, and counts as such.
  public var unreadable: [LaneFacts] = []
  /// Processes of which nothing can be read: their workers are in no total.
  public var unreadProcesses: [ReadingProblem] = []
  /// The process ids, as in `Trace.processes`; empty or "": unknown.
  public var processes: [String] = []
  /// Who recorded it.
  public var formats: Set<TraceFormat> = []
  /// Events that were read.
  public var events = 0
  /// Events of kinds that this version does not know.
  public var unknownEvents = 0
  /// Places where the events contradicted each other, so that some must be missing.
  public var contradictions = 0
  /// Stamps that were moved so that causes precede effects.
  public var repairs = 0
  /// Events that were not kept, of all lanes.
  public var lost: UInt64 = 0
  /// Nanoseconds from the first event to the last.
  public var wall: UInt64 { span.upperBound - span.lowerBound }
}
