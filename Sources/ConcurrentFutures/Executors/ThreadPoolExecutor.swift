// The face of a thread pool: a reference to what its workers share (Scheduling/Pool.swift), and the ways to submit.
import CPlatform
import Synchronization

/// Runs tasks on a pool of threads that steal work from one another.
///
/// Threads are started on demand, never more than `maxWorkers`. Tasks submitted from outside of the pool start first-in
/// first-out; those a worker submits itself last-in first-out (`Configuration.localOrder`). Every member may be called
/// from any thread. Dropping the last reference shuts the pool down without waiting: what is queued still runs.
///
/// Source: the surface of CPython's `concurrent.futures.ThreadPoolExecutor`.
// SAFETY: `pool` is thread-safe in itself, and lives at least as long as this object.
public final class ThreadPoolExecutor: FutureExecutor, @unchecked Sendable {
  @usableFromInline let pool: PoolHandle
  @usableFromInline let id: UInt32
  /// The pool's address: what a worker of it has in its forks.
  @usableFromInline let poolAddress: UInt
  /// How many threads the pool may have.
  public let maxWorkers: Int

  /// Makes a pool. No thread is started yet.
  /// - Throws: ``InvalidArgumentError`` for numbers that make no sense.
  public init(_ configuration: Configuration = .init()) throws(InvalidArgumentError) {
    if let count = configuration.maxWorkers, count <= 0 {
      throw InvalidArgumentError(message: "max_workers must be greater than 0")
    }
    let maxWorkers = configuration.maxWorkers ?? UsableCPUs.defaultWorkers(UsableCPUs.count)
    guard maxWorkers <= 0x3FFF else { throw InvalidArgumentError(message: "max_workers must be at most 16383") }
    guard configuration.compensation >= 0, configuration.compensation <= 0x3FFF else {
      throw InvalidArgumentError(message: "compensation must be between 0 and 16383")
    }
    guard configuration.stackSize >= 64 << 10 else {
      throw InvalidArgumentError(message: "stackSize must be at least 65536 bytes")
    }
    switch configuration.admission {
    case .unbounded: break
    case .block(let limit), .reject(let limit), .callerRuns(let limit):
      guard limit > 0 else { throw InvalidArgumentError(message: "the admission limit must be greater than 0") }
    }
    id = PoolRegistry.makeID()
    let name = configuration.threadNamePrefix.isEmpty ? PoolRegistry.makeName() : configuration.threadNamePrefix
    self.maxWorkers = maxWorkers
    pool = PoolHandle(.make(id: id, name: name, maxWorkers: maxWorkers, configuration: configuration))
    poolAddress = UInt(bitPattern: pool.pointer)
    pool.pointer.pointee.executor.store(
      // SAFETY: unretained: only Swift jobs use it, and the executor lives while tasks prefer it (`runSwiftJob`).
      UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque()), ordering: .releasing)
    PoolRegistry.add(pool.pointer)
    Recorder.poolConfig(pool: id, name: name, workers: maxWorkers, policies: configuration.policies)
  }

  /// A pool with Python's arguments; see `Configuration` for what they mean and for the others.
  /// - Throws: `InvalidArgumentError` if `maxWorkers` is not greater than 0.
  public convenience init(
    maxWorkers: Int? = nil, threadNamePrefix: String = "", initializer: (@Sendable () throws -> Void)? = nil
  ) throws(InvalidArgumentError) {
    var configuration = Configuration()
    configuration.maxWorkers = maxWorkers
    configuration.threadNamePrefix = threadNamePrefix
    configuration.initializer = initializer
    try self.init(configuration)
  }

  deinit {
    pool.pointer.close(.shutdown)
    pool.pointer.release()
  }

  /// The process's own pool, as wide as the usable CPUs. It cannot be shut down.
  public static let shared: ThreadPoolExecutor = {
    var configuration = Configuration()
    configuration.maxWorkers = UsableCPUs.count
    configuration.threadNamePrefix = "shared"
    do { return try ThreadPoolExecutor(configuration) } catch { preconditionFailure("a valid configuration: \(error)") }
  }()

  // MARK: Submitting

  /// Schedules `work` and returns its future at once.
  ///
  /// Allocates the future; a closure with captures has a second allocation, made by the caller. Does not block, except
  /// for room with ``Admission/block(limit:)``.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  @_disfavoredOverload
  @inlinable
  public func submit<Value: Sendable>(
    _ work: consuming sending @escaping () throws -> Value
  ) throws(RejectedExecutionError) -> Future<Value> {
    let future = ClosureTask(work, owner: id)
    try admit(future)
    return future
  }

  /// Schedules `work` and returns its future at once.
  ///
  /// May be called from any thread, from a task and from a callback. Allocates the future; a closure with captures has a
  /// second allocation, made by the caller. Does not block, except for room with ``Admission/block(limit:)``.
  /// - Parameters:
  ///   - label: names the task in traces; without one its submit site, `file:line`, does.
  ///   - file: the submit site; leave it to its default.
  ///   - line: the submit site; leave it to its default.
  ///   - work: called once, on a worker's thread; never if the future is cancelled before it starts. What it captures is
  ///     sent to it: mutable objects need not be `Sendable`, but the caller can no longer use them.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  @inlinable
  public func submit<Value: Sendable>(
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: consuming sending @escaping () throws -> Value
  ) throws(RejectedExecutionError) -> Future<Value> {
    let future = ClosureTask(work, owner: id)
    if Recorder.isOn { try admit(future, TaskSite(label, file, line)) } else { try admit(future) }
    return future
  }

  /// Python's shape, `executor.submit(function, arguments...)`: function and arguments lie in the future's own
  /// allocation. See ``submit(label:file:line:_:)``.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  @inlinable
  public func submit<First: Sendable, each Argument: Sendable, Value: Sendable>(
    _ function: @escaping @Sendable (First, repeat each Argument) throws -> Value, _ first: First,
    _ argument: repeat each Argument, label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws(RejectedExecutionError) -> Future<Value> {
    let future = CallTask(function, first, repeat each argument, owner: id)
    if Recorder.isOn { try admit(future, TaskSite(label, file, line)) } else { try admit(future) }
    return future
  }

  /// The same for one argument, which needs no parameter pack.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  @inlinable
  public func submit<First: Sendable, Value: Sendable>(
    _ function: consuming @escaping @Sendable (First) throws -> Value, _ first: consuming First,
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line
  ) throws(RejectedExecutionError) -> Future<Value> {
    let future = CallTask1(function, first, owner: id)
    if Recorder.isOn { try admit(future, TaskSite(label, file, line)) } else { try admit(future) }
    return future
  }

  /// Fire and forget: no future, and one allocation. It cannot be cancelled: `shutdown(cancelFutures: true)` still runs
  /// it. An error goes to ``Configuration/errorHandler``, as does that of a pool that broke and dropped it.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  public func execute(
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: consuming sending @escaping () throws -> Void
  ) throws(RejectedExecutionError) {
    try admitDetached(work, Recorder.isOn ? TaskSite(label, file, line) : nil)
  }

  // MARK: Shutting down

  /// Refuses submissions from now on. What is queued still runs, unless `cancelFutures`.
  ///
  /// May be called several times and by several threads. A worker of this pool that calls it waits for all others, except
  /// those that wait likewise. Work that is suspended in Swift concurrency (`submitAsync`) is not waited for.
  /// - Parameters:
  ///   - wait: whether to block until all work is done and the threads have ended.
  ///   - cancelFutures: whether to cancel the futures that have not started.
  /// - Precondition: this is not ``shared``.
  @available(*, noasync)
  public func shutdown(wait: Bool, cancelFutures: Bool) {
    beginShutdown(cancelFutures)
    if wait { _ = pool.pointer.join() }
  }

  /// Refuses submissions from now on and suspends until all work is done and the threads have ended.
  ///
  /// - Parameter cancelFutures: whether to cancel the futures that have not started.
  /// - Precondition: this is not ``shared``.
  public func shutdown(cancelFutures: Bool = false) async {
    beginShutdown(cancelFutures)
    await withUnsafeContinuation { continuation in
      pool.pointer.whenEnded { continuation.resume() }
    }
  }

  /// Refuses submissions from now on and blocks until all work is done, at most that long. Afterwards threads that are
  /// still busy go on; with ``Configuration/joinsAtExit`` set the process still waits for them at its exit.
  /// - Parameter deadline: how long to wait at most; zero or less: not at all.
  /// - Returns: whether all work was done and the threads had ended in time.
  @available(*, noasync)
  @discardableResult
  public func shutdown(deadline: Duration) -> Bool {
    beginShutdown(false)
    return pool.pointer.join(deadline: Deadline.after(deadline))
  }

  func beginShutdown(_ cancelFutures: Bool) {
    precondition(
      pool.pointer.pointee.name != "shared" || self !== ThreadPoolExecutor.shared, "the shared pool cannot be shut down"
    )
    pool.pointer.close(.shutdown)
    if cancelFutures { pool.pointer.cancelQueued() }
  }

  /// Numbers of this moment. Stops nobody.
  /// - Complexity: O(number of workers); takes one lock for a moment.
  public var statistics: ExecutorStatistics { pool.pointer.statistics }
}

/// A pointer that may cross threads.
// SAFETY: the pool's own operations are thread-safe.
@usableFromInline
struct PoolHandle: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Pool>
  init(_ pointer: UnsafeMutablePointer<Pool>) { self.pointer = pointer }
}

extension ThreadPoolExecutor.Configuration {
  /// For the trace's header.
  var policies: String { "wait=\(waitPolicy) local=\(localOrder) admission=\(admission) compensation=\(compensation)" }
}
