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
    let kept = Promise<Int>()
    let future = kept.future
    #expect(future.state == .pending)
    kept.succeed(3)
    #expect(try future.result() == 3)
    // A future made by hand stays pending, as in Python.
    #expect(Future<Int>().state == .pending)
  }
}
