// The results of `map`, in input order, taken one by one.
import CPlatform

/// The results of `map`, in input order. Single pass; use it from one thread at a time.
///
/// An error ends the iteration and cancels what has not started (``outcomes`` goes on instead). Dropping it, or
/// ``close()``, cancels what has not started. In a worker, taking a result runs the awaited task if it is still pending.
public final class MappedResults<Out: Sendable>: AsyncSequence {
  /// One result.
  public typealias Element = Out
  private let deadline: Int64?
  /// Elements that may be submitted and not taken, and those a chunk has at most.
  private let bufferSize: Int?
  private let chunkSize: Int
  private var submitNext: (() throws -> ChunkFuture<Out>?)?
  /// Submitted and not taken, oldest at `first`.
  private var futures: [ChunkFuture<Out>?] = []
  private var first = 0
  /// The outcomes of the chunk in hand; those before `taken` are spent.
  @usableFromInline @exclusivity(unchecked) var inHand: [Result<Out, any Error>] = []
  @usableFromInline @exclusivity(unchecked) var taken = 0
  /// What replaces an outcome that was handed out, so that its value is not kept.
  @usableFromInline let spent = Result<Out, any Error>.failure(CancelledError())

  /// - Parameter chunkSize: at most `bufferSize`.
  init(deadline: Int64?, bufferSize: Int?, chunkSize: Int, submitNext: @escaping () throws -> ChunkFuture<Out>?) {
    self.deadline = deadline
    self.bufferSize = bufferSize
    self.chunkSize = chunkSize
    self.submitNext = submitNext
  }

  deinit { cancelRest() }

  /// Whether one more chunk may be submitted. The oldest outcome in hand is on its way to the caller.
  private var hasRoom: Bool {
    guard let bufferSize else { return true }
    return futures.count - first < (bufferSize - Swift.max(0, inHand.count - taken - 1)) / chunkSize
  }

  /// Submits until the buffer is full or the input has ended.
  func fill() throws {
    while let submitNext, hasRoom {
      guard let future = try submitNext() else {
        self.submitNext = nil
        return
      }
      futures.append(future)
    }
  }

  /// Blocks until the next result is there; nil after the last.
  /// - Throws: the element's error, ``TimeoutError``, or ``RejectedExecutionError`` where the next element could not be
  ///   submitted; each ends the iteration.
  @available(*, noasync, message: "use 'for try await'")
  @inlinable
  public func next() throws -> Out? {
    if case .success(let value)? = takeFromHand() { return value }
    return try nextChunk()
  }

  /// The next outcome of the chunk in hand, unless it is an error. Specialised in the client: an element costs a few ns.
  @inlinable @inline(__always)
  func takeFromHand() -> Result<Out, any Error>? {
    guard taken < inHand.count, case .success = inHand[taken] else { return nil }
    let outcome = inHand[taken]
    inHand[taken] = spent
    taken += 1
    return outcome
  }

  @usableFromInline
  @available(*, noasync)
  func nextChunk() throws -> Out? {
    guard let outcome = try nextOutcome() else { return nil }
    return try deliver(outcome)
  }

  private func popInHand() -> Result<Out, any Error>? {
    guard taken < inHand.count else { return nil }
    defer {
      inHand[taken] = spent
      taken += 1
    }
    return inHand[taken]
  }

  /// Blocks until all results are there, and returns those that were not taken yet.
  /// - Throws: the first error in input order, or `TimeoutError`.
  @available(*, noasync, message: "use 'for try await'")
  public func collect() throws -> [Out] {
    var all: [Out] = []
    while let value = try next() { all.append(value) }
    return all
  }

  /// Ends the iteration and cancels what has not started. Running calls go on; nobody gets their results.
  public func close() {
    cancelRest()
    submitNext = nil
    futures = []
    first = 0
    inHand = []
    taken = 0
  }

  private func cancelRest() {
    for future in futures[first...] { future?.cancel() }
  }

  /// An error ends the iteration (CPython up to 3.14).
  private func deliver(_ outcome: Result<Out, any Error>) throws -> Out {
    do { return try outcome.get() } catch {
      close()
      throw error
    }
  }

  /// The next element's outcome; throws only what ends the iteration whatever the form.
  fileprivate func nextOutcome() throws -> Result<Out, any Error>? {
    if let outcome = popInHand() { return outcome }
    try refill()
    guard let future = front else { return nil }
    if let deadline {
      if !future.isDone, !future.waitDoneAsMember(deadline: deadline) { throw timeOut() }
    } else {
      do { try future.block(nil) } catch {
        guard future.isDone else {  // in a forked child
          close()
          throw error
        }
      }
    }
    return try takeInHand(future)
  }

  private func nextOutcomeSuspending() async throws -> Result<Out, any Error>? {
    if let outcome = popInHand() { return outcome }
    try refill()
    guard let future = front else { return nil }
    if !future.isDone {
      do { try await future.suspendUntilDone(deadline: deadline) } catch is TimeoutError { throw timeOut() }
    }
    return try takeInHand(future)
  }

  private var front: ChunkFuture<Out>? { first < futures.count ? futures[first] : nil }

  private func timeOut() -> TimeoutError {
    close()  // the future that was waited for is cancelled too
    return TimeoutError()
  }

  /// `fill`, where a pool that was shut down means that what it has accepted is taken still, as when it is gone.
  private func refill() throws {
    do { try fill() } catch let error as RejectedExecutionError {
      if case .shutdown = error.reason {
        submitNext = nil
      } else {
        close()
        throw error
      }
    }
  }

  /// The oldest future is done: its outcomes become the ones in hand, and its place in the buffer is filled.
  private func takeInHand(_ future: ChunkFuture<Out>) throws -> Result<Out, any Error>? {
    futures[first] = nil
    first += 1
    if first > 64, first * 2 > futures.count {
      futures.removeFirst(first)
      first = 0
    }
    taken = 0
    switch future.outcome {
    case .success(let outcomes): inHand = outcomes
    case .failure(let error): inHand = [.failure(error)]
    case nil: preconditionFailure("the future is done")
    }
    try refill()
    return popInHand()
  }

  /// Takes results one by one, suspending. All iterators take from the same results.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let results: MappedResults<Out>
    /// Suspends until the next result is there; nil after the last.
    /// - Throws: the element's error, `TimeoutError`, or `CancellationError` when the awaiting task is cancelled.
    public mutating func next() async throws -> Out? {
      guard let outcome = try await results.nextOutcomeSuspending() else { return nil }
      return try results.deliver(outcome)
    }
  }
  /// For `for try await`. The results can be taken once only.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(results: self) }

  /// Every element as a `Result`: an error does not end the iteration and cancels nothing.
  ///
  /// Takes from the same results as `next` does. A timeout is the last element.
  public var outcomes: MappedOutcomes<Out> { MappedOutcomes(results: self) }
}

/// The outcomes of `map`, in input order.
public struct MappedOutcomes<Out: Sendable>: Sequence, IteratorProtocol {
  let results: MappedResults<Out>
  /// Blocks until the next outcome is there; nil after the last.
  @available(*, noasync, message: "use 'for try await' over the results")
  public mutating func next() -> Result<Out, any Error>? {
    do { return try results.nextOutcome() } catch {
      results.close()
      return .failure(error)
    }
  }
}

extension AnyFuture {
  /// `waitDone`, with the pool told that a worker of it blocks.
  final func waitDoneAsMember(deadline: Int64?) -> Bool {
    Worker.current?.blocking { waitDone(deadline: deadline) } ?? waitDone(deadline: deadline)
  }
}
