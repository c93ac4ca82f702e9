// Group B: states and inspection.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

extension Conformance {
  @Test func c015_newFutureIsPending() {
    #expect(Future<Int>().state == .pending)
    #expect(Future<Void>().state == .pending)
  }

  @Test func c016_theStates() {
    #expect(
      Set(FutureState.allCases.map(\.rawValue)) == [
        "PENDING", "RUNNING", "CANCELLED", "CANCELLED_AND_NOTIFIED", "FINISHED",
      ])
  }

  /// Each operation on each state: where it leads, or that it is refused and changes nothing.
  @Test(arguments: FutureState.allCases)
  func c017_transitions(_ start: FutureState) throws {
    func after(_ operation: (Future<Int>) throws -> Void) throws -> FutureState {
      let future = try future(start)
      #expect(future.state == start)
      try? operation(future)
      return future.state
    }
    let byResult: [FutureState: FutureState] = [.pending: .finished, .running: .finished]
    #expect(try after { try $0.setResult(1) } == byResult[start] ?? start)
    #expect(try after { try $0.setException(TaskFailure()) } == byResult[start] ?? start)
    let byStart: [FutureState: FutureState] = [.pending: .running, .cancelled: .cancelledAndNotified]
    #expect(try after { try $0.setRunningOrNotifyCancel() } == byStart[start] ?? start)
    #expect(try after { $0.cancel() } == (start == .pending ? .cancelled : start))
    #expect(try after { $0.requestCancellation() } == start)
    #expect(try after { _ = try $0.result(timeout: .zero) } == start)
  }

  /// The same of futures that a pool owns: RUNNING while the task runs, CANCELLED until a worker drops the entry.
  @Test(arguments: PoolShape.few)
  func c017_transitionsOfASubmittedTask(_ shape: PoolShape) throws {
    let (cancelled, finished) = try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let futures = try (0..<2).map { _ in try pool.submit { 1 } }
      #expect(futures.map(\.state) == [.pending, .pending])
      #expect(occupied.futures.allSatisfy { $0.state == .running })
      for operation in Conformance.refusals {
        #expect(throws: InvalidStateError.self) { try operation(futures[1]) }
        #expect(throws: InvalidStateError.self) { try operation(occupied.futures[0]) }
      }
      futures[0].cancel()
      #expect(futures.map(\.state) == [.cancelled, .pending])
      #expect(occupied.futures[0].state == .running)
      occupied.release()
      return (futures[0], futures[1])
    }
    #expect(cancelled.state == .cancelledAndNotified)
    #expect(finished.state == .finished)
    for operation in Conformance.refusals {
      #expect(throws: InvalidStateError.self) { try operation(cancelled) }
      #expect(throws: InvalidStateError.self) { try operation(finished) }
    }
    #expect(cancelled.state == .cancelledAndNotified)
    #expect(try finished.result() == 1)
  }
  /// What a user may not do to a future that a pool owns.
  private static let refusals: [@Sendable (AnyFuture) throws -> Void] = [
    { try $0.setRunningOrNotifyCancel() }, { try $0.setException(TaskFailure()) },
  ]

  @Test(arguments: FutureState.allCases)
  func c018_isCancelled(_ state: FutureState) throws {
    #expect(try future(state).isCancelled == [.cancelled, .cancelledAndNotified].contains(state))
    #expect(!Future<Int>.failed(CancelledError()).isCancelled, "it has finished, with an error of that type")
  }

  @Test(arguments: FutureState.allCases)
  func c019_isRunning(_ state: FutureState) throws {
    #expect(try future(state).isRunning == (state == .running))
  }

  @Test(arguments: FutureState.allCases)
  func c020_isDone(_ state: FutureState) throws {
    #expect(try future(state).isDone == [.cancelled, .cancelledAndNotified, .finished].contains(state))
  }

  @Test func c021_doneAtCancel() throws {
    let byHand = Future<Int>()
    byHand.cancel()
    #expect(byHand.isDone)
    try withPool { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let queued = try pool.submit { 1 }
      #expect(!queued.isDone)
      queued.cancel()
      #expect(queued.isDone)
    }
  }

  @Test func c022_description() throws {
    func ending(_ future: AnyFuture) throws -> String {
      let text = "\(future.debugDescription)"
      try #require(text.hasPrefix("<Future at 0x") && text.hasSuffix(">"), "\(text)")
      let words = text.dropFirst("<Future at 0x".count).split(separator: " ", maxSplits: 1)
      #expect(UInt(words[0], radix: 16) == UInt(bitPattern: Unmanaged.passUnretained(future).toOpaque()), "\(text)")
      return String(words[1].dropLast())
    }
    #expect(try ending(future(.pending)) == "state=pending")
    #expect(try ending(future(.running)) == "state=running")
    #expect(try ending(future(.finished)) == "state=finished returned Int")
    let failed = Future<Int>()
    try failed.setException(TaskFailure())
    #expect(try ending(failed) == "state=finished raised TaskFailure")
    // The type of what it holds, not the type it was declared with.
    #expect(try ending(Future<any Sendable>.succeeded("text")) == "state=finished returned String")
  }

  @Test func c023_descriptionWhenCancelled() throws {
    for state in [FutureState.cancelled, .cancelledAndNotified] {
      #expect(try future(state).debugDescription.hasSuffix(" state=cancelled>"))
    }
  }

  @Test func c024_identity() throws {
    let (first, second) = (Future<Int>(), Future<Int>())
    try first.setResult(1)
    try second.setResult(1)
    #expect(first != second)
    #expect(first == first)
    #expect(Set([first, second, first]).count == 2)
    // The hash does not change with the state.
    for future in [try future(.pending), try future(.running)] {
      let hash = future.hashValue
      try future.setResult(1)
      #expect(future.hashValue == hash)
    }
    #expect(Set([first, Future<String>()] as [AnyFuture]).contains(first))
    #expect(first.hashValue == (first as AnyFuture).hashValue)
  }

  @Test func c025_snapshotIsNeverTorn() throws {
    struct Halves: Sendable { var left: Int, right: String, third: Int }
    struct Torn: Error { var left: Int, right: String }
    let futures = (0..<3000).map { _ in Future<Halves>() }
    let meeting = Rendezvous()
    /// Whether what is read until it is done makes sense.
    @Sendable func isSound(_ future: Future<Halves>, _ round: Int) -> Bool {
      var looks = 0
      while true {
        let done = future.isDone
        let outcome = future.outcome
        if done && outcome == nil { return false }
        guard let outcome else {
          looks += 1
          if looks % 1000 == 0 { sched_yield() }  // whoever completes it may need this CPU
          continue
        }
        guard future.isDone, !future.isCancelled, future.state == .finished else { return false }
        switch outcome {
        case .success(let halves):
          return round % 2 == 0 && halves.left == round && halves.right == "\(round)" && halves.third == -round
        case .failure(let error):
          guard let torn = error as? Torn else { return false }
          return round % 2 == 1 && torn.left == round && torn.right == "\(round)"
        }
      }
    }
    let reader = TestThread {
      try futures.enumerated().filter { round, future in
        try meeting.meet()
        return !isSound(future, round)
      }.map(\.offset)
    }
    for (round, future) in futures.enumerated() {
      try meeting.meet()
      if round % 2 == 0 {
        try future.setResult(Halves(left: round, right: "\(round)", third: -round))
      } else {
        try future.setException(Torn(left: round, right: "\(round)"))
      }
    }
    #expect(try reader.join() == [], "the rounds in which it was torn")
    #expect(Future<Int>().outcome == nil)
    #expect(throws: CancelledError.self) { try future(.cancelled).outcome?.get() }
  }

  @Test func c026_fourReadersSeeTheSame() throws {
    let failed = Future<Int>()
    try failed.setException(TaskFailure(number: 7))
    let finished = try future(.finished)
    let readers = (0..<4).map { _ in
      TestThread { () -> Int in
        var same = 0
        for _ in 0..<1000 {
          guard try finished.outcome?.get() == 42, finished.isDone, !finished.isCancelled else { continue }
          guard case .failure(let error) = failed.outcome, error as? TaskFailure == TaskFailure(number: 7) else {
            continue
          }
          same += 1
        }
        return same
      }
    }
    for reader in readers { #expect(try reader.join() == 1000) }
  }
}
