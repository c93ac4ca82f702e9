// The code of Processes.md, and what it claims.
import ConcurrentFutures
import Testing

private struct Summary: Codable, Sendable {
  let length: Int
  init(parsing path: String) throws { length = path.utf8.count }
}

private func first(_ path: String) throws -> Int {
  struct Parse: ProcessTask {
    var path: String
    func run() throws -> Summary { try Summary(parsing: path) }
  }

  let pool = try ProcessPoolExecutor()
  let summary = try pool.submit(Parse(path: path)).result()
  pool.shutdown()
  return summary.length
}

private func replacing() -> ProcessPoolExecutor.Configuration {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.onWorkerDeath = .replaceWorker(retries: 1)
  return configuration
}

@Suite(.timeLimit(.minutes(1))) struct Processes {
  @Test func aFirstPool() throws { #expect(try first("a path") == 6) }

  @Test func aPoolThatReplacesItsWorkers() {
    guard case .replaceWorker(retries: 1) = replacing().onWorkerDeath else {
      Issue.record("another policy")
      return
    }
  }
}
