import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct DequeTests {
  @Test func theOwnerTakesTheNewestAndThievesTheOldest() {
    let deque = Deque(capacity: 4)
    for item in 1...3 { deque.push(UInt(item)) }
    holds(deque.steal() == .item(1))
    holds(deque.newest == 3)
    holds(deque.pop() == 3)
    holds(deque.count == 1 && deque.isNonEmpty)
    holds(deque.pop() == 2)
    holds(deque.pop() == nil && deque.steal() == .empty && deque.newest == nil && !deque.isNonEmpty)
  }

  @Test(arguments: [1, 2, 64]) func growingKeepsTheOrder(_ capacity: Int) {
    let deque = Deque(capacity: capacity)
    for item in 1...5 { deque.push(UInt(item)) }
    holds(deque.steal() == .item(1))  // the rings begin at different places from here on
    for item in 6...1000 { deque.push(UInt(item)) }
    for item in 2...500 { holds(deque.steal() == .item(UInt(item))) }
    for item in (501...1000).reversed() { holds(deque.pop() == UInt(item)) }
    holds(deque.count == 0)
  }
}
