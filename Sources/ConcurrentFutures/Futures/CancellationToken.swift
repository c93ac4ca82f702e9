// Cooperative cancellation: how a running task learns that it should stop.
import CPlatform

/// Tells a running task whether someone called ``AnyFuture/requestCancellation()`` on its future.
public final class CancellationToken: Sendable {
  private let future: AnyFuture
  private init(_ future: AnyFuture) { self.future = future }

  /// The token of the task that runs on the calling thread; nil outside of a task, in `execute`'s, and in async work
  /// (where `Task.isCancelled` tells). A stolen fork has the token of the task that forked it.
  ///
  /// It may be handed to other threads. Allocates.
  public static var current: CancellationToken? {
    guard let future = cf_current_thread().pointee.current_future else { return nil }
    // SAFETY: whoever runs the task holds a reference to its future meanwhile.
    return CancellationToken(Unmanaged<AnyFuture>.fromOpaque(future).takeUnretainedValue())
  }

  /// Whether cancellation was requested. Never blocks.
  public var isCancelled: Bool { future.loadWord().isCancellationRequested }

  /// Leaves the task if it should stop: never blocks.
  /// - Throws: `CancellationError` if cancellation was requested.
  public func check() throws(CancellationError) {
    if isCancelled { throw CancellationError() }
  }
}
