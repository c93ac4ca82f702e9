import CPlatform
import Testing

extension Models {
  /// Forks of one owner. A fork is a number in the slot's place; running it stores its result there.
  @Suite struct ForkStackModels {
    final class Setting {
      let forks = ForkStack(cf_reserve(1024)!, stackSize: 1 << 16, pool: 0)
      let sleep = Sleep(workers: 2)
      let parker = Parker()
      let words = [Word(), Word(), Word(), Word()]
      let log = Log()
      var wrong: String?

      final class Word { let value = Atomic<Int>(0) }

      func word(_ slot: ForkSlot) -> Word { words[Int(UInt(bitPattern: slot) - forks.base) / 64] }

      // MARK: Owner, as Forking.swift does it

      func join(_ number: Int, _ body: () -> Void) {
        let slot = forks.next
        word(slot).value.store(number, ordering: .relaxed)
        if forks.push(slot), forks.answer() { notify() }
        body()
        if !forks.pop(slot) {
          switch forks.popSlow(slot) {
          case .mine(let published): if published { notify() }
          case .stolen:
            while forks.state(slot).pointee.load(ordering: .acquiring) != ForkStack.State.done { cf_pause() }
            forks.retire(slot)
            let result = word(slot).value.load(ordering: .relaxed)
            if result != -number { wrong = "the result of \(number) is \(result)" }
            return
          }
        }
        let found = word(slot).value.load(ordering: .relaxed)
        if found != number { wrong = "slot of \(number) holds \(found)" }
        log.add(number)
      }

      func notify() {
        if sleep.current.wantsWaking, sleep.takeSleeper() != nil { parker.unpark() }
      }

      // MARK: Thief, as ForkStealing.swift does it

      @discardableResult
      func steal() -> Bool {
        switch forks.steal() {
        case .slot(let slot, let isLast):
          if isLast { forks.request() }
          run(slot)
          return true
        case .empty: forks.request()
        case .lost: break
        }
        return false
      }

      func run(_ slot: ForkSlot) {
        let number = word(slot).value.load(ordering: .relaxed)
        if number <= 0 { wrong = "stole a slot that holds \(number)" }
        log.add(number)
        word(slot).value.store(-number, ordering: .relaxed)
        forks.state(slot).pointee.exchange(ForkStack.State.done, ordering: .sequentiallyConsistent)
      }

      func check(_ expected: [Int]) -> String? { wrong ?? log.differs(from: expected) }
    }

    @Test func requestsAreAnsweredAtForksAndJoins() {
      verify("forks, two nested and a thief") {
        let it = Setting()
        return Program(
          threads: [
            { it.join(1) { it.join(2) {} } },
            {
              it.steal(); it.steal(); it.steal()
            },
          ],
          check: { it.check([1, 2]) })
      }
    }

    @Test func slotsAreUsedAgain() {
      verify("forks, one after the other and a thief") {
        let it = Setting()
        return Program(
          threads: [
            {
              it.join(1) {}; it.join(2) {}; it.join(3) {}
            },
            {
              it.steal(); it.steal()
            },
          ],
          check: { it.check([1, 2, 3]) })
      }
    }

    @Test func twoThievesTakeDifferentForks() {
      verify("forks, three nested and two thieves") {
        let it = Setting()
        return Program(
          threads: [
            { it.join(1) { it.join(2) { it.join(3) {} } } },
            {
              it.steal(); it.steal()
            },
            {
              it.steal(); it.steal()
            },
          ],
          check: { it.check([1, 2, 3]) })
      }
    }

    @Test func aForcingThiefAndAPoppingOwnerNeverTakeTheSame() {
      verify("forks, force against two joins") {
        let it = Setting()
        it.forks.low.store(it.forks.base, ordering: .relaxed)  // answered long ago
        return Program(
          threads: [
            {
              it.join(1) {}; it.join(2) { it.join(3) {} }
            },
            {
              if it.forks.force() { it.steal() }; it.steal()
            },
          ], check: { it.check([1, 2, 3]) })
      }
    }

    @Test func twoForcingThieves() {
      verify("forks, two forcing thieves") {
        let it = Setting()
        it.forks.low.store(it.forks.base, ordering: .relaxed)
        return Program(
          threads: [
            { it.join(1) { it.join(2) {} } }, { if it.forks.force() { it.steal() } },
            { if it.forks.force() { it.steal() } },
          ], check: { it.check([1, 2]) })
      }
    }

    /// A thief forces while the owner is about to answer, runs the fork and goes to sleep. The owner, late, must not take
    /// back the sleeper's request: its next fork would reach nobody.
    @Test func aLateAnswerErasesNoRequest() {
      verify("forks, a late answer against a thief that forced and goes to sleep") {
        let it = Setting()
        for _ in 0..<2 { _ = it.sleep.claimUnstarted(always: true) }
        _ = it.sleep.endSearching()  // the owner runs
        var isOver = false
        var wasLeftAsleep = false
        return Program(
          threads: [
            {
              it.join(1) {}
              isOver = true
              if it.sleep.takeSleeper() != nil {
                wasLeftAsleep = true
                it.parker.unpark()
              }
            },
            {
              if it.forks.force() { it.steal() }
              it.sleep.beginSleeping(1, wasSearching: true)
              it.forks.requestBeforeSleep()
              cf_membarrier()
              if isOver || it.forks.hasPrivate || it.forks.hasPublished {
                if !it.sleep.cancelSleeping(1) { _ = it.parker.park() }
              } else {
                _ = it.parker.park()
                if wasLeftAsleep, it.forks.low.load(ordering: .relaxed) != ForkStack.requested {
                  it.wrong = "it slept, and its request was gone"
                }
              }
            },
          ], check: { it.check([1]) })
      }
    }

    /// The first half waits for the second. The thief is on its way to sleep: either the fork reaches it before it
    /// sleeps, or the owner wakes it.
    @Test func aForkReachesAThiefThatGoesToSleep() {
      verify("forks, a fork against a thief on its way to sleep") {
        let it = Setting()
        it.forks.low.store(it.forks.base, ordering: .relaxed)  // answered: the thief's own request is what counts
        for _ in 0..<2 { _ = it.sleep.claimUnstarted(always: true) }
        _ = it.sleep.endSearching()  // the owner runs
        let ran = Setting.Word()
        return Program(
          threads: [
            { it.join(1) { while ran.value.load(ordering: .acquiring) == 0 { cf_pause() } } },
            {
              while !it.steal() {
                it.sleep.beginSleeping(1, wasSearching: true)
                it.forks.requestBeforeSleep()
                cf_membarrier()
                if it.forks.hasPrivate || it.forks.hasPublished {
                  if !it.sleep.cancelSleeping(1) { _ = it.parker.park() }
                  // Who pauses waits for a change; what was published meanwhile is none any more.
                  if !it.forks.force(), !it.forks.hasPublished { cf_pause() }
                } else {
                  _ = it.parker.park()
                }
              }
              ran.value.store(1, ordering: .releasing)
            },
          ], check: { it.check([1]) })
      }
    }
  }
}
