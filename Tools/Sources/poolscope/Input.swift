// What every sub-command reads: a trace, maybe only a part of it.
import ArgumentParser
import Foundation
import Timelines

struct ReaderOptions: ParsableArguments {
  @Option(
    help:
      "Who reads an LTTng session: native, or babeltrace2 (libbabeltrace2, slower; ends at the first damage). Event logs are always read natively."
  ) var reader = SessionReader.native

  func validate() throws {
    guard reader.isAvailable else {
      throw ValidationError(
        "--reader \(reader.rawValue): libbabeltrace2 is not installed, or was not when poolscope was built")
    }
  }
}

extension SessionReader: @retroactive ExpressibleByArgument {}

struct InputOptions: ParsableArguments {
  @Argument(help: "A trace directory, or one that holds several.", completion: .directory)
  var path: String

  @Flag(help: "Exit with status 4 when events are missing or the trace is damaged.")
  var strict = false
  @OptionGroup var reading: ReaderOptions

  /// Opens the trace and says on stderr what is wrong with it.
  func open() throws -> Trace {
    let trace = try Trace.open(path, reader: reading.reader)
    for problem in trace.problems { complain("note: \(problem)") }
    return trace
  }

  /// Under --strict, ends with status 4 if anything is missing.
  func finish(_ trace: Trace, coverage: Double = 1) throws {
    guard strict else { return }
    if coverage < 1 || trace.lost > 0 || trace.missingPackets > 0 || !trace.problems.isEmpty { throw ExitCode(4) }
  }
}

struct WindowOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Begin there: +1.5s, 250ms, 50%, -2s (from the end), @mark:NAME.") var since:
    TimePoint?
  @Option(parsing: .unconditional, help: "End there.") var until: TimePoint?

  /// The named part; nil: the whole run.
  func window(_ trace: Trace) throws -> ClosedRange<UInt64>? {
    guard since != nil || until != nil else { return nil }
    func time(_ point: TimePoint?, _ name: String) throws -> UInt64? {
      guard let point else { return nil }
      guard let time = trace.time(of: point) else {
        throw ValidationError("--\(name): there is no such mark in the trace")
      }
      return time
    }
    let from = try time(since, "since") ?? trace.span.lowerBound
    let to = try time(until, "until") ?? trace.span.upperBound
    guard from < to else { throw ValidationError("--since must be before --until") }
    return from...to
  }
}

extension TimePoint: @retroactive ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

struct FilterOptions: ParsableArguments {
  @Option(help: "Only tasks that this worker ran (w3, or 3).") var worker: String?
  @Option(help: "Only tasks with this label (or a label that contains it).") var label: String?
  @Option(help: "Only tasks that ran at least this long (5ms).") var minRun: String?

  func filter(_ trace: Trace) throws -> TaskFilter {
    var filter = TaskFilter()
    if let label {
      let ids = trace.labels.find(label)
      guard !ids.isEmpty else { throw ValidationError("--label: no label is or contains '\(label)'") }
      filter.labels = Set(ids)
    }
    if let worker { filter.lanes = [Int32(try laneIndex(worker, trace))] }
    if let minRun { filter.minRun = try Self.duration(minRun, "min-run") }
    return filter
  }
  static func duration(_ text: String, _ option: String) throws -> UInt64 {
    guard let length = TimePoint.duration(text) else {
      throw ValidationError("--\(option): '\(text)' is not a duration")
    }
    return length
  }
}

/// Index of the lane that `text` names. Lanes that are shown are indexed in the order of their numbers.
func laneIndex(_ text: String, _ trace: Trace) throws -> Int {
  let lanes = trace.lanes.filter(\.isShown).map(\.lane)
  guard let lane = EventText.parseLane(text), let index = lanes.firstIndex(of: lane) else {
    throw ValidationError(
      "no lane '\(text)' in this trace; there are \(lanes.map { LaneSummary.name(of: $0) }.joined(separator: ", "))")
  }
  return index
}
