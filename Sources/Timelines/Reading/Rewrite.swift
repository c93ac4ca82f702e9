// Writing what was read: a part of a trace, or several traces as one.
import Foundation
import SchedulerEvents

extension Trace {
  /// Opens several traces as one. Throws `ReadingError` where they do not share a clock.
  public static func merging(_ paths: [String], reader: SessionReader = .native) throws(ReadingError) -> Trace {
    var processes: [ProcessTrace] = []
    var problems: [ReadingProblem] = []
    var unread: [ReadingProblem] = []
    for path in paths {
      let trace = try open(path, reader: reader)
      processes += trace.processes
      problems += trace.problems
      unread += trace.unreadProcesses
    }
    let clocks = Set(processes.map(\.clockUUID))
    guard clocks.count <= 1 else {
      throw ReadingError(
        path: paths.joined(separator: ", "), reason: "were recorded on different machines or boots",
        advice: "Their clocks cannot be compared; only traces with the same clock can be merged.")
    }
    return try Trace(path: paths[0], processes: processes, problems: problems, unreadProcesses: unread)
  }

  /// Writes the events within `window` as a new trace. What the workers do at its beginning is restated by `worker_status`.
  /// Returns the number of events. Throws `ReadingError`.
  @discardableResult
  public func write(to directory: String, window: ClosedRange<UInt64>? = nil) throws(ReadingError) -> Int {
    let span = window.map { $0.clamped(to: self.span) } ?? self.span
    let first = processes[0]
    let earlier =
      processes.lazy.flatMap(\.environment).first { $0.name == Self.cutMark }.flatMap { UInt64($0.value) } ?? 0
    let cut = span.lowerBound - self.span.lowerBound &+ earlier
    // What is written is an event log, whatever was read: LTTng's is told by its tracer.
    var environment = first.environment.filter { $0.name != Self.cutMark && !$0.name.hasPrefix("tracer_") }
    if cut > 0 || isCut { environment.append((Self.cutMark, "\(cut)")) }
    let writer = try TraceWriter(
      directory: directory, environment: environment,
      bootID: first.clockUUID ?? "00000000-0000-0000-0000-000000000000", clockOffset: first.clockOffset)
    for (index, label) in labels.all.enumerated() where index > 0 && !label.text.isEmpty {
      writer.define(label: UInt32(index), text: label.text, source: label.source, time: span.lowerBound)
    }
    for (id, pool) in processes.flatMap({ $0.pools.sorted { $0.key < $1.key } }) {
      writer.define(pool: id, name: pool.name, workers: pool.workers, policies: pool.policies, time: span.lowerBound)
    }
    if span.lowerBound > self.span.lowerBound {
      for status in statuses(at: span.lowerBound) { try writer.append(status) }
    }
    var copier = Copier(window: span, writer: writer)
    for lane in lanes where lane.isWorker && processes.count > 1 {
      if let pid = UInt32(processes[lane.process].pid) { copier.lanesOfProcess[pid, default: []].append(lane.lane) }
    }
    read(into: &copier) { _ in true }
    if let failure = copier.failure { throw failure }
    try writer.close()
    return copier.count
  }

  private struct Copier: EventConsumer {
    let window: ClosedRange<UInt64>
    let writer: TraceWriter
    /// The new trace is of one process: that another one died is restated for each of its lanes.
    var lanesOfProcess: [UInt32: [UInt16]] = [:]
    var count = 0
    var failure: ReadingError?
    mutating func consume(_ record: EventRecord) {
      guard failure == nil, window.contains(record.time) else { return }
      var copy = record
      if record.kind == .lost { copy.b = 0 }  // the mark of losses that the reader derived is not for files
      do {
        try writer.append(copy)
        count += 1
        guard record.kind == .callWorkerDied, record[Call.call] == 0 else { return }
        for lane in lanesOfProcess[UInt32(record[Call.pid])] ?? [] {
          var stopped = EventRecord(.workerStatus, time: record.time, worker: lane)
          stopped[WorkerStatus.state] = UInt64(WorkerState.stopped.rawValue)
          stopped[WorkerStatus.depth] = WorkerStatus.exact
          try writer.append(stopped)
        }
      } catch { failure = error }
    }
  }

  /// What each worker was in the middle of at a time.
  private func statuses(at time: UInt64) -> [EventRecord] {
    struct States: TimelineSink {
      let time: UInt64
      var found: [Interval] = []
      mutating func interval(_ interval: Interval) {
        // Up to `time`: what happens at `time` is written itself.
        if interval.start < time && time <= interval.end { found.append(interval) }
      }
    }
    var modeler = Modeler(self, sink: States(time: time))
    read(into: &modeler)
    let result = modeler.finish()
    return modeler.sink.found.compactMap { interval in
      let lane = result.lanes[interval.lane]
      guard lane.isWorker else { return nil }
      let state: WorkerState
      switch interval.state {
      case .running: state = .running
      case .helping: state = .helping
      case .starting: state = .starting
      case .searching: state = .searching
      case .parked: state = .parked
      case .waiting: state = .waiting
      case .blocking: state = .blocking
      case .stopped, .unknown, .outside: return nil
      }
      var record = EventRecord(.workerStatus, time: time, worker: lane.lane)
      record[WorkerStatus.tid] = UInt64(lane.tid)
      record[WorkerStatus.pool] = UInt64(lane.pool & 0xFF_FFFF)
      record[WorkerStatus.state] = UInt64(state.rawValue)
      record[WorkerStatus.depth] = WorkerStatus.exact
      // Of a worker that waits the awaited task is known here, not its own.
      record[WorkerStatus.task] = interval.state.isBusy ? interval.task : 0
      return record
    }
  }
}
