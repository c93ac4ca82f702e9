import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct CombinatorsTests {
  static let ends: [@Sendable (Future<Int>) throws -> Void] = [
    { try $0.setResult(1) }, { try $0.setException(Odd(number: 1)) }, { $0.cancel() },
  ]

  /// The same whether the source is done before or after.
  private func outcomes<U: Sendable>(_ derive: (Future<Int>) -> Future<U>) throws -> [String] {
    func text(_ future: Future<U>) -> String {
      switch future.outcome {
      case nil: "pending"
      case .success(let value)?: "\(value)"
      case .failure(let error)?: "\(error)"
      }
    }
    return try Self.ends.map { end in
      let early = Future<Int>()
      try end(early)
      let late = Future<Int>()
      let (first, second) = (derive(early), derive(late))
      #expect(text(second) == "pending")
      try end(late)
      #expect(text(first) == text(second))
      return text(second)
    }
  }

  @Test func eachOutcomeOfTheSource() throws {
    let (odd, cancelled) = ("Odd(number: 1)", "future was cancelled")
    #expect(try outcomes { $0.map { $0 + 1 } } == ["2", odd, cancelled])
    #expect(try outcomes { $0.map { _ -> Int in throw Odd(number: 3) } } == ["Odd(number: 3)", odd, cancelled])
    #expect(try outcomes { $0.flatMap { .succeeded("\($0)!") } } == ["1!", odd, cancelled])
    #expect(
      try outcomes { $0.flatMap { _ in Future<Int>.failed(Odd(number: 5)) } } == ["Odd(number: 5)", odd, cancelled])
    #expect(
      try outcomes { $0.flatMap { _ -> Future<Int> in throw Odd(number: 7) } } == ["Odd(number: 7)", odd, cancelled])
    #expect(try outcomes { $0.recover { $0 is Odd ? 8 : 9 } } == ["1", "8", "9"])
    #expect(try outcomes { $0.recover { _ in throw Odd(number: 9) } } == ["1", "Odd(number: 9)", "Odd(number: 9)"])
    #expect(try outcomes { $0.zip(Future.succeeded("z")) } == ["(1, \"z\")", odd, cancelled])
    #expect(try outcomes { Future.succeeded("z").zip($0) } == ["(\"z\", 1)", odd, cancelled])
    #expect(try outcomes { all([$0, .succeeded(2), $0]) } == ["[1, 2, 1]", odd, cancelled])
    #expect(try outcomes { firstCompleted(of: [Future(), $0]) } == ["1", odd, cancelled])
    #expect(try outcomes { $0.timingOut(after: .seconds(600)) } == ["1", odd, cancelled])
  }

  /// An error need not wait for what is missing still.
  @Test func errorsDoNotWait() throws {
    let (first, second, never) = (Future<Int>(), Future<Int>(), Future<Int>())
    let (both, every) = (first.zip(never), all([never, second, first]))
    try first.setException(Odd(number: 1))
    #expect(both.isDone && every.isDone)
    try second.setException(Odd(number: 3))
    #expect(try every.exception() as? Odd == Odd(number: 1), "the first in time")
  }

  @Test func theFirstOfSeveral() throws {
    for cancellingRest in [false, true] {
      let futures = (0..<4).map { _ in Future<Int>() }
      let first = firstCompleted(of: futures, cancellingRest: cancellingRest)
      try futures[2].setException(Odd(number: 2))
      #expect(try first.exception() as? Odd == Odd(number: 2))
      #expect(futures.map(\.isCancelled) == [0, 1, 2, 3].map { cancellingRest && $0 != 2 })
      if !cancellingRest { try futures[0].setResult(1) }
      #expect(try first.exception() != nil, "later ones change nothing")
    }
  }

  /// Cancelling what was derived releases who waits for it; the source goes on, and its outcome is ignored.
  @Test func cancellingADerivedFuture() throws {
    let source = Future<Int>()
    let ran = ForkJoinTests.Mark()
    let derived = source.map { value in
      ran.count.wrappingAdd(1, ordering: .relaxed)
      return value
    }
    #expect(derived.cancel() && wait([derived], timeout: .zero).done == [derived])
    #expect(source.state == .pending)
    try source.setResult(1)
    #expect(derived.state == .cancelled)
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    let other = Future<Int>()
    let onExecutor = other.map(on: executor) { value in
      ran.count.wrappingAdd(1, ordering: .relaxed)
      return value
    }
    onExecutor.cancel()
    try other.setResult(1)
    executor.shutdown()
    #expect(ran.count.load(ordering: .relaxed) <= 1, "a task for a result that nobody gets")
  }

  @Test func continuationsOnAnExecutor() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "continue")
    @Sendable func place() -> String? { ThreadPoolExecutor.currentWorker?.executorName }
    let one = Future.succeeded(1)
    #expect(try one.map(on: pool) { _ in place() }.result() == "continue")
    #expect(try one.flatMap(on: pool) { _ in Future.succeeded(place()) }.result() == "continue")
    #expect(try Future<String?>.failed(Odd(number: 1)).recover(on: pool) { _ in place() }.result() == "continue")
    #expect(try one.map { _ in place() }.result() == nil, "done already: on the caller")
    pool.shutdown()
    // What refuses the continuation fails the derived future.
    #expect(throws: RejectedExecutionError.self) { try one.map(on: pool) { $0 }.result(timeout: .seconds(30)) }
  }

  /// A continuation that is cancelled with its pool does not leave the derived future pending.
  @Test func continuationsThatAreCancelled() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let (started, gate) = (Future<Void>(), Future<Void>())
    let running = try pool.submit {
      try started.setResult()
      try gate.result()
    }
    try started.result()
    let derived = Future.succeeded(1).map(on: pool) { $0 }
    pool.shutdown(wait: false, cancelFutures: true)
    #expect(throws: CancelledError.self) { try derived.result(timeout: .seconds(30)) }
    try gate.setResult()
    try running.result()
    pool.shutdown()
  }

  @Test func timeLimits() throws {
    let pending = Future<Int>()
    #expect(throws: TimeoutError.self) { try pending.timingOut(after: .milliseconds(1)).result(timeout: .seconds(50)) }
    #expect(throws: TimeoutError.self) { try pending.timingOut(after: .seconds(-1)).result(timeout: .seconds(50)) }
    #expect(pending.state == .pending)
    let forEver = pending.timingOut(after: .seconds(Int64.max))
    try pending.setResult(3)
    #expect(try forEver.result() == 3)
    #expect(try pending.timingOut(after: .zero).result() == 3, "done already")
  }

  /// A derived future holds its sources only as long as it waits for them.
  @Test func sourcesAreLetGo() throws {
    weak var weakly: AnyFuture?
    let derived: Future<[Int]> = {
      let source = Future.succeeded(1)
      weakly = source
      return all([source, .succeeded(2)])
    }()
    #expect(derived.isDone && weakly == nil && derived.awaitedSources.isEmpty)
    let pending = Future<Int>()
    let waiting = all([pending, .succeeded(2)])
    #expect(waiting.awaitedSources.contains(pending))
    try pending.setResult(1)
    #expect(waiting.awaitedSources.isEmpty)
  }

  /// A worker that waits for a derived future runs the tasks it is made from, on a pool of one too.
  @Test func aWorkerRunsWhatItsFutureIsMadeFrom() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 1)
    let sum = try pool.submit { () -> Int in
      let parts = try (1...3).map { number in try pool.submit { number } }
      let total = all(parts).map { $0.reduce(0, +) }
      let nested = total.flatMap { total in (try pool.submit { total * 10 }).zip(try pool.submit { 5 }) }
      let (ten, five) = try nested.result()
      return ten + five
    }
    #expect(try sum.result() == 65)
    pool.shutdown()
  }

  @Test func manySources() throws {
    let futures = (0..<100_000).map { _ in Future<Int>() }
    let every = all(futures)
    for (number, future) in futures.enumerated() { try future.setResult(number) }
    #expect(try every.result() == Array(0..<100_000))
  }
}
