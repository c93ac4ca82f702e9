// The face of a pool of processes.
//
//   parent                                                        worker (this executable again, before `main`)
//   submit ─ encode ─> Dispatcher ─ LocalLink ─ socket ─────────> WorkerProcess ─ decode ─ run ─ encode
//      │                   ^                                          │
//   Future <─ decode ─ RemotePool's thread <───────── socket ─────────┘
//
// To read in this order: ProcessTask, Dispatcher (the policy), RemotePool (who does what), Transport/, Worker/, Codec/.
import CPlatform
import Glibc

/// Runs tasks in processes of their own: a crash, a leak or a `kill` costs a task, not the program.
///
/// Workers are this executable, started again on demand, never more than `maxWorkers`. They enter before `main`: no guard
/// line is needed. Futures are the same as a thread pool's and may be mixed with them in `wait` and `asCompleted`; their
/// callbacks run on the pool's own thread. Every member may be called from any thread. Dropping the last reference shuts
/// the pool down without waiting: what is queued still runs.
///
/// A future is RUNNING once a worker has started its task. Until then, also when it was sent ahead, it can be cancelled.
///
/// Source: the surface of CPython's `concurrent.futures.ProcessPoolExecutor`. We differ: a task that cannot be encoded or
/// decoded fails alone, and dead workers can be replaced.
public final class ProcessPoolExecutor: Sendable {
  /// How a process pool is set up.
  public struct Configuration: Sendable {
    /// How many worker processes at most; nil: the number of usable CPUs.
    public var maxWorkers: Int?
    /// Run once in each worker before its first task.
    public var initializer: (any ProcessInitializer)?
    /// Tasks after which a worker is replaced by a fresh one; nil: never. A chunk of `map` counts as one.
    public var maxTasksPerChild: Int?
    /// What becomes of the pool when a worker ends without being asked to.
    public var onWorkerDeath: WorkerDeathPolicy = .breakPool
    /// Tasks sent to a busy worker ahead of time, 0 to 63 (Python: EXTRA_QUEUED_CALLS, 1 for the whole pool). More hide the
    /// way to the worker and back for tiny tasks; they can be cancelled, and an idle worker takes them over.
    public var prefetch = 1
    /// Merged over the parent's environment.
    public var environment: [String: String] = [:]
    /// `RLIMIT_...` numbers and their limits, set in each worker before the initializer.
    public var resourceLimits: [Int32: UInt64] = [:]
    /// Every field at its default: Python's behaviour.
    public init() {}
  }

  /// What becomes of the pool when a worker ends without being asked to.
  public enum WorkerDeathPolicy: Sendable {
    /// Python's rule: every future fails with `BrokenExecutorError`, and later submissions are refused.
    case breakPool
    /// A new worker takes its place. The task that ran is repeated up to `retries` times, then it alone fails; tasks that
    /// had not started just move on.
    case replaceWorker(retries: Int)
  }

  private let pool: RemotePool

  /// Makes a pool. No process is started yet.
  /// - Throws: ``InvalidArgumentError`` for numbers that make no sense, and in a worker process.
  public init(_ configuration: Configuration = .init()) throws {
    WorkerEntry.refuseToRunProgram()
    guard !WorkerEntry.isWorker else {
      throw InvalidArgumentError(message: "a worker process cannot have a process pool of its own")
    }
    var policy = DispatchPolicy()
    policy.maxPeers = configuration.maxWorkers ?? UsableCPUs.count
    guard policy.maxPeers > 0 else { throw InvalidArgumentError(message: "max_workers must be greater than 0") }
    policy.maxTasksPerPeer = configuration.maxTasksPerChild
    if let limit = policy.maxTasksPerPeer, limit < 1 {
      throw InvalidArgumentError(message: "max_tasks_per_child must be >= 1")
    }
    policy.prefetch = configuration.prefetch
    guard 0...63 ~= policy.prefetch else { throw InvalidArgumentError(message: "prefetch must be between 0 and 63") }
    if case .replaceWorker(let retries) = configuration.onWorkerDeath {
      guard retries >= 0 else { throw InvalidArgumentError(message: "retries must not be negative") }
      policy.retries = retries
    }
    let setup = try WorkerSetup.body(initializer: configuration.initializer, limits: configuration.resourceLimits)
    pool = RemotePool(
      policy, try LocalTransport(.init(environment: configuration.environment, setup: setup)))
    PoolRegistry.hook()
  }

