import Testing

extension Models {
  @Suite struct InjectorModels {
    final class Setting {
      let injector = Injector()
      let log = Log()
      let flag = Atomic<Int>(0)
      var observed: [Bool] = []
      func push(_ number: Int) {
        let item = Job.make()
        Job.number(item).pointee.store(UInt(number), ordering: .relaxed)
        injector.push(item)
      }
      func take(_ limit: Int) {
        _ = injector.take(limit) { log.add(Int(Job.number($0).pointee.load(ordering: .relaxed))) }
      }
      func check(_ expected: [Int]) -> String? {
        take(10)
        if injector.isNonEmpty { return "counts say there is more" }
        return log.differs(from: expected)
      }
    }

    @Test func everyItemIsTakenOnce() {
      verify("injector, two producers and a consumer") {
        let it = Setting()
        return Program(
          threads: [
            { it.push(1) }, { it.push(2) },
            {
              it.take(1); it.take(2)
            },
          ], check: { it.check([1, 2]) })
      }
    }

    @Test func consumersTakeTurns() {
      verify("injector, a producer and two consumers") {
        let it = Setting()
        it.push(1)
        return Program(
          threads: [
            { it.push(2) }, { it.take(2) },
            {
              it.take(1); it.take(1)
            },
          ], check: { it.check([1, 2]) })
      }
    }

    @Test func oneProducersItemsComeInOrder() {
      verify("injector, order") {
        let it = Setting()
        return Program(
          threads: [
            {
              it.push(1); it.push(2); it.push(3)
            },
            {
              it.take(2); it.take(2)
            },
          ],
          check: { it.check([1, 2, 3]) ?? (it.log.values == [1, 2, 3] ? nil : "order \(it.log.values)") })
      }
    }

    /// `isNonEmpty` says so from before an item becomes visible until it was taken, also while it is hidden.
    @Test func isNonEmptyNeverLies() {
      verify("injector, hidden items") {
        let it = Setting()
        return Program(
          threads: [
            { it.push(1) }, { it.take(1) },
            {
              it.push(2)
              it.observed.append(it.injector.isNonEmpty || it.log.values.contains(2))
            },
          ], check: { it.observed == [true] ? it.check([1, 2]) : "an item was in, and it said empty" })
      }
    }

    @Test func aSleeperOrAProducerSeesTheOther() {
      verify("injector, push against a sleeper") {
        let it = Setting()
        var sleeperSaw = false
        var producerSaw = false
        return Program(
          threads: [
            {
              it.push(1)
              producerSaw = it.flag.load(ordering: .sequentiallyConsistent) == 1
            },
            {
              it.flag.exchange(1, ordering: .sequentiallyConsistent)
              sleeperSaw = it.injector.isNonEmpty
            },
          ], check: { sleeperSaw || producerSaw ? it.check([1]) : "neither saw the other" })
      }
    }
  }
}
