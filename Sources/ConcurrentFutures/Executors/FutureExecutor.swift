// What every executor offers.

/// Accepts work and returns futures of it.
///
/// Not named `Executor`: that is `_Concurrency.Executor`, which every file imports.
public protocol FutureExecutor: AnyObject, Sendable {
  /// Schedules `work` and returns its future at once. May be called from any thread, from a task and from a callback.
  /// - Throws: ``RejectedExecutionError`` if the work was refused; then it will never run.
  @_disfavoredOverload
  func submit<Value: Sendable>(_ work: sending @escaping () throws -> Value) throws(RejectedExecutionError) -> Future<
    Value
  >

  /// Refuses submissions from now on.
  /// - Parameters:
  ///   - wait: whether to block until all work is done and the workers have ended.
  ///   - cancelFutures: whether to cancel what has not started.
  @available(*, noasync) func shutdown(wait: Bool, cancelFutures: Bool)

  /// Refuses submissions from now on and suspends until all work is done and the workers have ended.
  /// - Parameter cancelFutures: whether to cancel what has not started.
  func shutdown(cancelFutures: Bool) async
}

extension FutureExecutor {
  // Default arguments for the requirement. Spelled on a method of the same signature they would make it the
  // requirement's default implementation, and recurse.

  /// `shutdown(wait: true, cancelFutures: false)`.
  @available(*, noasync) public func shutdown() { shutdown(wait: true, cancelFutures: false) }
  /// `shutdown(wait: wait, cancelFutures: false)`.
  @available(*, noasync) public func shutdown(wait: Bool) { shutdown(wait: wait, cancelFutures: false) }
}
