// Group A: the seven uses every user starts from. (13 and 14, the process pool, are in the process tests.)
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

/// The task of the use cases, with seconds scaled down to tenths.
private func task(_ name: String, _ seconds: Double) -> String {
  usleep(UInt32(seconds * 100_000))
  return "\(name) 睡了 \(seconds) 秒"
}

extension Conformance {
  @Test func c001_callbackOfAFutureMadeByHand() throws {
    let future = Future<String>()
    let journal = Journal<String>()
    let same = Journal<Bool>()
    future.addDoneCallback { finished in
      same.note(finished === future)
      journal.note(try finished.result())
    }
    #expect(journal.entries == [])
    try future.setResult("嘿嘿")
    #expect(journal.entries == ["嘿嘿"])
    #expect(same.entries == [true])
  }

  @Test func c002_resultIsSetOnce() throws {
    let future = Future<String>()
    try future.setResult("first")
    #expect(throws: InvalidStateError.self) { try future.setResult("second") }
    #expect(try future.result() == "first")
  }

  @Test func c003_resultMayBeReadAgain() throws {
    let future = Future<String>()
    let journal = Journal<String>()
    future.addDoneCallback { finished in
      journal.note(try finished.result())
      journal.note(try finished.result(timeout: .seconds(2)))
    }
    try future.setResult("嘿嘿")
    for _ in 0..<3 { journal.note(try future.result()) }
    #expect(journal.entries == Array(repeating: "嘿嘿", count: 5))
  }

  @Test func c004_poolWithoutArguments() throws {
    let executor = try ThreadPoolExecutor()
    let gate = Gate()
    let blocked = try executor.submit { try gate.wait() }
    #expect(!blocked.isDone, "submit waited for the task")
    let future = try executor.submit(task, "古明地觉", 3)
    #expect(try future.result() == "古明地觉 睡了 3.0 秒")
    gate.open()
    try blocked.result()
    executor.shutdown()
  }

  @Test func c005_programThatEndsAfterSubmit() throws {
    let run = try run("submitAndLeave")
    #expect(run.lines == ["main ends", "task ends"])
    #expect(run.status == 0)
  }

  @Test func c006_resultsInSubmitOrder() throws {
    // All three are in their tasks at once, so the whole takes as long as the longest.
    try withPool(PoolShape(workers: 3)) { executor in
      let together = Barrier(parties: 3)
      let futures = try [3.0, 4, 1].map { seconds in
        try executor.submit {
          try together.arriveAndWait()
          return task("古明地觉", seconds * 2)
        }
      }
      let time = try elapsed { for future in futures { _ = try future.result() } }
      #expect(time >= .milliseconds(700))
      #expect(time < .milliseconds(1550), "as long as one after the other")
    }
  }

  @Test func c007_asCompletedInCompletionOrder() throws {
    try withPool(PoolShape(workers: 3)) { executor in
      let gates = [Gate(), Gate(), Gate()]
      let futures = try gates.map { gate in try executor.submit { try gate.wait() } }
      var order: [Int] = []
      gates[2].open()
      for future in asCompleted(futures) {
        let index = futures.firstIndex(of: future)!
        order.append(index)
        if index == 2 { gates[0].open() }
        if index == 0 { gates[1].open() }
      }
      #expect(order == [2, 0, 1])
      #expect(Set(asCompleted(futures)) == Set(futures))
      #expect(Array(asCompleted(futures)).count == 3)
    }
  }

  @Test func c008_twoRunAndTheThirdWaits() throws {
    try withPool { executor in
      let gate = Gate()
      defer { gate.open() }
      let futures = try (0..<3).map { _ in try executor.submit { try gate.wait() } }
      try eventually { futures[0].state == .running && futures[1].state == .running }
      #expect(futures.map(\.state) == [.running, .running, .pending])
    }
  }

  @Test func c009_cancelThePendingThird() throws {
    try withPool { executor in
      let occupied = try Occupied(executor)
      defer { occupied.release() }
      let third = try executor.submit { task("古明地觉", 3) }
      #expect(third.cancel())
      #expect(third.isCancelled)
      #expect(third.state == .cancelled)
    }
  }

  @Test func c010_exceptionOfATask() throws {
    try withPool { executor in
      let failing = try executor.submit { () throws -> Int in throw ZeroDivisionError() }
      let silent = try executor.submit {}
      #expect(try failing.exception() is ZeroDivisionError)
      #expect(try silent.exception() == nil)
    }
  }

  @Test func c011_waitForAll() throws {
    try withPool(PoolShape(workers: 3)) { executor in
      let futures = try [5.0, 2, 4].map { seconds in try executor.submit { task("a", seconds) } }
      let (done, notDone) = { ($0.done, $0.notDone) }(wait(futures, returnWhen: .allCompleted))
      #expect(done == Set(futures))
      #expect(notDone.isEmpty)
      #expect(Set(try done.map { try $0.result() }) == ["a 睡了 5.0 秒", "a 睡了 2.0 秒", "a 睡了 4.0 秒"])
      #expect(ReturnCondition.allCompleted.rawValue == "ALL_COMPLETED")
    }
  }

  @Test func c012_leavingTheScopeWaits() throws {
    let ended = Counter()
    let other = try ThreadPoolExecutor()
    let futures = try withThreadPool { executor in
      try (0..<5).map { number in
        try executor.submit {
          _ = task("a", 1)
          ended.add()
          return number
        }
      }
    }
    #expect(ended.value == 5)
    #expect(try futures.map { try $0.result() } == [0, 1, 2, 3, 4])
    let last = try other.submit { task("b", 1) }
    other.shutdown()
    #expect(last.state == .finished)
  }
}
