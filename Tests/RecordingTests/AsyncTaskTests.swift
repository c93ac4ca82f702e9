// Async work in the log: when it leaves its thread, and when it goes on.
import Foundation
import SchedulerEvents
import Testing
import Timelines

@testable import ConcurrentFutures

extension RecorderTests {
  /// One worker: what runs while the async work is suspended runs between its leaving and its going on.
  @Test func asyncWorkLeavesItsThreadAndGoesOn() throws {
    try withTemporaryFolder { folder in
      let trace = try Self.record({ $0.directory = folder }) {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        let (began, gate) = (Future<Void>(), Future<Int>())
        let work = try pool.submitAsync(label: "async") {
          try began.setResult(())
          let first = try await gate.value
          await Task.yield()
          return first + 1
        }
        let whole = try pool.submitAsync(label: "never suspended") { 7 }
        try began.result()
        // The only worker is free: the work has left it.
        try pool.submit(label: "meanwhile") {}.result()
        try gate.setResult(1)
        #expect(try work.result() == 2)
        #expect(try whole.result() == 7)
        pool.shutdown()
      }
      let records = trace.records.sorted { $0.time < $1.time }
      let steps = try self.steps(records, trace, "async")
      let kinds = steps.compactMap(\.kind)
      #expect(kinds.first == .taskStart && kinds.last == .taskEnd && kinds.count >= 4)
      for (index, kind) in kinds.dropFirst().dropLast().enumerated() {
        #expect(kind == (index % 2 == 0 ? .taskSuspend : .taskResume), "\(kinds)")
      }
      let meanwhile = try self.steps(records, trace, "meanwhile")
      #expect(steps[1].time <= meanwhile[0].time && meanwhile[1].time <= steps[2].time)
      #expect(try self.steps(records, trace, "never suspended").compactMap(\.kind) == [.taskStart, .taskEnd])
      #expect(Validation.of(try Trace.open(trace.folder)) == [])
    }
  }
  /// What the log says of the task with that label, in the order of time.
  private func steps(_ records: [EventRecord], _ trace: TraceOnDisk, _ label: String) throws -> [EventRecord] {
    let submit = try #require(
      records.first { $0.kind == .taskSubmit && trace.labels[UInt32($0[TaskSubmit.label])] == label })
    let task = submit[TaskSubmit.task]
    return records.filter {
      switch $0.kind {
      case .taskStart: $0[TaskStart.task] == task
      case .taskEnd: $0[TaskEnd.task] == task
      case .taskSuspend, .taskResume: $0[TaskStep.task] == task
      default: false
      }
    }
  }
}
