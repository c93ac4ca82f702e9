// Pools for the length of a block: Python's `with` statement.

/// Runs `body` with a pool of its own and waits for everything submitted to it, also when `body` throws.
///
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
/// In an async context this form is taken when the closure awaits something.
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
