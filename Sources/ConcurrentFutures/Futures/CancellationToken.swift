// Cooperative cancellation: how a running task learns that it should stop.
import CPlatform

/// Tells a running task whether someone called `requestCancellation` on its future.
public final class CancellationToken: Sendable {
  private let future: AnyFuture
  private init(_ future: AnyFuture) { self.future = future }

  /// The token of the task that runs on the calling thread; nil outside of a task, and in `execute`'s.
  ///
  /// It may be handed to other threads. Allocates.
  public static var current: CancellationToken? {
    guard let future = cf_current_thread().pointee.current_future else { return nil }
    // SAFETY: whoever runs the task holds a reference to its future meanwhile.
    return CancellationToken(Unmanaged<AnyFuture>.fromOpaque(future).takeUnretainedValue())
  }

  /// Whether cancellation was requested. Never blocks.
  public var isCancelled: Bool { future.loadWord().isCancellationRequested }

  /// - Throws: `CancellationError` if cancellation was requested.
  public func check() throws(CancellationError) {
    if isCancelled { throw CancellationError() }
  }
}
