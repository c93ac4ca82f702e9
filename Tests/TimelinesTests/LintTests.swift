// Every rule: a trace that fires it, and a healthy one that fires none.
import Foundation
import SchedulerEvents
import Testing

@testable import Timelines

/// Writes schedules by hand: tasks on lanes, with the events that a recorder would have written.
struct Script {
  var text = TraceText()
  private var counters: [UInt16: UInt64] = [:]
  static let outside = EventValue.firstOutsideLane

  init(workers: Int, labels: [String] = ["a", "b"]) {
    text.labels = labels.map { ($0, "\($0).swift:1") }
    text.pools = [("main", UInt32(workers))]
    for worker in 0..<workers { add(.workerStart, 0, UInt16(worker)) }
  }
  mutating func add(_ kind: EventKind, _ micros: UInt64, _ lane: UInt16, _ fields: (Place, UInt64)...) {
    var record = EventRecord(kind, time: TraceText.epoch + micros * 1000, worker: lane)
    for (place, value) in fields { record[place] = value }
    text.records.append(record)
  }
  @discardableResult
  mutating func submit(_ at: UInt64, by lane: UInt16 = outside, label: UInt64 = 1, parent: UInt64 = 0) -> UInt64 {
    counters[lane, default: 0] += 1
    let task = UInt64(lane) << 48 | counters[lane]!
    let queue: SubmitQueue = lane < Self.outside ? .local : .injector
    add(
      .taskSubmit, at, lane, (TaskSubmit.task, task), (TaskSubmit.label, label), (TaskSubmit.parent, parent),
      (TaskSubmit.queue, UInt64(queue.rawValue)))
    return task
  }
  mutating func run(_ task: UInt64, on worker: UInt16, _ from: UInt64, _ to: UInt64, source: TaskSource = .injector) {
    add(
      .taskStart, from, worker, (TaskStart.task, task), (TaskStart.source, UInt64(source.rawValue)),
      (TaskStart.victim, 0xFFFF))
    add(.taskEnd, to, worker, (TaskEnd.task, task))
  }
  /// Submits just before the run.
  mutating func quick(on worker: UInt16, _ from: UInt64, _ to: UInt64, label: UInt64 = 1) {
    let task = submit(from, label: label)
    run(task, on: worker, from, to)
  }
  mutating func stop(_ workers: Int, at time: UInt64) {
    for worker in 0..<workers { add(.workerStop, time, UInt16(worker)) }
  }

  func findings() throws -> [Finding] {
    let directory = TemporaryDirectory()
    var text = self.text
    text.records = text.records.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(
      \.element)
    let trace = try Trace.open(try text.write(in: directory.path))
    return Lint.findings(Summary.of(trace))
  }

  /// Two workers, forty tasks of 100 us each, no waiting, everything stopped properly.
  static func healthy() -> Script {
    var script = Script(workers: 2)
    for round: UInt64 in 0..<20 {
      script.quick(on: 0, 1 + round * 100, 101 + round * 100)
      script.quick(on: 1, 1 + round * 100, 101 + round * 100, label: 2)
    }
    script.stop(2, at: 2002)
    return script
  }

