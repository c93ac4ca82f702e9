import CPlatform
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct TaskContextTests {
  private var slot: (task: UInt64, future: UnsafeMutableRawPointer?, nesting: UInt32) {
    let thread = cf_current_thread().unsafelyUnwrapped
    return (thread.pointee.current_task, thread.pointee.current_future, thread.pointee.nesting)
  }

  @Test func theOuterTaskComesBack() {
    let future = Future<Int>()
    let address = Unmanaged.passUnretained(future).toOpaque()
    let before = slot
    let outer = TaskContext.enter(11, address)
    #expect(outer.depth == before.nesting && slot == (11, address, before.nesting + 1))
    let inner = TaskContext.enter(22, nil)
    #expect(inner.depth == before.nesting + 1 && slot == (22, nil, before.nesting + 2))
    let fork = TaskContext.enter(33, address, isTask: false)
    #expect(slot == (33, address, before.nesting + 2), "a fork is a part of its task")
    fork.leave()
    inner.leave()
    #expect(slot == (11, address, before.nesting + 1))
    outer.leave()
    #expect(slot == before)
  }

  /// `current` is that of the innermost task, and of none in `execute`'s.
  @Test func tokensOfNestedTasks() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let seen = try pool.submit { () -> [Bool] in
      let outer = try #require(CancellationToken.current)
      let inner = try pool.submit { () -> Bool in
        let mine = try #require(CancellationToken.current)
        return mine.isCancelled
      }
      inner.requestCancellation()
      return [try inner.result(), outer.isCancelled, CancellationToken.current != nil]
    }.result()
    #expect(seen == [true, false, true])
    let inDetached = Future<Bool>()
    try pool.execute { try inDetached.setResult(CancellationToken.current == nil) }
    #expect(try inDetached.result() && CancellationToken.current == nil)
    pool.shutdown()
  }
}

@Suite(.timeLimit(.minutes(1))) struct WaitGraphTests {
  /// As if the calling thread ran the task of `future`.
  private func running<R>(_ future: AnyFuture, _ body: () -> R) -> R {
    let context = TaskContext.enter(1, Unmanaged.passUnretained(future).toOpaque())
    defer { context.leave() }
    return body()
  }

  @Test func cyclesAreFoundAtTheirLastEdge() {
    let futures = (0..<4).map { _ in Future<Int>() }
    let edges = (0..<3).map { number in
      running(futures[number]) { WaitGraph.begin(futures[number + 1]) { _ in Issue.record("no cycle yet") } }
    }
    for length in 1...4 {
      var reports: [String] = []
      let closing = running(futures[length - 1]) { WaitGraph.begin(futures[0]) { reports.append($0) } }
      #expect(reports.count == 1 && reports[0].contains("deadlock: <Future at 0x"), "\(length) tasks")
      WaitGraph.end(closing)
    }
    WaitGraph.end(edges[1])
    let open = running(futures[3]) { WaitGraph.begin(futures[0]) { _ in Issue.record("one has gone on") } }
    for edge in [edges[0], edges[2], open] { WaitGraph.end(edge) }
    // Nothing is left of them: 0 waits for each of the others in turn, and they for it no more.
    for future in futures[1...] {
      WaitGraph.end(running(futures[0]) { WaitGraph.begin(future) { _ in Issue.record("an edge was left") } })
    }
    #expect(WaitGraph.begin(futures[0]) { _ in } == nil, "outside of a task nobody waits for us")
  }
}
