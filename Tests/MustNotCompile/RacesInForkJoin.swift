// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// The two sides of a join run at the same time: neither may change what the other sees.
import ConcurrentFutures

func mutatesFromBothSides(_ pool: ThreadPoolExecutor) {
  var sum = 0
  _ = pool.join({ sum += 1 }, { sum += 2 })
  // expected-error@-1 2{{mutation of captured var 'sum' in concurrently-executing code}}
  print(sum)
}
func mutatesInALoop(_ pool: ThreadPoolExecutor) {
  var sum = 0
  pool.forEach(0..<100) { number in sum += number }
  // expected-error@-1 {{mutation of captured var 'sum' in concurrently-executing code}}
  print(sum)
}
func mutatesInMap(_ pool: ThreadPoolExecutor) {
  var largest = 0
  _ = pool.concurrentMap([1, 2, 3]) { number in
    largest = max(largest, number)
    // expected-error@-1 {{mutation of captured var 'largest' in concurrently-executing code}}
    // expected-error@-2 {{reference to captured var 'largest' in concurrently-executing code}}
    return number
  }
  print(largest)
}
func mutatesInReduce(_ pool: ThreadPoolExecutor) {
  var calls = 0
  _ = pool.concurrentReduce(
    [1, 2, 3], 0,
    { sum, number in
      calls += 1
      // expected-error@-1 {{mutation of captured var 'calls' in concurrently-executing code}}
      return sum + number
    }, { $0 + $1 })
  print(calls)
}
final class Account { var balance = 0 }
// expected-note@-1 {{class 'Account' does not conform to the 'Sendable' protocol}}
func capturesAnObject(_ pool: ThreadPoolExecutor, _ account: Account) {
  _ = pool.join({ account.balance }, { 2 })
  // expected-error@-1 {{capture of 'account'}}
}
