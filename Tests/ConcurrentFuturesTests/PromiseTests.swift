import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct PromiseTests {
  @Test func eachWayOfCompleting() throws {
    let value = Promise<Int>()
    let error = Promise<Int>()
    let success = Promise<Int>()
    let failure = Promise<Int>()
    let futures = [value.future, error.future, success.future, failure.future]
    #expect(futures.allSatisfy { $0.state == .pending })
    value.succeed(1)
    error.fail(Odd(number: 2))
    success.complete(with: .success(3))
    failure.complete(with: .failure(Odd(number: 4)))
    #expect(try (futures[0].result(), futures[2].result()) == (1, 3))
    #expect(try futures[1].exception() as? Odd == Odd(number: 2))
    #expect(try futures[3].exception() as? Odd == Odd(number: 4))
  }

  @Test func aDroppedPromiseBreaks() throws {
    func drop() -> Future<Int> { Promise<Int>().future }
    #expect(throws: BrokenPromiseError.self) { try drop().result(timeout: .zero) }
    // Also on the way out of a scope that throws.
    var future: Future<Int>?
    func leave() throws {
      let promise = Promise<Int>()
      future = promise.future
      if future != nil { throw Odd(number: 1) }
      promise.succeed(1)
    }
    #expect(throws: Odd.self) { try leave() }
    #expect(try future?.exception() is BrokenPromiseError)
  }

  /// The promise is the only writer: the read end cannot complete itself.
  @Test func theReadEndCannotBeCompleted() throws {
    let promise = Promise<Int>()
    let future = promise.future
    #expect(throws: InvalidStateError.self) { try future.setResult(2) }
    #expect(throws: InvalidStateError.self) { try future.setException(Odd(number: 1)) }
    #expect(throws: InvalidStateError.self) { try future.setRunningOrNotifyCancel() }
    promise.succeed(1)
    #expect(try future.result() == 1)
  }

  /// Whoever waits hears of a cancellation at once: nobody will notify it.
  @Test func cancellingTheReadEnd() throws {
    let promise = Promise<Int>()
    let future = promise.future
    #expect(future.cancel() && wait([future], timeout: .zero).done == [future])
    promise.fail(Odd(number: 1))
    #expect(future.state == .cancelled)
  }
}
