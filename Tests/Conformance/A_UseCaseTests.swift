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
    for executor in ["kept", "dropped"] {
      let run = try run("submitAndLeave", executor)
      #expect(run.lines == ["main ends", "running task ends", "queued task ends"], "\(executor)")
      #expect(run.status == 0)
    }
  }

  @Test func c006_resultsInSubmitOrder() throws {
    // All three are in their tasks at once, and each result is there as soon as its task lets go: whatever the order in
    // which they end, reading them takes as long as the longest.
    try withPool(PoolShape(workers: 3)) { executor in
      let together = Barrier(parties: 3)
      let gates = [Gate(), Gate(), Gate()]
      let futures = try gates.indices.map { number in
        try executor.submit {
          try together.arriveAndWait()
          try gates[number].wait()
          return number
        }
      }
      let read = Counter()
      let reader = TestThread {
        try futures.map { future in
          defer { read.add() }
          return try future.result()
        }
      }
      gates[2].open()
      gates[0].open()
      try read.wait(for: 1)
      try reader.untilBlocked()
      #expect(read.value == 1, "read the result of a task that runs")
      gates[1].open()
      #expect(try reader.join() == [0, 1, 2])
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
    // The order is that of their ends also when nobody asks meanwhile.
    let byHand = (0..<4).map { _ in Future<Int>() }
    let iterator = asCompleted(byHand).makeIterator()
    let order = [3, 0, 2, 1]
    for number in order { try byHand[number].setResult(number) }
    #expect(try IteratorSequence(iterator).map { try $0.result() } == order)
  }

  @Test func c008_twoRunAndTheThirdWaits() throws {
    try withPool { executor in
      let gate = Gate()
      defer { gate.open() }
      let futures = try (0..<3).map { _ in try executor.submit { try gate.wait() } }
      try eventually { futures[0].state == .running && futures[1].state == .running }
      // Nor does it start, or any of many more, while those two run.
      let more = try (0..<20).map { _ in try executor.submit {} }
      for _ in 0..<50 where more.allSatisfy({ $0.state == .pending }) && futures[2].state == .pending { usleep(1000) }
      #expect(futures.map(\.state) == [.running, .running, .pending])
      #expect(more.allSatisfy { $0.state == .pending })
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

  @Test(arguments: ["returning", "throwing"])
  func c012_leavingTheScopeWaits(_ how: String) throws {
    let other = try ThreadPoolExecutor()
    let (gate, ended, futures) = (Gate(), Counter(), Journal<Future<Int>>())
    let leaving = TestThread {
      try withThreadPool(maxWorkers: 2) { executor in
        for number in 0..<5 {
          let future = try executor.submit {
            try gate.wait()
            ended.add()
            return number
          }
          futures.note(future)
        }
        if how == "throwing" { throw TaskFailure(number: 6) }
      }
      return ended.value
    }
    try leaving.untilBlocked()
    #expect(!leaving.hasEnded, "did not wait for its tasks")
    gate.open()
    if how == "throwing" {
      #expect(throws: TaskFailure(number: 6)) { try leaving.join() }
    } else {
      #expect(try leaving.join() == 5)
    }
    // Those that were queued have run too.
    #expect(try futures.entries.map { try $0.result(timeout: .zero) } == [0, 1, 2, 3, 4])

    let (started, last) = (Gate(), Gate())
    let future = try other.submit {
      started.open()
      try last.wait()
    }
    try started.wait()
    let ending = TestThread { other.shutdown() }
    try ending.untilBlocked()
    #expect(!ending.hasEnded, "did not wait for its task")
    last.open()
    try ending.join()
    #expect(future.state == .finished)
  }
}
