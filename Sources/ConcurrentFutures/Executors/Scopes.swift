// Pools for the length of a block: Python's `with` statement.

/// Runs `body` with a pool of its own and blocks until everything submitted to it is done, also when `body` throws.
///
/// - Parameters:
///   - maxWorkers: threads at most; nil: `min(32, usable CPUs + 4)`.
///   - threadNamePrefix: worker n is named `<prefix>_<n>`; "": `ThreadPoolExecutor-<k>`.
///   - body: runs on the calling thread.
/// - Throws: what `body` throws, or `InvalidArgumentError` for a bad `maxWorkers`.
@available(*, noasync)
public func withThreadPool<R>(
  maxWorkers: Int? = nil, threadNamePrefix: String = "", _ body: (ThreadPoolExecutor) throws -> R
) throws -> R {
  let executor = try ThreadPoolExecutor(maxWorkers: maxWorkers, threadNamePrefix: threadNamePrefix)
  defer { executor.shutdown(wait: true, cancelFutures: false) }
  return try body(executor)
}

/// Runs `body` with a pool of its own and suspends until everything submitted to it is done, also when `body` throws.
///
/// In an async context this form is taken when the closure awaits something; for a closure that does not, write
/// `await pool.shutdown()` by hand.
/// - Parameters:
///   - maxWorkers: threads at most; nil: `min(32, usable CPUs + 4)`.
///   - threadNamePrefix: worker n is named `<prefix>_<n>`; "": `ThreadPoolExecutor-<k>`.
///   - isolation: the caller's actor, on which `body` runs; leave it to its default.
///   - body: runs on the caller's actor.
/// - Throws: what `body` throws, or `InvalidArgumentError` for a bad `maxWorkers`.
public func withThreadPool<R>(
  maxWorkers: Int? = nil, threadNamePrefix: String = "", isolation: isolated (any Actor)? = #isolation,
  _ body: (ThreadPoolExecutor) async throws -> R
) async throws -> R {
  let executor = try ThreadPoolExecutor(maxWorkers: maxWorkers, threadNamePrefix: threadNamePrefix)
  let result: Result<R, any Error>
  do { result = .success(try await body(executor)) } catch { result = .failure(error) }
  await executor.shutdown(cancelFutures: false)
  return try result.get()
}
