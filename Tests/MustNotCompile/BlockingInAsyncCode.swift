// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// Blocking a thread of Swift's own pool could stop everything that runs on it: the synchronous forms are refused.
import ConcurrentFutures

func blocks(_ pool: ThreadPoolExecutor, _ future: Future<Int>) async throws {
  _ = try future.result()
  // expected-error@-1 {{instance method 'result' is unavailable from asynchronous contexts}}
  _ = try future.exception()
  // expected-error@-1 {{instance method 'exception' is unavailable from asynchronous contexts}}
  try future.waitUntilDone()
  // expected-error@-1 {{instance method 'waitUntilDone' is unavailable from asynchronous contexts}}
  wait([future])
  // expected-error@-1 {{call can throw but is not marked with 'try'}}
  // expected-error@-2 {{expression is 'async' but is not marked with 'await'}}
  // expected-note@-3 {{did you mean to use 'try'?}}
  // expected-note@-4 {{did you mean to handle error as optional value?}}
  // expected-note@-5 {{did you mean to disable error propagation?}}
  // expected-note@-6 {{call is 'async'}}
}
func blocksInLoops(_ pool: ThreadPoolExecutor, _ futures: [Future<Int>]) async throws {
  for future in asCompleted(futures) { _ = future }
  // expected-error@-1 {{instance method 'makeIterator' is unavailable from asynchronous contexts}}
  try asCompleted(futures, timeout: .seconds(1)).forEach { _ in }
  // expected-error@-1 {{instance method 'forEach' is unavailable from asynchronous contexts}}
  _ = asCompleted(futures, timeout: .seconds(1)).makeCursor()
  // expected-error@-1 {{instance method 'makeCursor' is unavailable from asynchronous contexts}}
  let results = try pool.map([1, 2]) { $0 }
  _ = try results.next()
  // expected-error@-1 {{instance method 'next' is unavailable from asynchronous contexts}}
  _ = try results.collect()
  // expected-error@-1 {{instance method 'collect' is unavailable from asynchronous contexts}}
  var outcomes = results.outcomes
  _ = outcomes.next()
  // expected-error@-1 {{instance method 'next' is unavailable from asynchronous contexts}}
}
func blocksInShutdown(_ pool: ThreadPoolExecutor) async throws {
  pool.shutdown(wait: true)
  // expected-error@-1 {{instance method 'shutdown' is unavailable from asynchronous contexts}}
  pool.shutdown(deadline: .seconds(1))
  // expected-error@-1 {{instance method 'shutdown' is unavailable from asynchronous contexts}}
}
func blocksInForks(_ pool: ThreadPoolExecutor) async {
  _ = pool.join({ 1 }, { 2 })
  // expected-error@-1 {{instance method 'join' is unavailable from asynchronous contexts}}
  pool.forEach(0..<10) { _ in }
  // expected-error@-1 {{instance method 'forEach' is unavailable from asynchronous contexts}}
  _ = pool.concurrentMap([1, 2]) { $0 }
  // expected-error@-1 {{instance method 'concurrentMap' is unavailable from asynchronous contexts}}
  _ = pool.concurrentReduce([1, 2], 0, { $0 + $1 }, { $0 + $1 })
  // expected-error@-1 {{instance method 'concurrentReduce' is unavailable from asynchronous contexts}}
  _ = join({ 1 }, { 2 })
  // expected-error@-1 {{global function 'join' is unavailable from asynchronous contexts}}
}
func blocksThroughTheProtocol(_ executor: any FutureExecutor) async {
  executor.shutdown()
  // expected-error@-1 {{instance method 'shutdown' is unavailable from asynchronous contexts}}
  executor.shutdown(wait: true, cancelFutures: false)
  // expected-error@-1 {{instance method 'shutdown' is unavailable from asynchronous contexts}}
}
