import Synchronization
import Testing

@testable import ConcurrentFutures

/// Counts its instances.
final class Counted: Sendable {
  static let alive = Atomic<Int>(0)
  let number: Int
  init(_ number: Int) {
    self.number = number
    Counted.alive.wrappingAdd(1, ordering: .relaxed)
  }
  deinit { Counted.alive.wrappingSubtract(1, ordering: .relaxed) }
}

struct Odd: Error, Equatable { let number: Int }

@Suite(.timeLimit(.minutes(2)), .serialized) struct ForkJoinTests {
  static let widths = [1, 2, 4]

  @Test func theFastFormIsUsable() { #expect(ForkConvention.isDirect, "joins would take the slower form") }

  static func fib(_ n: Int, _ pool: ThreadPoolExecutor) -> Int {
    if n < 2 { return n }
    let (a, b) = pool.join({ fib(n - 1, pool) }, { fib(n - 2, pool) })
    return a + b
  }

  @Test(arguments: widths) func sumsFromOutside(_ width: Int) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    #expect(Self.fib(20, pool) == 6765)
    pool.shutdown()
    #expect(Self.fib(10, pool) == 55, "after shutdown it runs on the caller")
  }

  @Test func aWorkerOfAnotherPoolEnters() throws {
    let one = try ThreadPoolExecutor(maxWorkers: 2)
    let other = try ThreadPoolExecutor(maxWorkers: 2)
    #expect(try one.submit { Self.fib(12, other) }.result() == 144)
    one.shutdown()
    other.shutdown()
  }

  /// The form for closures whose convention is not known, and that for results that do not fit the slot.
  @Test(arguments: widths) func otherForms(_ width: Int) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    @Sendable func slow(_ n: Int) -> Int {
      if n < 2 { return n }
      let (a, b) = Forks.current.unsafelyUnwrapped.joinWrapped({ slow(n - 1) }, { slow(n - 2) })
      return a + b
    }
    #expect(try pool.submit { slow(16) }.result() == 987)
    struct Large: Equatable { var a = 1, b = 2, c = 3, d = "a string of its own that is on the heap" }
    let (left, right) = pool.join({ Large() }, { Large(a: 9) })
    #expect(left == Large() && right == Large(a: 9))
    let (text, _) = pool.join({ "left" }, {})
    #expect(text == "left")
    pool.shutdown()
  }

  @Test(arguments: widths) func errorsOfEitherSide(_ width: Int) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    let ended = Lock(0)
    @Sendable func side(_ number: Int) throws(Odd) -> Int {
      ended.withLock { $0 += 1 }
      if number % 2 == 1 { throw Odd(number: number) }
      return number
    }
    func failure(_ first: Int, _ second: Int) -> Odd? {
      do throws(Odd) {
        _ = try pool.join({ () throws(Odd) in try side(first) }, { () throws(Odd) in try side(second) })
        return nil
      } catch { return error }
    }
    for _ in 0..<200 {
      #expect(failure(1, 2) == Odd(number: 1))
      #expect(failure(2, 3) == Odd(number: 3))
      #expect(failure(1, 3) == Odd(number: 1), "the left one's comes first")
    }
    #expect(ended.withLock { $0 } == 200 * 6, "both sides always run, and are waited for")
    pool.shutdown()
  }

  @Test(arguments: widths) func deepRecursion(_ width: Int) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    @Sendable func nest(_ depth: Int) -> Int {
      if depth == 0 { return 0 }
      let (a, b) = pool.join({ nest(depth - 1) }, { 1 })
      return a + b
    }
    #expect(nest(2000) == 2000)
    pool.shutdown()
  }

  @Test(arguments: widths, [nil, 1, 7, 5000]) func everyNumberOnce(_ width: Int, _ grain: Int?) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    let marks = (0..<1000).map { _ in Mark() }
    pool.forEach(0..<1000, grain: grain) { marks[$0].count.wrappingAdd(1, ordering: .relaxed) }
    #expect(marks.allSatisfy { $0.count.load(ordering: .relaxed) == 1 })
    pool.forEach(5..<5, grain: grain) { _ in Issue.record("a number of an empty range") }
    pool.forEach(-3..<(-2), grain: grain) { #expect($0 == -3) }
    pool.shutdown()
  }
  final class Mark: Sendable { let count = Atomic<Int>(0) }

  /// Not walked: the first number of each piece throws.
  @Test func hugeRanges() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    let pieces = Atomic<Int>(0)
    #expect(throws: Odd(number: 0)) {
      try pool.forEach(0..<Int.max, grain: Int.max / 8) { number in
        pieces.wrappingAdd(1, ordering: .relaxed)
        throw Odd(number: number)
      }
    }
    #expect(pieces.load(ordering: .relaxed) >= 8)
    pool.shutdown()
  }

  @Test(arguments: widths, [nil, 1, 3, 4000]) func mapsInOrder(_ width: Int, _ grain: Int?) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    let input = Array(0..<1500)
    #expect(pool.concurrentMap(input, grain: grain) { $0 * 2 } == input.map { $0 * 2 })
    #expect(pool.concurrentMap([Int](), grain: grain) { $0 }.isEmpty)
    let sum = pool.concurrentReduce(input, "", grain: grain, { $0 + ($1 < 10 ? "\($1)" : "") }, +)
    #expect(sum == "0123456789")
    pool.shutdown()
  }

  /// What other pieces had made is destroyed when one throws.
  @Test(arguments: widths, [nil, 1, 10]) func mapLeaksNothingOnAnError(_ width: Int, _ grain: Int?) throws {
    let pool = try ThreadPoolExecutor(maxWorkers: width)
    for failing in [[0], [299], [17, 200], [150], Array(0..<300)] {
      var error: Odd?
      do throws(Odd) {
        _ = try pool.concurrentMap(Array(0..<300), grain: grain) { number throws(Odd) -> Counted in
          if failing.contains(number) { throw Odd(number: number) }
          return Counted(number)
        }
      } catch let caught { error = caught }
      #expect(error == Odd(number: failing[0]), "the error of the lowest failing piece")
    }
    pool.shutdown()
    #expect(Counted.alive.load(ordering: .relaxed) == 0)
  }

  /// The first half waits for the second: it must reach the other worker, however that one goes to sleep.
  @Test func aHalfMayWaitForTheOther() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    for _ in 0..<300 {
      let mark = Mark()
      _ = pool.join(
        { while mark.count.load(ordering: .acquiring) == 0 {} }, { mark.count.store(1, ordering: .releasing) })
    }
    pool.shutdown()
  }

  /// A task that was cancelled before it ran frees its closure before the caller's frame is gone.
  @Test func cancelledWhileEntering() throws {
    for round in 0..<300 {
      let pool = try ThreadPoolExecutor(maxWorkers: 1)
      let canceller = try ThreadPoolExecutor(maxWorkers: 1)
      let shut = try canceller.submit { pool.shutdown(wait: false, cancelFutures: true) }
      let (a, b) = pool.join({ round }, { round + 1 })
      #expect(a == round && b == round + 1)
      try shut.result()
      pool.shutdown()
      canceller.shutdown()
    }
  }
}
