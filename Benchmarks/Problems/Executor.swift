// The pool that every problem runs on, as wide as the command line says.
import ConcurrentFutures
import Measuring

enum Bench {
  static let workers = Options.parse(CommandLine.arguments, problems: CommandLine.arguments).workers
  static let pool = make(.init())
  /// One whose workers run any task while they wait for another, as the peers' do.
  static let stealingPool: ThreadPoolExecutor = {
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.waitPolicy = .stealAny
    return make(configuration)
  }()

  private static func make(_ configuration: ThreadPoolExecutor.Configuration) -> ThreadPoolExecutor {
    var configuration = configuration
    configuration.maxWorkers = workers
    do { return try ThreadPoolExecutor(configuration) } catch { fatalError("\(error)") }
  }

  /// Runs `body` as a task of the pool: what it forks and submits comes from a worker.
  static func inPool<R: Sendable>(
    _ pool: ThreadPoolExecutor = pool, _ body: @escaping @Sendable () throws -> R
  ) throws -> R {
    try pool.submit(body).result()
  }
}
