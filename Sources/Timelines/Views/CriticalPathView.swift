// The critical path in text: shares by kind and label, then its longest steps.

extension Table {
  /// A row per kind and label.
  public static func criticalPath(_ path: CriticalPath, labels: LabelTable) -> Table {
    var table = Table([
      .init("share", key: "share"), .init("time", key: "time_ns"), .init("steps", key: "steps"),
      .init("kind", key: "kind", number: false),
      .init("label", key: "label", number: false, shrinks: true),
    ])
    var sums: [String: (kind: CriticalStep.Kind, label: String, time: UInt64, steps: Int)] = [:]
    for step in path.steps {
      let label = step.kind == .outside || (step.kind == .wakeUp && step.task == 0) ? "" : labels.text(step.label)
      let key = step.kind.rawValue + "\0" + label
      sums[key, default: (step.kind, label, 0, 0)].time += step.length
      sums[key]!.steps += 1
    }
    let whole = path.length
    for row in sums.values.sorted(by: { ($0.time, $1.label) > ($1.time, $0.label) }) {
      let name: String =
        switch row.kind {
        case .run: "run"
        case .behind: "behind another task"
        case .searched: "in the queue, being searched for"
        case .waking: "in the queue, a worker waking up"
        case .unnoticed: "in the queue, no worker looked"
        case .queued: "in the queue"
        case .wakeUp: "waking the waiter"
        case .wait: "waiting for something unknown"
        case .outside: "outside of the pool"
        }
      table.rows.append([
        Cell(Units.percent(Units.ratio(row.time, of: whole)), .number(Units.ratio(row.time, of: whole))),
        .duration(row.time),
        .count(row.steps), .text(name), .text(row.label, ink: .palette(Palette.terminal(row.label))),
      ])
    }
    return table
  }
  /// The longest steps in the order of time.
  public static func criticalSteps(_ path: CriticalPath, labels: LabelTable, origin: UInt64, limit: Int) -> Table {
    var table = Table([
      .init("at", key: "start_ns"), .init("for", key: "length_ns"), .init("kind", key: "kind", number: false),
      .init("on", key: "lane", number: false),
      .init("task", key: "task", number: false), .init("label", key: "label", number: false, shrinks: true),
    ])
    let chosen =
      limit > 0 ? path.steps.sorted { $0.length > $1.length }.prefix(limit).sorted { $0.start < $1.start } : path.steps
    for step in chosen {
      let at = step.start - min(origin, step.start)
      table.rows.append([
        Cell("+" + Units.duration(at), .unsigned(at)), .duration(step.length), .text(step.kind.rawValue),
        .text(step.lane >= 0 ? path.model.lanes[step.lane].name : "-"),
        .text(step.task == 0 ? "-" : EventText.task(step.task)),
        .text(step.task == 0 ? "" : labels.text(step.label)),
      ])
    }
    table.omitted = path.steps.count - chosen.count
    return table
  }
}
