// Group E: done callbacks.
import ConcurrentFutures
import Glibc
import Testing

/// The ways in which a future ends, and the futures that have ended so.
private enum Ending: CaseIterable {
  case result, exception, cancellation

  func end(_ future: Future<Int>) throws {
    switch self {
    case .result: try future.setResult(1)
    case .exception: try future.setException(TaskFailure())
    case .cancellation: future.cancel()
    }
  }

  /// What a task does that is to end so.
  func work() throws -> Int {
    if self == .exception { throw TaskFailure() }
    return 1
  }
}

extension Conformance {
  @Test func c055_theFutureIsTheArgument() throws {
    let future = Future<Int>()
    let seen = Journal<AnyFuture>()
    future.addDoneCallback { seen.note($0) }
    future.addAnyDoneCallback { seen.note($0) }
    try future.setResult(1)
    #expect(seen.entries.map { $0 === future } == [true, true])
  }

  @Test(arguments: PoolShape.few)
  func c056_callbackOnResult(_ shape: PoolShape) throws {
    let journal = Journal<Int>()
    let byHand = Future<Int>()
    byHand.addDoneCallback { journal.note(try $0.result()) }
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let future = try pool.submit { 5 }
      future.addDoneCallback { journal.note(try $0.result()) }
      #expect(journal.entries == [])
      try byHand.setResult(4)
      #expect(journal.entries == [4])
      occupied.release()
    }
    #expect(journal.entries == [4, 5])
  }

  @Test(arguments: PoolShape.few)
  func c057_callbackOnException(_ shape: PoolShape) throws {
    let journal = Journal<TaskFailure?>()
    let byHand = Future<Int>()
    byHand.addDoneCallback { journal.note(try $0.exception() as? TaskFailure) }
    try byHand.setException(TaskFailure(number: 4))
    #expect(journal.entries == [TaskFailure(number: 4)])
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let future = try pool.submit { () throws -> Int in throw TaskFailure(number: 5) }
      future.addDoneCallback { journal.note(try $0.exception() as? TaskFailure) }
      occupied.release()
    }
    #expect(journal.entries == [TaskFailure(number: 4), TaskFailure(number: 5)])
  }

  @Test(arguments: PoolShape.few)
  func c058_callbackOnCancellation(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      for future in [Future<Int>(), try pool.submit { 1 }] {
        let journal = Journal<Bool>()
        future.addDoneCallback { journal.note($0.isCancelled) }
        future.cancel()
        #expect(journal.entries == [true])
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c059_callbacksInOrder(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let submitted = try Ending.allCases.map { ending in try pool.submit { try ending.work() } }
      let byHand = Ending.allCases.map { _ in Future<Int>() }
      let (orders, ended) = ((submitted + byHand).map { _ in Journal<Int>() }, Counter())
      for (future, order) in zip(submitted + byHand, orders) {
        for number in 0..<100 { future.addDoneCallback { _ in order.note(number) } }
        future.addDoneCallback { _ in ended.add() }
      }
      for (future, ending) in zip(submitted, Ending.allCases) where ending == .cancellation { future.cancel() }
      occupied.release()
      for (future, ending) in zip(byHand, Ending.allCases) { try ending.end(future) }
      try ended.wait(for: orders.count)
      for order in orders { #expect(order.entries == Array(0..<100)) }
    }
  }

  @Test func c060_theSameCallbackTwice() throws {
    let calls = Counter()
    let callback: @Sendable (Future<Int>) -> Void = { _ in calls.add() }
    let future = Future<Int>()
    future.addDoneCallback(callback)
    future.addDoneCallback(callback)
    try future.setResult(1)
    #expect(calls.value == 2)
  }

  private func lateCallback(after ending: Ending) throws {
    func isCalledHereAtOnce(_ future: Future<Int>) {
      let threads = Journal<pid_t>()
      future.addDoneCallback { _ in threads.note(currentThread()) }
      #expect(threads.entries == [currentThread()], "\(future)")
    }
    let byHand = Future<Int>()
    try ending.end(byHand)
    isCalledHereAtOnce(byHand)
    let submitted = try withPool { pool in
      let occupied = try Occupied(pool)
      let future = try pool.submit { try ending.work() }
      if ending == .cancellation {
        future.cancel()
        isCalledHereAtOnce(future)  // no worker has dropped it yet
        try byHand.setRunningOrNotifyCancel()
        isCalledHereAtOnce(byHand)
      }
      occupied.release()
      wait([future])
      isCalledHereAtOnce(future)
      return future
    }
    isCalledHereAtOnce(submitted)
  }
  @Test func c061_lateCallbackAfterSuccess() throws { try lateCallback(after: .result) }
  @Test func c062_lateCallbackAfterFailure() throws { try lateCallback(after: .exception) }
  @Test func c063_lateCallbackAfterCancellation() throws { try lateCallback(after: .cancellation) }

  @Test func c064_nestedCallbackRunsAtOnce() throws {
    for ending in Ending.allCases {
      let journal = Journal<String>()
      let future = Future<Int>()
      future.addDoneCallback { finished in
        journal.note("first")
        finished.addDoneCallback { _ in journal.note("nested") }
        journal.note("first ends")
      }
      future.addDoneCallback { _ in journal.note("second") }
      try ending.end(future)
      #expect(journal.entries == ["first", "nested", "first ends", "second"])
    }
  }

  @Test func c065_callbackThatThrows() throws {
    struct Report: Sendable { var error: TaskFailure?, future: AnyFuture? }
    let reports = Journal<Report>()
    let (calls, gate) = (Counter(), Gate())
    let handler: @Sendable (any Error, AnyFuture?) -> Void = {
      reports.note(Report(error: $0 as? TaskFailure, future: $1))
    }
    let (future, cancelled) = try withPool(PoolShape(workers: 1), { $0.errorHandler = handler }) { pool in
      let future = try pool.submit { try gate.wait() }
      let cancelled = try pool.submit {}
      for (number, future) in [future, cancelled].enumerated() {
        future.addDoneCallback { _ in throw TaskFailure(number: number) }
        future.addDoneCallback { _ in calls.add() }
        future.addDoneCallback { _ in throw TaskFailure(number: 10 + number) }
        future.addDoneCallback { _ in calls.add() }
      }
      cancelled.cancel()
      #expect(calls.value == 2)
      gate.open()
      try future.result()
      return (future, cancelled)
    }
    #expect(calls.value == 4)
    #expect(reports.entries.map { $0.error?.number } == [1, 11, 0, 10])
    #expect(reports.entries.map { $0.future === future } == [false, false, true, true])
    #expect(reports.entries.map { $0.future === cancelled } == [true, true, false, false])
  }

  /// Without an error handler: one line on the standard error, for a future of a pool and for one made by hand.
  @Test func c065_callbackThatThrowsIsLogged() throws {
    let run = try run("callbackThrows")
    #expect(run.lines == ["2 callbacks", "2 callbacks"])
    let lines = run.errors.split(separator: "\n")
    #expect(lines.count == 2, "\(run.errors)")
    for line in lines {
      #expect(line.contains("exception calling callback for <Future at 0x"))
      #expect(line.contains("CallbackFailure"))
    }
    #expect(run.status == 0)
  }

  @Test func c066_lateCallbackThatThrows() throws {
    let errors = Journal<TaskFailure?>()
    try withPool(PoolShape(workers: 1), { $0.errorHandler = { error, _ in errors.note(error as? TaskFailure) } }) {
      let future = try $0.submit { 1 }
      wait([future])
      // addDoneCallback has no way to throw; what matters is that the error is not lost.
      future.addDoneCallback { _ in throw TaskFailure(number: 4) }
      #expect(errors.entries == [TaskFailure(number: 4)])
    }
    let run = try run("lateCallbackThrows")
    #expect(run.errors.contains("exception calling callback for <Future at 0x"))
    #expect(run.errors.contains("CallbackFailure"))
    #expect(run.lines == ["goes on"])
  }

  @Test(arguments: PoolShape.few)
  func c068_callbacksRunInTheCompletingThreadWithoutALock(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      for byHand in [false, true] {
        let gate = Gate()
        let future: Future<pid_t> =
          byHand
          ? Future()
          : try pool.submit {
            try gate.wait()
            return currentThread()
          }
        let threads = Journal<pid_t>()
        let (calledBack, other) = (Gate(), Journal<Bool>())
        future.addDoneCallback { finished in
          defer { calledBack.open() }
          threads.note(currentThread())
          // If this thread held a lock of the future, another could not use it meanwhile.
          let thread = TestThread { () -> Bool in
            let late = Counter()
            finished.addDoneCallback { _ in late.add() }
            return try !finished.cancel() && finished.result() > 0 && finished.exception() == nil
              && wait([finished]).done.count == 1 && Array(asCompleted([finished])).count == 1 && late.value == 1
          }
          other.note(try thread.join())
        }
        let setter = TestThread { if byHand { try future.setResult(currentThread()) } else { gate.open() } }
        try calledBack.wait()
        let completing = try future.result()
        #expect(threads.entries == [completing])
        #expect(other.entries == [true])
        try setter.join()
      }
    }
  }

  @Test(arguments: PoolShape.all)
  func c069_callbacksMayCallAnything(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let gate = Gate()
      let (journal, submitted) = (Journal<Bool>(), Journal<Future<Int>>())
      let future = try pool.submit { () -> Int in
        try gate.wait()
        return 2
      }
      let called = Gate()
      future.addDoneCallback { finished in
        defer { called.open() }
        journal.note(try finished.result() == 2)
        journal.note(try finished.exception() == nil)
        journal.note(!finished.cancel())
        submitted.note(try pool.submit { 3 })
        // To wait for another task on the only worker takes a policy that runs it here.
        if shape.waitPolicy != .block { journal.note(try pool.submit { 4 }.result() == 4) }
      }
      gate.open()
      try called.wait()
      #expect(journal.entries == Array(repeating: true, count: shape.waitPolicy == .block ? 3 : 4))
      #expect(try submitted.entries.map { try $0.result() } == [3])
    }
  }

  @Test func c070_callbacksAreDroppedAfterCompletion() throws {
    func watched(_ future: Future<Int>) -> Sighting {
      let object = Tracked()
      future.addDoneCallback { _ in _ = object }
      return Sighting(object)
    }
    for ending in Ending.allCases {
      let future = Future<Int>()
      let sighting = watched(future)
      #expect(!sighting.isGone)
      try ending.end(future)
      #expect(sighting.isGone, "\(ending)")
      #expect(watched(future).isGone, "late, \(ending)")
    }
    try withPool { pool in
      for ending in Ending.allCases {
        let occupied = try Occupied(pool)
        let future = try pool.submit { try ending.work() }
        let sighting = watched(future)
        if ending == .cancellation {
          future.cancel()
          #expect(sighting.isGone)
        }
        occupied.release()
        try eventually { sighting.isGone }
        wait([future])
        #expect(watched(future).isGone, "late, \(ending)")
      }
    }
  }

  @Test(arguments: Ending.allCases)
  fileprivate func c071_callbackAddedDuringCompletion(_ ending: Ending) throws {
    let futures = (0..<2000).map { _ in Future<Int>() }
    let calls = futures.map { _ in Counter() }
    let meeting = Rendezvous()
    let adder = TestThread {
      for (future, calls) in zip(futures, calls) {
        try meeting.meet()
        for _ in 0..<20 { future.addDoneCallback { _ in calls.add() } }
      }
    }
    for (round, future) in futures.enumerated() {
      try meeting.meet()
      for _ in 0..<(round % 50) { _ = future.state }
      try ending.end(future)
    }
    try adder.join()
    for (round, calls) in calls.enumerated() { #expect(calls.value == 20, "round \(round)") }
  }

  /// The same with a worker that completes it.
  @Test(arguments: PoolShape.few)
  func c071_callbackAddedWhileTheTaskEnds(_ shape: PoolShape) throws {
    let calls = (0..<300).map { _ in Counter() }
    try withPool(shape) { pool in
      for calls in calls {
        let submitted = try pool.submit {}
        for _ in 0..<20 { submitted.addDoneCallback { _ in calls.add() } }
      }
    }
    for (round, calls) in calls.enumerated() { #expect(calls.value == 20, "round \(round)") }
  }
}
