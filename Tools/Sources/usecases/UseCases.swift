// Each function is one use; the texts between them say what to expect.
import ConcurrentFutures
import Glibc

struct DivisionByZero: Error {}

/// Python's `time.sleep(n); return f"{name} slept {n} s"`, with tenths of a second for seconds.
@Sendable func task(_ name: String, _ tenths: Int) -> String {
  usleep(UInt32(tenths) * 100_000)
  return "\(name) slept 0.\(tenths) s"
}

@Sendable func divide(_ a: Int, _ b: Int) throws -> Int {
  guard b != 0 else { throw DivisionByZero() }
  return a / b
}

func runUseCases() throws {
  try callback()
  try submitOne()
  try gather()
  try states()
  try errors()
  try waiting()
  try scopes()
}

func callback() throws {
  print("1. A future made by hand calls back when its result is set")
  let future = Future<String>()
  future.addDoneCallback { print("   callback:", try $0.result()) }
  try future.setResult("嘿嘿")
  do { try future.setResult("again") } catch {
    print("   a second result is refused, the future is", error.state.rawValue)
  }
}

func submitOne() throws {
  print("2. submit returns at once; result() waits")
  let executor = try ThreadPoolExecutor()
  let future = try executor.submit(task, "古明地觉", 3)
  print("   done:", future.isDone)
  print("   result:", try future.result())
}

func gather() throws {
  print("3. Three tasks at once: in the order of submission, then as they complete")
  let executor = try ThreadPoolExecutor(maxWorkers: 3)
  let start = ContinuousClock.now
  let futures = try [3, 4, 1].map { try executor.submit(task, "task", $0) }
  for future in futures { print("  ", try future.result()) }
  let isConcurrent = ContinuousClock.now - start < .milliseconds(800)  // the sum of the three
  print("   together:", isConcurrent ? "about as long as the longest" : "as long as one after the other")
  for future in asCompleted(try [3, 4, 1].map { try executor.submit(task, "task", $0) }) {
    print("   completed:", try future.result())
  }
}

func states() throws {
  print("4. Two workers, three tasks: the third is pending and can be cancelled")
  let executor = try ThreadPoolExecutor(maxWorkers: 2)
  let futures = try [1, 2, 3].map { try executor.submit(task, "task", $0) }
  while futures[1].state != .running { usleep(100) }
  print("  ", futures.map(\.state.rawValue).joined(separator: ", "))
  print("   cancelled:", futures[2].cancel(), "->", futures[2].state.rawValue)
}

func errors() throws {
  print("5. An error waits in the future for who asks")
  let executor = try ThreadPoolExecutor(maxWorkers: 2)
  let failing = try executor.submit(divide, 1, 0)
  let dividing = try executor.submit(divide, 6, 3)
  print("   exception of 1/0:", try failing.exception().map { "\($0)" } ?? "none")
  print("   exception of 6/3:", try dividing.exception().map { "\($0)" } ?? "none")
}

func waiting() throws {
  print("6. wait() for some of them, for the first, for all")
  let executor = try ThreadPoolExecutor()
  let futures = try [5, 2, 4].map { try executor.submit(task, "task", $0) }
  let first = wait(futures, returnWhen: .firstCompleted)
  print("   first completed: \(first.done.count) done, \(first.notDone.count) not done")
  let all = wait(futures, returnWhen: .allCompleted)
  print("   all completed: \(all.done.count) done, \(all.notDone.count) not done")
}

func scopes() throws {
  print("7. Leaving the scope waits for everything submitted in it")
  let futures = try withThreadPool(maxWorkers: 2) { executor in
    try [1, 2].map { try executor.submit(task, "task", $0) }
  }
  print("  ", futures.map(\.state.rawValue).joined(separator: ", "))
  print("   map:", try withThreadPool { try $0.map(1...5) { $0 * $0 }.collect() })
}
