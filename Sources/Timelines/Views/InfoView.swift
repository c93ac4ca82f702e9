// What a trace is: where it comes from, how long it is, what is missing.
import Foundation
import SchedulerEvents

/// What a trace is, in text or JSON: origin, length, lanes, what is missing.
public struct InfoView {
  let trace: Trace
  let kinds: EventCounts?
  let style: TerminalStyle
  /// `kinds`: counted events, nil where only headers were read.
  public init(_ trace: Trace, kinds: EventCounts?, style: TerminalStyle) {
    self.trace = trace
    self.kinds = kinds
    self.style = style
  }

  private var began: Date? {
    guard let process = trace.processes.first, process.clockOffset > 0 else { return nil }
    return Date(timeIntervalSince1970: Double(Int64(trace.span.lowerBound) &+ process.clockOffset) / 1e9)
  }

  /// Lines of text.
  public func lines() -> [String] {
    func line(_ key: String, _ value: String) -> String { style.paint(Columns.left(key, 12), .faint) + value }
    var lines = [line("trace", trace.path)]
    for process in trace.processes {
      let name = [process.program, process.pid.isEmpty ? "" : "pid \(process.pid)"].filter { !$0.isEmpty }.joined(
        separator: ", ")
      lines.append(
        // LTTng knows no name unless its session has the context procname.
        line(
          process.program.isEmpty ? "process" : "program",
          (name.isEmpty ? "(not stated)" : name) + (trace.processes.count > 1 ? "  \(process.path)" : ""))
      )
      for (id, pool) in process.pools.sorted(by: { $0.key < $1.key }) {
        lines.append(
          line(
            "pool \(id)",
            "\(pool.name.isEmpty ? "(no name)" : pool.name), \(pool.workers) workers  \(style.paint(pool.policies, .faint))"
          ))
      }
    }
    let isSession = trace.processes.contains { $0.format == .lttng }
    let isLog = trace.processes.contains { $0.format == .eventLog }
    let source = isSession ? (isLog ? "event log and LTTng session" : "LTTng session") : "event log"
    lines.append(line("format", "\(source), CTF 1.8, schema \(EventTable.schema)"))
    lines.append(line("clock", "CLOCK_MONOTONIC" + (trace.processes[0].clockUUID.map { ", boot \($0)" } ?? "")))
    if let began { lines.append(line("began", began.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon)))) }
    lines.append(line("span", Units.seconds(trace.wall)))
    lines.append(line("events", Units.count(trace.recordCount)))
    let missing = trace.missingPackets > 0 ? ", \(Units.count(trace.missingPackets)) packets missing" : ""
    lines.append(
      line("lost", style.paint(Units.count(trace.lost) + missing, trace.lost > 0 || !missing.isEmpty ? .bad : .plain)))
    let defined = trace.labels.all.dropFirst().filter { !$0.text.isEmpty }
    lines.append(line("labels", Units.count(defined.count)))
    lines.append("")
    lines += Table.lanes(trace).lines(style)
    if let kinds {
      lines.append("")
      lines += Self.table(kinds).lines(style)
    }
    if !trace.problems.isEmpty {
      lines.append("")
      lines += trace.problems.map { style.paint("problem: ", .bad) + $0.description }
    }
    return lines
  }

  static func table(_ kinds: EventCounts) -> Table {
    var table = Table([.init("event", key: "event", number: false), .init("n", key: "count")])
    for definition in EventTable.all where kinds.byID[Int(definition.kind.rawValue)] > 0 {
      table.rows.append([.text(definition.name), .count(kinds.byID[Int(definition.kind.rawValue)])])
    }
    if kinds.unknown > 0 { table.rows.append([.text("(kinds of a newer version)"), .count(kinds.unknown)]) }
    return table
  }

  /// Keys and values, in order.
  public func json() -> [(String, JSON)] {
    [
      ("wall_ns", .unsigned(trace.wall)), ("first_ns", .unsigned(trace.span.lowerBound)),
      ("events", .unsigned(UInt64(trace.recordCount))), ("lost_events", .unsigned(trace.lost)),
      ("missing_packets", .unsigned(trace.missingPackets)),
      (
        "processes",
        .array(
          trace.processes.map {
            .object([("program", .string($0.program)), ("pid", .string($0.pid)), ("path", .string($0.path))])
          })
      ),
      (
        "pools",
        .array(
          trace.processes.flatMap(\.pools).map {
            .object([
              ("pool", .unsigned(UInt64($0.key))), ("name", .string($0.value.name)),
              ("workers", .unsigned(UInt64($0.value.workers))),
            ])
          })
      ),
      ("lanes", Table.lanes(trace).json()), ("kinds", kinds.map { Self.table($0).json() } ?? .null),
      (
        "labels",
        .array(
          trace.labels.all.dropFirst().filter { !$0.text.isEmpty }.map {
            .object([("label", .string($0.text)), ("source", .string($0.source))])
          })
      ),
      ("problems", .array(trace.problems.map { .string($0.description) })),
    ]
  }
}
