// The tables of tasks, workers and lanes.
import SchedulerEvents

extension Table {
  /// A row per task.
  public static func tasks(_ list: TaskList, labels: LabelTable, origin: UInt64) -> Table {
    var table = Table([
      .init("task", key: "task", number: false),
      .init("label", key: "label", number: false, shrinks: true),
      .init("submit", key: "submit_ns", optional: 2),
      .init("start", key: "start_ns"),
      .init("queue", key: "queue_ns"),
      .init("run", key: "run_ns"),
      .init("self", key: "self_ns"),
      .init("on", key: "lane", number: false),
      .init("from", key: "source", number: false, optional: 3),
      .init("outcome", key: "outcome", number: false),
      .init("parent", key: "parent", number: false, optional: 4),
    ])
    func when(_ time: UInt64) -> Cell {
      time == 0
        ? Cell("-", .null, ink: .faint)
        : Cell("+" + Units.duration(time - min(origin, time)), .unsigned(time - min(origin, time)))
    }
    func lane(_ index: Int32) -> String { index >= 0 ? list.model.lanes[Int(index)].name : "-" }
    for task in list.tasks {
      let name = labels.text(task.label)
      let source =
        task.start == 0
        ? "-" : task.source == .stolen ? "stolen " + LaneSummary.name(of: task.victim) : "\(task.source)"
      let ink: TerminalStyle.Ink = task.fate == .error ? .bad : task.fate == .value ? .plain : .warning
      table.rows.append([
        .text(EventText.task(task.task)), .text(name, ink: .palette(Palette.terminal(name))), when(task.submit),
        when(task.start), .duration(task.queueDelay), .duration(task.runTime), .duration(task.selfTime),
        task.lane < 0 ? Cell("-", .null, ink: .faint) : .text(lane(task.lane)),
        task.start == 0 ? Cell("-", .null, ink: .faint) : .text(source, ink: .faint), .text("\(task.fate)", ink: ink),
        task.parent == 0 ? Cell("-", .null, ink: .faint) : .text(EventText.task(task.parent), ink: .faint),
      ])
    }
    table.omitted = Int(clamping: list.matching) - list.tasks.count
    return table
  }

  /// A row per worker: time per state. Shares on a terminal, nanoseconds in files.
  public static func workers(_ summary: Summary) -> Table {
    var table = Table(
      [
        .init("worker", key: "worker", number: false), .init("tid", key: "tid", optional: 2),
        .init("events", key: "events", optional: 3),
      ]
        + LaneState.ofWorkers.map { .init($0.name + " %", key: "\($0.name)_ns") }
        + [.init("lost", key: "lost_events", optional: 1)])
    func row(_ name: String, _ tid: JSON, _ events: Int, _ times: [UInt64], _ whole: UInt64, _ lost: UInt64) -> [Cell] {
      [.text(name), Cell(name == "all" ? "" : tid.text(), tid, ink: .faint), .count(events)]
        + LaneState.ofWorkers.map { state in
          let time = times[Int(state.rawValue)]
          let share = Units.ratio(time, of: whole)
          return Cell(
            time == 0 ? "-" : Units.percentNumber(share), .unsigned(time), ink: time == 0 ? .faint : Palette.ink(state))
        } + [Cell(Units.count(lost), .unsigned(lost), ink: lost > 0 ? .bad : .faint)]
    }
    for index in summary.workers {
      let lane = summary.model.lanes[index]
      table.rows.append(
        row(lane.name, .unsigned(UInt64(lane.tid)), lane.events, summary.states[index], summary.wall, lane.lost))
    }
    if summary.workers.count > 1 {
      let sums = LaneState.allCases.map { summary.time($0) }
      table.rows.append(
        row(
          "all", .string(""), summary.workers.reduce(0) { $0 + summary.model.lanes[$1].events }, sums, summary.capacity,
          summary.workers.saturatingSum { summary.model.lanes[$0].lost }))
    }
    // States that never occur need no column on a terminal; files keep them all.
    for (column, state) in LaneState.ofWorkers.enumerated() where summary.time(state) == 0 {
      table.columns[column + 3].optional = 9
    }
    return table
  }

  /// A row per lane, from what packet headers say.
  public static func lanes(_ trace: Trace) -> Table {
    var table = Table([
      .init("lane", key: "lane", number: false), .init("tid", key: "tid"),
      .init("process", key: "process", optional: 2),
      .init("events", key: "events"), .init("first", key: "first_ns"), .init("last", key: "last_ns"),
      .init("lost", key: "lost_events"), .init("missing packets", key: "missing_packets", optional: 1),
      .init("file", key: "file", number: false, shrinks: true),
    ])
    for lane in trace.lanes {
      func when(_ time: UInt64?) -> Cell {
        time.map { Cell("+" + Units.duration($0 - trace.span.lowerBound), .unsigned($0)) } ?? Cell("-", .null)
      }
      // LTTng counts what it discards for each CPU, not for each thread.
      let isUnknown = lane.lost == 0 && trace.processes[lane.process].discarded > 0
      table.rows.append([
        .text(LaneSummary.name(of: lane.lane)), Cell("\(lane.tid)", .unsigned(UInt64(lane.tid))), .count(lane.process),
        .count(lane.records), when(lane.span?.lowerBound), when(lane.span?.upperBound),
        isUnknown
          ? Cell("?", .null, ink: .bad)
          : Cell(Units.count(lane.lost), .unsigned(lane.lost), ink: lane.lost > 0 ? .bad : .faint),
        .count(lane.missingPackets),
        .text(
          lane.file + (lane.unreadable != nil ? " (unreadable)" : lane.tornTail ? " (torn)" : ""),
          ink: lane.tornTail ? .warning : .plain),
      ])
    }
    if trace.processes.count == 1 { table.columns[2].optional = 9 }
    return table
  }
}
