// A trace: the streams of one process, or of several processes that ran at the same time, opened for reading.
import Foundation
import SchedulerEvents

/// Who recorded a trace.
public enum TraceFormat: Sendable {
  /// The library itself.
  case eventLog
  /// An LTTng session.
  case lttng
}

/// What one process wrote: its lanes, labels and pools.
public struct ProcessTrace: Sendable {
  /// The directory.
  public let path: String
  /// What the writer says of itself and its machine, in the trace's order.
  public let environment: [(name: String, value: String)]
  /// By the process's own label ids.
  public internal(set) var labels: [UInt32: Label] = [:]
  /// By pool id.
  public internal(set) var pools: [UInt32: Pool] = [:]
  var lanes: [LaneStream] = []
  let clockUUID: String?
  let clockOffset: Int64
  /// Who recorded it.
  public internal(set) var format = TraceFormat.eventLog
  /// Lanes whose files hold nothing that can be read, and why.
  var unreadable: [(lane: UInt16, problem: ReadingProblem)] = []
  /// Events that were not kept, and packets that are not there, of which nobody knows the lane.
  var discarded: UInt64 = 0
  var missingPackets: UInt64 = 0
  /// What several processes were recorded into as one; "": each has its own.
  var recording = ""
  /// They cannot be named apart, so they are shown together.
  func isRecorded(with other: ProcessTrace) -> Bool { !recording.isEmpty && recording == other.recording }

  /// The program's name; "": unknown.
  public var program: String { environment.first { ["program", "procname"].contains($0.name) }?.value ?? "" }
  /// The process id; "": unknown.
  public var pid: String { environment.first { ["pid", "vpid"].contains($0.name) }?.value ?? "" }
  /// The process id of the parent, if this is a worker of a process pool.
  public var parent: String? {
    for pool in pools.values where pool.policies.hasPrefix(EventValue.workerOf) {
      return String(pool.policies.dropFirst(EventValue.workerOf.count))
    }
    return nil
  }
}

/// The name of a task, region, mark or counter.
public struct Label: Sendable, Equatable {
  /// The name.
  public var text: String
  /// `file:line` of its first use.
  public var source: String
}

/// A pool as it introduced itself.
public struct Pool: Sendable, Equatable {
  /// The prefix of its threads' names.
  public var name: String
  /// How many it may have.
  public var workers: UInt32
  /// How it was configured, as text.
  public var policies: String
}

/// What is known of a lane without reading its events.
public struct LaneFacts: Sendable {
  /// The lane's number.
  public var lane: UInt16
  /// Index in `Trace.processes`.
  public var process: Int
  /// The stream's file.
  public var file: String
  /// The system's number of the thread.
  public var tid: UInt32
  /// Events in the file.
  public var records: Int
  /// First and last event; nil: there is none.
  public var span: ClosedRange<UInt64>?
  /// Why none of its events can be read although its file is there; nil: they can, or the file says that there are none.
  public var unreadable: ReadingProblem?
  /// Events the writer counted as lost, and packets that are missing.
  public var lost: UInt64
  /// Packets whose numbers are skipped.
  public var missingPackets: UInt64
  /// Whether the first packets are not there (overwritten, or cut off).
  public var startsLate: Bool
  /// Whether the file ends within a packet: the process was killed, or still writes.
  public var tornTail: Bool
  /// Whether it belongs to a worker, not to an outside thread.
  public var isWorker: Bool { lane < EventValue.firstOutsideLane }
  /// Whether it did something, or may have done: then it has a row in every view.
  public var isShown: Bool { span != nil || unreadable != nil }
}

/// An opened trace. Immutable: reading it (`read`) can be done any number of times.
public struct Trace: Sendable {
  /// Where it was opened.
  public let path: String
  /// Those that wrote it.
  public let processes: [ProcessTrace]
  /// Of all processes.
  public let lanes: [LaneFacts]
  /// Damage that reading goes around.
  public let problems: [ReadingProblem]
  /// Processes of which nothing can be read, and why: their workers are not among the lanes, their time is in no total.
  public let unreadProcesses: [ReadingProblem]
  /// Label texts by (global) label id; id 0 is no label.
  public let labels: LabelTable
  /// First and last event.
  public let span: ClosedRange<UInt64>
  let maps: [LaneMap]

