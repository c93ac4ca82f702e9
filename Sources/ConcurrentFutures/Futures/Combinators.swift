// Futures made from futures: continuations, both, all, the first, with a time limit.
//
// Python has none. The names are those of folly, CompletableFuture and NIO. A cancelled source gives `CancelledError`.
// Cancelling a derived future releases who waits for it; the source goes on.
import Synchronization

extension Future {
  /// The future of `transform` applied to this one's value; an error passes through.
  ///
  /// - Parameters:
  ///   - executor: where `transform` runs, as a task; nil: on the thread that completes this future, or on the calling
  ///     one if it is done already. If it refuses the task, the new future fails with ``RejectedExecutionError``.
  ///   - transform: called at most once.
  public final func map<U: Sendable>(
    on executor: (any FutureExecutor)? = nil, _ transform: @escaping @Sendable (Value) throws -> U
  ) -> Future<U> {
    derive(on: executor) { outcome, derived in derived.complete(with: Result { try transform(outcome.get()) }) }
  }

  /// The outcome of the future that `transform` returns for this one's value; an error passes through.
  /// - Parameters:
  ///   - executor: as for ``map(on:_:)``.
  ///   - transform: called at most once.
  public final func flatMap<U: Sendable>(
    on executor: (any FutureExecutor)? = nil, _ transform: @escaping @Sendable (Value) throws -> Future<U>
  ) -> Future<U> {
    derive(on: executor) { outcome, derived in
      do { try derived.follow(transform(outcome.get())) } catch { derived.completeWithError(error) }
    }
  }

  /// This value, or what `transform` makes of the error. A cancellation is the error `CancelledError`.
  /// - Parameters:
  ///   - executor: as for ``map(on:_:)``.
  ///   - transform: called at most once.
  public final func recover(
    on executor: (any FutureExecutor)? = nil, _ transform: @escaping @Sendable (any Error) throws -> Value
  ) -> Future<Value> {
    derive(on: executor) { outcome, derived in
      derived.complete(with: outcome.flatMapError { error in Result { try transform(error) } })
    }
  }

  /// Both values; the error of the first to fail, without waiting for the other.
  public final func zip<U: Sendable>(_ other: Future<U>) -> Future<(Value, U)> {
    let both = DerivedFuture<(Value, U)>(of: [self, other])
    both.recordSources([self, other], .all)
    let finish: @Sendable (AnyFuture) -> Void = { _ in
      guard let mine = self.outcome, let theirs = other.outcome else {
        // One is missing still: an error need not wait for it.
        if case .failure(let error)? = self.outcome { both.completeWithError(error) }
        if case .failure(let error)? = other.outcome { both.completeWithError(error) }
        return
      }
      both.complete(with: mine.flatMap { mine in theirs.map { (mine, $0) } })
    }
    addAnyDoneCallback(finish)
    other.addAnyDoneCallback(finish)
    return both
  }

  /// This outcome if it is there within `limit`, else the error ``TimeoutError``. The source goes on.
  /// - Parameter limit: counted from this call; zero or less: the outcome must be there already.
  public final func timingOut(after limit: Duration) -> Future<Value> {
    let limited = DerivedFuture<Value>(of: [self])
    if isDone {  // no timer is to be faster than what is there already
      limited.complete(with: outcomeOrCancelled)
      return limited
    }
    let deadline = Deadline.after(limit)
    let timer = Task.detached {
      try await Deadline.sleep(until: deadline)
      limited.completeWithError(TimeoutError())
    }
    addDoneCallback { source in
      timer.cancel()
      limited.complete(with: source.outcomeOrCancelled)
    }
    return limited
  }

  /// The outcome of a future that is done.
  final var outcomeOrCancelled: Result<Value, any Error> { outcome ?? .failure(CancelledError()) }

