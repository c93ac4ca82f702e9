// The code of README.md.
import ConcurrentFutures
import Testing

@Test(.timeLimit(.minutes(1))) func readme() throws {
  try withThreadPool(maxWorkers: 4) { pool in
    let sum = try pool.submit(label: "sum") { (1...1_000_000).reduce(0, +) }
    print(try sum.result())  // blocks; in async code: `try await sum.value`

    let lengths = try ["one", "three", "seven"].map { word in try pool.submit { word.count } }
    for length in asCompleted(lengths) { print(try length.result()) }

    let squares = try pool.map(1..., bufferSize: 64) { $0 * $0 }  // in order, at most 64 in memory
    while let square = try squares.next(), square < 50 { print(square) }
  }  // waits for what still runs
}
