// Awaiting futures from Swift concurrency: the same wait groups, with a continuation in place of a futex.
//
// Cancelling the task that awaits ends the await and leaves the futures alone.
import CPlatform
import Synchronization

enum Suspension: Sendable { case done, timeout, cancelled }

/// One suspension: whoever comes first (completer, timer, cancellation) decides how it ends.
final class Resumption: Sendable {
  private struct State {
    var continuation: UnsafeContinuation<Suspension, Never>?
    var end: Suspension?
  }
  private let state = Lock(State())

  /// Before the next suspension; the last one has ended.
  func renew() { state.withLock { $0.end = nil } }

  func resume(_ end: Suspension) {
    let continuation = state.withLock { state -> UnsafeContinuation<Suspension, Never>? in
      guard state.end == nil else { return nil }
      state.end = end
      return state.continuation.take()
    }
    continuation?.resume(returning: end)
  }

  func install(_ continuation: UnsafeContinuation<Suspension, Never>) {
    let end = state.withLock { state -> Suspension? in
      if state.end == nil { state.continuation = continuation }
      return state.end
    }
    if let end { continuation.resume(returning: end) }
  }
}

extension WaitGroup {
  /// Suspends until `needed` members are done (or one failed, if the group was made so). Waiter only.
  /// - Parameter deadline: CLOCK_MONOTONIC nanoseconds; nil: without limit.
  func suspend(needed: Int, deadline: Int64?) async -> Suspension {
    let resumption = renewedResumption()
    guard armResume(needed: needed) else { return .done }
    let timer = deadline.map { deadline in
      Task.detached {
        try await Deadline.sleep(until: deadline)
        resumption.resume(.timeout)
      }
    }
    let end = await withTaskCancellationHandler {
      await withUnsafeContinuation { resumption.install($0) }
    } onCancel: {
      resumption.resume(.cancelled)
    }
    timer?.cancel()
    if end != .done, !disarmResume() { return isReady(needed) ? .done : end }
    return end
  }
}

extension Future {
  /// Suspends until the future is done and returns its value.
  ///
  /// - Throws: the task's error; `CancelledError` if the future was cancelled; `CancellationError` if the awaiting task
  ///   was cancelled, which leaves the future alone.
  public final var value: Value {
    get async throws {
      if !loadWord().isDone { try await suspendUntilDone(deadline: nil) }
      return try outcomeWhenDone()
    }
  }

  /// Suspends until the future is done, at most that long, and returns its value.
  /// - Parameter timeout: zero or less: the future must be done already.
  /// - Throws: as ``value``, and ``TimeoutError``, which leaves the future as it was.
  public final func value(timeout: Duration) async throws -> Value {
    if !loadWord().isDone { try await suspendUntilDone(deadline: Deadline.after(timeout)) }
    return try outcomeWhenDone()
  }

  private func outcomeWhenDone() throws -> Value {
    guard loadWord().isFinished else { throw CancelledError() }
    return try get()
  }
}

extension AnyFuture {
  /// Suspends until `result` could answer: a raw cancelled future counts as done here.
  final func suspendUntilDone(deadline: Int64?) async throws {
    try Task.checkCancellation()
    let group = WaitGroup([self], untilNotified: false)
    group.open()
    let end = await group.suspend(needed: 1, deadline: deadline)
    group.close()
    switch end {
    case .done: break
    case .cancelled: throw CancellationError()
    case .timeout: throw TimeoutError()
    }
  }
}

/// Suspends until the condition holds for `futures`, or the timeout has passed. Blocks no thread. See the blocking form.
/// - Parameters:
///   - futures: read once; duplicates count once.
///   - timeout: how long to wait at most; nil: without limit; zero or less: not at all.
///   - returnWhen: what to wait for.
/// - Returns: what was done when it returned, and the rest. A timeout is not an error.
/// - Throws: `CancellationError` when the awaiting task is cancelled; the futures are left alone.
@discardableResult
public func wait<F: AnyFuture>(
  _ futures: some Sequence<F>, timeout: Duration? = nil, returnWhen: ReturnCondition = .allCompleted
) async throws(CancellationError) -> DoneAndNotDone<F> {
  let waiting = Waiting(futures, returnWhen)
  if waiting.isSatisfied { return waiting.split }
  let group = WaitGroup(waiting.pending, wakesOnFailure: returnWhen == .firstException)
  group.open()
  let end = await group.suspend(needed: waiting.needed, deadline: timeout.map(Deadline.after))
  group.close()
  if end == .cancelled { throw CancellationError() }
  return waiting.split
}
