// The scenarios with a process pool: COUNT tasks on THREADS worker processes; one of them throws, one kills its worker and is
// repeated once, one is cancelled.
import ConcurrentFutures
import Glibc

struct Doubled: ProcessTask {
  struct TooLarge: Error, Codable {}
  var number: Int
  func run() throws -> Int {
    if number == Int.max { throw TooLarge() }
    return number * 2
  }
}
struct KillingItsWorker: ProcessTask {
  func run() -> Int {
    raise(SIGKILL)
    return 0
  }
}

func runOnProcesses(count: Int, workers: Int) throws {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.maxWorkers = workers
  configuration.onWorkerDeath = .replaceWorker(retries: 1)
  let pool = try ProcessPoolExecutor(configuration)
  let futures = try (0..<count).map { try pool.submit(Doubled(number: $0)) }
  let cancelled = try pool.submit(Doubled(number: 0))
  cancelled.cancel()
  for (number, future) in futures.enumerated() where try future.result() != number * 2 { exit(1) }
  _ = try? pool.submit(Doubled(number: Int.max)).result()
  _ = try? pool.submit(KillingItsWorker()).result()
  pool.shutdown()
}
