// The code of the landing page, ConcurrentFutures.md.
import ConcurrentFutures
import Testing

func sumsOfSquares() throws -> [Int] {
  try withThreadPool(maxWorkers: 4) { pool in
    let futures = try (1...3).map { limit in
      try pool.submit { (1...limit).map { $0 * $0 }.reduce(0, +) }
    }
    for future in asCompleted(futures) { print("done:", try future.result()) }  // in the order of completion
    return try futures.map { try $0.result() }  // in the order of submission
  }
}

@Suite(.timeLimit(.minutes(1))) struct Overview {
  @Test func example() throws { #expect(try sumsOfSquares() == [1, 5, 14]) }
}
