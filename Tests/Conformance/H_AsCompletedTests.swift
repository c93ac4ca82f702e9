// Group H: asCompleted().
import ConcurrentFutures
import Glibc
import Testing

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c109_eachOnce(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      // Each ends once the one before it was delivered.
      let gates = (0..<30).map { _ in Gate() }
      let futures = try gates.map { gate in try pool.submit { try gate.wait() } }
      gates[0].open()
      var seen: [Future<Void>] = []
      for future in asCompleted(futures) {
        #expect(future.isDone)
        seen.append(future)
        if seen.count < 30 { gates[seen.count].open() }
      }
      #expect(seen == futures)
      for future in futures { try future.result() }
    }
  }

  @Test func c110_completedOnesFirst() throws {
    let pending = (0..<3).map { _ in Future<Int>() }
    let finished = try (0..<3).map { _ in try future(.finished) }
    var iterator = asCompleted([pending[0], finished[0], pending[1], finished[1], pending[2], finished[2]])
      .makeIterator()
    #expect(Set((0..<3).map { _ in iterator.next() }) == Set(finished))
    for future in pending { try future.setResult(1) }
    #expect(Set((0..<3).map { _ in iterator.next() }) == Set(pending))
    #expect(iterator.next() == nil)
  }

  @Test func c111_thenInCompletionOrder() throws {
    let futures = (0..<20).map { _ in Future<Int>() }
    var iterator = asCompleted(futures).makeIterator()
    let first = TestThread { futures }
    let order = try first.join().shuffled()
    try order[0].setResult(0)
    #expect(iterator.next() === order[0])
    // Several between two calls of next(): still in the order in which they completed.
    for future in order.dropFirst() { try future.setResult(0) }
    var rest: [Future<Int>] = []
    while let future = iterator.next() { rest.append(future) }
    #expect(rest == Array(order.dropFirst()))
  }

  @Test func c112_cancelledAndNotified() throws {
    let (notified, later) = (try future(.cancelledAndNotified), try future(.cancelled))
    var iterator = asCompleted([later, notified]).makeIterator()
    #expect(iterator.next() === notified)
    try later.setRunningOrNotifyCancel()
    #expect(iterator.next() === later)
    #expect(iterator.next() == nil)
    try withPool(PoolShape(workers: 1)) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = (try pool.submit { 1 }, try pool.submit { 2 })
      let iterating = TestThread { asCompleted([queued.0, queued.1]).prefix(1).map { $0 } }
      try iterating.untilBlocked()
      queued.1.cancel()
      #expect(try iterating.join() == [queued.1])
    }
  }

  /// In the only worker too: it waits for no cancelled one while something is queued.
  @Test func c112_cancelledButNotNotifiedInAWorker() throws {
    try withPool(PoolShape(workers: 1)) { pool in
      let isFirst = try pool.submit {
        let cancelled = try future(.cancelled)
        let queued = try pool.submit { 1 }
        var iterator = asCompleted([cancelled, queued]).makeIterator()
        return iterator.next() === queued
      }
      #expect(try isFirst.result(timeout: .seconds(30)))
    }
  }

  @Test func c113_duplicatesAndAnySequence() throws {
    let future = try future(.finished)
    #expect(Array(asCompleted([future, future])) == [future])
    let pending = Future<Int>()
    let iterating = TestThread { Array(asCompleted([pending, pending])).count }
    try iterating.untilBlocked()
    try pending.setResult(1)
    #expect(try iterating.join() == 1)
    let once = stride(from: 0, to: 3, by: 1).lazy.map { Future<Int>.succeeded($0) }
    #expect(Array(asCompleted(once)).count == 3)
    func singlePass() -> AnyIterator<Future<Int>> {
      var number = 0
      return AnyIterator {
        number += 1
        return number <= 3 ? .succeeded(number) : nil
      }
    }
    #expect(Array(asCompleted(singlePass())).count == 3)
    var count = 0
    try asCompleted(singlePass(), timeout: .zero).forEach { _ in count += 1 }
    #expect(count == 3)
  }

  @Test func c114_nothing() throws {
    #expect(Array(asCompleted([Future<Int>]())).isEmpty)
    #expect(try asCompleted([Future<Int>](), timeout: .zero).makeCursor().next() == nil)
  }

  @Test func c115_timeoutRaises() throws {
    let (finished, pending) = (try future(.finished), Future<Int>())
    let start = ContinuousClock.now
    let cursor = asCompleted([pending, finished], timeout: .milliseconds(30)).makeCursor()
    #expect(try cursor.next() === finished)
    #expect(throws: TimeoutError.self) { try cursor.next() }
    #expect(ContinuousClock.now - start >= .milliseconds(30))
    let inTime = TestThread { try asCompleted([pending], timeout: .seconds(1000)).makeCursor().next() }
    try inTime.untilBlocked()
    try pending.setResult(1)
    #expect(try inTime.join() === pending)
    let never = Future<Int>()
    var seen: [Future<Int>] = []
    #expect(throws: TimeoutError.self) {
      try asCompleted([never, finished], timeout: .milliseconds(30)).forEach { seen.append($0) }
    }
    #expect(seen == [finished])
  }

  @Test func c116_theMessage() throws {
    let (first, second) = (try future(.finished), try future(.finished))
    let (third, fourth) = (Future<Int>(), Future<Int>())
    let cursor = asCompleted([first, second, third, fourth, first, third], timeout: .zero).makeCursor()
    _ = (try cursor.next(), try cursor.next())
    let error = #expect(throws: TimeoutError.self) { try cursor.next() }
    #expect(error == TimeoutError(unfinished: 2, total: 4))
    #expect(error?.description == "2 (of 4) futures unfinished")
  }

  @Test(arguments: [Duration.zero, .seconds(-3)])
  func c117_zeroTimeoutYieldsWhatIsComplete(_ timeout: Duration) throws {
    let finished = try (0..<3).map { _ in try future(.finished) }
    let cursor = asCompleted(finished + [Future<Int>()], timeout: timeout).makeCursor()
    #expect(Set(try (0..<3).map { _ in try cursor.next() }) == Set(finished))
    #expect(throws: TimeoutError.self) { try cursor.next() }
    let all = asCompleted(finished, timeout: timeout).makeCursor()
    for _ in 0..<3 { #expect(try all.next() != nil) }
    #expect(try all.next() == nil)
  }

  @Test func c118_timeoutCoversTheWholeIteration() throws {
    let timeout = Duration.milliseconds(300)
    let isPrompt = try isPrompt(within: timeout) {
      let (first, second) = (Future<Int>(), Future<Int>())
      let cursor = asCompleted([first, second], timeout: timeout).makeCursor()
      letPass(timeout)
      try first.setResult(1)
      #expect(try cursor.next() === first)
      return elapsed { #expect(throws: TimeoutError(unfinished: 1, total: 2)) { try cursor.next() } }
    }
    #expect(isPrompt, "the second step had time of its own")
  }

  @Test func c119_theClockStartsAtTheCall() throws {
    let (pending, timeout) = (Future<Int>(), Duration.milliseconds(300))
    #expect(
      isPrompt(within: timeout) {
        let completed = asCompleted([pending], timeout: timeout)
        letPass(timeout)
        return elapsed { #expect(throws: TimeoutError.self) { try completed.makeCursor().next() } }
      })
  }

  @Test func c119_alsoInAsyncCode() async throws {
    let (pending, timeout) = (Future<Int>(), Duration.milliseconds(300))
    for attempt in 1... {
      let completed = asCompleted([pending], timeout: timeout)
      letPass(timeout)
      let start = ContinuousClock.now
      var iterator = completed.makeAsyncIterator()
      await #expect(throws: TimeoutError.self) { try await iterator.next() }
      if ContinuousClock.now - start < timeout { break }
      try #require(attempt < 10, "the clock started late")
    }
  }

  @Test func c120_futuresOfSeveralExecutors() throws {
    try withPool { first in
      try withPool(PoolShape(workers: 1)) { second in
        let (gates, byHand) = ([Gate(), Gate()], Future<Int>())
        let futures: [AnyFuture] = [
          byHand, try second.submit { try gates[0].wait() },
          try first.submit { () throws -> String in
            try gates[1].wait()
            return "b"
          },
        ]
        var iterator = asCompleted(futures).makeIterator()
        gates[1].open()
        #expect(iterator.next() === futures[2])
        gates[0].open()
        #expect(iterator.next() === futures[1])
        try byHand.setResult(1)
        #expect(iterator.next() === byHand)
        #expect(iterator.next() == nil)
      }
    }
  }

  @Test func c121_leavingTheLoopRemovesTheWaiter() throws {
    let finished = try future(.finished)
    let pending = Future<Int>()
    for future in asCompleted([pending, finished]) {
      #expect(future === finished)
      break
    }
    try pending.setResult(1)
    // A waiter left behind a million times would show: see also 104.
    let run = try run("leaveLoops")
    #expect(run.lines == ["flat"], "\(run)")
  }

  @Test func c122_noReferenceToAYieldedFuture() throws {
    var held = (0..<3).map { _ in Future<Int>() }
    try held[1].setResult(1)
    var iterator = asCompleted(held).makeIterator()
    var gone: [Bool] = []
    func step() {
      weak var yielded: AnyFuture?
      do {
        guard let future = iterator.next() else { return }
        held.removeAll { $0 === future }
        yielded = future
      }
      gone.append(yielded == nil)
    }
    step()
    try held[0].setResult(1)
    step()
    try held[0].setResult(1)
    step()
    #expect(gone == [true, true, true])
  }

  @Test func c123_completionAfterTheYield() throws {
    for _ in 0..<200 {
      let futures = (0..<4).map { _ in Future<Int>() }
      let setters = futures.map { future in TestThread { try future.setResult(1) } }
      var seen = 0
      for future in asCompleted(futures) {
        #expect(throws: InvalidStateError.self) { try future.setResult(2) }
        seen += 1
        if seen == 2 { break }
      }
      for setter in setters { try setter.join() }
      #expect(wait(futures).done.count == 4)
    }
  }

  @Test func c124_completionInsideTheLoop() throws {
    let futures = (0..<5).map { _ in Future<Int>() }
    try futures[0].setResult(0)
    var seen: [Future<Int>] = []
    for future in asCompleted(futures) {
      seen.append(future)
      if seen.count < 5 { try futures[seen.count].setResult(seen.count) }
    }
    #expect(seen == futures)
  }

  @Test func c125_asyncSequence() async throws {
    let futures = (0..<3).map { _ in Future<Int>() }
    try futures[1].setResult(1)
    let order = Journal<Int>()
    for try await future in asCompleted(futures) {
      let index = futures.firstIndex(of: future)!
      order.note(index)
      if index == 1 { try futures[2].setResult(1) }
      if index == 2 { try futures[0].setResult(1) }
    }
    #expect(order.entries == [1, 2, 0])

    let never = Future<Int>()
    let (iterates, first) = (Gate(), Future.succeeded(1))
    let task = Task {
      for try await _ in asCompleted([never, first]) { iterates.open() }
    }
    await whenOpen(iterates)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(never.state == .pending)

    await #expect(throws: TimeoutError(unfinished: 1, total: 2)) {
      for try await _ in asCompleted([never, first], timeout: .milliseconds(20)) {}
    }
  }

  @Test func c125_cancellationOfTheTimedForm() async throws {
    let (never, first, iterates) = (Future<Int>(), Future.succeeded(1), Gate())
    let task = Task {
      for try await _ in asCompleted([never, first], timeout: .seconds(1000)) { iterates.open() }
    }
    await whenOpen(iterates)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(never.state == .pending)
  }

  /// What is done already is not delivered any more.
  @Test func c125_cancelledBeforeTheNextStep() async throws {
    let finished = (0..<3).map { Future.succeeded($0) }
    let task = Task {
      var count = 0
      do {
        for try await _ in asCompleted(finished) {
          count += 1
          withUnsafeCurrentTask { $0?.cancel() }
        }
      } catch { return count }
      return -count
    }
    #expect(await task.value == 1)
  }
}
