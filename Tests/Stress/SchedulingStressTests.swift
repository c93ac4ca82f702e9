// Races of the pool: work that arrives while workers go to sleep, leave, steal, block.
@testable import ConcurrentFutures
import Glibc
import Testing

@Suite(.turns(limit: .seconds(120 + 60 * stressSeconds)))
struct SchedulingStressTests {
  /// No submit is lost that meets a worker on its way to sleep. Met means: just before the submit a worker searched,
  /// which either sees the work or must be woken. Counted, until there are enough: 10^5, or 10^7 with LONG_TESTS=1.
  @Test(arguments: [1, 2])
  func submitVersusGoingIdle(_ workers: Int) throws {
    let wanted = stressSeconds >= 30 ? 10_000_000 : 100_000
    let deadline = ContinuousClock.now + .seconds(20 * max(1, stressSeconds))
    var met = 0
    var submits = 0
    try stress { seed, goOn in
      var random = Seeded(state: seed)
      try withPool(PoolShape(workers: workers)) { pool in
        // Looks before a submit: as many as a worker searches long, found by feedback.
        var looks: UInt64 = 100
        let recording = EventLog.isRecording
        while recording ? goOn() : met < wanted && (submits & 63 != 0 || ContinuousClock.now < deadline) {
          let future = try pool.submit { [submits] in submits }
          for _ in 0..<10_000 where !future.isDone { continue }
          #expect(try future.result(timeout: .seconds(30)) == submits, "seed \(seed)")
          submits += 1
          var word = pool.pool.pointer.pointee.sleep.current
          for _ in 0..<(random.next() % (2 * looks)) where word.searching > 0 || word.sleeping == 0 {
            word = pool.pool.pointer.pointee.sleep.current
          }
          let isMet = word.searching > 0
          looks = isMet ? min(10_000, looks + looks / 64 + 1) : max(20, looks - looks / 64)
          if isMet && !recording { met += 1 }
        }
      }
    }
    print("submitVersusGoingIdle, \(workers) workers: \(met) of \(submits) submits met a worker on its way to sleep")
    // On a loaded machine submitter and worker seldom run at the same time: fewer meet, but some must.
    #expect(met >= wanted / 100, "too few met one: \(met) of \(submits)")
  }

  /// The same for workers whose threads end.
  @Test(arguments: [1, 3])
  func submitVersusLeaving(_ workers: Int) throws {
    try stress { seed, goOn in
      var random = Seeded(state: seed)
      try withPool(PoolShape(workers: workers), { $0.keepAlive = .microseconds(100) }) { pool in
        while goOn() {
          let futures = try (0..<Int(random.next() % 4 + 1)).map { number in try pool.submit { number } }
          for (number, future) in futures.enumerated() {
            #expect(try future.result(timeout: .seconds(30)) == number, "seed \(seed)")
          }
          usleep(UInt32(random.next() % 300))
        }
      }
    }
  }

  /// Submissions from many sides, nested waits, forks and blocked workers, all at once: every task runs once.
  @Test(arguments: PoolShape.all)
  func everythingAtOnce(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      try withPool(shape, { $0.compensation = seed % 2 == 0 ? 2 : 0 }) { pool in
        let crew = Crew(3, seed)
        defer { crew.end() }
        while goOn() {
          let (ran, expected, sums) = (Counter(), Counter(), Journal<Bool>())
          crew.start { random in
            for _ in 0..<5 {
              // A pool whose workers only block must not wait for its own tasks.
              let kind = shape.waitPolicy == .block ? random.next() % 4 + 1 : random.next() % 6
              expected.add()
              let future = try? pool.submit { () -> Int in
                ran.add()
                switch kind {
                case 0: return pool.concurrentReduce(Array(0..<200), 0, grain: 8, { $0 + $1 }, { $0 + $1 })
                case 1: return ThreadPoolExecutor.blocking { usleep(20) == 0 ? 1 : 0 }
                case 2: return pool.join({ 1 }, { pool.join({ 2 }, { 3 }).0 }).1
                case 3: throw TaskFailure(number: 4)
                case 4: return pool.concurrentMap([1, 2, 3], grain: 1) { $0 + 1 }[2]
                default: return try pool.submit { 1 }.result() + (pool.map(0..<3) { $0 }.next() ?? 5)
                }
              }
              let values: [UInt64: Int] = [0: 19_900, 1: 1, 2: 2, 4: 4, 5: 1]
              sums.note((try? future?.result(timeout: .seconds(30))) == values[kind])
            }
          }
          try crew.wait()
          try eventually { ran.value == expected.value }
          #expect(!sums.entries.contains(false), "seed \(seed)")
        }
      }
    }
  }
}
