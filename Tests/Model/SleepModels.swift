import Testing

extension Models {
  /// The idle protocol, with workers that do as `Worker.loop`, `search`, `rest` and `leave` do: a copy by hand, with at
  /// most one round of searching, one counter for all queues, and nobody who watches (Scheduling/README.md, "How it was checked").
  @Suite struct SleepModels {
    final class Setting {
      let sleep: Sleep
      let parkers = [Bed(), Bed()]
      let work = Atomic<Int>(0)
      let log = Log()
      /// Starts the spare worker's thread.
      let start = Bed()

      final class Bed { let parker = Parker() }

      init(workers: Int, started: Int) {
        sleep = Sleep(workers: workers)
        for _ in 0..<started { _ = sleep.claimUnstarted(always: true) }
      }

      func submit(_ number: Int) {
        work.wrappingAdd(1, ordering: .sequentiallyConsistent)
        log.add(number)
        notify()
      }
      func notify() {
        guard sleep.current.wantsWaking else { return }
        if let worker = sleep.takeSleeper() { return parkers[worker].parker.unpark() }
        let word = sleep.current
        guard word.sleeping == 0, word.unstarted > 0, word.searching == 0 else { return }
        if sleep.claimUnstarted() { start.parker.unpark() }
      }
      var hasWork: Bool { work.load(ordering: .sequentiallyConsistent) > 0 }
      func take() -> Bool {
        var left = work.load(ordering: .relaxed)
        while left > 0 {
          let (exchanged, original) = work.compareExchange(
            expected: left, desired: left - 1, ordering: .sequentiallyConsistent)
          if exchanged { return true }
          left = original
        }
        return false
      }
      func standUp(_ index: Int) {
        if !sleep.cancelSleeping(index) { _ = parkers[index].parker.park() }
      }
      func close() {
        sleep.close()
        for index in sleep.takeAllSleepers() { parkers[index].parker.unpark() }
      }

      /// Works until it has run `jobs`, or the pool is closed or its time is up. Returns how many it ran.
      /// - Parameter searches: whether it searches a round between its job and its sleep.
      @discardableResult
      func worker(_ index: Int, jobs: Int, keepAlive: Bool = false, searches: Bool = false) -> Int {
        var searching = true
        var ran = 0
        while true {
          if take() {
            if searching {
              searching = false
              if sleep.endSearching(), hasWork { notify() }
            }
            ran += 1
            if ran == jobs { return ran }
            continue
          }
          if searches, !searching, sleep.beginSearching() {  // Worker.search, of one round
            searching = true
            continue
          }
          let wasSearching = searching
          searching = true
          sleep.beginSleeping(index, wasSearching: wasSearching)
          if hasWork {
            standUp(index)
            continue
          }
          if sleep.current.isClosed {
            standUp(index)
            if hasWork || !leave() { continue }
            return ran
          }
          let woken = parkers[index].parker.park(deadline: keepAlive ? 1 : nil)
          if !woken {
            if !sleep.cancelSleeping(index) {
              _ = parkers[index].parker.park()
            } else if !hasWork, leave() {
              return ran
            }
          }
        }
      }
      /// False if it must go on, counted as searching again.
      func leave() -> Bool {
        sleep.returnToUnstarted()
        return !hasWork || !sleep.claimUnstarted()
      }
    }

    final class Flag { let value = Atomic<Int>(0) }

    @Test func aSubmissionWakesTheSleeper() {
      verify("sleep, a submitter and a worker") {
        let it = Setting(workers: 1, started: 1)
        return Program(threads: [{ it.submit(1) }, { it.worker(0, jobs: 1) }], check: { nil })
      }
    }

    @Test func twoSubmittersAndOneWorker() {
      verify("sleep, two submitters and a worker") {
        let it = Setting(workers: 1, started: 1)
        return Program(
          threads: [{ it.submit(1) }, { it.submit(2) }, { it.worker(0, jobs: 2) }], check: { nil })
      }
    }

    /// The second job comes while the worker looks for more, or has begun to sleep.
    @Test func aWorkerThatSearchesAgain() {
      verify("sleep, a worker between two jobs") {
        let it = Setting(workers: 1, started: 1)
        return Program(
          threads: [
            {
              it.submit(1); it.submit(2)
            }, { it.worker(0, jobs: 2, searches: true) },
          ], check: { nil })
      }
    }

    /// Each worker is busy for ever with its first job: the second reaches the other one, though the submitter saw a
    /// searcher and left the wake-up to it.
    @Test func theLastSearcherHandsOn() {
      verify("sleep, two jobs for two workers") {
        let it = Setting(workers: 2, started: 2)
        return Program(
          threads: [
            {
              it.submit(1); it.submit(2)
            }, { it.worker(0, jobs: 1) }, { it.worker(1, jobs: 1) },
          ],
          check: { nil })
      }
    }

    @Test func closingEndsSleepers() {
      verify("sleep, close against a submission") {
        let it = Setting(workers: 1, started: 1)
        var retracted = false
        var ran = 0
        return Program(
          threads: [
            {
              it.work.wrappingAdd(1, ordering: .sequentiallyConsistent)
              let word = it.sleep.current
              if word.wantsWaking { it.notify() }
              if word.isClosed { retracted = it.take() }
            },
            { it.close() },
            { ran = it.worker(0, jobs: 9) },
          ],
          check: {
            let left = it.hasWork ? 1 : 0
            return ran + (retracted ? 1 : 0) == 1 && left == 0
              ? nil : "ran \(ran), retracted \(retracted), left \(left)"
          })
      }
    }

    /// A worker whose time is up meets a submission: it runs it, or a thread is started for it.
    @Test func timeOutsLoseNothing() {
      verify("sleep, a time-out against a submission") {
        let it = Setting(workers: 1, started: 1)
        return Program(
          threads: [
            { it.submit(1) },
            { it.worker(0, jobs: 1, keepAlive: true) },
            {
              _ = it.start.parker.park()
              it.worker(0, jobs: 1)
            },
          ], spares: [2], check: { it.hasWork ? "the job is stranded" : nil })
      }
    }

    @Test func tokensAreNotLost() {
      verify("parker, two tokens") {
        let it = Setting.Bed()
        let seen = Flag()
        var wrong: String?
        return Program(
          threads: [
            {
              seen.value.store(1, ordering: .relaxed)
              it.parker.unpark()
            },
            {
              if !it.parker.park() { wrong = "no token" }
              if seen.value.load(ordering: .relaxed) != 1 { wrong = "what the waker did is not visible" }
            },
          ], check: { wrong })
      }
    }

    @Test func aTimedParkTellsTheTruth() {
      verify("parker, a deadline against a token") {
        let it = Setting.Bed()
        var tokens = 0
        return Program(
          threads: [
            { it.parker.unpark() },
            {
              if it.parker.park(deadline: 1) { tokens += 1 } else if it.parker.park() { tokens += 1 }
            },
          ], check: { tokens == 1 ? nil : "\(tokens) tokens" })
      }
    }
  }
}
