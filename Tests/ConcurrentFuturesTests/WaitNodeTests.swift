import CPlatform
import Testing

@testable import ConcurrentFutures

/// What hangs on a future, and that nothing is left there.
@Suite(.timeLimit(.minutes(1))) struct WaitNodeTests {
  private func withNode(_ kind: WaitNode.Kind = .blocker, _ body: (UnsafeMutablePointer<WaitNode>) -> Void) {
    let node = WaitNode.allocate().bindMemory(to: WaitNode.self, capacity: 1)
    node.initialize(to: WaitNode(kind))
    body(node)
    node.deinitialize(count: 1)
    UnsafeMutableRawPointer(node).deallocate()
  }

  @Test func nodesAreUnlinkedFromAnyPlace() {
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
      let future = Future<Int>()
      withNode { a in
        withNode { b in
          withNode { c in
            let nodes = [a, b, c]
            for node in nodes { holds(future.register(node)) }
            for (gone, index) in order.enumerated() {
              holds(future.waiterCount == 3 - gone)
              holds(future.unregister(nodes[index]))
              holds(!future.unregister(nodes[index]), "twice")
            }
            holds(future.waiterCount == 0 && future.loadWord().head == nil)
          }
        }
      }
    }
  }

  @Test func aDoneFutureTakesNoNode() throws {
    for end in [{ try $0.setResult(1) }, { try $0.setException(Odd(number: 1)) }] as [(Future<Int>) throws -> Void] {
      let future = Future<Int>()
      try end(future)
      withNode { node in holds(!future.register(node) && !future.register(node, untilNotified: true)) }
    }
    // A cancelled future made by hand is done for `result`, not yet for `wait`.
    let cancelled = Future<Int>()
    cancelled.cancel()
    withNode(.member) { node in
      holds(!cancelled.register(node))
      holds(cancelled.register(node, untilNotified: true) && cancelled.unregister(node))
    }
  }

  @Test func aRaisedNodeDoesNotSleep() {
    withNode { node in
      node.raise()
      holds(node.sleep(deadline: nil))
      node.waitUntilRaised()
    }
    withNode { node in holds(!node.sleep(deadline: cf_monotonic_ns() - 1)) }
  }

  /// Polling in every way leaves a future as it was.
  @Test func timedWaitsLeaveNothingBehind() async throws {
    let futures = (0..<3).map { _ in Future<Int>() }
    func poll(_ futures: [Future<Int>]) {
      for condition in ReturnCondition.allCases { wait(futures, timeout: .microseconds(10), returnWhen: condition) }
      _ = try? futures[0].result(timeout: .microseconds(10))
      _ = try? futures[0].exception(timeout: .microseconds(10))
      _ = try? asCompleted(futures, timeout: .microseconds(10)).makeCursor().next()
    }
    poll(futures)
    #expect(futures.map(\.waiterCount) == [0, 0, 0])
    try await wait(futures, timeout: .microseconds(10))
    _ = try? await futures[0].value(timeout: .microseconds(10))
    for try await _ in asCompleted(futures + [.succeeded(1)]) { break }
    let awaiting = Task { try await futures[0].value }
    while futures[0].waiterCount == 0 { await Task.yield() }
    awaiting.cancel()
    _ = await awaiting.result
    #expect(futures.map(\.waiterCount) == [0, 0, 0])
    for future in futures { #expect(future.state == .pending) }
  }
}
