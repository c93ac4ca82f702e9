// Measures on schedules whose answers are known.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(1))) struct HistogramTests {
  @Test func percentilesStayWithinTheErrorBound() {
    var random = SplitMix64(seed: 5)
    var histogram = Histogram()
    var values: [UInt64] = []
    for _ in 0..<20_000 {
      let value = UInt64.random(in: 0...(1 << UInt64.random(in: 0...40, using: &random)), using: &random)
      values.append(value)
      histogram.add(value)
    }
    values.sort()
    for percent in [1.0, 10, 50, 90, 95, 99, 99.9, 100] {
      let exact = Double(values[max(0, Int((Double(values.count) * percent / 100).rounded(.up)) - 1)])
      #expect(abs(Double(histogram.percentile(percent)) - exact) <= exact / 64 + 1, "p\(percent)")
    }
    #expect(histogram.min == values.first && histogram.max == values.last)
    #expect(histogram.sum == values.reduce(0, +))
    #expect(histogram.octaves().reduce(0) { $0 + $1.count } == 20_000)
  }
  @Test func bucketsPartitionTheNumbers() {
    var next: UInt64 = 0
    for bucket in 0..<2000 {
      let range = Histogram.range(of: bucket)
      #expect(range.lowerBound == next)
      #expect(Histogram.bucket(of: range.lowerBound) == bucket && Histogram.bucket(of: range.upperBound) == bucket)
      next = range.upperBound + 1
    }
    #expect(Histogram.bucket(of: .max) < 4096)
  }
  @Test func mergingEqualsAdding() {
    var one = Histogram()
    var two = Histogram()
    var both = Histogram()
    for value in stride(from: UInt64(1), to: 1_000_000, by: 777) {
      if value % 2 == 0 { one.add(value) } else { two.add(value) }
      both.add(value)
    }
    one.merge(two)
    for percent in [5.0, 50, 99] { #expect(one.percentile(percent) == both.percentile(percent)) }
    #expect(one.count == both.count && one.max == both.max && one.min == both.min)
  }
}

