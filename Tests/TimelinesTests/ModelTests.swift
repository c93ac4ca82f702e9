// The model against schedules whose truth is known.
import Foundation
import SchedulerEvents
import Testing

@testable import Timelines

/// Collects everything the model says.
struct Everything: TimelineSink {
  var intervals: [Interval] = []
  var tasks: [TaskRecord] = []
  var waits: [WaitRecord] = []
  var wakes: [WakeRecord] = []
  var searches: [SearchRecord] = []
  var result: ModelResult?
  mutating func interval(_ interval: Interval) { intervals.append(interval) }
  mutating func task(_ task: TaskRecord) { tasks.append(task) }
  mutating func wait(_ wait: WaitRecord) { waits.append(wait) }
  mutating func wake(_ wake: WakeRecord) { wakes.append(wake) }
  mutating func search(_ search: SearchRecord) { searches.append(search) }
  mutating func finish(_ result: ModelResult) { self.result = result }

  static func of(_ trace: Trace, window: ClosedRange<UInt64>? = nil) -> Everything {
    var modeler = Modeler(trace, window: window, sink: Everything())
    trace.read(into: &modeler)
    _ = modeler.finish()
    return modeler.sink
  }
  /// I1 of the model: intervals of a lane follow each other and cover everything.
  func checkCover(_ span: ClosedRange<UInt64>, _ comment: Comment) {
    for lane in result!.lanes.indices {
      var time = span.lowerBound
      for interval in intervals where interval.lane == lane {
        #expect(interval.start == time && interval.end > interval.start, comment)
        time = interval.end
      }
      #expect(time == span.upperBound, comment)
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct ModelTests {
  @Test(arguments: UInt64(1)...30) func simulatedRunIsUnderstoodExactly(seed: UInt64) throws {
    let directory = TemporaryDirectory()
    var shape = Simulation.Shape()
    shape.workers = 1 + Int(seed % 6)
    shape.everything = seed % 2 == 1
    let simulation = Simulation(seed: seed, shape: shape)
    let trace = try Trace.open(try simulation.text.write(in: directory.path))
    #expect(trace.problems.isEmpty)
    let seen = Everything.of(trace)
    let comment: Comment = "seed \(seed)"
    seen.checkCover(trace.span, comment)
    #expect(seen.result?.contradictions == 0 && seen.result?.repairs == 0, comment)
    for (index, lane) in seen.result!.lanes.enumerated() where lane.isWorker {
      var times: [LaneState: UInt64] = [:]
      for interval in seen.intervals where interval.lane == index {
        times[interval.state, default: 0] += interval.length
      }
      #expect(times == simulation.states[Int(lane.lane)].filter { $0.value > 0 }, comment)
    }
    #expect(seen.tasks.count == simulation.truth.count, comment)
    for task in seen.tasks {
      let truth = try #require(simulation.truth[task.task])
      #expect(task.submit == truth.submit && task.start == truth.start && task.end == truth.end, comment)
      #expect(task.selfTime == truth.selfTime && task.label == truth.label, comment)
      #expect(task.fate == (truth.isCancelled ? .cancelled : truth.fails ? .error : .value), comment)
      if truth.isCancelled { continue }
      #expect(seen.result!.lanes[Int(task.lane)].lane == UInt16(truth.lane), comment)
    }
    #expect(Validation.of(trace) == [], comment)
    try checkEdges(seen, simulation, comment)
  }

  /// What the schedules of these tests are to contain.
  @Test func schedulesHaveEverything() {
    var happened: [String: Int] = [:]
    for seed in UInt64(1)...20 {
      var shape = Simulation.Shape()
      shape.everything = true
      happened.merge(Simulation(seed: seed, shape: shape).happened) { $0 + $1 }
    }
    for kind in ["callback", "stolen half", "cancel", "suspension", "time-out"] {
      #expect(happened[kind, default: 0] > 10, "\(kind): \(happened)")
    }
  }

  /// Submits, steals, waits, wakes and searches, each with its ends.
  private func checkEdges(_ seen: Everything, _ simulation: Simulation, _ comment: Comment) throws {
    let lanes = seen.result!.lanes.map(\.lane)
    for task in seen.tasks {
      let truth = try #require(simulation.truth[task.task])
      #expect(task.parent == truth.parent && lanes[Int(task.submitLane)] == truth.submitLane, comment)
      if truth.isCancelled { continue }
      #expect(task.source == truth.source && task.victim == truth.victim.map(UInt16.init) ?? EventValue.noLane, comment)
      #expect(task.pickup <= task.start - task.submit, comment)
    }
    let waits = seen.waits.map {
      Simulation.Wait(waiter: $0.waiter, awaited: $0.awaited, start: $0.start, end: $0.end)
    }
    #expect(waits.count == simulation.waits.count && Set(waits) == simulation.waits, comment)
    let wakes = seen.wakes.map {
      Simulation.Wake(from: lanes[$0.from], to: lanes[$0.to], wake: $0.wake, unpark: $0.unpark)
    }
    #expect(wakes.count == simulation.wakes.count && Set(wakes) == simulation.wakes, comment)
    #expect(seen.searches.count == simulation.searches, comment)
  }
}