  /// Upper bound of the number of events (exact unless records are damaged).
  public var recordCount: Int { lanes.reduce(0) { $0 + $1.records } }
  /// Events that were not kept, of all lanes.
  public var lost: UInt64 { lanes.saturatingSum(\.lost).saturatingAdd(lostByUnknownLanes) }
  /// Of them, those that an LTTng session discarded: it does not say whose they were.
  public var lostByUnknownLanes: UInt64 { processes.saturatingSum(\.discarded) }
  /// Of all lanes.
  public var missingPackets: UInt64 {
    lanes.saturatingSum(\.missingPackets).saturatingAdd(processes.saturatingSum(\.missingPackets))
  }
  /// Whether it is a part of a run, cut out by `write(to:window:)`: what came before is in another trace.
  public var isCut: Bool { processes.contains { $0.environment.contains { $0.name == Self.cutMark } } }
  /// The name of what such a trace says of itself in its metadata: nanoseconds of the run before it.
  static let cutMark = "cut_after_ns"
  /// The name to show: the directory's last component.
  public var name: String { URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent }
  /// Nanoseconds from the first event to the last.
  public var wall: UInt64 { span.upperBound - span.lowerBound }

  /// The run's end, from `time` on, without what came long before: reading it costs what it holds, not what the run holds. Of each
  /// lane the packets that reach beyond `time` are kept, and the one before them, which mostly says what the lane was doing;
  /// a lane that does more than that at once is unknown up to its next event.
  public func recent(from time: UInt64) -> Trace {
    var shortened = processes
    for process in shortened.indices {
      for lane in shortened[process].lanes.indices where shortened[process].lanes[lane].lane != LogLayout.logLane {
        shortened[process].lanes[lane] = shortened[process].lanes[lane].recent(from: time)
      }
    }
    return (try? Trace(path: path, processes: shortened, problems: problems, unreadProcesses: unreadProcesses)) ?? self
  }

  /// Opens processes that were found together. Throws `ReadingError` when there is no event at all.
  init(
    path: String, processes: [ProcessTrace], problems: [ReadingProblem], unreadProcesses: [ReadingProblem]
  ) throws(ReadingError) {
    self.path = path
    self.processes = processes
    self.problems = problems
    self.unreadProcesses = unreadProcesses
    var spans: [ClosedRange<UInt64>] = []
    var facts: [LaneFacts] = []
    let builder = LaneMapBuilder(processes)
    for (number, process) in processes.enumerated() {
      for lane in process.lanes {
        if let span = lane.span { spans.append(span) }
        if lane.lane == LogLayout.logLane { continue }  // no thread
        facts.append(
          LaneFacts(
            lane: builder.global(lane: lane.lane, process: number), process: number, file: lane.name,
            tid: lane.index.tid, records: lane.recordCount, span: lane.span, unreadable: lane.unreadable,
            lost: lane.discarded, missingPackets: lane.missingPackets, startsLate: lane.startsLate,
            tornTail: lane.index.tornTail))
      }
      for (lane, problem) in process.unreadable {
        facts.append(
          LaneFacts(
            lane: builder.global(lane: lane, process: number), process: number, file: problem.file, tid: 0, records: 0,
            span: nil, unreadable: problem, lost: 0, missingPackets: 0, startsLate: true, tornTail: true))
      }
    }
    guard let first = spans.map(\.lowerBound).min(), let last = spans.map(\.upperBound).max() else {
      throw ReadingError(
        path: path,
        reason: problems.first.map { "no event can be read; first problem: \($0)" } ?? "the trace holds no events",
        advice: "Did the program submit any work while the log was on?")
    }
    span = first...last
    lanes = facts.sorted { $0.lane < $1.lane }
    labels = builder.labels
    maps = builder.maps
  }
}
