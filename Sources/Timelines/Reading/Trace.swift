// A trace: the streams of one process, or of several processes that ran at the same time, opened for reading.
import Foundation
import SchedulerEvents

/// What one process wrote: its lanes, labels and pools.
public struct ProcessTrace: Sendable {
  /// The directory.
  public let path: String
  public let environment: [(name: String, value: String)]
  public internal(set) var labels: [UInt32: Label] = [:]
  public internal(set) var pools: [UInt32: Pool] = [:]
  var lanes: [LaneStream] = []
  let clockUUID: String?
  let clockOffset: Int64

  public var program: String { environment.first { ["program", "procname"].contains($0.name) }?.value ?? "" }
  public var pid: String { environment.first { ["pid", "vpid"].contains($0.name) }?.value ?? "" }
}

/// The name of a task, region, mark or counter.
public struct Label: Sendable, Equatable {
  public var text: String
  /// `file:line` of its first use.
  public var source: String
}

/// A pool as it introduced itself.
public struct Pool: Sendable, Equatable {
  public var name: String
  public var workers: UInt32
  public var policies: String
}

/// What is known of a lane without reading its events.
public struct LaneFacts: Sendable {
  public var lane: UInt16
  public var process: Int
  public var file: String
  public var tid: UInt32
  public var records: Int
  public var span: ClosedRange<UInt64>?
  /// Events the writer counted as lost, and packets that are missing.
  public var lost: UInt64
  public var missingPackets: UInt64
  public var startsLate: Bool
  public var tornTail: Bool
  public var isWorker: Bool { lane < EventValue.firstOutsideLane }
}

/// An opened trace. Immutable: reading it (`read`) can be done any number of times.
public struct Trace: Sendable {
  public let path: String
  public let processes: [ProcessTrace]
  public let lanes: [LaneFacts]
  public let problems: [ReadingProblem]
  /// Label texts by (global) label id; id 0 is no label.
  public let labels: LabelTable
  /// First and last event.
  public let span: ClosedRange<UInt64>
  let maps: [LaneMap]

  /// Upper bound of the number of events (exact unless records are damaged).
  public var recordCount: Int { lanes.reduce(0) { $0 + $1.records } }
  public var lost: UInt64 { lanes.reduce(0) { $0 + $1.lost } }
  public var missingPackets: UInt64 { lanes.reduce(0) { $0 + $1.missingPackets } }
  /// The name to show: the directory's last component.
  public var name: String { URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent }
  public var wall: UInt64 { span.upperBound - span.lowerBound }

  /// Opens processes that were found together. Throws `ReadingError` when there is no event at all.
  init(path: String, processes: [ProcessTrace], problems: [ReadingProblem]) throws(ReadingError) {
    self.path = path
    self.processes = processes
    self.problems = problems
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
            tid: lane.index.tid, records: lane.recordCount, span: lane.span, lost: lane.discarded,
            missingPackets: lane.missingPackets, startsLate: lane.startsLate, tornTail: lane.index.tornTail))
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
