// The errors of futures and executors. Texts follow CPython's where it has one.

/// The future was cancelled before it ran (Python: `CancelledError`).
///
/// Not Swift's `CancellationError`, which says that the *awaiting* task was cancelled.
public struct CancelledError: Error, Hashable, CustomStringConvertible {
  /// The error; all are equal.
  public init() {}
  /// "future was cancelled".
  public var description: String { "future was cancelled" }
}

/// A wait ran past its deadline (Python: `TimeoutError`).
public struct TimeoutError: Error, Hashable, CustomStringConvertible {
  /// How many futures were not done, where the wait was for several.
  public var unfinished: Int?
  /// How many futures the wait was for, duplicates removed.
  public var total: Int?
  /// An error with the counts, where there are any.
  public init(unfinished: Int? = nil, total: Int? = nil) {
    self.unfinished = unfinished
    self.total = total
  }
  /// "2 (of 4) futures unfinished" where the counts are known, else "timed out".
  public var description: String {
    guard let unfinished, let total else { return "timed out" }
    return "\(unfinished) (of \(total)) futures unfinished"
  }
}

/// The operation is not allowed in the future's current state (Python: `InvalidStateError`).
public struct InvalidStateError: Error, CustomStringConvertible {
  /// The state the future was in.
  public var state: FutureState
  /// "FINISHED: <Future at 0x…>": the state as Python spells it, and the future.
  public var description: String
  @usableFromInline init(state: FutureState, description: String) {
    self.state = state
    self.description = description
  }
}

/// An executor refused the work; nothing was enqueued (Python: `RuntimeError`, `BrokenExecutor`).
public struct RejectedExecutionError: Error, CustomStringConvertible {
  /// Why the work was refused.
  public enum Reason: Sendable {
    /// `shutdown` was called before.
    case shutdown
    /// The process is ending and its pools are being joined.
    case processExiting
    /// The executor broke earlier.
    case broken(BrokenExecutorError)
    /// The queue is at its limit (`Admission.reject`).
    case queueFull
    /// The pool belongs to the parent of this forked process.
    case forkedChild
    /// The system refused the pool's first thread; the payload is the `errno`.
    case noThread(Int32)
  }
  /// Why the work was refused.
  public var reason: Reason
  /// The reason in words; for `shutdown` and `processExiting` Python's.
  public var description: String
  @usableFromInline init(_ reason: Reason) {
    self.reason = reason
    description =
      switch reason {
      case .shutdown: "cannot schedule new futures after shutdown"
      case .processExiting: "cannot schedule new futures after interpreter shutdown"
      case .broken(let error): error.description
      case .queueFull: "cannot schedule new futures: the queue is full"
      case .forkedChild: "cannot schedule new futures in a forked child of the pool's process"
      case .noThread(let code): "cannot schedule new futures: the system refused a thread (errno \(code))"
      }
  }
}

/// The executor failed beyond repair (Python: `BrokenThreadPool`, `BrokenProcessPool`).
public struct BrokenExecutorError: Error, CustomStringConvertible {
  /// What broke the executor.
  public enum Kind: Sendable {
    /// `Configuration.initializer` threw this error in a thread.
    case threadInitializerFailed(any Error)
    /// The `ProcessInitializer` threw this error in a worker process.
    case processInitializerFailed(RemoteError)
    /// A worker process ended without being asked to.
    case workerTerminated(pid: Int32, status: WorkerExitStatus)
    /// A frame was torn or a message could not be decoded.
    case transport(String)
    /// `terminateWorkers()` or `killWorkers()` was called.
    case terminated
    /// A future of the parent's executor was awaited in a child of `fork`, where nobody will finish it.
    case forkedChild
  }
  /// What broke the executor.
  public var kind: Kind
  /// The kind in words, with the error, the pid or the status.
  public var description: String
  init(_ kind: Kind) {
    self.kind = kind
    description =
      switch kind {
      case .threadInitializerFailed(let error):
        "A thread initializer failed, the thread pool is not usable anymore: \(error)"
      case .processInitializerFailed(let error):
        "A process initializer failed, the process pool is not usable anymore: \(error)"
      case .workerTerminated(let pid, let status):
        "A child process terminated abruptly, the process pool is not usable anymore (pid \(pid), \(status))"
      case .transport(let text): "The connection to a worker process failed: \(text)"
      case .terminated: "The workers of the process pool were terminated"
      case .forkedChild: "The executor belongs to the parent of this forked process"
      }
  }
}

/// How a worker process ended.
public enum WorkerExitStatus: Hashable, Sendable, CustomStringConvertible {
  /// It called `exit`, or returned, with this status.
  case exited(Int32)
  /// A signal of this number ended it.
  case signalled(Int32)
  /// "exit status 1" or "signal 9".
  public var description: String {
    switch self {
    case .exited(let code): "exit status \(code)"
    case .signalled(let number): "signal \(number)"
    }
  }
}

/// A `Promise` was dropped without being completed (folly: `BrokenPromise`).
public struct BrokenPromiseError: Error, CustomStringConvertible {
  /// The error; it has no content.
  public init() {}
  /// "the promise was dropped without being completed".
  public var description: String { "the promise was dropped without being completed" }
}

/// What crosses the process boundary when a task throws an error that is not `Codable`.
public struct RemoteError: Error, Codable, Sendable, CustomStringConvertible {
  /// The error's type, fully qualified.
  public var typeName: String
  /// `String(describing:)` of the original.
  public var description: String
  /// Where it was thrown, if known (Python: `_RemoteTraceback`).
  public var backtrace: String?
  /// The worker it was thrown in.
  public var pid: Int32
  /// An error with these parts.
  public init(typeName: String, description: String, backtrace: String?, pid: Int32) {
    self.typeName = typeName
    self.description = description
    self.backtrace = backtrace
    self.pid = pid
  }
}

/// An argument has a value that is not allowed (Python: `ValueError`).
public struct InvalidArgumentError: Error, Sendable, CustomStringConvertible {
  /// Which argument, and what it must be.
  public var message: String
  /// An error with that message.
  public init(message: String) { self.message = message }
  /// The message.
  public var description: String { message }
}
