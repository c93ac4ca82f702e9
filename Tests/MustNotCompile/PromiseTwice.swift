// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// A promise is completed once: completing it consumes it.
import ConcurrentFutures

func completesTwice() {
  let promise = Promise<Int>()
  // expected-error@-1 {{'promise' consumed more than once}}
  promise.succeed(1)
  // expected-note@-1 {{consumed here}}
  promise.succeed(2)
  // expected-note@-1 {{consumed again here}}
}
func failsAfterSuccess(_ promise: consuming Promise<Int>) {
  // expected-error@-1 {{'promise' consumed more than once}}
  promise.succeed(1)
  // expected-note@-1 {{consumed here}}
  promise.fail(CancelledError())
  // expected-note@-1 {{consumed again here}}
}
func copies(_ promise: borrowing Promise<Int>) -> Promise<Int> {
  // expected-error@-1 {{'promise' is borrowed and cannot be consumed}}
  promise
}
// expected-note@-1 {{consumed here}}
