// Between the pool and Swift concurrency: async work as a future, and tasks without a future in hand.
import Synchronization

/// The future of async work: passes a cancellation request on to the Swift task.
// SAFETY: as `Future`; the task is behind a lock.
private final class AsyncTask<Value: Sendable>: Future<Value>, @unchecked Sendable {
  private let task = Lock<Task<Void, Never>?>(nil)

  override init() { super.init(owner: Owner.library) }

  /// Before anybody else has the future.
  func attach(_ task: Task<Void, Never>) { self.task.withLock { $0 = task } }

  override func cancellationRequested() { task.withLock { $0 }?.cancel() }
}

extension ThreadPoolExecutor {
  /// Runs async work on this pool's threads, in an unstructured Swift task that inherits the caller's task-locals and
  /// priority.
  ///
  /// `cancel()` keeps the work from starting; once it runs, `requestCancellation()` cancels the Swift task, and the work
  /// sees that as `Task.isCancelled`. Neither admission nor `shutdown` counts it: a `shutdown` while the work is suspended
  /// does not wait for it.
  /// - Parameters:
  ///   - label: names the task in traces; without one its submit site, `file:line`, does.
  ///   - file: the submit site; leave it to its default.
  ///   - line: the submit site; leave it to its default.
  ///   - work: called once.
  /// - Throws: ``RejectedExecutionError``; the work will then never run.
  public func submitAsync<Value: Sendable>(
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: sending @escaping () async throws -> Value
  ) throws(RejectedExecutionError) -> Future<Value> {
    if let reason = pool.pointer.closedReason { throw RejectedExecutionError(reason) }
    let future = AsyncTask<Value>()
    future.taskID = TaskID.next()
    if Recorder.isOn(.taskSubmit) {
      Recorder.taskSubmit(
        task: future.taskID, parent: Recorder.currentTask, site: TaskSite(label, file, line),
        queue: pool.pointer.currentMember == nil ? .injector : .local, depth: 0)
    }
    let task = Task(executorPreference: self) {
      guard future.claim() else { return }
      var job: UInt = 0
      if Recorder.isOn(.taskStart) {
        Recorder.taskStart(task: future.taskID, source: .injector, victim: Recorder.noVictim, depth: 0, nesting: 0)
        job = AsyncJob.started(future.taskID)
      }
      let outcome: Result<Value, any Error>
      do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
      if job != 0 { AsyncJob.ends(future.taskID, job) }
      if Recorder.isOn(.taskEnd) {
        var failed = false
        if case .failure = outcome { failed = true }
        Recorder.taskEnd(future, failed: failed)
      }
      future.finish(with: outcome)
    }
    future.attach(task)
    return future
  }

  /// Runs `work` on the pool and suspends until it is done.
  ///
  /// Cancelling the awaiting task ends the await at once; it cancels the work if it has not started, and requests
  /// cancellation of it if it has (``CancellationToken``).
  /// - Parameters:
  ///   - label: names the task in traces; without one its submit site, `file:line`, does.
  ///   - file: the submit site; leave it to its default.
  ///   - line: the submit site; leave it to its default.
  ///   - work: called at most once, on a worker's thread; it may block.
  /// - Throws: the error of `work`, ``RejectedExecutionError``, or `CancellationError`.
  public func run<Value: Sendable>(
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ work: sending @escaping () throws -> Value
  ) async throws -> Value {
    let future = try submit(label: label, file: file, line: line, work)
    return try await withTaskCancellationHandler {
      do { return try await future.value } catch is CancelledError where future.isCancelled && Task.isCancelled {
        throw CancellationError()  // ours, below: the caller was cancelled, not its work behind its back
      }
    } onCancel: {
      if !future.cancel() { future.requestCancellation() }
    }
  }
}
