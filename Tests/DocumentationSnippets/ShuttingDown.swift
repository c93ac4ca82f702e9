// The code of ShuttingDown.md, and what it claims of pools that end before their process does. What happens at exit and
// after a fork is shown by the conformance tests, in processes of their own (statements 5, 176 to 183, 197).
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

private func stopInTime(_ pool: ThreadPoolExecutor) {
  if !pool.shutdown(deadline: .seconds(5)) {
    print("still busy: \(pool.statistics.running) tasks")
  }
}

private let finished = Atomic(0)

private func prepareReport() {
  // Before the first pool of the process: then it runs after the pools were joined, and sees all work done.
  atexit { print("finished: \(finished.load(ordering: .relaxed))") }
}

private func poolThatMayBeLeft() throws -> ThreadPoolExecutor {
  var configuration = ThreadPoolExecutor.Configuration()
  configuration.joinsAtExit = false
  return try ThreadPoolExecutor(configuration)
}

@Suite(.timeLimit(.minutes(1))) struct ShuttingDown {
  @Test func refusalAndRest() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = Future<Void>()
    let started = Future<Void>()
    let running = try pool.submit {
      try started.setResult()
      try gate.result()
    }
    let queued = try pool.submit { 1 }
    try started.result()
    #expect(!pool.shutdown(deadline: .milliseconds(1)))
    do {
      _ = try pool.submit { 2 }
      Issue.record("accepted after shutdown")
    } catch {
      guard case .shutdown = error.reason else { throw error }
    }
    try gate.setResult()
    pool.shutdown()
    stopInTime(pool)
    try running.result()
    #expect(try queued.result() == 1)
    let (a, b) = pool.join({ 1 }, { 2 })  // on this thread
    #expect(a + b == 3)
  }

  @Test func cancelFutures() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = Future<Void>()
    let started = Future<Void>()
    let running = try pool.submit {
      try started.setResult()
      try gate.result()
    }
    let ran = Atomic(0)
    try pool.execute { ran.add(1, ordering: .relaxed) }
    let queued = try pool.submit { 1 }
    try started.result()
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(queued.isCancelled)
    try gate.setResult()
    pool.shutdown()
    try running.result()
    #expect(ran.load(ordering: .relaxed) == 1)  // no future, no cancellation
  }

  @Test func droppingTheLastReference() throws {
    let future = try ThreadPoolExecutor(maxWorkers: 1).submit { 4 }
    #expect(try future.result() == 4)
    _ = try poolThatMayBeLeft()
  }

  @Test func suspendedWorkIsNotWaitedFor() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let gate = Future<Void>()
    let work = try pool.submitAsync {
      try await gate.value
      return 9
    }
    while !work.isRunning { await Task.yield() }
    await pool.shutdown()
    #expect(work.isRunning)
    try gate.setResult()
    #expect(try await work.value == 9)
  }
}
