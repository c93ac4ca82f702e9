// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// Clients can neither make a future of their own kind nor hand a closure that is not Sendable to a callback.
import ConcurrentFutures

final class OwnFuture: Future<Int> {}
// expected-error@-1 {{cannot inherit from non-open class 'Future<Int>' outside of its defining module}}
// expected-warning@-2 {{class 'OwnFuture' must restate inherited '@unchecked Sendable' conformance}}

func callsBackWithState(_ future: Future<Int>) {
  var seen = 0
  future.addDoneCallback { _ in seen += 1 }
  // expected-error@-1 {{mutation of captured var 'seen' in concurrently-executing code}}
  print(seen)
}