  private func derive<U: Sendable>(
    on executor: (any FutureExecutor)?, _ body: @escaping @Sendable (Result<Value, any Error>, DerivedFuture<U>) -> Void
  ) -> Future<U> {
    let derived = DerivedFuture<U>(of: [self])
    addDoneCallback { source in
      let outcome = source.outcomeOrCancelled
      guard let executor else { return body(outcome, derived) }
      if derived.isDone { return }
      do {
        let task = try executor.submit { body(outcome, derived) }
        derived.waits(for: [task])
        if Recorder.isOn(.taskDepend) { Recorder.taskDepend(from: source.taskID, to: task.taskID, kind: .then) }
        // A continuation that is cancelled with its pool must not leave the derived future pending.
        task.addAnyDoneCallback { task in if task.isCancelled { derived.completeWithError(CancelledError()) } }
      } catch {
        derived.completeWithError(error)
      }
    }
    return derived
  }
}

/// All values, in the order of the futures; the first error in time, without waiting for the rest.
///
/// - Complexity: O(n). Of no futures it is finished with [].
public func all<Value: Sendable>(_ futures: some Sequence<Future<Value>>) -> Future<[Value]> {
  let sources = Array(futures)
  guard !sources.isEmpty else { return .succeeded([]) }
  let together = DerivedFuture<[Value]>(of: sources)
  together.recordSources(sources, .all)
  let missing = Countdown(sources.count)
  for source in sources {
    source.addDoneCallback { source in
      if case .failure(let error) = source.outcomeOrCancelled {
        together.completeWithError(error)
      } else if missing.isLast() {
        together.complete(with: Result { try sources.map { try $0.outcomeOrCancelled.get() } })
      }
    }
  }
  return together
}

/// The outcome, value or error, of the first future that is done.
///
/// - Parameters:
///   - futures: read once.
///   - cancellingRest: whether to cancel the others then.
/// - Precondition: there is at least one future.
public func firstCompleted<Value: Sendable>(
  of futures: some Sequence<Future<Value>>, cancellingRest: Bool = false
) -> Future<Value> {
  let sources = Array(futures)
  precondition(!sources.isEmpty, "firstCompleted of no futures would never be done")
  let first = DerivedFuture<Value>(of: sources)
  first.recordSources(sources, .any)
  for source in sources {
    source.addDoneCallback { source in
      guard first.complete(with: source.outcomeOrCancelled), cancellingRest else { return }
      for other in sources where other !== source { other.cancel() }
    }
  }
  return first
}

/// A future made from others. Knows what it waits for, so that a worker that waits for it can run that.
// SAFETY: as `Future`; the sources are behind a lock.
final class DerivedFuture<Value: Sendable>: Future<Value>, @unchecked Sendable {
  private let sources: Lock<[AnyFuture]>

  init(of sources: [AnyFuture]) {
    self.sources = Lock(sources)
    super.init(owner: Owner.library)
  }

  /// What is missing until it is done; none once it is.
  override var awaitedSources: [AnyFuture] { sources.withLock { $0 } }

  /// From now on it waits for others.
  func waits(for others: [AnyFuture]) {
    sources.withLock { $0 = others }
    if isDone { forgetSources() }
  }

  override func forgetSources() {
    let old = sources.withLock { sources in
      defer { sources = [] }
      return sources
    }
    withExtendedLifetime(old) {}  // freed outside of the lock
  }

  /// Takes over the outcome of `source`.
  func follow(_ source: Future<Value>) {
    waits(for: [source])
    source.addDoneCallback { self.complete(with: $0.outcomeOrCancelled) }
  }
}

extension AnyFuture {
  /// Gives a derived future an id and an edge from each task it depends on. Traces only.
  fileprivate final func recordSources(_ sources: [AnyFuture], _ kind: Recorder.DependencyKind) {
    guard Recorder.isOn(.taskDepend) else { return }
    taskID = TaskID.next()
    for source in sources where source.taskID != 0 { Recorder.taskDepend(from: source.taskID, to: taskID, kind: kind) }
  }
}
