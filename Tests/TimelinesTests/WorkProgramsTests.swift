// Programs of tasks in a few bytes a step: what is written is read again.
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(1))) struct WorkProgramsTests {
  private func steps(_ reader: WorkStepReader) -> [WorkStep] {
    var reader = reader
    var steps: [WorkStep] = []
    while let step = reader.step() { steps.append(step) }
    return steps
  }

  /// Random programs, written interleaved; lengths up to the largest that a trace can have.
  @Test func everyProgramIsReadAsItWasWritten() {
    let seed = UInt64.random(in: 1...(.max))
    var random = seed
    func next(_ limit: UInt64) -> UInt64 {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (random >> 33) % limit
    }
    let programs = WorkPrograms()
    var writers: [WorkStepWriter] = []
    var expected: [[WorkStep]] = []
    for number in 0..<3000 as Range<Int32> {
      #expect(programs.add(label: UInt32(number) * 7) == number)
      writers.append(WorkStepWriter(node: number))
      expected.append([])
    }
    for _ in 0..<40_000 {
      let number = Int(next(3000))
      let length = 1 + next(2) * (1 << next(61) - 1) + next(1000)
      let step: WorkStep =
        switch next(4) {
        case 0: .run(length)
        case 1: .blocking(length)
        case 2: .submit(Int32(next(3000)))
        default: .wait(Int32(next(1 << 31)))
        }
      writers[number].add(step)
      if case .run(let more) = step, case .run(let length)? = expected[number].last {
        expected[number][expected[number].count - 1] = .run(length + more)
      } else {
        expected[number].append(step)
      }
    }
    for number in writers.indices where !expected[number].isEmpty {
      programs.set(writers[number].finished(), of: Int32(number))
    }
    for number in expected.indices {
      #expect(steps(programs.reader(Int32(number))) == expected[number], "seed \(seed), program \(number)")
      #expect(programs.label(Int32(number)) == UInt32(number) * 7, "seed \(seed)")
    }
  }

  /// A program that is longer than a chunk, between short ones, and one table of tasks more than the first.
  @Test func longProgramsAndManyTasks() {
    let programs = WorkPrograms()
    for number in 0..<70_000 as Range<Int32> {
      let node = programs.add(label: 1)
      var writer = WorkStepWriter(node: node)
      writer.add(.run(UInt64(number) + 1))
      programs.set(writer.finished(), of: node)
    }
    var outside = WorkStepWriter(node: WorkGraph.outside)
    for number in 0..<600_000 as Range<Int32> {
      outside.add(.run(300))
      outside.add(.submit(number))
    }
    programs.addOutside(outside.finished())
    programs.addOutside(outside.finished())
    #expect(programs.count == 70_000 && programs.outsideCount == 2)
    #expect(steps(programs.reader(69_999)) == [.run(70_000)] && steps(programs.reader(0)) == [.run(1)])
    let found = steps(programs.reader(outside: 1))
    #expect(found.count == 1_200_000 && found.last == .submit(599_999))
  }

  @Test func numbersAreFoundByTheirTasks() {
    let numbers = TaskNumbers()
    #expect(numbers[0] == nil && numbers[1 << 48 | 1] == nil)
    for task in 1...1000 as ClosedRange<UInt64> {
      numbers[3 << 48 | task] = Int32(task)
      numbers[task] = Int32(2 * task)
    }
    #expect((1...1000).allSatisfy { numbers[3 << 48 | $0] == Int32($0) && numbers[$0] == Int32(2 * $0) })
    #expect(numbers[1001] == nil && numbers[0] == nil)
  }

  @Test func aQueueHandsOutFromBothEnds() {
    var queue = ReplayQueue()
    var expected: [Int32] = []
    for number in 0..<10_000 as Range<Int32> {
      queue.append(number)
      expected.append(number)
      if number % 3 > 0 { #expect(queue.takeFirst() == expected.removeFirst()) }
      if number % 7 == 0 { #expect(queue.takeLast() == expected.popLast()) }
    }
    while let last = expected.popLast() { #expect(queue.takeLast() == last) }
    #expect(queue.takeFirst() == nil && queue.takeLast() == nil)
  }
}