  /// A schedule for each rule.
  static let firing: [String: @Sendable () -> Script] = [
    "FINE-GRAIN": {
      var script = Script(workers: 1)
      let tasks = (0..<200).map { _ in script.submit(1) }
      for (index, task) in tasks.enumerated() { script.run(task, on: 0, 5 + UInt64(index) * 5, 7 + UInt64(index) * 5) }
      return script
    },
    "COARSE-GRAIN": {
      var script = Script(workers: 2)
      for round: UInt64 in 0..<5 { script.quick(on: 1, 1 + round * 10, 11 + round * 10) }
      script.quick(on: 0, 1, 901)
      script.stop(2, at: 902)
      return script
    },
    "SERIAL-TAIL": {
      var script = Script(workers: 2)
      for worker: UInt16 in 0..<2 { script.quick(on: worker, 1, 601) }
      script.quick(on: 0, 601, 1001, label: 2)
      script.stop(2, at: 1002)
      return script
    },
    "SERIAL-HEAD": {
      var script = Script(workers: 2)
      script.quick(on: 0, 1, 401, label: 2)
      for worker: UInt16 in 0..<2 { script.quick(on: worker, 401, 1001) }
      script.stop(2, at: 1002)
      return script
    },
    "LOW-PARALLELISM": {
      var script = Script(workers: 4)
      script.quick(on: 0, 1, 1001)
      script.quick(on: 1, 1, 101)
      return script
    },
    "BLOCKED-WORKER": {
      var script = Script(workers: 2)
      let a = script.submit(1)
      let b = script.submit(1)
      script.add(.taskStart, 2, 0, (TaskStart.task, a))
      script.add(.waitBegin, 10, 0, (WaitBegin.waiter, a), (WaitBegin.awaited, b))
      script.run(b, on: 1, 2, 500)
      script.add(.waitEnd, 501, 0, (WaitEnd.waiter, a), (WaitEnd.awaited, b))
      script.add(.taskEnd, 502, 0, (TaskEnd.task, a))
      return script
    },
    "INJECTOR-BACKLOG": {
      var script = Script(workers: 2)
      for worker: UInt16 in 0..<2 { script.add(.searchEnd, 1, worker) }
      let tasks = (0..<4).map { _ in script.submit(1) }
      for (index, task) in tasks.enumerated() {
        script.run(task, on: 0, 100 + UInt64(index) * 100, 190 + UInt64(index) * 100)
      }
      return script
    },
    "IMBALANCE": {
      var script = Script(workers: 2)
      for round: UInt64 in 0..<10 { script.quick(on: 0, 1 + round * 100, 101 + round * 100) }
      script.quick(on: 1, 1, 101)
      script.stop(2, at: 1002)
      return script
    },
    "STEAL-STORM": {
      var script = healthy()
      for index: UInt64 in 0..<1200 {
        script.add(.searchEnd, 2002, 0, (SearchEnd.attempts, 5), (SearchEnd.found, index % 100 == 0 ? 1 : 0))
      }
      return script
    },
    "PARK-THRASH": {
      var script = Script(workers: 1)
      script.quick(on: 0, 1, 2)
      for index: UInt64 in 0..<1100 {
        script.add(.workerPark, 10 + index * 20, 0)
        script.add(.workerUnpark, 20 + index * 20, 0, (WorkerUnpark.waker, 0xFFFF))
      }
      return script
    },
    "LOST-WAKEUP": {
      var script = Script(workers: 2)
      script.add(.workerPark, 5, 1)
      script.add(.workerWake, 10, outside, (WorkerWake.target, 1))
      script.quick(on: 0, 10, 900)
      return script
    },
    "WAIT-CYCLE": {
      var script = Script(workers: 2)
      let a = script.submit(1)
      let b = script.submit(1)
      for (worker, mine, other) in [(UInt16(0), a, b), (1, b, a)] {
        script.add(.taskStart, 2, worker, (TaskStart.task, mine))
        script.add(.waitBegin, 10, worker, (WaitBegin.waiter, mine), (WaitBegin.awaited, other))
      }
      script.add(.mark, 500, outside)
      return script
    },
    "QUEUE-DELAY": {
      var script = Script(workers: 1)
      let tasks = (0..<200).map { _ in script.submit(1) }
      for (index, task) in tasks.enumerated() {
        script.run(task, on: 0, 5 + UInt64(index) * 100, 104 + UInt64(index) * 100)
      }
      return script
    },
    "FUTURE-LEAK": {
      var script = healthy()
      script.submit(1990)
      return script
    },
    "CANCEL-WASTE": {
      var script = healthy()
      for _ in 0..<20 {
        let task = script.submit(1000)
        script.add(.taskCancel, 1001, outside, (TaskStep.task, task))
      }
      return script
    },
    "CALLBACK-HEAVY": {
      var script = Script(workers: 1)
      let task = script.submit(1)
      script.run(task, on: 0, 2, 100)
      script.add(.callbackBegin, 100, 0, (Callback.task, task))
      script.add(.callbackEnd, 150, 0, (Callback.task, task))
      return script
    },
    "WORK-INFLATION": {
      var script = Script(workers: 4)
      for round: UInt64 in 0..<60 { script.quick(on: 0, 1 + round * 10, 10 + round * 10) }
      for round: UInt64 in 0..<60 {
        for worker: UInt16 in 0..<4 {
          script.quick(on: worker, 1000 + round * 40 + UInt64(worker), 1030 + round * 40 + UInt64(worker))
        }
      }
      return script
    },
    "LABEL-MISSING": {
      var script = Script(workers: 1)
      for round: UInt64 in 0..<10 { script.quick(on: 0, 1 + round * 10, 10 + round * 10, label: 0) }
      return script
    },
    "DATA-LOSS": {
      var script = healthy()
      script.add(.lost, 500, 0, (Lost.count, 7))
      return script
    },
  ]
}

@Suite(.timeLimit(.minutes(1))) struct LintTests {
  @Test func everyRuleHasACase() {
    #expect(Set(Lint.ids) == Set(Script.firing.keys))
    #expect(Set(Lint.ids) == Set(Script.silent.keys))
    #expect(Set(Lint.ids).count == Lint.ids.count)
  }
  @Test func aHealthyRunHasNoFindings() throws {
    #expect(try Script.healthy().findings().map(\.id) == [])
  }
  @Test(arguments: Lint.ids) func ruleFiresWhereItShouldAndOnlyThere(id: String) throws {
    let make = try #require(Script.firing[id])
    let findings = try make().findings()
    let finding = try #require(findings.first { $0.id == id }, "found \(findings.map(\.id))")
    let near = try #require(Script.silent[id])
    #expect(!(try near().findings().contains { $0.id == id }), "it fires on a run that has nothing of the kind")
    #expect(!finding.evidence.isEmpty && !finding.advice.isEmpty && !finding.evidence.contains("nan"))
  }
}