@Suite(.timeLimit(.minutes(1))) struct MeasureTests {
  let directory = TemporaryDirectory()

  @Test(arguments: UInt64(1)...20) func everyIdleNanosecondHasOneCause(seed: UInt64) throws {
    var shape = Simulation.Shape()
    shape.workers = 2 + Int(seed % 5)
    shape.everything = seed % 2 == 1
    let simulation = Simulation(seed: seed, shape: shape)
    let trace = try Trace.open(try simulation.text.write(in: directory.path, name: "idle-\(seed)"))
    let summary = Summary.of(trace)
    #expect(summary.idle.total == summary.capacity - summary.work - summary.time(.blocking), "seed \(seed)")
    let charged = summary.idle.charges.values.reduce(0, +) + summary.idle.chargedOutside
    #expect(abs(charged - 1) < 1e-9, "seed \(seed)")
    // Work is what the tasks did themselves, with callbacks and stolen halves of forks, by construction.
    #expect(
      summary.work == simulation.truth.values.reduce(0) { $0 + $1.selfTime } + simulation.extraWork, "seed \(seed)")
    #expect(summary.criticalSpan <= summary.work && summary.criticalSpan > 0, "seed \(seed)")
    #expect(summary.concurrency.reduce(0, +) == summary.wall, "seed \(seed)")
  }

  @Test(arguments: UInt64(1)...20) func criticalPathCoversTheRun(seed: UInt64) throws {
    let simulation = Simulation(seed: seed)
    let trace = try Trace.open(try simulation.text.write(in: directory.path, name: "path-\(seed)"))
    let path = CriticalPath.of(trace)
    let end = simulation.truth.values.map(\.end).max()!
    #expect(path.steps.first?.start == trace.span.lowerBound && path.steps.last?.end == end, "seed \(seed)")
    for (a, b) in zip(path.steps, path.steps.dropFirst()) { #expect(a.end == b.start, "seed \(seed)") }
    #expect(path.length == end - trace.span.lowerBound, "seed \(seed)")
  }

  /// Every cause of a delay in a queue, each for a time that is known.
  @Test func criticalPathSaysWhatReadyTasksWaitedFor() throws {
    let text = try TraceText(
      """
      label a a.swift:1
      label b b.swift:1
      label c c.swift:1
      label d d.swift:1
      pool main 2
      0us x0 task_submit task=x0:1 label=a queue=injector
      1us w0 worker_start tid=10
      2us w0 task_start task=x0:1 source=injector
      2us w1 worker_start tid=11
      3us w1 worker_park reason=idle
      4us w0 task_submit task=w0:1 parent=x0:1 label=b queue=local
      8us w0 worker_wake target=w1 cause=work
      10us w1 worker_unpark cause=work waker=w0
      11us w1 search_end found=1 duration=1us victim=w0
      11us w1 task_start task=w0:1 source=stolen victim=w0
      12us x0 task_submit task=x0:2 label=d queue=injector
      12us w0 task_end task=x0:1
      13us w0 task_start task=x0:2 source=injector
      15us w1 task_submit task=w1:1 parent=w0:1 label=c queue=local
      20us w1 task_end task=w0:1
      21us w1 task_start task=w1:1 source=local
      30us w0 task_end task=x0:2
      40us w1 task_end task=w1:1
      """)
    let trace = try Trace.open(try text.write(in: directory.path, name: "causes"))
    let path = CriticalPath.of(trace)
    let steps = path.steps.map {
      "\($0.kind) \(trace.labels.text($0.label)) \(($0.start - trace.span.lowerBound) / 1000)-\(($0.end - trace.span.lowerBound) / 1000)"
    }
    #expect(
      steps == [
        "waking a 0-2", "run a 2-4", "unnoticed b 4-8", "waking b 8-10", "searched b 10-11",
        "run b 11-15", "behind b 15-20", "searched c 20-21", "run c 21-40",
      ])
    let quick = CriticalPath.of(trace, explainsQueues: false)
    #expect(quick.length == path.length && quick.time(.queued) == 15_000)
    let table = Table.criticalPath(path, labels: trace.labels).lines(TerminalStyle(width: 80)).joined(separator: "\n")
    #expect(table.contains("behind another task") && table.contains("no worker looked"))
  }

  @Test(arguments: UInt64(1)...20) func replayMeetsTheRecordedTime(seed: UInt64) throws {
    var shape = Simulation.Shape()
    shape.workers = 1 + Int(seed % 8)
    shape.roots = 60
    let simulation = Simulation(seed: seed, shape: shape)
    let trace = try Trace.open(try simulation.text.write(in: directory.path, name: "replay-\(seed)"))
    let model = WhatIf(WorkGraph.of(trace))
    #expect(model.calibrationError <= 0.05, "seed \(seed): \(model.calibrationError)")
    let one = model.predict(.init(workers: 1))
    let many = model.predict(.init(workers: 64))
    #expect(many <= one, "seed \(seed)")
    let summary = Summary.of(trace)
    #expect(one >= summary.work, "seed \(seed)")
  }

  @Test func oneWorkerPredictsTwo() throws {
    for seed in UInt64(1)...10 {
      var shape = Simulation.Shape()
      shape.roots = 80
      shape.workers = 1
      let one = Simulation(seed: seed, shape: shape)
      shape.workers = 2
      let two = Simulation(seed: seed, shape: shape)
      let trace = try Trace.open(try one.text.write(in: directory.path, name: "one-\(seed)"))
      let real = two.truth.values.map(\.end).max()! - two.text.records.first!.time
      let predicted = WhatIf(WorkGraph.of(trace)).predict(.init(workers: 2))
      let error = abs(Double(predicted) - Double(real)) / Double(real)
      #expect(error <= 0.10, "seed \(seed): predicted \(predicted), was \(real)")
    }
  }

  @Test func mannWhitneyAgreesWithTheTables() {
    // Completely separated groups of five: p = 2 / C(10, 5).
    #expect(abs(MannWhitney.p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) - 2.0 / 252) < 1e-12)
    #expect(MannWhitney.p([1, 3, 5, 7, 9], [2, 4, 6, 8, 10]) > 0.6)
    #expect(MannWhitney.p([1, 1, 1, 1, 1], [1, 1, 1, 1, 1]) == 1)
    // U = 2 of 25: p = 0.0317 (published table).
    #expect(abs(MannWhitney.p([1, 2, 3, 4, 7], [5, 6, 8, 9, 10]) - 0.0317) < 0.001)
  }

  /// A window's replay is of what happens within it.
  @Test func aWindowIsReplayedFromItsBeginning() throws {
    var script = Script(workers: 1)
    script.quick(on: 0, 1, 101)
    script.quick(on: 0, 1001, 1151)
    let trace = try Trace.open(try script.text.write(in: directory.path, name: "phases"))
    let from = TraceText.epoch + 1_000_000
    let graph = WorkGraph.of(trace, window: from...trace.span.upperBound)
    #expect(graph.makespan == 151_000)
    #expect(WhatIf(graph).calibrationError < 0.01)
    #expect(WorkGraph.of(trace).makespan == 1_151_000)
  }

  /// What `live` draws again and again: the last part of a long run, from the packets that hold it.
  @Test func theEndOfALongRunIsReadWithoutItsBeginning() throws {
    var shape = Simulation.Shape()
    (shape.workers, shape.roots) = (2, 1200)
    let whole = try Trace.open(try Simulation(seed: 7, shape: shape).text.write(in: directory.path, name: "live"))
    let from = whole.span.upperBound - whole.wall / 20
    let recent = whole.recent(from: from)
    #expect(recent.recordCount < whole.recordCount / 2 && recent.recordCount > whole.recordCount / 20)
    let window = from...whole.span.upperBound
    let (seen, truth) = (Summary.of(recent, window: window), Summary.of(whole, window: window))
    #expect(seen.workers.count == 2 && seen.wall == truth.wall && seen.coverage > 0.95)
    for state in LaneState.allCases where state != .unknown {
      #expect(seen.time(state) <= truth.time(state), "\(state)")
    }
    // All of it, where that is no more than a packet.
    #expect(whole.recent(from: whole.span.lowerBound).recordCount == whole.recordCount)
  }

  @Test func windowsClipStates() throws {
    let simulation = Simulation(seed: 9)
    let trace = try Trace.open(try simulation.text.write(in: directory.path, name: "window"))
    let middle = trace.span.lowerBound + trace.wall / 2
    let left = Summary.of(trace, window: trace.span.lowerBound...middle)
    let right = Summary.of(trace, window: middle...trace.span.upperBound)
    let whole = Summary.of(trace)
    for state in LaneState.allCases { #expect(left.time(state) + right.time(state) == whole.time(state), "\(state)") }
    #expect(left.work + right.work == whole.work)
    #expect(left.idle.total + right.idle.total == whole.idle.total)
  }

  @Test func trimmedAndMergedTracesKeepWhatTheyHold() throws {
    let trace = try Trace.open(try Simulation(seed: 4).text.write(in: directory.path, name: "whole"))
    let window = (trace.span.lowerBound + trace.wall / 4)...(trace.span.lowerBound + trace.wall / 2)
    try trace.write(to: directory.path + "/part", window: window)
    let part = try Trace.open(directory.path + "/part")
    let cut = Summary.of(trace, window: part.span)
    let summary = Summary.of(part)
    #expect(summary.coverage > 0.9)
    // Work that a trimmed trace states is work that was done.
    #expect(summary.work <= cut.work && Double(summary.work) > Double(cut.work) * 0.85)
    let merged = try Trace.merging([directory.path + "/whole", directory.path + "/part"])
    try merged.write(to: directory.path + "/both")
    let both = Summary.of(try Trace.open(directory.path + "/both"))
    #expect(both.tasks == Summary.of(trace).tasks + summary.tasks)
    #expect(both.workers.count == 8)
  }

  @Test func pointsInTime() throws {
    #expect(TimePoint("+1.5s") == .offset(1_500_000_000))
    #expect(TimePoint("250ms") == .offset(250_000_000))
    #expect(TimePoint("12") == .offset(12_000_000_000))
    #expect(TimePoint("50%") == .share(0.5))
    #expect(TimePoint("-2us") == .beforeEnd(2000))
    #expect(TimePoint("@mark:phase 2") == .mark("phase 2"))
    for bad in ["", "s", "1.2.3s", "101%", "@mark:", "abc", "1e99s", "nan", "--1s"] {
      #expect(TimePoint(bad) == nil, "\(bad)")
    }
  }
}
