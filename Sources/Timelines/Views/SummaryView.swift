// One screen on a run.

/// Draws a `Summary` as text.
public struct SummaryView {
  let summary: Summary
  let style: TerminalStyle
  let name: String
  /// `name`: of the trace, for the heading.
  public init(_ summary: Summary, name: String, style: TerminalStyle) {
    self.summary = summary
    self.style = style
    self.name = name
  }

  /// `limit`: rows of the label table; `findings`: already rendered lines.
  public func lines(limit: Int = 8, findings: [String] = []) -> [String] {
    var lines = [heading()]
    lines += summary.model.unreadProcesses.map { style.paint("not counted: the workers of \($0)", .bad) }
    guard !summary.workers.isEmpty else {
      return lines + [style.paint("no worker lane in this trace: only outside threads were recorded", .warning)]
    }
    lines += summary.model.unreadable.map { lane in
      style.paint("nothing is known of \(LaneSummary.name(of: lane.lane)): \(lane.unreadable!)", .bad)
    }
    lines.append(shares())
    lines.append(bar())
    lines.append(work())
    lines.append(delays())
    if let steals = steals() { lines.append(steals) }
    lines.append("")
    lines += Self.labelTable(summary, limit: limit).lines(style)
    lines += findings
    return lines
  }

  private func key(_ text: String) -> String { style.paint(text, .faint) }

  private func heading() -> String {
    var parts = [
      style.paint(name, .strong), Units.seconds(summary.wall), Units.plural(summary.workers.count, "worker"),
      Units.plural(summary.tasks, "task"),
    ]
    let lost = summary.model.lost
    parts.append(lost == 0 ? "lost 0" : style.paint("lost \(Units.count(lost))", .bad))
    let coverage = "coverage \(summary.coverageText)"
    parts.append(summary.lacksSomething ? style.paint(coverage, .bad) : coverage)
    return parts.joined(separator: "   ")
  }
  private func shares() -> String {
    var text = "\(key("cores used")) \(Units.fixed(summary.coresUsed, 2)) of \(summary.workers.count) "
    text += "(\(Units.percent(summary.coresUsed / Double(max(1, summary.workers.count)))))  "
    let names: [LaneState: String] = [
      .running: "run", .helping: "help", .searching: "search", .waiting: "wait", .parked: "park", .blocking: "block",
      .starting: "start", .stopped: "stopped", .unknown: "unknown",
    ]
    for state in LaneState.ofWorkers where summary.time(state) > 0 {
      text += " \(key(names[state]!)) \(Units.percentNumber(summary.share(state)))"
    }
    return text
  }
  /// The shares as one bar over the whole width.
  private func bar() -> String {
    let width = max(20, style.width)
    var text = ""
    var used = 0
    var sum = 0.0
    for state in LaneState.ofWorkers {
      sum += summary.share(state)
      let end = min(width, Int((sum * Double(width)).rounded()))
      guard end > used else { continue }
      let glyph = style.ascii || !style.color ? String(state.letter) : state == .parked ? "░" : "█"
      text += style.paint(String(repeating: glyph, count: end - used), Palette.ink(state))
      used = end
    }
    return text
  }
  private func work() -> String {
    var text =
      "\(key("work T1")) \(Units.seconds(summary.work))   \(key("span")) \(Units.seconds(summary.criticalSpan))   "
    text += "\(key("parallelism")) \(Units.fixed(summary.parallelism, 1))   "
    text += "\(key("burdened")) \(Units.fixed(summary.burdenedParallelism, 1))   "
    text +=
      "\(key("\(summary.workers.count)-core bound")) \(Units.seconds(summary.greedyBound)) (now \(Units.seconds(summary.wall)))"
    return text
  }
  private func delays() -> String {
    func three(_ histogram: Histogram) -> String {
      guard histogram.count > 0 else { return "-" }
      return "p50 \(Units.duration(histogram.percentile(50)))  p99 \(Units.duration(histogram.percentile(99)))  "
        + "max \(Units.duration(histogram.max))"
    }
    return "\(key("queue"))  \(three(summary.queue))       \(key("run"))  \(three(summary.run))"
  }
  private func steals() -> String? {
    guard summary.stolen > 0 || summary.searches.episodes > 0 else { return nil }
    let started = summary.sources.reduce(0, +)
    var text =
      "\(key("steals")) \(Units.count(summary.stolen)) (\(Units.percent(Units.ratio(summary.stolen, of: started))) of starts)"
    if summary.searches.episodes > 0 {
      text += "   \(key("searches")) \(Units.count(summary.searches.episodes))"
      text += ", \(Units.percent(Units.ratio(summary.searches.found, of: summary.searches.episodes))) found work"
    }
    if summary.wakeLatency.count > 0 {
      text += "   \(key("wake-up")) p50 \(Units.duration(summary.wakeLatency.percentile(50)))"
      text += " p99 \(Units.duration(summary.wakeLatency.percentile(99)))"
    }
    return text
  }