  /// A pool with Python's arguments; see `Configuration`.
  /// - Throws: `InvalidArgumentError` if a number is not greater than 0, and in a worker process.
  public convenience init(maxWorkers: Int? = nil, maxTasksPerChild: Int? = nil) throws {
    var configuration = Configuration()
    configuration.maxWorkers = maxWorkers
    configuration.maxTasksPerChild = maxTasksPerChild
    try self.init(configuration)
  }

  deinit { pool.shutdown(cancelPending: false) }

  // MARK: Submitting

  /// Sends `task` to a worker and returns its future at once. Never blocks.
  ///
  /// A task that does not encode, or whose type no other process can find, fails its future.
  /// - Parameters:
  ///   - task: encoded before this returns.
  ///   - timeout: how long the task may run, from the worker's start of it; nil: without limit. Past it the worker is
  ///     killed and replaced, and the future fails with ``TimeoutError``.
  /// - Throws: `RejectedExecutionError`; the task will then never run.
  public func submit<Task: ProcessTask>(
    _ task: Task, timeout: Duration? = nil
  ) throws(RejectedExecutionError) -> Future<Task.Output> {
    let future = TaskFuture<Task.Output>(pool, id: pool.id)
    try admit(future, .call, timeout) { (try RemoteTaskTypes.number(of: Task.self), try BinaryEncoding.body(of: task)) }
    return future
  }

  /// Python's shape, a function and its argument: only for functions without captures, named at module level.
  ///
  /// A function with captures fails the future.
  /// - Throws: `RejectedExecutionError`; the function will then never run.
  @_spi(Experimental)
  public func submit<Argument: Codable & Sendable, Output: Codable & Sendable>(
    _ argument: Argument, _ body: @escaping @Sendable (Argument) throws -> Output
  ) throws(RejectedExecutionError) -> Future<Output> {
    let future = TaskFuture<Output>(pool, id: pool.id)
    try admit(future, .function, nil) { (nil, try RemoteFunction.body(argument, body)) }
    return future
  }

  /// Encodes and submits; an encoding error becomes the future's.
  private func admit<Value>(
    _ future: RemoteFuture<Value>, _ kind: FrameKind, _ timeout: Duration?,
    _ encode: () throws -> (RemoteTaskType?, EncodedBody)
  ) throws(RejectedExecutionError) {
    let type: RemoteTaskType?
    let body: EncodedBody
    do { (type, body) = try encode() } catch {
      try pool.checkOpen()
      future.callFailed(error)
      return
    }
    try pool.submit(
      future,
      .init(future: future, kind: kind, type: type, body: body, timeout: timeout))
  }

  /// Runs every task; outputs come in input order.
  ///
  /// - Parameters:
  ///   - tasks: read and encoded by this call; with a `bufferSize` by whoever takes results.
  ///   - timeout: for the whole iteration, counted from this call. It does not end a task that runs.
  ///   - chunkSize: tasks sent together. More amortise the way to the worker; an error in one still fails only that one.
  ///   - bufferSize: tasks that may be submitted and not taken; nil: all, at once. A chunk is submitted once there is room
  ///     for all of it: one of more than half the buffer cannot run while the one before it is taken.
  /// - Throws: `InvalidArgumentError` for a `chunkSize` or `bufferSize` below 1, `RejectedExecutionError`.
  @inlinable
  public func map<Task: ProcessTask>(
    _ tasks: sending some Sequence<Task>, timeout: Duration? = nil, chunkSize: Int = 1, bufferSize: Int? = nil
  ) throws -> MappedResults<Task.Output> {
    var iterator = tasks.makeIterator()
    return try mapped(
      Task.self, timeout, chunkSize, bufferSize,
      fill: { chunk in while chunk.hasRoom, let task = iterator.next() { chunk.append(task) } },
      decode: { try $0.outcomes(of: Task.Output.self) })
  }

  /// `map` but for the loops over elements.
  @usableFromInline
  func mapped<Output: Codable & Sendable>(
    _ type: Any.Type, _ timeout: Duration?, _ chunkSize: Int, _ bufferSize: Int?,
    fill: @escaping (ChunkWriter) -> Void,
    decode: @escaping @Sendable (ChunkReader) throws -> [Result<Output, any Error>]
  ) throws -> MappedResults<Output> {
    try MapArguments.check(chunkSize, bufferSize)
    let room = min(chunkSize, bufferSize ?? chunkSize)
    let submit = { (pool: ProcessPoolExecutor) throws -> ChunkFuture<Output>? in
      let chunk = ChunkWriter(room: room)
      fill(chunk)
      return chunk.count == 0 ? nil : try pool.submit(chunk, type, decode)
    }
    // With a buffer the iterator must not keep a dropped pool alive: it just drains.
    let strong = bufferSize == nil ? self : nil
    let results = MappedResults<Output>(
      deadline: timeout.map(Deadline.after), bufferSize: bufferSize, chunkSize: room,
      submitNext: { [weak self] in try (strong ?? self).flatMap(submit) })
    try results.fill()
    return results
  }

