import Glibc
import Testing

@_spi(Experimental) @testable import ConcurrentFutures

struct Double_: ProcessTask {
  var n: Int
  func run() -> Int { n * 2 }
}
private struct PrivateTask: ProcessTask {
  var text: String
  func run() -> String { text + "!" }
}

@Suite struct SmokeTests {
  @Test(.timeLimit(.minutes(1))) func first() throws {
    let pool = try ProcessPoolExecutor(maxWorkers: 2)
    let f = try pool.submit(Double_(n: 21))
    #expect(try f.result(timeout: .seconds(10)) == 42)
    #expect(try pool.submit(PrivateTask(text: "x")).result(timeout: .seconds(10)) == "x!")
    let r = try pool.map((0..<1000).map { Double_(n: $0) }, chunkSize: 10).collect()
    #expect(r == (0..<1000).map { $0 * 2 })
    let g: Future<String> = try pool.submit(1.5) { n in "sleep \(n)" }
    #expect(try g.result() == "sleep 1.5")
    pool.shutdown()
  }
}
