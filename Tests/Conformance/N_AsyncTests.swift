// Group N: where futures meet Swift's own tasks.
import ConcurrentFutures
import Testing

private enum Request { @TaskLocal static var id = 0 }

extension Conformance {
  @Test(arguments: PoolShape.few)
  func c253_taskLocals(_ shape: PoolShape) async throws {
    let pool = try shape.make()
    let seen = try await Request.$id.withValue(7) {
      let future = try pool.submitAsync { () -> [Int] in
        let here = Request.id
        await Task.yield()
        async let child = Request.id
        return [here, Request.id, await child]
      }
      return try await future.value
    }
    #expect(seen == [7, 7, 7])
    #expect(try await pool.submitAsync { Request.id }.value == 0)
    #expect(try await pool.submitAsync { ThreadPoolExecutor.currentWorker != nil }.value)
    await #expect(throws: TaskFailure(number: 1)) {
      try await pool.submitAsync { () async throws -> Int in throw TaskFailure(number: 1) }.value
    }
    await pool.shutdown()
  }

  @Test(arguments: PoolShape.few)
  func c254_cancellingTheAwaitingTask(_ shape: PoolShape) async throws {
    let pool = try shape.make()
    let (gate, started) = (Gate(), Gate())
    let future = try pool.submit { () -> Int in
      started.open()
      try gate.wait()
      return CancellationToken.current?.isCancelled == false ? 5 : -1  // nobody asks it to stop
    }
    await whenOpen(started)
    let byHand = Future<Int>()
    for awaited in [future, byHand] {
      // On one thread: what is enqueued second runs once the first is suspended.
      let executor = SingleThread()
      let awaiting = Task(executorPreference: executor) { try await awaited.value }
      await Task(executorPreference: executor) {}.value
      awaiting.cancel()
      await #expect(throws: CancellationError.self) { try await awaiting.value }
      let several = Task(executorPreference: executor) { try await wait([awaited]).done.count }
      await Task(executorPreference: executor) {}.value
      several.cancel()
      await #expect(throws: CancellationError.self) { try await several.value }
      let late = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await awaited.value
      }
      await #expect(throws: CancellationError.self) { try await late.value }
    }
    #expect(future.state == .running)
    #expect(byHand.state == .pending)
    gate.open()
    #expect(try await future.value == 5)
    byHand.cancel()
    await #expect(throws: CancelledError.self) { try await byHand.value }
    await #expect(throws: TimeoutError.self) { try await Future<Int>().value(timeout: .milliseconds(20)) }
    await pool.shutdown()
  }

  @Test(arguments: PoolShape.few)
  func c254_runCancelsThePendingWork(_ shape: PoolShape) async throws {
    let pool = try shape.make()
    let (gate, started, ran) = (Gate(), Counter(), Counter())
    let blocking = try (0..<shape.workers).map { _ in
      try pool.submit {
        started.add()
        try gate.wait()
      }
    }
    await whenReached(started, shape.workers)
    let task = Task { try await pool.run { ran.add() } }
    while pool.statistics.queued == 0 { await Task.yield() }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(pool.statistics.queued == 0)
    gate.open()
    for future in blocking { try await future.value }
    await pool.shutdown()
    #expect(ran.value == 0)
    // And without cancellation it gives the value.
    let other = try shape.make()
    #expect(try await other.run { 6 } == 6)
    await #expect(throws: TaskFailure()) { try await other.run { throw TaskFailure() } }
    await other.shutdown()
  }
}
