// The code of AskingYourOwnQuestion.md, and its answer on a log whose answer is known.
import Foundation
import SchedulerEvents
import Testing
import Timelines

/// Mean run time of a label's tasks by how many of them ran when they began.
struct Crowding: TimelineSink {
  let label: UInt32
  private var running = 0
  private var crowd: [UInt64: Int] = [:]
  private var sums: [Int: (time: UInt64, tasks: UInt64)] = [:]

  init(label: UInt32) { self.label = label }

  mutating func started(_ task: TaskRecord) {
    guard task.label == label else { return }
    running += 1
    crowd[task.task] = running
  }
  mutating func task(_ task: TaskRecord) {
    guard let others = crowd.removeValue(forKey: task.task) else { return }
    running -= 1
    guard let time = task.runTime else { return }
    sums[others, default: (0, 0)].time += time
    sums[others, default: (0, 0)].tasks += 1
  }
  /// Nanoseconds by number of tasks at once.
  var meanRun: [Int: UInt64] { sums.mapValues { $0.time / $0.tasks } }
}

private func printCrowding() throws {
  let trace = try Trace.open("/tmp/log")
  guard let label = trace.labels.find("fetch").first else { return }
  var modeler = Modeler(trace, sink: Crowding(label: label))
  trace.read(into: &modeler)
  _ = modeler.finish()
  for (tasks, time) in modeler.sink.meanRun.sorted(by: { $0.key < $1.key }) {
    print("\(tasks) at once: \(Units.duration(time))")
  }
}

@Suite(.timeLimit(.minutes(1))) struct AskingYourOwnQuestionTests {
  /// Two workers: a task of 100 ns alone, then twice two at a time, of 200 ns each; another label in between.
  private func log() throws -> String {
    let directory = FileManager.default.temporaryDirectory.appending(path: "crowding-\(UUID().uuidString)").path
    let writer = try TraceWriter(directory: directory)
    writer.define(label: 1, text: "fetch", source: "Fetch.swift:1", time: 1000)
    writer.define(label: 2, text: "other", source: "Other.swift:1", time: 1000)
    var count: UInt64 = 0
    func event(_ kind: EventKind, _ time: UInt64, _ lane: UInt16, _ fill: (inout EventRecord) -> Void = { _ in }) throws
    {
      var record = EventRecord(kind, time: time, worker: lane)
      fill(&record)
      try writer.append(record)
    }
    var runs: [(lane: UInt16, label: UInt64, start: UInt64, end: UInt64)] = [(0, 1, 2000, 2100), (1, 2, 2000, 2900)]
    for start: UInt64 in [3000, 4000] { for lane: UInt16 in 0..<2 { runs.append((lane, 1, start, start + 200)) } }
    for lane: UInt16 in 0..<2 { try event(.workerStart, 1500, lane) }
    for run in runs {
      count += 1
      let task = UInt64(EventValue.firstOutsideLane) << 48 | count
      try event(.taskSubmit, 1500 + count, EventValue.firstOutsideLane) {
        $0[TaskSubmit.task] = task
        $0[TaskSubmit.label] = run.label
      }
      try event(.taskStart, run.start, run.lane) { $0[TaskStart.task] = task }
      try event(.taskEnd, run.end, run.lane) { $0[TaskEnd.task] = task }
    }
    try writer.close()
    return directory
  }

  @Test func tasksTakeLongerInCompany() throws {
    let directory = try log()
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let trace = try Trace.open(directory)
    let label = try #require(trace.labels.find("fetch").first)
    var modeler = Modeler(trace, sink: BothSinks(Crowding(label: label), SummarySink(trace)))
    trace.read(into: &modeler)
    _ = modeler.finish()
    // Of two that begin at the same time the second one finds company.
    #expect(modeler.sink.first.meanRun == [1: (100 + 200 + 200) / 3, 2: 200])
  }
}
