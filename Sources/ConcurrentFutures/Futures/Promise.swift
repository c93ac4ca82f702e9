// The write end of a future, as a type that cannot be used twice.

/// The write end of a future. Move-only: it is completed once, and dropping it uncompleted fails the future with
/// `BrokenPromiseError`.
///
/// (folly: `Promise`.) Completing after the future was cancelled is ignored.
public struct Promise<Value: Sendable>: ~Copyable, Sendable {
  /// The read end. Cancelling it tells who waits; the promise may still be completed, to no effect.
  public let future: Future<Value>

  /// A promise and its pending future. Allocates the future.
  public init() { future = Future(owner: AnyFuture.Owner.library) }

  /// Finishes the future with `value`; runs its callbacks on the calling thread.
  public consuming func succeed(_ value: sending Value) {
    future.complete(with: .success(value))
    discard()
  }

  /// Finishes the future with `error`; runs its callbacks on the calling thread.
  public consuming func fail(_ error: any Error) {
    future.completeWithError(error)
    discard()
  }

  /// Finishes the future with `result`; runs its callbacks on the calling thread.
  public consuming func complete(with result: sending Result<Value, any Error>) {
    future.complete(with: result)
    discard()
  }

  private consuming func discard() {}  // its end finds the future completed

  deinit { future.completeWithError(BrokenPromiseError()) }  // without effect once it is done
}
