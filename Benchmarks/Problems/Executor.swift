// The pool that every problem runs on, as wide as the command line says.
import ConcurrentFutures
import Measuring

enum Bench {
  static let workers = Options.parse(CommandLine.arguments, problems: CommandLine.arguments).workers
  static let pool: ThreadPoolExecutor = {
    do { return try ThreadPoolExecutor(maxWorkers: workers) } catch { fatalError("\(error)") }
  }()

  /// Runs `body` as a task of the pool: what it forks and submits comes from a worker.
  static func inPool<R: Sendable>(_ body: @escaping @Sendable () throws -> R) throws -> R {
    try pool.submit(body).result()
  }
}
