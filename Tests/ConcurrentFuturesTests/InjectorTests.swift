import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct InjectorTests {
  @Test func itemsComeOutInOrderUpToTheLimit() {
    let injector = Injector()
    let jobs = (0..<100).map { DetachedJob(taskID: $0) {} }
    holds(injector.take(1) { _ in Issue.record("an item out of nothing") } == .empty)
    var taken: [UInt64] = []
    func take(_ limit: Int) {
      _ = injector.take(limit) { taken.append(Job(word: $0).detached.takeRetainedValue().taskID) }
    }
    for job in jobs { injector.push(Job(retaining: job).word) }
    holds(injector.count == 100 && injector.pushedCount == 100)
    take(1)
    holds(taken == [0])
    take(32)
    holds(taken.count == 33)
    take(.max)
    holds(taken == Array(0..<100) && !injector.isNonEmpty)
  }

  @Test func theLastItemCanBeTakenAndPushedAgain() {
    let injector = Injector()
    let job = DetachedJob(taskID: 7) {}
    for _ in 0..<1000 {
      injector.push(Job(retaining: job).word)
      var count = 0
      holds(
        injector.take(8) { word in
          count += 1; Job(word: word).detached.release()
        } == .taken)
      holds(count == 1)
    }
  }
}
