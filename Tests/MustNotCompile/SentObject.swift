// Run by Tools/must-not-compile: swiftc -emit-sil -swift-version 6 -Xfrontend -verify, against the built library.
// What a task captured belongs to the task: the submitter cannot touch it any more.
import ConcurrentFutures

final class Account { var balance = 0 }

func touchesAfterSubmit(_ pool: ThreadPoolExecutor) throws {
  let account = Account()
  let future = try pool.submit { account.balance += 1 }
  // expected-error@-1 {{sending value of non-Sendable type '() -> ()'}}
  // expected-note@-2 {{Passing value of non-Sendable type '() -> ()'}}
  account.balance += 1
  // expected-note@-1 {{access can happen concurrently}}
  _ = future
}

func touchesAfterExecute(_ pool: ThreadPoolExecutor) throws {
  let account = Account()
  try pool.execute { account.balance += 1 }
  // expected-error@-1 {{sending value of non-Sendable type '() -> ()'}}
  // expected-note@-2 {{Passing value of non-Sendable type '() -> ()'}}
  print(account.balance)
  // expected-note@-1 {{access can happen concurrently}}
}

func touchesAfterSetResult() throws {
  let list = Future<[Int]>()
  var numbers = [1, 2]
  try list.setResult(numbers)
  numbers.append(3)  // a value: its copy was sent
  print(numbers)
}
