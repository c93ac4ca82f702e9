// Races on one future: cancel, start, complete, callbacks, waits.
import ConcurrentFutures
import Glibc
import SplitMix
import Synchronization
import Testing

@Suite(.turns(limit: .seconds(60 + 3 * stressSeconds)))
struct FutureStressTests {
  /// A start and several cancels: exactly one side wins, and everyone sees the same winner.
  @Test(arguments: PoolShape.few)
  func cancelVersusStart(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      try withPool(shape) { pool in
        let cancellers = Crew(2, seed)
        defer { cancellers.end() }
        var wins = (runs: 0, cancellations: 0)
        while goOn() {
          let ran = Counter()
          let futures = try (0..<16).map { _ in try pool.submit { ran.add() } }
          let succeeded = Counter()
          let work: @Sendable (inout SplitMix64) -> Void = { random in
            for future in futures.shuffled(using: &random) {
              random.pause()
              if future.cancel() { succeeded.add() }
            }
          }
          cancellers.start(work)
          random.pause()
          wait(futures)
          try cancellers.wait()
          let cancelled = futures.filter { $0.isCancelled }.count
          // Each canceller counts a cancelled future once; the first wins, the second is told that it is cancelled.
          #expect(succeeded.value == 2 * cancelled, "seed \(seed)")
          try eventually { ran.value == 16 - cancelled }
          wins.runs += 16 - cancelled
          wins.cancellations += cancelled
        }
        #expect(wins.runs + wins.cancellations > 0)
      }
    }
  }

  /// Callbacks added from several threads while the future completes: each runs once, those of one thread in order.
  @Test(arguments: PoolShape.few)
  func callbackVersusComplete(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      try withPool(shape) { pool in
        let adders = Crew(3, seed)
        defer { adders.end() }
        while goOn() {
          let calls = Journal<(adder: Int, number: Int)>()
          let byHand = random.next() % 2 == 0
          let gate = Gate()
          let future: Future<Int> =
            byHand
            ? Future()
            : try pool.submit {
              try gate.wait()
              return 1
            }
          let names = Counter()
          adders.start { random in
            let name = names.add()
            for number in 0..<20 {
              random.pause()
              future.addDoneCallback { _ in calls.note((name, number)) }
            }
          }
          random.pause()
          if byHand { try future.setResult(1) } else { gate.open() }
          try adders.wait()
          try eventually { calls.entries.count >= 60 }
          #expect(calls.entries.count == 60, "seed \(seed)")
          for name in 1...3 {
            // One that is added late runs at once, in its own thread, which may overtake the completer's list.
            #expect(Set(calls.entries.filter { $0.adder == name }.map(\.number)) == Set(0..<20), "seed \(seed)")
          }
        }
      }
    }
  }

  /// Waits of every kind, with and without a timeout, on futures that complete meanwhile.
  @Test(arguments: PoolShape.few)
  func waitVersusComplete(_ shape: PoolShape) throws {
    try stress { seed, goOn in
      var random = SplitMix64(seed: seed)
      try withPool(shape) { pool in
        let waiters = Crew(3, seed)
        defer { waiters.end() }
        while goOn() {
          let byHand = (0..<4).map { _ in Future<Int>() }
          let futures = try byHand + (0..<4).map { number in try pool.submit { number } }
          let seen = Journal<Bool>()
          waiters.start { random in
            let mine = futures.shuffled(using: &random)
            switch random.next() % 5 {
            case 0: seen.note(wait(mine).done.count == 8)
            case 1: seen.note(Set(asCompleted(mine)).count == 8)
            case 2:
              var result = wait(mine, timeout: .microseconds(50), returnWhen: .firstCompleted)
              while !result.notDone.isEmpty {
                let before = result.done.count
                result = wait(mine, timeout: .microseconds(50))
                if result.done.count < before { break }
              }
              seen.note(result.done.count == 8)
            case 3: seen.note(mine.allSatisfy { (try? $0.waitUntilDone()) != nil && $0.isDone })
            default:
              var left = mine
              while let next = left.popLast() {
                while (try? next.result(timeout: .microseconds(Int64(random.next() % 100)))) == nil {}
              }
              seen.note(true)
            }
          }
          for future in byHand.shuffled(using: &random) {
            random.pause()
            try future.setResult(1)
          }
          try waiters.wait()
          #expect(seen.entries == [true, true, true], "seed \(seed)")
        }
      }
    }
  }

  /// Two threads complete, one cancels, one claims: one of them is told that it won.
  @Test func completersByHand() throws {
    try stress { seed, goOn in
      // Recorded too: nothing of a future made by hand may confuse the log, so a pool runs beside.
      try withPool { pool in
        let rivals = Crew(4, seed)
        defer { rivals.end() }
        while goOn() {
          let other = try pool.submit {}
          let future = Future<Int>()
          let (names, winners, calls) = (Counter(), Journal<Int>(), Counter())
          future.addDoneCallback { _ in calls.add() }
          rivals.start { random in
            let name = names.add()
            random.pause()
            switch name {
            case 1, 2: if (try? future.setResult(name)) != nil { winners.note(name) }
            case 3: if (try? future.setException(TaskFailure(number: 3))) != nil { winners.note(3) }
            default: if future.cancel() { winners.note(4) }
            }
          }
          try rivals.wait()
          #expect(winners.entries.count == 1, "seed \(seed): \(winners.entries)")
          #expect(calls.value == 1, "seed \(seed)")
          #expect(future.isCancelled == (winners.entries == [4]))
          try other.result()
        }
      }
    }
  }
}
