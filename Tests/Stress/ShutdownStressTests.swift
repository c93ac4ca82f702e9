// Races of the end: submit against shutdown, cancelled queues, executors that are dropped with work in them.
import ConcurrentFutures
import Glibc
import SplitMix
import Testing

@Suite(.turns(limit: .seconds(60 + 3 * stressSeconds)))
struct ShutdownStressTests {
  /// What was accepted ends; what was refused never runs.
  @Test(arguments: PoolShape.few, [false, true])
  func submitVersusShutdown(_ shape: PoolShape, _ cancelsFutures: Bool) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      let crew = Crew(3, seed)
      defer { crew.end() }
      while goOn() {
        let pool = try shape.make()
        let (accepted, ran, names) = (Journal<Future<Int>>(), Journal<Int>(), Counter())
        let refused = Journal<Int>()
        crew.start { random in
          let name = names.add()
          for number in 0..<30 {
            let identity = name * 100 + number
            do {
              accepted.note(
                try pool.submit {
                  ran.note(identity)
                  return identity
                })
            } catch { refused.note(identity) }
            random.pause()
          }
        }
        random.pause()
        pool.shutdown(wait: random.next() % 2 == 0, cancelFutures: cancelsFutures)
        try crew.wait()
        pool.shutdown()
        let futures = accepted.entries
        #expect(futures.allSatisfy { $0.isDone }, "seed \(seed)")
        #expect(cancelsFutures || !futures.contains { $0.isCancelled }, "seed \(seed)")
        let values = futures.filter { !$0.isCancelled }.compactMap { try? $0.result() }
        #expect(values.sorted() == ran.entries.sorted(), "seed \(seed)")
        #expect(Set(refused.entries).isDisjoint(with: ran.entries), "seed \(seed)")
      }
    }
  }

  /// Several shut down at once, one of them a worker, one from a callback.
  @Test(arguments: PoolShape.few)
  func severalShutdowns(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      let crew = Crew(2, seed)
      defer { crew.end() }
      var random = SplitMix64(seed: seed)
      while goOn() {
        let pool = try shape.make()
        let (called, submitted) = (Counter(), Gate())
        let futures = try (0..<8).map { number in
          try pool.submit {
            if number == 3 {
              try submitted.wait()
              pool.shutdown()
            }
          }
        }
        submitted.open()
        futures[5].addDoneCallback { _ in
          pool.shutdown(wait: false)
          called.add()
        }
        crew.start { random in
          random.pause()
          pool.shutdown(wait: random.next() % 2 == 0)
        }
        random.pause()
        pool.shutdown()
        try crew.wait()
        #expect(futures.allSatisfy { $0.isDone }, "seed \(seed)")
        try called.wait(for: 1)
      }
    }
  }

  /// The last reference goes while work is queued, running, waited for.
  @Test(arguments: PoolShape.few)
  func droppedExecutors(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      while goOn() {
        func begin() throws -> [Future<Int>] {
          let pool = try shape.make { $0.threadNamePrefix = "dropped" }
          return try (0..<10).map { number in try pool.submit { number } }
        }
        let futures = try begin()
        random.pause()
        let cancelled = futures[Int(random.next() % 10)].cancel() ? 1 : 0
        #expect(wait(futures).done.count == 10, "seed \(seed)")
        #expect(futures.filter { $0.isCancelled }.count == cancelled)
      }
      try eventually { threadNames(prefix: "dropped").isEmpty }
    }
  }
}
