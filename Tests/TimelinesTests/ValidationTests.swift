// The checker of traces: silent where nothing is wrong, also in a part of a run and after a process died; else not.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(2))) struct ValidationTests {
  let directory = TemporaryDirectory()

  /// A part of a random run, cut out of its middle.
  private func part(_ seed: UInt64, _ name: String, everything: Bool = false) throws -> Trace {
    var random = SplitMix64(seed: seed)
    var shape = Simulation.Shape()
    (shape.workers, shape.children) = (6, 0...2)  // so that some sleep in the middle
    shape.everything = everything
    let text = Simulation(seed: seed, shape: shape).text
    let trace = try Trace.open(try text.write(in: directory.path, name: "whole-\(name)"))
    let from = trace.span.lowerBound + UInt64.random(in: 1..<trace.wall / 2, using: &random)
    try trace.write(to: directory.path + "/part-\(name)", window: from...from + trace.wall / 3)
    return try Trace.open(directory.path + "/part-\(name)")
  }
  /// The events of a trace, as they are read.
  private struct Copy: EventConsumer {
    var records: [EventRecord] = []
    mutating func consume(_ record: EventRecord) { records.append(record) }
  }
  /// Writes `records` as a trace that says what `trace` says of itself.
  private func write(_ records: [EventRecord], like trace: Trace, _ name: String) throws -> Trace {
    let writer = try TraceWriter(directory: directory.path + "/\(name)", environment: trace.processes[0].environment)
    for (index, label) in trace.labels.all.enumerated() where index > 0 {
      writer.define(label: UInt32(index), text: label.text, source: label.source, time: trace.span.lowerBound)
    }
    for record in records { try writer.append(record) }
    try writer.close()
    return try Trace.open(directory.path + "/\(name)")
  }

  @Test(arguments: UInt64(1)...20) func aPartOfARunIsConsistent(seed: UInt64) throws {
    let part = try part(seed, "\(seed)", everything: seed % 3 != 0)
    #expect(part.isCut && Validation.of(part) == [], "seed \(seed)")
    // And a part of the part.
    try part.write(
      to: directory.path + "/again-\(seed)", window: part.span.lowerBound + part.wall / 3...part.span.upperBound)
    #expect(Validation.of(try Trace.open(directory.path + "/again-\(seed)")) == [], "seed \(seed)")
  }

  /// One event of a part is missing, or there twice.
  @Test(arguments: [EventKind.taskSubmit, .taskStart, .taskEnd, .workerPark, .workerUnpark])
  func aPartWithAFaultIsNot(kind: EventKind) throws {
    var found = 0
    for seed in UInt64(1)...16 {
      let part = try part(seed, "\(kind)-\(seed)")
      var copy = Copy()
      part.read(into: &copy)
      // The fault lies between two events of one worker: that it is the last of a lane proves nothing.
      let places = copy.records.indices.filter { index in
        let record = copy.records[index]
        let earlier = copy.records[..<index]
        // What lay on the lane's stack at the cut has ended, and who made the task had made one before within the part:
        // before that nobody can tell what is missing from what came before the cut.
        let isClosed = earlier.contains { $0.worker == record.worker && $0.kind == .workerPark && $0.aux == 0 }
        let maker = EventValue.lane(ofTask: record[TaskEnd.task])
        let hasMade = earlier.contains {
          $0.kind == .taskSubmit && EventValue.lane(ofTask: $0[TaskSubmit.task]) == maker
        }
        let isOfTask = [EventKind.taskSubmit, .taskStart, .taskEnd].contains(kind)
        // And what it begins ends within the part: that the rest of a story is missing proves nothing either.
        let next: EventKind? =
          switch kind {
          case .taskSubmit: .taskStart
          case .taskStart: .taskEnd
          case .waitBegin: .waitEnd
          default: nil
          }
        let later = copy.records[(index + 1)...]
        let isOfWait = kind == .waitBegin || kind == .waitEnd
        let goesOn =
          (next == nil || later.contains { $0.kind == next && $0.a == record.a })
          && (!isOfWait || later.contains { $0.kind == .taskEnd && $0.a == record.a })
        return record.kind == kind && (isClosed || kind == .taskSubmit) && (hasMade || !isOfTask) && goesOn
          && later.filter { $0.worker == record.worker }.count > 3
      }
      guard let place = places.first else { continue }
      found += 1
      var missing = copy.records
      let fault = missing.remove(at: place)
      let without = Validation.of(try write(missing, like: part, "without-\(kind)-\(seed)"))
      // A task may have been submitted before the cut, for all that is known; but not after one that is here.
      #expect(!without.isEmpty, "seed \(seed): \(EventText.task(fault[TaskEnd.task])) without its \(kind)")
      var twice = copy.records
      twice.insert(fault, at: place)
      #expect(
        !Validation.of(try write(twice, like: part, "twice-\(kind)-\(seed)")).isEmpty, "seed \(seed): two \(kind)")
    }
    #expect(found > 1, "the schedules have no \(kind)")
  }

  /// A pool of processes: a worker process is killed in a call. `saysDeath`: the parent
  /// recorded it; `retries`: another process runs it.
  private func deadWorker(_ name: String, saysDeath: Bool, retries: Bool) throws -> String {
    let folder = directory.path + "/" + name
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func write(_ pid: Int, parent: Int?, _ text: String) throws {
      let writer = try TraceWriter(
        directory: "\(folder)/\(pid)", environment: [("program", "test"), ("pid", "\(pid)")])
      writer.define(
        pool: 1, name: "calls", workers: 1, policies: parent.map { EventValue.workerOf + "\($0)" } ?? "",
        time: TraceText.epoch)
      for var record in try TraceText(text).records {
        if parent != nil, record[TaskStart.task] != 0, record.kind == .taskStart || record.kind == .taskEnd {
          record[TaskStart.task] |= EventValue.taskOfParent
        }
        try writer.append(record)
      }
      try writer.close()
    }
    try write(
      1, parent: nil,
      """
      0us x0 task_submit task=x0:1 queue=injector
      1us x0 call_sent pid=2
      \(saysDeath ? "30us x0 call_worker_died pid=2 call=0" : "")
      \(saysDeath && !retries ? "31us x0 call_worker_died pid=2 call=9223372036854775809" : "")
      \(retries ? "40us x0 call_sent pid=3" : "")
      90us x0 mark value=1
      """)
    try write(2, parent: 1, "1us w0 worker_start tid=2\n5us w0 task_start task=x0:1 source=injector")
    try write(
      3, parent: 1,
      """
      2us w0 worker_start tid=3
      \(retries ? "50us w0 task_start task=x0:1 source=injector\n60us w0 task_end task=x0:1" : "")
      80us w0 worker_stop tid=3
      """)
    return folder
  }
  @Test(arguments: [true, false]) func aKilledWorkerProcessIsNoFault(retries: Bool) throws {
    let trace = try Trace.open(try deadWorker("dead", saysDeath: true, retries: retries))
    #expect(trace.processes.count == 3)
    #expect(Validation.of(trace) == [])
    // Written anew, as one process, it says the same.
    try trace.write(to: directory.path + "/one")
    let one = try Trace.open(directory.path + "/one")
    #expect(Validation.of(one) == [])
    for trace in [trace, one] {
      let seen = Everything.of(trace)
      let dead = try #require(seen.result!.lanes.firstIndex { $0.tid == 2 })
      let states = seen.intervals.filter { $0.lane == dead }.map { ($0.state, $0.end - trace.span.lowerBound) }
      #expect(
        states.map(\.0) == [.stopped, .starting, .running, .stopped] && states.map(\.1) == [1000, 5000, 30_000, 90_000])
    }
  }
  @Test func aSecondStartWithoutADeathIsAFault() throws {
    let messages = Validation.of(try Trace.open(try deadWorker("alive", saysDeath: false, retries: true)))
    #expect(messages.contains { $0.contains("starts twice") }, "\(messages)")
  }
}
