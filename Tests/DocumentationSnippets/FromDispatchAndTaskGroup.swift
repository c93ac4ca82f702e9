// The code of FromDispatchAndTaskGroup.md.
import ConcurrentFutures
import Glibc
import Testing

private func brightness(of rows: [[UInt8]]) -> [Int] {
  ThreadPoolExecutor.shared.concurrentMap(rows) { row in row.reduce(0) { $0 + Int($1) } }
}

private func loadAll(_ names: [String], on pool: ThreadPoolExecutor) throws -> [Int] {
  let futures = try names.map { name in try pool.submit { name.utf8.count } }
  let settled = wait(futures, timeout: .seconds(5))
  guard settled.notDone.isEmpty else {
    for future in settled.notDone { future.cancel() }
    throw TimeoutError(unfinished: settled.notDone.count, total: futures.count)
  }
  return try futures.map { try $0.result() }
}

private func hostName(on pool: ThreadPoolExecutor) async throws -> String {
  try await pool.run {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, 255) == 0 else { throw InvalidArgumentError(message: "gethostname: errno \(errno)") }
    return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}

private func squares(_ numbers: [Int], on pool: ThreadPoolExecutor) async throws -> Set<Int> {
  let futures = try numbers.map { number in try pool.submit { number * number } }
  var squares: Set<Int> = []
  for try await future in asCompleted(futures) { squares.insert(try await future.value) }
  return squares
}

private func sum(_ numbers: [Int], on pool: ThreadPoolExecutor) async -> Int {
  await withTaskExecutorPreference(pool) {
    await withTaskGroup(of: Int.self) { group in
      for number in numbers { group.addTask { number * number } }
      return await group.reduce(0, +)
    }
  }
}

private func answer(from ask: (@escaping @Sendable (Int?) -> Void) -> Void) -> Future<Int> {
  struct NoAnswer: Error {}
  let future = Future<Int>()
  ask { answer in
    do {
      if let answer { try future.setResult(answer) } else { try future.setException(NoAnswer()) }
    } catch {
      print(error)  // it was answered twice, or cancelled meanwhile
    }
  }
  return future
}

@Suite(.timeLimit(.minutes(1))) struct FromDispatchAndTaskGroup {
  @Test func blocking() throws {
    #expect(brightness(of: [[1, 2], [], [255]]) == [3, 0, 255])
    let lengths = try withThreadPool(maxWorkers: 2) { try loadAll(["a", "bc"], on: $0) }
    #expect(lengths == [1, 2])
    #expect(try answer { $0(7) }.result() == 7)
    #expect(try answer { $0(nil) }.exception() != nil)
  }

  @Test func suspending() async throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    #expect(try await !hostName(on: pool).isEmpty)
    #expect(try await squares([1, 2, 3], on: pool) == [1, 4, 9])
    #expect(await sum([1, 2, 3], on: pool) == 14)
    await pool.shutdown()
  }
}
