// How a thread pool is set up.

extension ThreadPoolExecutor {
  /// How a thread pool is set up. Every field has Python's default, or the one that costs least.
  public struct Configuration: Sendable {
    /// Threads at most; nil: `min(32, usable CPUs + 4)`, for work that blocks now and then. CPU-bound work wants as many
    /// as there are CPUs: `ThreadPoolExecutor.shared` is that wide.
    public var maxWorkers: Int?
    /// Worker n is named `<prefix>_<n>`; "" stands for `ThreadPoolExecutor-<k>`, k unique in the process.
    public var threadNamePrefix = ""
    /// Runs in every worker's thread before its first task. If it throws, the pool is broken: queued futures fail, and
    /// later submissions are refused, with ``BrokenExecutorError/Kind/threadInitializerFailed(_:)``; what `execute`
    /// queued is dropped, and `errorHandler` gets that error for each. Swift jobs, and what running tasks fork, still run.
    public var initializer: (@Sendable () throws -> Void)?
    /// What a worker does that waits for a future of this pool without a timeout.
    public var waitPolicy: WaitPolicy = .runAwaited
    /// In which order a worker runs the tasks that it submitted itself.
    public var localOrder: LocalOrder = .lifo
    /// How many extra threads may take the place of workers that block in `result()`, `wait` or `blocking`. Larger: more
    /// threads at work once the blocked ones go on, for a moment; 0: a blocked worker leaves its CPU idle.
    public var compensation: Int = 0
    /// How many tasks may be queued, and what `submit` does with one more. A limit must be greater than 0.
    public var admission: Admission = .unbounded
    /// How long a worker without work lives; nil: as long as the pool. All may end; the next submit starts one.
    public var keepAlive: Duration?
    /// Whether the process waits for this pool's work when it exits (Python's behaviour).
    public var joinsAtExit = true
    /// Gets errors that nobody waits for: of callbacks, of `execute`, of initializers, of a `setRunningOrNotifyCancel` out
    /// of turn; with the future where there is one. Called on the thread where the error was thrown. Nil: a line on
    /// standard error.
    public var errorHandler: (@Sendable (any Error, AnyFuture?) -> Void)?
    /// Bytes of stack a worker, at least 65,536. Running awaited tasks on the waiter's stack stops when half of it is used.
    public var stackSize = 8 << 20
    /// Every field at its default.
    public init() {}
  }

  /// In which order a worker runs what it submitted itself.
  public enum LocalOrder: Sendable {
    /// Newest first: the data is still in the cache, and thieves get the oldest, which is mostly the largest.
    case lifo
    /// Oldest first, as Python's single queue does.
    case fifo
  }

  /// What a worker does that waits for a future of its own pool, without a timeout. With a timeout it always sleeps: a
  /// task that runs on the waiter's stack could not be left in time.
  public enum WaitPolicy: Sendable {
    /// It sleeps. A task that waits for another on a pool of one worker hangs, as in Python.
    case block
    /// It runs the awaited task itself if that has not started, else sleeps.
    case runAwaited
    /// In `result()` it runs the awaited task, then anything there is, until the future is done; in `wait`,
    /// `asCompleted` and `map` it does as with `runAwaited`. Tasks that hold locks while they wait can deadlock.
    case stealAny
  }

  /// How many tasks may be queued (running ones do not count), and what happens to one more.
  public enum Admission: Sendable {
    /// No limit: `submit` never waits and never refuses for lack of room.
    case unbounded
    /// `submit` blocks until there is room. A worker of the pool is always admitted, with every policy.
    case block(limit: Int)
    /// `submit` throws `RejectedExecutionError` with the reason `queueFull`.
    case reject(limit: Int)
    /// The submitting thread runs the task before `submit` returns.
    case callerRuns(limit: Int)
  }

  /// The worker that runs the calling code, of whichever pool; nil outside of pools. Does not block.
  public static var currentWorker: WorkerInfo? {
    guard let worker = Worker.current else { return nil }
    return WorkerInfo(index: worker.pointee.index, name: worker.name, executorName: worker.pointee.pool.pointee.name)
  }
}

/// The worker that runs the calling code.
public struct WorkerInfo: Sendable {
  /// From 0, unique among the pool's live workers.
  public let index: Int
  /// `<prefix>_<index>`, uncut; the system's name of the thread keeps its last 15 bytes.
  public let name: String
  /// The pool's `threadNamePrefix`, or `ThreadPoolExecutor-<k>`.
  public let executorName: String
}

/// Numbers of a pool at one moment. Read without stopping it: each is exact, together they may be a moment apart.
public struct ExecutorStatistics: Sendable {
  /// Threads alive, and those of them that have nothing to do.
  public var workers, idle: Int
  /// Tasks accepted and not started, and started and not finished.
  public var queued, running: Int
  /// Tasks since the pool was made: accepted, finished with a value, with an error, cancelled before they started, taken
  /// from another worker's deque, run by a worker that waited for them.
  public var submitted, completed, failed, cancelled, stolen, inlineRuns: UInt64
}
