// asCompleted: futures in the order in which they are done.
//
// Source: CPython Lib/concurrent/futures/_base.py, `as_completed`. We differ: the clock starts at the call, as the
// documentation says, not at the first `next`.

/// The futures, each once, as they are done: first those that are done already.
///
/// Leaving the loop early, or dropping the iterator, leaves nothing behind in the futures. In a worker, iterating runs
/// awaited tasks of its own pool that are still pending.
/// - Parameter futures: read once; duplicates count once; they may belong to different executors.
/// - Complexity: O(n) for n futures, one allocation for all nodes; no lock per element.
public func asCompleted<F: AnyFuture>(_ futures: some Sequence<F>) -> CompletedFutures<F> {
  CompletedFutures(futures: unique(futures))
}

/// The futures, each once, as they are done, until a deadline: `next` throws ``TimeoutError`` ("2 (of 4) futures
/// unfinished") once the next future is not done in time. What is done already is delivered before that.
/// - Parameters:
///   - futures: read once; duplicates count once; they may belong to different executors.
///   - timeout: for the whole iteration, counted from this call; zero or less: only what is done already.
/// - Complexity: O(n) for n futures.
public func asCompleted<F: AnyFuture>(_ futures: some Sequence<F>, timeout: Duration) -> DeadlineCompletedFutures<F> {
  DeadlineCompletedFutures(futures: unique(futures), deadline: Deadline.after(timeout))
}

private func unique<F: AnyFuture>(_ futures: some Sequence<F>) -> [F] {
  var seen = Set<F>()
  return futures.filter { seen.insert($0).inserted }
}

/// What iterating shares, blocking or suspending: a group over all futures, and those that are done and not delivered.
///
/// A class, so that leaving the loop closes it.
// SAFETY: belongs to one iterator, which is used by one thread at a time.
final class CompletedCursor<F: AnyFuture>: @unchecked Sendable {
  private let group: WaitGroup
  /// Nil once delivered: the cursor keeps no future that it has handed out.
  private var futures: [F?]
  /// Done and not delivered: indices into `futures`, in order, from `position` on.
  private var ready: [Int] = []
  private var position = 0
  private(set) var delivered = 0
  /// Futures before this one are no longer pending, or not for this worker to run.
  private var nextToHelp = 0
  let total: Int

  init(_ futures: [F]) {
    total = futures.count
    self.futures = futures
    group = WaitGroup(futures)
    group.open()
  }

  deinit { group.close() }

  var unfinished: Int { total - delivered }

  /// The next one that is done by now.
  func nextReady() -> F? {
    if position == ready.count {
      ready = group.takeDone()
      position = 0
    }
    guard position < ready.count else { return nil }
    let index = ready[position]
    position += 1
    delivered += 1
    group.forget(index)
    return futures[index].take()
  }

  /// Whether nobody will complete what is left: it belongs to the parent of this forked process.
  private var isAbandoned: Bool {
    PoolRegistry.isForked && futures.allSatisfy { $0.map { PoolRegistry.isForkedChild($0.owner) } ?? true }
  }

  /// Blocks until one more is done. False on a timeout.
  func block(deadline: Int64?) -> Bool {
    if deadline == nil, let worker = Worker.current {
      while nextToHelp < futures.count {
        if let future = futures[nextToHelp], worker.runIfPending(future), future.countsAsDone(future.loadWord()) {
          return true
        }
        nextToHelp += 1  // it will not be pending again
      }
    }
    let recording = Recorder.isOn(.waitBegin)
    if recording {
      Recorder.waitBegin(
        waiter: Recorder.currentTask, awaited: 0, mode: .completed, timed: deadline != nil, count: unfinished)
    }
    let needed = delivered + 1
    let inTime =
      Worker.current?.blocking { group.sleep(needed: needed, deadline: deadline) }
      ?? group.sleep(needed: needed, deadline: deadline)
    if recording {
      Recorder.waitEnd(waiter: Recorder.currentTask, awaited: 0, outcome: inTime ? .done : .timeout, helped: 0)
    }
    return inTime
  }

  func next() -> F? {
    while delivered < total {
      if let future = nextReady() { return future }
      if isAbandoned { return nil }
      _ = block(deadline: nil)
    }
    return nil
  }

