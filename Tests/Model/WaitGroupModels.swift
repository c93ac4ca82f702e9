import Testing

extension Models {
  /// Waiting for several futures at once.
  @Suite struct WaitGroupModels {
    final class Setting {
      let futures: [AnyFuture]
      var group: WaitGroup?
      var taken: [Int] = []
      var wrong: String?
      /// The members' `signal`s.
      private let signals: Range<Int>

      init(_ count: Int) {
        futures = (0..<count).map { _ in
          AnyFuture(operations: { _, _ in false }, owner: AnyFuture.Owner.library, isTask: false, ownsValue: false)
        }
        group = WaitGroup(futures)
        let end = Explorer.run.memory.locations.count
        signals = end - count..<end  // the last that the group makes
      }
      func complete(_ index: Int) {
        guard futures[index].claimCompletion() else { return }
        futures[index].fire(futures[index].publish())
      }
      func open() { group!.open() }
      func sleep(_ needed: Int, deadline: Int64? = nil) {
        let group = group!
        if group.sleep(needed: needed, deadline: deadline), group.doneCount < needed { wrong = "woke too early" }
        taken += group.takeDone()
      }
      /// Closes the group and lets go of it: a completer that touches it later is caught, also one that had a reference
      /// already, for no thread is switched away from between its exchange and that.
      func close() {
        group!.close()
        for signal in signals { Explorer.run.memory.locations[signal].isDead = true }
        group = nil
      }
    }

    @Test func theWaiterSleepsUntilAllAreDone() {
      verify("group, two completers, all of two") {
        let it = Setting(2)
        return Program(
          threads: [
            { it.complete(0) }, { it.complete(1) },
            {
              it.open()
              it.sleep(2)
              it.close()
            },
          ], check: { it.wrong ?? (it.taken.sorted() == [0, 1] ? nil : "took \(it.taken)") })
      }
    }

    @Test func oneByOneInTheOrderOfCompletion() {
      verify("group, one by one") {
        let it = Setting(2)
        return Program(
          threads: [
            {
              it.complete(0)
              it.complete(1)
            },
            {
              it.open()
              it.sleep(1)
              it.sleep(2)
              it.close()
            },
          ], check: { it.wrong ?? (it.taken == [0, 1] ? nil : "took \(it.taken)") })
      }
    }

    @Test func nothingTouchesAClosedGroup() {
      verify("group, a deadline against two completers") {
        let it = Setting(2)
        return Program(
          threads: [
            { it.complete(0) }, { it.complete(1) },
            {
              it.open()
              it.sleep(1, deadline: 1)
              it.close()
            },
          ],
          check: { it.wrong ?? (it.futures.allSatisfy { $0.loadWord().head == nil } ? nil : "a node was left behind") })
      }
    }

    /// A waiter that is no thread: it is resumed once if it must suspend, and not at all if it need not.
    @Test func aSuspendedWaiterIsResumed() {
      verify("group, resumption against two completers") {
        let it = Setting(2)
        var suspended = false
        var resumption: Resumption?
        return Program(
          threads: [
            { it.complete(0) }, { it.complete(1) },
            {
              it.open()
              resumption = it.group!.renewedResumption()
              suspended = it.group!.armResume(needed: 2)
            },
          ],
          check: {
            let count = resumption!.count.load(ordering: .relaxed)
            return count == (suspended ? 1 : 0) ? nil : "suspended \(suspended), resumed \(count) times"
          })
      }
    }
  }
}
