import Testing

extension Models {
  @Suite struct DequeModels {
    /// A deque whose items' contents are written just before the push: a thief must see them.
    final class Setting {
      let deque: Deque
      let contents = [Box(), Box(), Box(), Box()]
      let log = Log()
      var wrong: String?
      init(capacity: Int) { deque = Deque(capacity: capacity) }

      final class Box { let value = Atomic<Int>(0) }

      func push(_ item: Int) {
        contents[item].value.store(item * 10, ordering: .relaxed)
        deque.push(UInt(item))
      }
      func took(_ word: UInt) {
        let item = Int(word)
        guard contents.indices.contains(item) else { return wrong = "took \(item), which nobody pushed" }
        if contents[item].value.load(ordering: .relaxed) != item * 10 { wrong = "took \(item) before its content" }
        log.add(item)
      }
      func pop() { if let word = deque.pop() { took(word) } }
      func steal() { if case .item(let word) = deque.steal() { took(word) } }
      func check(_ expected: [Int]) -> String? {
        while let word = deque.pop() { took(word) }
        return wrong ?? log.differs(from: expected)
      }
    }

    @Test func everyItemLeavesOnceWhileOwnerPopsAndAThiefSteals() {
      verify("deque, two pops against two steals") {
        let it = Setting(capacity: 4)
        it.push(1)
        it.push(2)
        return Program(
          threads: [
            {
              it.pop(); it.pop()
            },
            {
              it.steal(); it.steal()
            },
          ], check: { it.check([1, 2]) })
      }
    }

    @Test func theLastItemGoesToOneOfThree() {
      verify("deque, one item and two thieves") {
        let it = Setting(capacity: 2)
        return Program(
          threads: [
            {
              it.push(1); it.pop(); it.push(2)
            }, { it.steal() }, { it.steal() },
          ], check: { it.check([1, 2]) })
      }
    }

    @Test func aPushedItemsContentIsSeen() {
      verify("deque, push and pop against steals") {
        let it = Setting(capacity: 4)
        return Program(
          threads: [
            {
              it.push(1); it.push(2); it.pop()
            },
            {
              it.steal(); it.steal()
            },
          ], check: { it.check([1, 2]) })
      }
    }

    @Test func growsWhileThievesSteal() {
      verify("deque, growth under two thieves", Bounds(runs: 60_000)) {
        let it = Setting(capacity: 1)
        it.push(1)
        return Program(
          threads: [
            {
              it.push(2); it.push(3)
            }, { it.steal() }, { it.steal() },
          ], check: { it.check([1, 2, 3]) })
      }
    }

    @Test func theRingWrapsAroundUnderAThief() {
      verify("deque, slots used again") {
        let it = Setting(capacity: 2)
        it.push(1)
        return Program(
          threads: [
            {
              it.pop(); it.push(2); it.push(3)
            },
            {
              it.steal(); it.steal()
            },
          ], check: { it.check([1, 2, 3]) })
      }
    }

    /// Whoever goes to sleep sees the item, or its owner sees the sleeper.
    @Test func aSleeperOrAPusherSeesTheOther() {
      verify("deque, push and fence against a sleeper") {
        let it = Setting(capacity: 2)
        let sleeping = Setting.Box()
        var sleeperSaw = false
        var ownerSaw = false
        return Program(
          threads: [
            {
              it.push(1)
              atomicMemoryFence(ordering: .sequentiallyConsistent)
              ownerSaw = sleeping.value.load(ordering: .sequentiallyConsistent) == 1
            },
            {
              sleeping.value.exchange(1, ordering: .sequentiallyConsistent)
              sleeperSaw = it.deque.isNonEmpty
            },
          ], check: { sleeperSaw || ownerSaw ? it.check([1]) : "neither saw the other" })
      }
    }
  }
}
