// A process pool's run as its traces tell it: parent and workers record, and are read as one.
import Foundation
import Testing
import Timelines

@Suite(.serialized, .timeLimit(.minutes(2))) struct ProcessPoolTraceTests {
  @Test(arguments: ["processes", "processes-started"])
  func oneTimelineOfAllProcesses(_ scenario: String) throws {
    try withTemporaryFolder { folder in
      let run = try runProgram(
        recordingChild, [scenario, folder, "stream", "1048576", "50", "2"],
        environment: scenario == "processes" ? ["CONCURRENT_FUTURES_LOG": folder] : [:])
      #expect(run.status == 0, "\(run.errors)")
      try expectRun(try Trace.open(folder))
    }
  }
}

/// What the scenario did: 53 submitted, of which 1 was cancelled, 1 failed, 1 went with its worker twice.
private func expectRun(_ trace: Trace) throws {
  #expect(trace.processes.count { $0.parent == nil } == 1)
  let workers = trace.processes.count { $0.parent != nil }
  #expect(workers >= 2)

  let list = TaskList.of(trace, filter: TaskFilter(), order: .submit, limit: 0)
  let doubled = list.tasks.filter { trace.labels.text($0.label) == "Doubled" }
  #expect(doubled.count == 52)
  #expect(doubled.count { $0.fate == .value } == 50)
  #expect(doubled.count { $0.fate == .error } == 1)
  #expect(doubled.count { $0.fate == .cancelled } == 1)
  for task in doubled where task.fate != .cancelled {
    #expect(task.queueDelay != nil && task.runTime != nil)
    let lane = list.model.lanes[Int(task.lane)]
    #expect(lane.isWorker && trace.processes[lane.process].parent != nil, "task on \(lane.name)")
  }
  let killing = try #require(list.tasks.first { trace.labels.text($0.label) == "KillingItsWorker" })
  #expect(killing.fate == .error && killing.runTime != nil)
  #expect(list.model.contradictions == 0)

  let calls = Calls.of(trace)
  #expect(calls.recorded == workers && calls.peers.count == workers)
  #expect(calls.all.errors == 1 && calls.all.lost == 1 && calls.all.repeated >= 1)
  let group = try #require(calls.labels.first { trace.labels.text($0.key) == "Doubled" }?.value)
  for part in [group.queue, group.there, group.run, group.back] { #expect(part.count >= 51) }
  #expect(group.bytesOut > 0 && group.bytesBack > 0)
  // Its parts make up a call: nothing is counted twice.
  var whole = Histogram()
  _ = Calls.of(trace, each: { call in if call.submit > 0, call.result > 0 { whole.add(call.result - call.submit) } })
  let sum = [calls.all.queue, calls.all.there, calls.all.run, calls.all.back].reduce(0) { $0 + $1.sum }
  #expect(sum >= whole.sum)
}