  func next(deadline: Int64) throws(TimeoutError) -> F? {
    while delivered < total {
      if let future = nextReady() { return future }
      if !block(deadline: deadline) {
        if let future = nextReady() { return future }
        throw TimeoutError(unfinished: unfinished, total: total)
      }
    }
    return nil
  }

  /// Suspends until one more is done.
  func nextSuspending(deadline: Int64?) async throws -> F? {
    while delivered < total {
      try Task.checkCancellation()
      if let future = nextReady() { return future }
      switch await group.suspend(needed: delivered + 1, deadline: deadline) {
      case .done: break
      case .cancelled: throw CancellationError()
      case .timeout:
        if let future = nextReady() { return future }
        throw TimeoutError(unfinished: unfinished, total: total)
      }
    }
    return nil
  }
}

/// Futures in the order in which they are done; what `asCompleted` returns.
public struct CompletedFutures<F: AnyFuture>: Sequence, AsyncSequence, Sendable {
  /// The type of the futures that were passed in.
  public typealias Element = F
  let futures: [F]

  /// Blocks for one future after the other. Use it from one thread at a time.
  public struct Iterator: IteratorProtocol {
    let cursor: CompletedCursor<F>
    /// Blocks until the next future is done; nil after the last.
    public mutating func next() -> F? { cursor.next() }
  }

  /// Suspends for one future after the other. Use it from one task at a time.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let cursor: CompletedCursor<F>
    /// Suspends until the next future is done; nil after the last.
    /// - Throws: `CancellationError` when the awaiting task is cancelled; the futures are left alone.
    public mutating func next() async throws(CancellationError) -> F? {
      do { return try await cursor.nextSuspending(deadline: nil) } catch { throw CancellationError() }
    }
    /// The same on the caller's actor.
    public mutating func next(isolation: isolated (any Actor)?) async throws(CancellationError) -> F? {
      do { return try await cursor.nextSuspending(deadline: nil) } catch { throw CancellationError() }
    }
  }

  /// For `for … in`, which blocks the thread. Each iterator delivers all futures.
  /// - Complexity: O(n).
  @available(*, noasync, message: "use 'for try await'")
  public func makeIterator() -> Iterator { Iterator(cursor: CompletedCursor(futures)) }
  /// For `for try await`, which suspends. Each iterator delivers all futures.
  /// - Complexity: O(n).
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(cursor: CompletedCursor(futures)) }
}

/// Futures in the order in which they are done, until a deadline; what `asCompleted(_:timeout:)` returns.
///
/// `Sequence.next` cannot throw, so the blocking form is a cursor: `while let future = try cursor.next()`.
public struct DeadlineCompletedFutures<F: AnyFuture>: AsyncSequence, Sendable {
  /// The type of the futures that were passed in.
  public typealias Element = F
  let futures: [F]
  let deadline: Int64

  /// Suspends for one future after the other. Use it from one task at a time.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let cursor: CompletedCursor<F>
    let deadline: Int64
    /// Suspends until the next future is done; nil after the last.
    /// - Throws: `TimeoutError`, or `CancellationError` when the awaiting task is cancelled.
    public mutating func next() async throws -> F? { try await cursor.nextSuspending(deadline: deadline) }
  }
  /// For `for try await`, which suspends. Each iterator delivers all futures.
  /// - Complexity: O(n).
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(cursor: CompletedCursor(futures), deadline: deadline)
  }

  /// The blocking form.
  public final class Cursor {
    private let cursor: CompletedCursor<F>
    private let deadline: Int64
    init(_ futures: [F], _ deadline: Int64) {
      cursor = CompletedCursor(futures)
      self.deadline = deadline
    }
    /// Blocks until the next future is done; nil after the last.
    /// - Throws: ``TimeoutError`` if it is not done in time.
    public func next() throws(TimeoutError) -> F? { try cursor.next(deadline: deadline) }
  }
  /// The blocking form: `while let future = try cursor.next()`. Each cursor delivers all futures.
  /// - Complexity: O(n).
  @available(*, noasync, message: "use 'for try await'")
  public func makeCursor() -> Cursor { Cursor(futures, deadline) }

  /// Calls `body` on this thread with each future as it is done, and blocks in between.
  /// - Throws: `TimeoutError` if the next one is not done in time, and what `body` throws.
  @available(*, noasync, message: "use 'for try await'")
  public func forEach(_ body: (F) throws -> Void) throws {
    let cursor = makeCursor()
    while let future = try cursor.next() { try body(future) }
  }
}
