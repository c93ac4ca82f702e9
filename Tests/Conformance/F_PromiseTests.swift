// Group F: the write end of a future.
import ConcurrentFutures
import Testing

extension Conformance {
  @Test func c083_aDroppedPromiseFailsItsFuture() throws {
    func drop() -> Future<Int> {
      let promise = Promise<Int>()
      return promise.future
    }
    #expect(throws: BrokenPromiseError.self) { try drop().result(timeout: .zero) }
    // Who waits and who is to be called hears of it.
    let errors = Journal<Bool>()
    let waiters = try { () -> [TestThread<Int>] in
      let promise = Promise<Int>()
      let future = promise.future
      future.addDoneCallback { errors.note(try $0.exception() is BrokenPromiseError) }
      let waiters = [TestThread { try future.result() }, TestThread { try future.result(timeout: .seconds(3600)) }]
      let groups = [TestThread { wait([future]).done.count }]
      for waiter in waiters + groups { try waiter.untilBlocked() }
      #expect(errors.entries == [])
      _ = consume promise
      #expect(try groups[0].join() == 1)
      return waiters
    }()
    for waiter in waiters { #expect(throws: BrokenPromiseError.self) { try waiter.join() } }
    #expect(errors.entries == [true])
    let kept = Promise<Int>()
    let future = kept.future
    #expect(future.state == .pending)
    kept.succeed(3)
    #expect(try future.result() == 3)
    // A future made by hand stays pending, as in Python.
    #expect(Future<Int>().state == .pending)
  }
}
