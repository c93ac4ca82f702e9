// The code of ForkJoin.md, and what it claims.
import ConcurrentFutures
import Synchronization
import Testing

private func fibonacci(_ n: Int) -> Int {
  if n < 20 { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2) }  // too small to share
  let (a, b) = join({ fibonacci(n - 1) }, { fibonacci(n - 2) })
  return a + b
}

private func statistics(_ samples: [Double], on pool: ThreadPoolExecutor) -> (mean: Double, deviation: Double) {
  let count = Double(samples.count)
  let mean = pool.concurrentReduce(samples, 0, { $0 + $1 }, +) / count
  let squares = pool.concurrentMap(samples) { ($0 - mean) * ($0 - mean) }
  return (mean, (pool.concurrentReduce(squares, 0, { $0 + $1 }, +) / count).squareRoot())
}

private func histogram(_ bytes: [UInt8], on pool: ThreadPoolExecutor) -> [Int] {
  pool.concurrentReduce(
    bytes, [Int](repeating: 0, count: 256), grain: 64 << 10,
    { counts, byte in
      var counts = counts
      counts[Int(byte)] += 1
      return counts
    },
    { left, right in zip(left, right).map { $0 + $1 } })
}

private func countPrimes(below limit: Int, on pool: ThreadPoolExecutor) -> Int {
  let count = Atomic(0)
  pool.forEach(2..<limit, grain: 100) { number in
    let isPrime = !(2..<number).prefix { $0 * $0 <= number }.contains { number % $0 == 0 }
    if isPrime { count.add(1, ordering: .relaxed) }
  }
  return count.load(ordering: .relaxed)
}

@Suite(.timeLimit(.minutes(1))) struct ForkJoin {
  struct Failure: Error, Equatable { var number: Int }

  @Test(arguments: [1, 2]) func examples(_ workers: Int) throws {
    #expect(fibonacci(25) == 75025)
    try withThreadPool(maxWorkers: workers) { (pool) throws in
      #expect(try pool.submit { fibonacci(25) }.result() == 75025)
      #expect(statistics([1, 2, 3, 4, 5, 6, 7, 8], on: pool).mean == 4.5)
      #expect(histogram([1, 1, 255], on: pool)[1] == 2)
      #expect(countPrimes(below: 1000, on: pool) == 168)
    }
  }

  @Test func errorsAndOrder() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    let ran = Atomic(0)
    // Both sides run, and the left error wins.
    #expect(throws: Failure(number: 1)) {
      _ = try pool.join(
        { () throws -> Int in throw Failure(number: 1) },
        { () throws -> Int in
          ran.add(1, ordering: .relaxed)
          throw Failure(number: 2)
        })
    }
    #expect(ran.load(ordering: .relaxed) == 1)
    #expect(throws: Failure(number: 3)) {
      try pool.forEach(0..<100, grain: 1) { number in if number % 7 == 3 { throw Failure(number: number) } }
    }
    // The pieces are the same whoever runs them: floating-point sums come out equal.
    let numbers = (1...10_000).map { 1 / Double($0) }
    let sums = (0..<20).map { _ in pool.concurrentReduce(numbers, 0, { $0 + $1 }, +) }
    #expect(Set(sums).count == 1)
    pool.shutdown()
    #expect(pool.concurrentReduce(numbers, 0, { $0 + $1 }, +) == sums[0])  // on this thread now
  }
}
