import Synchronization
import Testing

@testable import ConcurrentFutures

/// An executor that runs a task when it is told to, on the caller: which task is submitted when can be seen.
private final class Inline: FutureExecutor {
  private let queue = Lock<[(future: AnyFuture, run: @Sendable () -> Void)]>([])
  let submitted = Atomic<Int>(0)
  let runsAtOnce = Atomic(false)
  let refusesFrom: Int

  init(refusesFrom: Int = .max) { self.refusesFrom = refusesFrom }

  func submit<Value: Sendable>(
    _ work: sending @escaping () throws -> Value
  ) throws(RejectedExecutionError) -> Future<Value> {
    if submitted.load(ordering: .relaxed) >= refusesFrom { throw RejectedExecutionError(.queueFull) }
    submitted.wrappingAdd(1, ordering: .relaxed)
    let future = Future<Value>(owner: AnyFuture.Owner.library)
    // SAFETY: handed to the queue, and called once.
    nonisolated(unsafe) let work = work
    queue.withLock { $0.append((future, { if future.claim() { future.finish(with: Result { try work() }) } })) }
    if runsAtOnce.load(ordering: .relaxed) { run(1) }
    return future
  }
  func shutdown(wait: Bool, cancelFutures: Bool) {}
  func shutdown(cancelFutures: Bool) async {}

  var pending: Int { queue.withLock { $0.count { $0.future.state == .pending } } }
  /// Runs the oldest `count` tasks, and forgets them.
  func run(_ count: Int) {
    let entries = queue.withLock { queue in
      defer { queue.removeFirst(count) }
      return queue.prefix(count)
    }
    for entry in entries { entry.run() }
  }
}

/// Counts its instances.
private final class Value: Sendable {
  static let alive = Atomic<Int>(0)
  init() { Value.alive.wrappingAdd(1, ordering: .relaxed) }
  deinit { Value.alive.wrappingSubtract(1, ordering: .relaxed) }
}

@Suite(.timeLimit(.minutes(1))) struct MapTests {
  @Test func theWindowIsCountedInElements() throws {
    for (bufferSize, chunkSize, atTheCall, afterOne, afterAChunk) in [
      (6, 2, 3, 3, 4), (5, 2, 2, 3, 4), (6, 4, 1, 1, 2), (3, 100, 1, 1, 2), (1, 1, 1, 2, 3), (.max, .max, 1, 1, 1),
    ] {
      let executor = Inline()
      let input = bufferSize == .max ? 0...4 : 0...1000
      let results = try executor.map(input, chunkSize: chunkSize, bufferSize: bufferSize) { $0 }
      func expectSubmitted(_ count: Int) {
        #expect(
          executor.submitted.load(ordering: .relaxed) == count, "buffer of \(bufferSize), chunks of \(chunkSize)")
      }
      expectSubmitted(atTheCall)
      executor.run(1)
      #expect(try results.next() == 0)
      expectSubmitted(afterOne)
      executor.run(executor.pending)
      executor.runsAtOnce.store(true, ordering: .relaxed)
      for number in 1...min(chunkSize, bufferSize, 4) { #expect(try results.next() == number) }
      expectSubmitted(afterAChunk)
    }
  }

  @Test func everythingIsSubmittedAtOnceWithoutABuffer() throws {
    let executor = Inline()
    let results = try executor.map(0..<10, chunkSize: 3) { $0 }
    #expect(executor.submitted.load(ordering: .relaxed) == 4)
    executor.run(4)
    #expect(try results.collect() == Array(0..<10))
    #expect(try results.next() == nil && results.collect() == [])
  }

  @Test func closingAndDroppingCancelWhatHasNotStarted() throws {
    let (closed, dropped, failed) = (Inline(), Inline(), Inline())
    let results = try closed.map(0..<5) { $0 }
    closed.run(1)
    #expect(try results.next() == 0)
    results.close()
    #expect(closed.pending == 0)
    #expect(try results.next() == nil)
    _ = try dropped.map(0..<5) { $0 }
    #expect(dropped.pending == 0)
    let failing = try failed.map(0..<5) { number in
      if number == 1 { throw Odd(number: 1) }
      return number
    }
    failed.run(2)
    #expect(try failing.next() == 0)
    #expect(throws: Odd(number: 1)) { try failing.next() }
    #expect(failed.pending == 0)
    #expect(try failing.next() == nil)
  }

  /// Refused at the call: what was submitted is cancelled. Refused later: the iteration ends.
  @Test func refusals() throws {
    let atOnce = Inline(refusesFrom: 3)
    #expect(throws: RejectedExecutionError.self) { try atOnce.map(0..<5) { $0 }.collect() }
    #expect(atOnce.submitted.load(ordering: .relaxed) == 3 && atOnce.pending == 0)
    let later = Inline(refusesFrom: 3)
    let results = try later.map(0..., bufferSize: 2) { $0 }
    later.run(2)
    #expect(try results.next() == 0)
    #expect(throws: RejectedExecutionError.self) { try results.next() }
    #expect(try results.next() == nil && later.pending == 0)
    let outcomes = Inline(refusesFrom: 2)
    var iterator = try outcomes.map(0..., bufferSize: 2) { $0 }.outcomes
    outcomes.run(2)
    #expect(throws: RejectedExecutionError.self) { try iterator.next()?.get() }
    #expect(iterator.next() == nil)
  }

  @Test func nextAndOutcomesTakeFromTheSameResults() throws {
    let executor = Inline()
    let results = try executor.map(0..<6, chunkSize: 4) { number in
      if number % 2 == 1 { throw Odd(number: number) }
      return number
    }
    executor.run(2)
    var outcomes = results.outcomes
    #expect(try results.next() == 0)
    #expect(throws: Odd(number: 1)) { try outcomes.next()?.get() }
    #expect(try results.next() == 2)
    #expect(throws: Odd(number: 3)) { try outcomes.next()?.get() }
    #expect(try outcomes.next()?.get() == 4)
    #expect(throws: Odd(number: 5)) { try results.next() }
    #expect(outcomes.next() == nil)
  }

  @Test func aDroppedExecutorIsNotKeptByABuffer() throws {
    var executor: Inline? = Inline()
    weak let weakly = executor
    let buffered = try #require(executor).map(0..., bufferSize: 2) { $0 }
    executor?.run(2)
    executor = nil
    #expect(weakly == nil)
    #expect(try buffered.collect() == [0, 1])
  }

  @Test func valuesAreNotKept() throws {
    let executor = Inline()
    let results = try executor.map(0..<4, chunkSize: 2) { _ in Value() }
    executor.run(2)
    let before = Value.alive.load(ordering: .relaxed)
    func take() throws { _ = try results.next() }
    try take()
    // The chunk's future is gone, its first value with it.
    #expect(Value.alive.load(ordering: .relaxed) == before - 1)
    try take()
    try take()
    #expect(Value.alive.load(ordering: .relaxed) == before - 3)
    results.close()
    #expect(Value.alive.load(ordering: .relaxed) == before - 4)
  }
}
