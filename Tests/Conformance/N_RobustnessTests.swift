// Group N: memory, races, robustness.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

/// How many times as long as usual the long statements run. With LONG_TESTS=1, ten million rounds for 243.
let stressScale = getenv("LONG_TESTS") == nil ? 1 : 50

extension Conformance {
  @Test func c243_memoryStaysFlat() throws {
    let rounds = 200_000 * stressScale
    let run = try run("flatRounds", "\(rounds)", limit: .seconds(3600))
    #expect(run.lines == ["flat"], "\(run), \(rounds) rounds")
  }

  @Test(arguments: PoolShape.all)
  func c244_aCancelledEntryHoldsNothing(_ shape: PoolShape) throws {
    func queue(_ pool: ThreadPoolExecutor) throws -> (Future<Void>, Sighting) {
      let object = Tracked()
      return (try pool.submit { _ = object }, Sighting(object))
    }
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      defer { occupied.release() }
      let (future, sighting) = try queue(pool)
      #expect(!sighting.isGone)
      future.cancel()
      #expect(sighting.isGone)
    }
    // In the deque of the worker that queued it.
    try withPool(shape) { pool in
      let gone = try pool.submit { () -> [Bool] in
        let entries = try (0..<3).map { _ in try queue(pool) }
        let cancelled = entries.filter { $0.0.cancel() }
        return cancelled.map { $0.1.isGone }
      }.result()
      #expect(gone.allSatisfy { $0 })
    }
  }

  /// A task that its waiter took from the middle of the queue: what is left there keeps neither captures nor result.
  @Test(arguments: PoolShape.helping)
  func c244_aClaimedEntryHoldsNothing(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let gone = try pool.submit { () -> [Bool] in
        var gone: [Bool] = []
        func take() throws -> (Sighting, Sighting) {
          let captured = Tracked()
          let first = try pool.submit { () -> Tracked in
            _ = captured
            return Tracked()
          }
          let above = try (0..<3).map { _ in try pool.submit {} }
          let result = try first.result()
          defer { withExtendedLifetime(above) {} }
          return (Sighting(captured), Sighting(result))
        }
        for _ in 0..<4 {
          let (captured, result) = try take()
          gone += [captured.isGone, result.isGone]
        }
        return gone
      }.result()
      // With other workers about, the one that ran it may hold on to it for a moment.
      if shape.workers == 1 { #expect(gone.allSatisfy { $0 }, "\(gone)") }
    }
  }

  @Test(arguments: PoolShape.few)
  func c245_noRetainCycle(_ shape: PoolShape) throws {
    final class Link: @unchecked Sendable {
      // SAFETY: written before the future is completed, by one thread.
      weak var future: AnyFuture?
    }
    func selfReferring(_ make: () throws -> Future<Int>, _ end: (Future<Int>) throws -> Void) throws -> Link {
      let future = try make()
      let link = Link()
      link.future = future
      future.addDoneCallback { [future] _ in _ = future }
      let other = future.map { [future] value in value + (future.isDone ? 1 : 0) }
      other.addDoneCallback { [future, other] _ in _ = (future, other) }
      try end(future)
      return link
    }
    try withPool(shape) { pool in
      let links = [
        try selfReferring({ Future() }, { try $0.setResult(1) }),
        try selfReferring({ Future() }, { try $0.setException(TaskFailure()) }),
        try selfReferring({ try pool.submit { 1 } }, { _ = try $0.result() }),
        try selfReferring({ try pool.submit { throw TaskFailure() } }, { _ = try $0.exception() }),
      ]
      try eventually { links.allSatisfy { $0.future == nil } }
      let occupied = try Occupied(pool)
      let cancelled = try selfReferring({ try pool.submit { 1 } }, { $0.cancel() })
      occupied.release()
      try eventually { cancelled.future == nil }
    }
  }

  /// Under ThreadSanitizer the whole suite is this statement's test: one report fails the run. Here: everything at once.
  @Test(.enabled(if: isThreadSanitized, "runs under ThreadSanitizer: Tools/test tsan"), arguments: PoolShape.all)
  func c246_noDataRace(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      let threads = (0..<4).map { seed in
        TestThread { () -> Int in
          var sum = 0
          for round in 0..<100 {
            let futures = try (0..<10).map { number in
              try pool.submit { try pool.submit { number }.outcome.map { try $0.get() } ?? 0 }
            }
            futures[(round + seed) % 10].cancel()
            futures[(round * 3) % 10].addDoneCallback { _ = $0.state }
            sum += wait(futures, timeout: round % 2 == 0 ? nil : .milliseconds(1)).done.count
            for future in asCompleted(futures) { sum += future.isDone ? 1 : 0 }
          }
          return sum
        }
      }
      for thread in threads { #expect(try thread.join() >= 1000) }
    }
  }

  /// The worker waits with a lock held; what runs on its thread meanwhile must not need that lock.
  @Test(arguments: PoolShape.all.filter { $0.waitPolicy == .runAwaited })
  func c248_aWaitDoesNotReenterALock(_ shape: PoolShape) throws {
    let lock = Holder()
    let reentered = Counter()
    try withPool(shape) { pool in
      let outer = try (0..<(4 * shape.workers)).map { number in
        try pool.submit { () -> Int in
          let awaited = try pool.submit { number }
          // Newer than the awaited one, so that a worker that took just anything would take these.
          let others = try (0..<5).map { _ in
            try pool.submit { if lock.isHeldHere { reentered.add() } }
          }
          lock.acquire()
          defer { lock.release() }
          switch number % 4 {
          case 0: break
          case 1: wait([awaited])
          case 2: for _ in asCompleted([awaited]) {}
          default: _ = try all([awaited]).result()
          }
          let value = try awaited.result()
          withExtendedLifetime(others) {}
          return value
        }
      }
      #expect(try outer.map { try $0.result() } == Array(0..<(4 * shape.workers)))
    }
    #expect(reentered.value == 0)
  }

  /// The same where the awaited task runs elsewhere: there is nothing to run inline, and what the waiter has queued itself
  /// is not run on its stack either.
  @Test(arguments: PoolShape.all.filter { $0.waitPolicy == .runAwaited && $0.workers > 1 })
  func c248_aWaitForARunningTaskRunsNothing(_ shape: PoolShape) throws {
    let (lock, reentered) = (Holder(), Counter())
    try withPool(shape) { pool in
      let (started, gate) = (Gate(), Gate())
      let running = try pool.submit { () -> Int in
        started.open()
        try gate.wait()
        return 7
      }
      try started.wait()
      let (waiter, waits) = (Journal<pid_t>(), Gate())
      let outer = try pool.submit { () -> Int in
        for _ in 0..<20 { try pool.execute { if lock.isHeldHere { reentered.add() } } }
        lock.acquire()
        defer { lock.release() }
        waiter.note(currentThread())
        waits.open()
        return try running.result()
      }
      try waits.wait()
      try untilSleeping(waiter.entries[0])
      gate.open()
      #expect(try outer.result() == 7)
    }
    #expect(reentered.value == 0)
  }

  @Test(arguments: PoolShape.all.filter { $0.workers == 1 })
  func c249_aTimeoutIsHonouredInAWorker(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let (gate, ran) = (Gate(), Counter())
      let states = try pool.submit { () -> [FutureState] in
        let inner = try pool.submit {
          ran.add()
          try gate.wait()
        }
        // On this one worker it cannot run but inline, which could not be left again.
        #expect(throws: TimeoutError.self) { try inner.result(timeout: .milliseconds(20)) }
        #expect(throws: TimeoutError.self) { try inner.exception(timeout: .milliseconds(20)) }
        #expect(throws: TimeoutError.self) { try inner.waitUntilDone(timeout: .milliseconds(20)) }
        #expect(throws: TimeoutError.self) { try pool.map(0..<1, timeout: .milliseconds(20)) { _ in ran.add() }.next() }
        #expect(wait([inner], timeout: .milliseconds(20)).notDone == [inner])
        #expect(throws: TimeoutError.self) {
          try asCompleted([inner], timeout: .milliseconds(20)).makeCursor().next()
        }
        #expect(ran.value == 0)
        return [inner.state]
      }.result()
      #expect(states == [.pending])
      gate.open()
    }
  }

  @Test(.disabled(if: isThreadSanitized, "ThreadSanitizer needs the whole address space"))
  func c250_noAcceptedTaskWithoutAWorker() throws {
    let later = try run("refusedThreadInWorker")
    #expect(later.lines == ["50 results"], "\(later)")
    #expect(later.status == 0)
    let first = try run("refusedFirstThread")
    #expect(first.lines == ["refused", "1 result", "nothing was enqueued"], "\(first)")
    #expect(first.status == 0)
  }

  /// The pause before a submit follows the worker: a little longer while it is still awake, a little shorter once it slept.
  /// So the submits come in the moment in which it goes to sleep.
  @Test(arguments: PoolShape.all)
  func c251_submitWhileAWorkerGoesIdle(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      var pause = Pause(microseconds: 100)
      for round in 0..<(300 * stressScale) {
        let before = try pool.submit { ThreadSleeps() }.result(timeout: .seconds(30))
        pause.spin()
        let (after, number) = try pool.submit { (ThreadSleeps(), round) }.result(timeout: .seconds(30))
        #expect(number == round)
        pause.adjust(tooLong: after != before)
      }
    }
  }

  /// Keep-alive makes threads come and go: a submit that relies on one that is leaving would be lost.
  @Test(arguments: [1, 2])
  func c251_submitWhileAWorkerLeaves(_ workers: Int) throws {
    try withPool(PoolShape(workers: workers), { $0.keepAlive = .microseconds(50) }) { pool throws in
      var pause = Pause(microseconds: 200)
      for round in 0..<(300 * stressScale) {
        let before = try pool.submit { ThreadSleeps().thread }.result(timeout: .seconds(30))
        pause.spin()
        let (after, number) = try pool.submit { (ThreadSleeps().thread, round) }.result(timeout: .seconds(30))
        #expect(number == round)
        pause.adjust(tooLong: after != before)
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c252_signalsDuringSubmitAndWait(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      let submitter = TestThread { () -> Int in
        var sum = 0
        for round in 0..<2000 {
          let futures = try (0..<5).map { number in try pool.submit { number } }
          if round % 3 == 0 {
            sum += wait(futures).done.count
          } else {
            sum += try futures.map { try $0.result() }.count
          }
        }
        return sum
      }
      let before = interrupts.load(ordering: .relaxed)
      while !submitter.hasEnded {
        submitter.interrupt()
        usleep(50)
      }
      #expect(interrupts.load(ordering: .relaxed) > before, "the signals were not delivered")
      #expect(try submitter.join() == 10_000)
    }
  }
}

/// Who holds a lock: several may, since here nobody must wait for it.
private final class Holder: Sendable {
  private let threads = Mutex<[pid_t]>([])
  var isHeldHere: Bool { threads.withLock { $0.contains(currentThread()) } }
  func acquire() { threads.withLock { $0.append(currentThread()) } }
  func release() { threads.withLock { list in list.removeAll { $0 == currentThread() } } }
}

/// How often the calling thread has slept.
private struct ThreadSleeps: Equatable, Sendable {
  let thread = currentThread()
  let count: Int

  init() {
    var usage = rusage()
    getrusage(1, &usage)  // RUSAGE_THREAD, which the overlay does not have
    count = usage.ru_nvcsw
  }
}

/// A pause that homes in on the moment in which something happens.
private struct Pause {
  private var length: Double

  init(microseconds: Double) { length = microseconds * 1000 }

  func spin() {
    let end = ContinuousClock.now + .nanoseconds(Int(length))
    while ContinuousClock.now < end {}
  }
  /// The steps differ, or the pauses would repeat.
  mutating func adjust(tooLong: Bool) { length = min(2_000_000, max(100, length * (tooLong ? 0.97 : 1.02))) }
}
