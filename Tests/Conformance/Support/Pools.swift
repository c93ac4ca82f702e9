import ConcurrentFutures
import Testing

/// The configurations a statement about executors must hold for.
struct PoolShape: Sendable, CustomTestStringConvertible {
  var workers: Int
  var waitPolicy = ThreadPoolExecutor.WaitPolicy.runAwaited
  var localOrder = ThreadPoolExecutor.LocalOrder.lifo

  var testDescription: String { "\(workers) workers, \(waitPolicy), \(localOrder)" }

  static let all = [1, 2, 4].flatMap { workers in
    [ThreadPoolExecutor.WaitPolicy.block, .runAwaited, .stealAny].flatMap { policy in
      [.lifo, .fifo].map { PoolShape(workers: workers, waitPolicy: policy, localOrder: $0) }
    }
  }
  /// One of each kind, for what takes time.
  static let few = [
    PoolShape(workers: 1), PoolShape(workers: 2, waitPolicy: .block, localOrder: .fifo),
    PoolShape(workers: 4, waitPolicy: .stealAny),
  ]
  /// Where a task may wait for another of its pool even with one worker.
  static let helping = all.filter { $0.waitPolicy != .block }

  func make(
    _ adjust: (inout ThreadPoolExecutor.Configuration) -> Void = { _ in }
  ) throws -> ThreadPoolExecutor {
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = workers
    configuration.waitPolicy = waitPolicy
    configuration.localOrder = localOrder
    adjust(&configuration)
    return try ThreadPoolExecutor(configuration)
  }
}

/// A pool for the length of `body`. It must come down afterwards: a lost task is a failure of whatever test lost it.
func withPool<R>(
  _ shape: PoolShape = PoolShape(workers: 2), _ adjust: (inout ThreadPoolExecutor.Configuration) -> Void = { _ in },
  _ body: (ThreadPoolExecutor) throws -> R
) throws -> R {
  let pool = try shape.make(adjust)
  defer { #expect(pool.shutdown(deadline: .seconds(30)), "the pool did not come down") }
  return try body(pool)
}

/// Occupies every worker of a pool until `release`.
struct Occupied {
  let gate = Gate()
  let futures: [Future<Void>]

  init(_ pool: ThreadPoolExecutor) throws {
    let started = Counter()
    futures = try (0..<pool.maxWorkers).map { [gate] _ in
      try pool.submit {
        started.add()
        try gate.wait()
      }
    }
    try started.wait(for: pool.maxWorkers)
  }
  func release() { gate.open() }
}

/// A future in each of the five states, made by hand.
func future(_ state: FutureState) throws -> Future<Int> {
  let future = Future<Int>()
  switch state {
  case .pending: break
  case .running: try future.setRunningOrNotifyCancel()
  case .cancelled: future.cancel()
  case .cancelledAndNotified:
    future.cancel()
    try future.setRunningOrNotifyCancel()
  case .finished: try future.setResult(42)
  }
  return future
}

struct TaskFailure: Error, Hashable { var number = 0 }
struct ZeroDivisionError: Error {}
final class FailureObject: Error {}

struct WeakFuture {
  weak var future: AnyFuture?
  init(_ future: AnyFuture) { self.future = future }
}

/// Something whose death can be seen.
final class Tracked: Sendable {}
final class Sighting: @unchecked Sendable {
  // SAFETY: written once before it is shared; a weak load is atomic.
  private(set) weak var object: Tracked?
  init(_ object: Tracked) { self.object = object }
  var isGone: Bool { object == nil }
}
