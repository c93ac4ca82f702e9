// What a lane can be doing, and the pieces that the model hands on: intervals, tasks, waits, wakes, searches.
import SchedulerEvents

/// What a thread is doing. Every nanosecond of every worker is in exactly one of these.
public enum LaneState: UInt8, CaseIterable, Sendable {
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
  public var state: LaneState
  public var start: UInt64
  public var end: UInt64
  /// The task that runs, or (waiting) the one that is awaited; 0: none.
  public var task: UInt64
  /// The running task's label, or (waiting) the awaited one's.
  public var label: UInt32
  @inlinable public var length: UInt64 { end - start }
}

/// How a task's story ended.
public enum TaskFate: UInt8, CaseIterable, Sendable {
  case value, error, cancelled
  /// Still running, or still pending, when the trace ended.
  case running, pending
  /// Its end is among the lost events.
  case unknown
}

/// One task's life. Times are on the trace's clock; `submit <= start <= end` always holds for those that are known.
public struct TaskRecord: Sendable, Equatable {
  public var task: UInt64
  public var parent: UInt64 = 0
  public var label: UInt32 = 0
  /// Lane indexes; -1: unknown.
  public var submitLane: Int32 = -1
  public var lane: Int32 = -1
  /// 0: unknown.
  public var submit: UInt64 = 0
  public var start: UInt64 = 0
  public var end: UInt64 = 0
  /// Nanoseconds in which the task itself was executed: without waits, nested tasks and declared blocking.
  public var selfTime: UInt64 = 0
  /// Length of the longest chain of self times that leads to its end (see WorkSpan).
  public var depthSpan: UInt64 = 0
  /// Edges (submits and waits) on that chain.
  public var depthEdges: UInt32 = 0
  public var queue = SubmitQueue.local
  public var source = TaskSource.local
  /// The lane (not index) it was stolen from.
  public var victim: UInt16 = EventValue.noLane
  public var queueDepth: UInt16 = 0
  public var nesting: UInt16 = 0
  public var waiters: UInt16 = 0
  public var fate = TaskFate.pending
  /// A stamp was moved so that causes precede effects.
  public var isRepaired = false
  /// It was suspended at least once.
  public var wasSuspended = false

  public init(task: UInt64) { self.task = task }
  public var hasRun: Bool { start > 0 }
  /// Nanoseconds from submit to start; nil unless both are known.
  public var queueDelay: UInt64? { submit > 0 && start > 0 ? start - submit : nil }
  /// Nanoseconds from start to end, waits and nested tasks included; nil unless both are known.
  public var runTime: UInt64? { start > 0 && end > 0 ? end - start : nil }
}

/// A blocking wait. `end` 0: the trace ends before it does.
public struct WaitRecord: Sendable, Equatable {
  public var lane: Int
  public var waiter: UInt64
  public var awaited: UInt64
  public var start: UInt64
  public var end: UInt64
  public var mode: WaitMode
  public var isTimed: Bool
  public var outcome: WaitOutcome
  /// Tasks that were run meanwhile.
  public var helped: Int
  /// Nanoseconds of the wait in which the lane ran something else.
  public var helpedTime: UInt64
}

/// One thread woke another. `unpark` 0: the target never woke up within the trace.
public struct WakeRecord: Sendable, Equatable {
  public var from: Int
  public var to: Int
  public var wake: UInt64
  public var unpark: UInt64
  public var cause: WakeCause
}

/// One episode of looking for work.
public struct SearchRecord: Sendable, Equatable {
  public var lane: Int
  public var start: UInt64
  public var end: UInt64
  public var attempts: UInt32
  public var empty: UInt32
  public var lostRaces: UInt32
  public var found: Bool
  public var victim: UInt16
}

/// A mark, a counter's value, or one end of a region.
public struct AnnotationRecord: Sendable, Equatable {
  public var kind: EventKind
  public var lane: Int
  public var time: UInt64
  public var label: UInt32
  public var value: Int64
}

/// What the model knows of a lane in the end.
public struct LaneSummary: Sendable {
  public var lane: UInt16
  public var tid: UInt32 = 0
  public var pool: UInt32 = 0
  public var process = 0
  /// Number of `worker_start`s.
  public var incarnations = 0
  public var events = 0
  public var lost: UInt64 = 0
  /// A worker whose thread had ended when the trace did.
  public var isStopped = false
  public var isWorker: Bool { lane < EventValue.firstOutsideLane }
  /// `w3`, or `x0` for the first outside thread.
  public var name: String { Self.name(of: lane) }
  public static func name(of lane: UInt16) -> String {
    if lane == EventValue.noLane { return "?" }
    return lane < EventValue.firstOutsideLane ? "w\(lane)" : "x\(lane - EventValue.firstOutsideLane)"
  }
  public init(lane: UInt16) { self.lane = lane }
}

/// Receives what the model finds, in the order in which it becomes certain. Every method may be left out.
public protocol TimelineSink {
  /// A lane was in one state from `start` to `end`. A lane's intervals come in order, without gap or overlap, and cover the
  /// whole of the trace.
  mutating func interval(_ interval: Interval)
  /// At `time`, `lane` began to be in `state`. Called in the order of the events.
  mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32)
  /// The number of tasks that could be started changed.
  mutating func ready(local: Int, injector: Int, time: UInt64)
  /// A task was submitted or began (its record is as far as it goes).
  mutating func submitted(_ task: TaskRecord)
  mutating func started(_ task: TaskRecord)
  /// A task's story ended; also called at the end of the trace for those that did not end.
  mutating func task(_ task: TaskRecord)
  mutating func wait(_ wait: WaitRecord)
  mutating func wake(_ wake: WakeRecord)
  /// A wake was sent to `lane`.
  mutating func woken(lane: Int, time: UInt64)
  mutating func search(_ search: SearchRecord)
  mutating func annotation(_ annotation: AnnotationRecord)
  mutating func event(_ record: EventRecord, lane: Int)
  mutating func laneAppeared(_ lane: LaneSummary, index: Int)
  /// The last call.
  mutating func finish(_ result: ModelResult)
}

extension TimelineSink {
  @inlinable public mutating func interval(_ interval: Interval) {}
  @inlinable public mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32) {
  }
  @inlinable public mutating func ready(local: Int, injector: Int, time: UInt64) {}
  @inlinable public mutating func submitted(_ task: TaskRecord) {}
  @inlinable public mutating func started(_ task: TaskRecord) {}
  @inlinable public mutating func task(_ task: TaskRecord) {}
  @inlinable public mutating func wait(_ wait: WaitRecord) {}
  @inlinable public mutating func wake(_ wake: WakeRecord) {}
  @inlinable public mutating func woken(lane: Int, time: UInt64) {}
  @inlinable public mutating func search(_ search: SearchRecord) {}
  @inlinable public mutating func annotation(_ annotation: AnnotationRecord) {}
  @inlinable public mutating func event(_ record: EventRecord, lane: Int) {}
  @inlinable public mutating func laneAppeared(_ lane: LaneSummary, index: Int) {}
  @inlinable public mutating func finish(_ result: ModelResult) {}
}

/// What the model says of the trace as a whole.
public struct ModelResult: Sendable {
  public var span: ClosedRange<UInt64>
  public var lanes: [LaneSummary] = []
  public var events = 0
  /// Events of kinds that this version does not know.
  public var unknownEvents = 0
  /// Places where the events contradicted each other, so that some must be missing.
  public var contradictions = 0
  /// Stamps that were moved so that causes precede effects.
  public var repairs = 0
  public var lost: UInt64 = 0
  public var wall: UInt64 { span.upperBound - span.lowerBound }
}
