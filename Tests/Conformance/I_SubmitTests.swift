// Group I: Executor.submit.
import ConcurrentFutures
import Glibc
import Synchronization
import Testing

/// -1 outside of workers.
private func power(_ base: Int, _ exponent: Int) -> Int {
  guard ThreadPoolExecutor.currentWorker != nil else { return -1 }
  return (0..<exponent).reduce(1) { product, _ in product * base }
}

extension Conformance {
  @Test(arguments: PoolShape.all)
  func c126_submit(_ shape: PoolShape) throws {
    try withPool(shape) { pool throws in
      #expect(try pool.submit(power, 2, 8).result() == 256)
      #expect(try pool.submit { power(2, 8) }.result() == 256)
      #expect(try pool.submit({ (base: Int) in power(base, 8) }, 2).result() == 256)
      #expect(try pool.submit(label: "power") { power(2, 8) }.result() == 256)
      let general: any FutureExecutor = pool
      #expect(try general.submit { power(2, 8) }.result() == 256)
      // At once: the task cannot have ended when `submit` returns.
      let gates = (0..<5).map { _ in Gate() }
      let futures = [
        try pool.submit { try gates[0].wait() }, try pool.submit({ (index: Int) in try gates[index].wait() }, 1),
        try pool.submit({ (index: Int, _: Int) in try gates[index].wait() }, 2, 0),
        try pool.submit(label: "waits") { try gates[3].wait() }, try general.submit { try gates[4].wait() },
      ]
      #expect(futures.allSatisfy { !$0.isDone })
      for gate in gates { gate.open() }
      for future in futures { try future.result() }
    }
  }

  @Test(arguments: PoolShape.all)
  func c128_theWorkerSurvivesErrors(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let failed = try (0..<50).map { number in try pool.submit { throw TaskFailure(number: number) } }
      for (number, future) in failed.enumerated() {
        #expect(try future.exception() as? TaskFailure == TaskFailure(number: number))
      }
      #expect(try pool.submit { 1 }.result() == 1)
      #expect(pool.statistics.workers <= shape.workers)
      guard shape.workers == 1 else { return }
      let worker = try pool.submit { currentThread() }.result()
      for _ in 0..<5 {
        _ = try pool.submit { throw TaskFailure() }.exception()
        #expect(try pool.submit { currentThread() }.result() == worker)
      }
    }
  }

  @Test(arguments: PoolShape.few)
  func c129_submitDoesNotBlock(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let submitter = TestThread { try (0..<20_000).map { number in try pool.submit { number } } }
      let futures = try submitter.join()
      #expect(futures.allSatisfy { !$0.isDone })
      occupied.release()
      #expect(wait(futures).done.count == 20_000)
    }
  }

  @Test(arguments: PoolShape.all)
  func c130_submitFromAnywhere(_ shape: PoolShape) throws {
    try withPool(shape) { pool in
      let threads = (0..<3).map { number in TestThread { try pool.submit { number } } }
      #expect(try threads.map { try $0.join().result() } == [0, 1, 2])
      #expect(try pool.submit { try pool.submit { try pool.submit { 5 } } }.result().result().result() == 5)
      let submitted = Journal<Future<Int>>()
      let called = Gate()
      try pool.submit {}.addDoneCallback { _ in
        submitted.note(try pool.submit { 6 })
        called.open()
      }
      try called.wait()
      #expect(try submitted.entries.map { try $0.result() } == [6])
    }
  }

  /// The probe has an address space with room for one worker's stack only, or for none at first.
  @Test(.disabled(if: isThreadSanitized, "ThreadSanitizer needs the whole address space"))
  func c131_aRefusedThread() throws {
    let later = try run("refusedSecondThread")
    #expect(later.lines == ["1 thread", "50 results", "1 more"], "\(later)")
    #expect(later.status == 0)
    let first = try run("refusedFirstThread")
    #expect(first.lines == ["refused", "1 result", "nothing was enqueued"], "\(first)")
    #expect(first.status == 0)
  }

  @Test(arguments: [0, -1, -100])
  func c132_maxWorkersMustBePositive(_ number: Int) {
    let error = #expect(throws: InvalidArgumentError.self) { try ThreadPoolExecutor(maxWorkers: number) }
    #expect(error?.message == "max_workers must be greater than 0")
  }

  private func submitWatched(_ pool: ThreadPoolExecutor, _ kind: Int) throws -> (AnyFuture, Sighting) {
    let object = Tracked()
    let sighting = Sighting(object)
    switch kind {
    case 0: return (try pool.submit { _ = object }, sighting)
    case 1: return (try pool.submit({ (kept: Tracked, number: Int) in number }, object, 3), sighting)
    case 2: return (try pool.submit({ (kept: Tracked) in 3 }, object), sighting)
    default:
      return (
        try pool.submit { () throws -> Int in
          _ = object
          throw TaskFailure()
        }, sighting
      )
    }
  }

  @Test(arguments: PoolShape.all, [0, 1, 2, 3])
  func c133_capturesAreFreedBeforeCallbacks(_ shape: PoolShape, _ kind: Int) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let (future, sighting) = try submitWatched(pool, kind)
      let (goneInCallback, called) = (Journal<Bool>(), Gate())
      future.addAnyDoneCallback { _ in
        goneInCallback.note(sighting.isGone)
        called.open()
      }
      #expect(!sighting.isGone)
      occupied.release()
      _ = try future.exception()
      #expect(sighting.isGone)
      try called.wait()
      #expect(goneInCallback.entries == [true])
      withExtendedLifetime(future) {}
    }
  }

  /// Of a task that was cancelled: by the cancel, also behind a busy worker.
  @Test(arguments: PoolShape.few, [0, 1, 2, 3])
  func c133_captureOfACancelledTask(_ shape: PoolShape, _ kind: Int) throws {
    try withPool(shape) { pool in
      let occupied = try Occupied(pool)
      let (future, sighting) = try submitWatched(pool, kind)
      let goneInCallback = Journal<Bool>()
      future.addAnyDoneCallback { _ in goneInCallback.note(sighting.isGone) }
      #expect(future.cancel())
      #expect(goneInCallback.entries == [true])
      #expect(sighting.isGone)
      occupied.release()
      withExtendedLifetime(future) {}
    }
  }

  @Test(arguments: PoolShape.all, [0, 1, 2, 3])
  func c134_anIdleWorkerKeepsNothing(_ shape: PoolShape, _ kind: Int) throws {
    try withPool(shape) { pool in
      var sightings: [Sighting] = []
      var results: [WeakFuture] = []
      for _ in 0..<(3 * shape.workers) {
        let (future, sighting) = try submitWatched(pool, kind)
        sightings.append(sighting)
        results.append(WeakFuture(future))
        _ = try future.exception()
      }
      try eventually { pool.statistics.running == 0 }
      #expect(sightings.allSatisfy { $0.isGone })
      try eventually(limit: .seconds(20)) { results.allSatisfy { $0.future == nil } }
    }
  }
}
