// Races of the pool: work that arrives while workers go to sleep, leave, steal, block.
@testable import ConcurrentFutures
import Glibc
import SplitMix
import Testing

@Suite(.turns(limit: .seconds(120 + 60 * stressSeconds)))
struct SchedulingStressTests {
  /// No submit is lost that meets a worker on its way to sleep: 10^5 such, 10^7 with LONG_TESTS=1, for 1 and 2 workers.
  ///
  /// Met by construction, not by luck: the worker is held at a step of the idle protocol, and goes on just before the
  /// submit, so that both run side by side, or just after it.
  @Test(arguments: [1, 2])
  func submitVersusGoingIdle(_ workers: Int) throws {
    // ThreadSanitizer makes each step many times dearer.
    let wanted = dlsym(nil, "__tsan_init") != nil ? 10_000 : stressSeconds >= 30 ? 10_000_000 : 100_000
    var met = 0
    var submits = 0
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      try withPool(PoolShape(workers: workers)) { pool in
        let inner = pool.pool.pointer
        let recording = EventLog.isRecording
        while recording ? goOn() : met < wanted {
          let step = IdleStep.allCases[Int(random.next() % 3)]
          inner.pointee.hold.stop(at: step)
          // Who ran the last one is on the way. If it was past that step already, one more makes it come by again.
          for _ in 0..<100 where !inner.pointee.hold.isHeld { sched_yield() }
          var bait: Future<Int>?
          if !inner.pointee.hold.isHeld {
            bait = try pool.submit { [submits] in submits }
            for _ in 0..<10_000 where !inner.pointee.hold.isHeld { sched_yield() }
          }
          let isMet = inner.pointee.hold.isHeld
          let goesOnFirst = random.next() & 1 == 0
          if goesOnFirst {
            inner.pointee.hold.goOn()
            random.pause()
          }
          let future = try pool.submit { [submits] in submits }
          if !goesOnFirst { inner.pointee.hold.goOn() }
          #expect(try future.result(timeout: .seconds(30)) == submits, "seed \(seed), held at \(step)")
          if let bait { #expect(try bait.result(timeout: .seconds(30)) == submits, "seed \(seed), held at \(step)") }
          submits += 1
          if isMet && !recording { met += 1 }
        }
      }
    }
    print("submitVersusGoingIdle, \(workers) workers: \(met) of \(submits) submits met a worker on its way to sleep")
  }

  /// The same for workers whose threads end.
  @Test(arguments: [1, 3])
  func submitVersusLeaving(_ workers: Int) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
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
