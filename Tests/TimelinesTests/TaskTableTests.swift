// The table of live tasks, also where it grows.
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(1))) struct TaskTableTests {
  /// What is written through a new record is found again, at every size: adding it may have moved all the others.
  @Test func aNewRecordLiesWhereItIsFound() {
    var table = TaskTable()
    let count: UInt64 = 20_000
    for task in 1...count { table.add(task, table.look(for: task)).pointee.submit = task &* 3 }
    #expect(table.count == Int(count))
    let wrong = (1...count).filter { task in
      let slot = table.find(task)
      return slot < 0 || table.slots[Int(slot)].task != task || table.slots[Int(slot)].submit != task &* 3
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  /// Added and removed at random, beside a dictionary.
  @Test func agreesWithADictionary() {
    let seed = UInt64.random(in: 1...(.max))
    var random = seed
    func next(_ limit: UInt64) -> UInt64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (random >> 33) % limit
    }
    var table = TaskTable()
    var expected: [UInt64: UInt64] = [:]
    for step in 1...100_000 as ClosedRange<UInt64> {
      let task = 1 + next(6_000) | next(4) << 48
      let slot = table.find(task)
      #expect((slot >= 0) == (expected[task] != nil), "seed \(seed), step \(step)")
      if slot >= 0 {
        table.remove(slot)
        expected[task] = nil
      } else {
        table.add(task, table.look(for: task)).pointee.submit = step
        expected[task] = step
      }
    }
    var found: [UInt64: UInt64] = [:]
    table.forEach { found[$0.task] = $0.submit }
    #expect(found == expected, "seed \(seed)")
  }
}
