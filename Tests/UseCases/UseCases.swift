// What a user writes: every use that must compile as it stands here.
import Foundation
@_spi(Experimental) import ConcurrentFutures

func task(_ name: String, _ n: Double) -> String { Thread.sleep(forTimeInterval: n); return "\(name) 睡了 \(n) 秒" }
struct ZeroDivisionError: Error {}

func manualFuture() throws {
  let future = Future<String>()
  future.addDoneCallback { f in
    print("当set_result的时候会执行回调，result:", try f.result())
    _ = try f.result(timeout: .seconds(2))
  }
  try future.setResult("嘿嘿")
  do { try future.setResult("again") } catch { print(error.state) }  // typed throws: InvalidStateError
}
func threadPool() throws {
  let executor = try ThreadPoolExecutor()
  let future = try executor.submit { task("古明地觉", 3) }
  _ = future
}
func many() throws {
  let executor = try ThreadPoolExecutor()
  let futures = [
    try executor.submit { task("古明地觉", 3) }, try executor.submit { task("古明地觉", 4) },
    try executor.submit { task("古明地觉", 1) },
  ]
  for f in futures { print(try f.result()) }
  for f in asCompleted(futures) { print(try f.result()) }
  let c = asCompleted(futures, timeout: .seconds(1)).makeCursor()
  do { while let f = try c.next() { _ = try f.result() } } catch let e as TimeoutError { print(e) }
}
func cancelling() throws {
  let executor = try ThreadPoolExecutor(maxWorkers: 2)
  let f1 = try executor.submit { task("古明地觉", 1) }
  let f2 = try executor.submit { task("古明地觉", 2) }
  let f3 = try executor.submit { task("古明地觉", 3) }
  print(f1.state, f2.state, f3.state)
  f3.cancel()
  print(f3.isCancelled, f3.state)
}
func errors() throws {
  let executor = try ThreadPoolExecutor(maxWorkers: 2)
  let f1 = try executor.submit { () throws -> Int in throw ZeroDivisionError() }
  let f2 = try executor.submit {}
  print(try f1.exception() as Any, try f2.exception() as Any)
  if try f1.exception() is ZeroDivisionError {}
}
func waiting() throws {
  let executor = try ThreadPoolExecutor()
  let f1 = try executor.submit { task("a", 5) }, f2 = try executor.submit { task("b", 2) },
    f3 = try executor.submit { task("c", 4) }
  let fs = wait([f1, f2, f3], returnWhen: .allCompleted)  // coexists with Glibc.wait(_:)
  for f in fs.done { print(try f.result()) }
  print(fs.notDone.count)
  let other = try executor.submit { 42 }
  let mixed = wait([f1, other] as [AnyFuture], timeout: .milliseconds(50), returnWhen: .firstException)
  print(mixed.done.contains(other))
  try withThreadPool { executor in
    _ = try executor.submit { task("a", 5) }
    _ = try executor.submit { task("b", 2) }
  }
  executor.shutdown()
  var st: Int32 = 0
  _ = wait(&st)  // still Glibc's
}
struct SleepTask: ProcessTask {
  var n: Double; func run() -> String { Thread.sleep(forTimeInterval: n); return "sleep \(n)" }
}
func processPool() throws {
  let executor = try ProcessPoolExecutor()
  let f = try executor.submit(SleepTask(n: 1))
  let g: Future<String> = try executor.submit(1.0) { n in
    Thread.sleep(forTimeInterval: n); return "sleep \(n)"
  }
  print(try g.result())
  print(try f.result())
  try withProcessPool(maxWorkers: 2) { pool in
    let r = try pool.map((1...4).map { SleepTask(n: Double($0)) }, chunkSize: 2)
    while let s = try r.next() { print(s) }
  }
}
// --- beyond the seed
final class NotSendable { var x = 0 }
func more() async throws {
  let pool = try ThreadPoolExecutor(maxWorkers: 4)
  let ns = NotSendable(); ns.x = 3
  let f = try pool.submit {
    ns.x += 1; return ns.x
  }  // region isolation: ns is *sent*, not Sendable
  print(try await f.value)
  for try await f in asCompleted([f]) { print(f.state) }
  let set = try await wait([f], timeout: .seconds(1))
  print(set.done.count)
  try await withThreadPool(maxWorkers: 2) { p in print(try await p.submit { 1 }.value) }
  await withTaskExecutorPreference(pool) { await Task.yield() }
  let squares = try pool.map([1, 2, 3]) { $0 * $0 }
  print(try pool.map([1, 2], [3, 4]) { $0 + $1 })
  for try await s in squares { print(s) }
  let p = Promise<Int>(); let pf = p.future; p.succeed(1); print(try await pf.map { $0 + 1 }.value)
  await pool.shutdown()
}
func strayNames(_ e: any Executor) {}  // still _Concurrency.Executor

// --- Python's call shapes
func failing() throws { throw ZeroDivisionError() }
func callShapes() throws {
  let executor = try ThreadPoolExecutor(maxWorkers: 2)
  let future = try executor.submit(task, "古明地觉", 3)  // submit(function, arguments...)
  let result: String = try future.result()
  let failed = try executor.submit(failing)  // submit(function)
  print(try failed.exception() as Any, result)
  let named = try executor.submit(label: "parse") { 4 }
  let (a, b) = executor.join({ 1 }, { "x" })  // fork-join
  let squares = executor.concurrentMap([1, 2, 3]) { $0 * $0 }
  executor.forEach(0..<10) { _ in }
  let outcomes = try executor.map([1, 2, 3], bufferSize: 2, label: "square") { $0 * $0 }.outcomes
  for outcome in outcomes { print(outcome) }
  print(named, a, b, squares)
}
