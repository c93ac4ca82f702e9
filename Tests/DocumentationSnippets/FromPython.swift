// The code of FromPython.md.
import ConcurrentFutures
import Testing

private func load(_ url: String, timeout: Int) throws -> Int {
  if url.isEmpty { throw InvalidArgumentError(message: "no address") }
  return url.utf8.count + timeout
}

private func sizes(of addresses: [String]) throws -> [String: Int] {
  var sizes: [String: Int] = [:]
  try withThreadPool(maxWorkers: 5) { executor in
    var addressOf: [Future<Int>: String] = [:]
    for address in addresses { addressOf[try executor.submit(load, address, 60)] = address }
    for future in asCompleted(addressOf.keys) {
      do {
        sizes[addressOf[future]!] = try future.result()
      } catch {
        print(addressOf[future]!, "gave", error)
      }
    }
  }
  return sizes
}

private func inTime(_ futures: [Future<Int>]) throws -> [Int] {
  var values: [Int] = []
  let completed = asCompleted(futures, timeout: .seconds(1)).makeCursor()
  do {
    while let future = try completed.next() { values.append(try future.result()) }
  } catch let error as TimeoutError {
    print(error)  // 2 (of 4) futures unfinished
  }
  return values
}

private func reciprocals(_ numbers: [Int], _ executor: ThreadPoolExecutor) throws -> [Int?] {
  struct DivisionByZero: Error {}
  let results = try executor.map(numbers) { number in
    guard number != 0 else { throw DivisionByZero() }
    return 1000 / number
  }
  return results.outcomes.map { outcome in try? outcome.get() }
}

@Suite(.timeLimit(.minutes(1))) struct FromPython {
  @Test func submitAndAsCompleted() throws {
    #expect(try sizes(of: ["a", "", "ccc"]) == ["a": 61, "ccc": 63])
  }

  @Test func deadline() throws {
    let never = Future<Int>()
    #expect(try inTime([.succeeded(1), .succeeded(2)]) == [1, 2])
    #expect(throws: TimeoutError(unfinished: 1, total: 2)) {
      let completed = asCompleted([.succeeded(1), never], timeout: .zero).makeCursor()
      while try completed.next() != nil {}
    }
  }

  @Test func outcomes() throws {
    let results = try withThreadPool(maxWorkers: 2) { try reciprocals([1, 0, 4], $0) }
    #expect(results == [1000, nil, 250])
  }
}
