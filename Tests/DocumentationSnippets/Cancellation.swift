// The code of Cancellation.md, and what it claims.
import ConcurrentFutures
import Synchronization
import Testing

private func search(_ range: Range<Int>, on pool: ThreadPoolExecutor) throws -> Future<Int?> {
  try pool.submit {
    let token = CancellationToken.current
    for number in range {
      if number % 1024 == 0 { try token?.check() }
      if number * number == 1_000_000 { return number }
    }
    return nil
  }
}

private func stop(_ future: AnyFuture) {
  if !future.cancel() {  // too late: it runs, or is done
    future.requestCancellation()
  }
}

private func fastest(_ futures: [Future<Int>]) throws -> Int {
  try firstCompleted(of: futures, cancellingRest: true).result()
}

private func firstLongLine(_ lines: [String], on pool: ThreadPoolExecutor) throws -> Int? {
  let lengths = try pool.map(lines) { $0.count }
  defer { lengths.close() }  // what has not started will not run
  while let length = try lengths.next() { if length > 80 { return length } }
  return nil
}

@Suite(.timeLimit(.minutes(1))) struct Cancellation {
  @Test func examples() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    #expect(try search(0..<2000, on: pool).result() == 1000)
    #expect(try fastest([Future(), .succeeded(3)]) == 3)
    #expect(try firstLongLine(["a", String(repeating: "b", count: 81), "c"], on: pool) == 81)

    let gate = Future<Void>()
    let started = Future<Void>()
    let running = try pool.submit {
      try started.setResult()
      try gate.result()
      try CancellationToken.current?.check()
    }
    let queued = try pool.submit { 1 }
    try started.result()
    stop(queued)
    #expect(queued.isCancelled)
    stop(running)
    #expect(running.state == .running)
    #expect(throws: CancelledError.self) { try queued.result() }
    try gate.setResult()
    #expect(try running.exception() is CancellationError)
    pool.shutdown()
  }

  @Test func derivedFuturesLeaveTheirSourceAlone() throws {
    let source = Future<Int>()
    let derived = source.map { $0 + 1 }
    #expect(derived.cancel())
    #expect(source.state == .pending)
    let other = Future<Int>()
    let follower = other.map { $0 + 1 }
    #expect(other.cancel())
    #expect(throws: CancelledError.self) { try follower.result() }
  }

  @Test func asyncWork() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let work = try pool.submitAsync { try await Task.sleep(for: .seconds(1000)) }
    while !work.isRunning { await Task.yield() }
    #expect(!work.cancel())
    work.requestCancellation()
    await #expect(throws: CancellationError.self) { try await work.value }

    // It cannot be done before the await has ended.
    let gate = Future<Void>()
    let awaiting = Task { try await pool.run { try gate.result() } }
    awaiting.cancel()
    await #expect(throws: CancellationError.self) { try await awaiting.value }
    try gate.setResult()
    await pool.shutdown()  // ends: the closure went on, or never ran
  }
}
