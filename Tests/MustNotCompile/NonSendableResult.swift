// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// A result crosses threads: it must be Sendable.
import ConcurrentFutures

final class Account { var balance = 0 }
// expected-note@-1 5{{class 'Account' does not conform to the 'Sendable' protocol}}

func returnsAnAccount(_ pool: ThreadPoolExecutor) throws {
  _ = try pool.submit { Account() }
  // expected-error@-1 {{type 'Account' does not conform to the 'Sendable' protocol}}
}
func mapsToAccounts(_ pool: ThreadPoolExecutor) throws {
  _ = try pool.map([1, 2]) { _ in Account() }
  // expected-error@-1 {{type 'Account' does not conform to the 'Sendable' protocol}}
}
let future = Future<Account>()
// expected-error@-1 3{{type 'Account' does not conform to the 'Sendable' protocol}}