  private func submit<Output: Codable & Sendable>(
    _ chunk: ChunkWriter, _ type: Any.Type, _ decode: @escaping ChunkTaskFuture<Output>.Decode
  ) throws -> ChunkFuture<Output> {
    let named = Result { try RemoteTaskTypes.number(of: type) }
    if case .failure(let error) = named { chunk.failAll(error) }
    let future = ChunkTaskFuture<Output>(pool, id: pool.id, unsent: chunk.unsent, decode)
    if chunk.unsent.count == chunk.count {
      try pool.checkOpen()
      future.complete(with: .success(chunk.unsent.map { .failure($0.error) }))
      return future
    }
    try pool.submit(
      future, .init(future: future, kind: .chunk, type: try named.get(), body: chunk.finish(), timeout: nil))
    return future
  }

  // MARK: Shutting down

  /// Refuses submissions from now on. What is queued still runs, unless `cancelFutures`.
  ///
  /// May be called several times and by several threads; with `wait` it blocks until all work is done and all worker
  /// processes have ended and been reaped (not in a callback of this pool's futures, whose thread would wait for itself).
  @available(*, noasync)
  public func shutdown(wait: Bool = true, cancelFutures: Bool = false) {
    pool.shutdown(cancelPending: cancelFutures)
    if wait { pool.join() }
  }

  /// Refuses submissions from now on and suspends until all work is done and all worker processes have ended.
  public func shutdown(cancelFutures: Bool = false) async {
    pool.shutdown(cancelPending: cancelFutures)
    await withUnsafeContinuation { continuation in pool.whenEnded { continuation.resume() } }
  }

  /// Ends the workers with SIGTERM and shuts down. Running futures fail with `BrokenExecutorError`, pending ones are
  /// cancelled. Does not wait.
  public func terminateWorkers() { pool.terminate(signal: SIGTERM) }
  /// The same with SIGKILL, which a worker cannot ignore.
  public func killWorkers() { pool.terminate(signal: SIGKILL) }

  // MARK: Looking

  /// The worker processes of this moment, ascending.
  public var workerProcessIDs: [Int32] { pool.processIDs }
  /// Numbers of this moment. `stolen` and `inlineRuns` are always 0.
  public var statistics: ExecutorStatistics { pool.statistics }

  /// True in a process that runs tasks for a pool.
  public static var isWorkerProcess: Bool { WorkerEntry.isWorker }

  /// Becomes a worker if a pool started this process, and does not return then.
  ///
  /// Only for programs that turn the automatic entry before `main` off, by defining
  /// `@_cdecl("concurrent_futures_manual_worker_entry") public func manualWorkerEntry() {}`; they call this first of all.
  /// A child that comes to create a process pool without having called it ends there.
  public static func runWorkerIfRequested() { WorkerEntry.enterIfRequested() }
}

/// Runs `body` with a process pool of its own and waits for everything submitted to it, also when `body` throws.
///
/// - Throws: what `body` throws, or `InvalidArgumentError` for a bad `maxWorkers`.
@available(*, noasync)
public func withProcessPool<R>(maxWorkers: Int? = nil, _ body: (ProcessPoolExecutor) throws -> R) throws -> R {
  let executor = try ProcessPoolExecutor(maxWorkers: maxWorkers)
  defer { executor.shutdown(wait: true) }
  return try body(executor)
}

/// Runs `body` with a process pool of its own and suspends until everything submitted to it is done, also when `body`
/// throws.
/// - Throws: what `body` throws, or `InvalidArgumentError` for a bad `maxWorkers`.
public func withProcessPool<R>(
  maxWorkers: Int? = nil, isolation: isolated (any Actor)? = #isolation,
  _ body: (ProcessPoolExecutor) async throws -> R
) async throws -> R {
  let executor = try ProcessPoolExecutor(maxWorkers: maxWorkers)
  let result: Result<R, any Error>
  do { result = .success(try await body(executor)) } catch { result = .failure(error) }
  await executor.shutdown()
  return try result.get()
}
