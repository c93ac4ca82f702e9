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
}

@Suite(.timeLimit(.minutes(1))) struct LintTests {
  @Test func everyRuleHasACase() {
    #expect(Set(Lint.ids) == Set(Script.cases.keys))
    #expect(Set(Lint.ids).count == Lint.ids.count)
  }
  @Test func aHealthyRunHasNoFindings() throws {
    #expect(try Script.healthy().findings().map(\.id) == [])
  }
  @Test(arguments: Lint.ids) func ruleFiresWhereItShouldAndOnlyThere(id: String) throws {
    let (firing, silent) = try #require(Script.cases[id])
    let findings = try firing().findings()
    let finding = try #require(findings.first { $0.id == id }, "found \(findings.map(\.id))")
    #expect(!(try silent().findings().contains { $0.id == id }), "it fires on a run that has nothing of the kind")
    #expect(!finding.evidence.isEmpty && !finding.advice.isEmpty && !finding.evidence.contains("nan"))
  }
}