  /// A row per label, the one with the most self time first. `limit` 0: all.
  public static func labelTable(_ summary: Summary, limit: Int, sort: LabelOrder = .selfTime) -> Table {
    var table = Table([
      .init("label", key: "label", number: false, shrinks: true),
      .init("n", key: "tasks"),
      .init("self", key: "self_ns"),
      .init("%T1", key: "work_share"),
      .init("total", key: "total_ns", optional: 4),
      .init("run p50", key: "run_p50_ns"),
      .init("run p95", key: "run_p95_ns", optional: 6),
      .init("run p99", key: "run_p99_ns"),
      .init("run max", key: "run_max_ns", optional: 3),
      .init("queue p50", key: "queue_p50_ns", optional: 5),
      .init("queue p95", key: "queue_p95_ns", optional: 7),
      .init("queue p99", key: "queue_p99_ns"),
      .init("queue max", key: "queue_max_ns", optional: 4),
      .init("stolen%", key: "stolen_share", optional: 1),
      .init("errors", key: "errors", optional: 8),
      .init("cancelled", key: "cancelled", optional: 9),
      .init("unfinished", key: "unfinished", optional: 10),
      .init("source", key: "source", number: false, shrinks: true, optional: 2),
    ])
    let sorted = summary.labels.sorted { sort.precedes($0, $1, summary.labelTable) }
    let shown = limit > 0 ? sorted.prefix(limit) : sorted[...]
    for row in shown {
      table.rows.append([
        .text(summary.labelTable.text(row.label), ink: .palette(Palette.terminal(summary.labelTable.text(row.label)))),
        .count(row.count), .duration(row.selfTime), .share(Units.ratio(row.selfTime, of: summary.work)),
        .duration(row.total), .duration(row.run.percentile(50)), .duration(row.run.percentile(95)),
        .duration(row.run.percentile(99)), .duration(row.run.max), .duration(row.queue.percentile(50)),
        .duration(row.queue.percentile(95)), .duration(row.queue.percentile(99)), .duration(row.queue.max),
        .share(Units.ratio(row.stolen, of: row.started)),
        Table.Cell(Units.count(row.errors), .unsigned(row.errors), ink: row.errors > 0 ? .bad : .faint),
        .count(row.cancelled), .count(row.unfinished), .text(summary.labelTable.source(row.label), ink: .faint),
      ])
    }
    table.omitted = sorted.count - shown.count
    return table
  }
}

/// Orders of the label table.
public enum LabelOrder: String, CaseIterable, Sendable {
  /// By self time, greatest first.
  case selfTime = "self"
  /// By total time, number, run time or queue delay (99th percentile), greatest first; or by name.
  case total, count, run, queue, name
  func precedes(_ a: LabelSummary, _ b: LabelSummary, _ labels: LabelTable) -> Bool {
    func by<Value: Comparable>(_ value: (LabelSummary) -> Value) -> Bool {
      value(a) == value(b) ? labels.text(a.label) < labels.text(b.label) : value(a) > value(b)
    }
    switch self {
    case .selfTime: return by(\.selfTime)
    case .total: return by(\.total)
    case .count: return by(\.count)
    case .run: return by { $0.run.percentile(99) }
    case .queue: return by { $0.queue.percentile(99) }
    case .name: return labels.text(a.label) < labels.text(b.label)
    }
  }
}
