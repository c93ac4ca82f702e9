// What can happen: one case per event of the vocabulary. The raw value is the id in the log.

/// An event of the vocabulary.
///
/// Raw values are part of the log format: never renumber, only add. Records (fixed 32 bytes) are below 64,
/// definitions (they carry text and have a stream class of their own) from 64.
@frozen public enum EventKind: UInt16, CaseIterable, Sendable {
  // The life of a task.
  case taskSubmit = 1
  case taskStart = 2
  case taskEnd = 3
  case taskCancel = 4
  case taskNotify = 5
  case taskSuspend = 6
  case taskResume = 7
  case taskDepend = 8
  // Waiting for results, and what completing one triggers.
  case waitBegin = 9
  case waitEnd = 10
  case callbackBegin = 11
  case callbackEnd = 12
  // Fork-join and Swift concurrency jobs.
  case forkBegin = 13
  case forkEnd = 14
  case forkSplit = 15
  case forkJoin = 16
  case jobBegin = 17
  case jobEnd = 18
  // The life of a worker.
  case searchEnd = 19
  case workerPark = 20
  case workerUnpark = 21
  case workerWake = 22
  case blockingBegin = 23
  case blockingEnd = 24
  case workerStart = 25
  case workerStop = 26
  case workerStatus = 27
  case queueSample = 28
  // The user's own annotations.
  case regionBegin = 29
  case regionEnd = 30
  case mark = 31
  case counter = 32
  // Honesty.
  case lost = 33
  // The process pool.
  case callSent = 34
  case callStarted = 35
  case callResult = 36
  case callWorkerSpawned = 37
  case callWorkerDied = 38
  // Definitions.
  case labelDef = 64
  case poolConfig = 65

  /// True for the events that carry text: they have no `EventRecord` but a `Definition`.
  @inlinable public var isDefinition: Bool { rawValue >= 64 }
}

/// LTTng's log levels, as far as the vocabulary uses them. A higher number is more detail.
public enum LogLevel: UInt8, Sendable {
  case notice = 5
  case info = 6
  case debugLine = 13
  case debug = 14
}

/// An enumeration whose cases are named in traces. The name of a case is its name in the trace.
public protocol NamedValue: CaseIterable, RawRepresentable, Sendable where RawValue == UInt8 {}

/// Where `task_submit` put the task.
@frozen public enum SubmitQueue: UInt8, NamedValue { case local = 0, injector = 1, inline = 2 }
/// Where `task_start` got the task.
@frozen public enum TaskSource: UInt8, NamedValue { case local = 0, injector = 1, stolen = 2, awaited = 3, inline = 4 }
/// How a task ended.
@frozen public enum TaskOutcome: UInt8, NamedValue { case value = 0, error = 1 }
/// What makes the target of a `task_depend` edge ready.
@frozen public enum DependencyKind: UInt8, NamedValue { case then = 0, all = 1, any = 2 }
/// What ends a wait.
@frozen public enum WaitMode: UInt8, NamedValue { case one = 0, all = 1, first = 2, exception = 3, completed = 4 }
/// What ended a wait.
@frozen public enum WaitOutcome: UInt8, NamedValue { case done = 0, timeout = 1, cancelled = 2 }
/// Why a worker parked: nothing to do, or waiting for a result.
@frozen public enum ParkReason: UInt8, NamedValue { case idle = 0, wait = 1 }
/// Why a worker was woken, or woke.
@frozen public enum WakeCause: UInt8, NamedValue { case work = 0, result = 1, stop = 2, timeout = 3, spurious = 4 }
/// Why events were not kept: the log was full (discard mode), the next piece of the file was not ready in time, or the
/// file system refused it.
@frozen public enum LossCause: UInt8, NamedValue { case full = 0, late = 1, refused = 2 }
/// What a thread was doing when `worker_status` was stated. `outside`: not a worker. `helping` is a reader's word: who looks at
/// another thread calls it `running`.
@frozen public enum WorkerState: UInt8, NamedValue {
  case starting = 0, running = 1, searching = 2, parked = 3, waiting = 4, blocking = 5, stopped = 6, outside = 7,
    helping = 8
}
