// Answers in text: idle attribution, one gap, one task, findings, steals, delays, queues.
import SchedulerEvents

/// Text of the single-question commands.
public struct AnswerView {
  let labels: LabelTable
  let origin: UInt64
  let style: TerminalStyle
  /// `origin`: the time that counts as 0.
  public init(labels: LabelTable, origin: UInt64, style: TerminalStyle) {
    self.labels = labels
    self.origin = origin
    self.style = style
  }
  private func when(_ time: UInt64) -> String { "+" + Units.duration(time - min(origin, time)) }
  private func key(_ text: String) -> String { style.paint(text, .faint) }

  // MARK: Idle

  /// Idle time by cause.
  public static func idleTable(_ summary: Summary) -> Table {
    var table = Table([
      .init("share", key: "share"), .init("time", key: "idle_ns"), .init("cause", key: "cause", number: false),
      .init("", key: "detail", number: false, shrinks: true),
    ])
    let idle = summary.idle
    for cause in IdleCause.allCases.sorted(by: { idle[$0] > idle[$1] }) where idle[cause] > 0 {
      table.rows.append([
        Table.Cell(
          Units.percent(Units.ratio(idle[cause], of: idle.total)), .number(Units.ratio(idle[cause], of: idle.total))),
        .duration(idle[cause]), Table.Cell(cause.text, .string(cause.key)), .text(detail(cause, summary), ink: .faint),
      ])
    }
    return table
  }
  private static func detail(_ cause: IdleCause, _ summary: Summary) -> String {
    let idle = summary.idle
    switch cause {
    case .noReadyWork:
      var parts = idle.charges.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(3).filter { $0.value >= 0.005 }
        .map { "\(summary.labelTable.text($0.key)) \(Units.percentNumber($0.value)) %" }
      if idle.chargedOutside >= 0.005 { parts.append("nothing ran \(Units.percentNumber(idle.chargedOutside)) %") }
      return parts.isEmpty ? "" : "while " + parts.joined(separator: ", ")
    case .searching:
      let search = summary.searches
      guard search.episodes > 0 else { return "" }
      return
        "success \(Units.percent(Units.ratio(search.found, of: search.episodes))), median \(search.attemptsPerEpisode.percentile(50)) probes"
    case .wakeLatency:
      return
        "p50 \(Units.duration(summary.wakeLatency.percentile(50))) p99 \(Units.duration(summary.wakeLatency.percentile(99)))"
    case .blockedInResult: return Units.plural(summary.waits.count, "blocking wait")
    case .injectorOnly: return "up to \(Units.count(summary.injectorDepth.max)) tasks"
    case .leftParked, .starting, .noThread: return ""
    }
  }
  /// Idle time by cause, and whom it is charged to. Lines of text.
  public func idle(_ summary: Summary) -> [String] {
    let share = Units.percent(Units.ratio(summary.idle.total, of: summary.capacity))
    let heading =
      "idle \(Units.seconds(summary.idle.total)) of \(Units.seconds(summary.capacity)) worker time (\(share)), attributed 100 %"
    let coverage = summary.lacksSomething ? style.paint("   coverage \(summary.coverageText)", .bad) : ""
    return [style.paint(heading, .strong) + coverage] + Self.idleTable(summary).lines(style)
  }

  /// Why a worker did what it did at a time.
  public func gap(_ gap: GapExplanation) -> [String] {
    let name = gap.model.lanes[gap.lane].name
    guard let interval = gap.interval else { return ["\(name) recorded nothing at that time"] }
    var lines = [
      style.paint("\(name) was \(interval.state.name)", .strong)
        + " from \(when(interval.start)) to \(when(interval.end)) (\(Units.duration(interval.length)))"
        + (interval.task == 0 ? "" : ": \(labels.text(interval.label)) \(EventText.task(interval.task))")
    ]
    func line(_ key: String, _ text: String) { lines.append("  " + self.key(Columns.left(key, 11)) + text) }
    if let before = gap.before { line("before", describe(before)) }
    if let after = gap.after { line("after", describe(after)) }
    guard !interval.state.isBusy else { return lines }
    let none = interval.length - min(interval.length, gap.readyTime + gap.injectorTime)
    func share(_ time: UInt64) -> String {
      "\(Units.duration(time)) (\(Units.percent(Units.ratio(time, of: interval.length))))"
    }
    line("no work", "\(share(none)) with no ready task anywhere")
    if gap.injectorTime > 0 { line("injector", "\(share(gap.injectorTime)) with ready tasks in the injector only") }
    if gap.readyTime > 0 {
      line("work", "\(share(gap.readyTime)) with ready tasks in a deque; at most \(Units.count(gap.mostReady)) ready")
    }
    let others = gap.meanwhile.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(4)
    let text = others.map { "\(labels.text($0.key)) \(Units.duration($0.value))" }.joined(separator: ", ")
    line("meanwhile", text.isEmpty ? "no worker ran anything" : "the others ran " + text)
    if let wake = gap.wake, interval.state == .parked {
      let from = wake.from >= 0 ? gap.model.lanes[wake.from].name : "?"
      line(
        "woken by",
        "\(from) at \(when(wake.wake)), up \(Units.duration(wake.unpark - min(wake.wake, wake.unpark))) later (\(wake.cause))"
      )
    }
    return lines
  }
  private func describe(_ interval: Interval) -> String {
    let what = interval.task == 0 ? "" : " \(labels.text(interval.label)) \(EventText.task(interval.task))"
    return "\(interval.state.name)\(what) for \(Units.duration(interval.length))"
  }

  // MARK: One task

  /// One task's life. Lines of text.
  /// `queued`: a summary of the time it lay in the queue; then it is said what the workers did instead.
  public func task(_ history: TaskHistory, queued: Summary? = nil) -> [String] {
    guard let task = history.record else { return [] }
    func lane(_ index: Int32) -> String { index >= 0 ? history.model.lanes[Int(index)].name : "?" }
    let source = labels.source(task.label)
    var lines = [
      style.paint(labels.text(task.label), .strong) + " " + EventText.task(task.task)
        + (source.isEmpty ? "" : "  " + key(source)) + "  \(task.fate)"
    ]
    func line(_ name: String, _ text: String) { lines.append("  " + key(Columns.left(name, 11)) + text) }
    if task.submit > 0 {
      let parent =
        history.parent.map { ", by \(labels.text($0.label)) \(EventText.task($0.task))" }
        ?? (task.parent == 0 ? "" : ", by \(EventText.task(task.parent))")
      line(
        "submitted",
        "\(when(task.submit)) on \(lane(task.submitLane)) into \(task.queue), \(task.queueDepth) before it\(parent)")
    } else {
      line("submitted", "not in the trace")
    }
    if task.start > 0 {
      let from = task.source == .stolen ? "stolen from \(LaneSummary.name(of: task.victim))" : "from \(task.source)"
      line(
        "started",
        "\(when(task.start)) on \(lane(task.lane)), \(from), nesting \(task.nesting)"
          + (task.queueDelay.map { ", after \(Units.duration($0)) in the queue" } ?? ""))
    }
    if let queued, queued.capacity > 0 {
      let labels = queued.labels.filter { $0.selfTime > 0 }.sorted { $0.selfTime > $1.selfTime }.prefix(3)
      var parts = labels.map {
        "\(self.labels.text($0.label)) \(Units.percent(Units.ratio($0.selfTime, of: queued.capacity)))"
      }
      let busy = Units.ratio(queued.work, of: queued.capacity)
      if busy < 0.9995 { parts.append("not running \(Units.percent(1 - busy))") }
      line("meanwhile", "the workers: " + parts.joined(separator: ", "))
    }
    if task.end > 0 {
      line(
        "ended",
        "\(when(task.end)) with \(task.fate)"
          + (task.runTime.map { ", after \(Units.duration($0)) of which \(Units.duration(task.selfTime)) itself" } ?? "")
      )
    }
    for wait in history.waits.prefix(20) {
      let length = wait.end > 0 ? Units.duration(wait.end - wait.start) : "to the end of the trace"
      line(
        "waited",
        "for \(wait.awaited == 0 ? "a future made by hand" : EventText.task(wait.awaited)) \(length) at \(when(wait.start)), helped \(wait.helped), \(wait.outcome)"
      )
    }
    for wait in history.waiters.prefix(20) {
      let who = wait.waiter == 0 ? history.model.lanes[wait.lane].name : EventText.task(wait.waiter)
      line("awaited by", "\(who) from \(when(wait.start))" + (wait.end > 0 ? " to \(when(wait.end))" : ""))
    }
    if history.childCount > 0 {
      let names = history.children.prefix(8).map { "\(labels.text($0.label)) \(EventText.task($0.task))" }.joined(
        separator: ", ")
      line("children", "\(Units.count(history.childCount)): \(names)\(history.childCount > 8 ? ", ..." : "")")
    }
    if task.isRepaired { line("repaired", "a stamp was moved so that causes precede effects") }
    lines.append("")
    let format = EventText(labels: labels, origin: origin)
    return lines + history.events.map { key("  " + format.line($0)) }
  }

  // MARK: Findings

  /// Findings, worst first. Lines of text.
  public func findings(_ findings: [Finding], path: String, brief: Bool = false) -> [String] {
    findings.flatMap { finding -> [String] in
      let ink: TerminalStyle.Ink = finding.severity == .error ? .bad : finding.severity == .warning ? .warning : .accent
      let mark = style.paint(finding.severity.name.prefix(1).uppercased(), ink)
      let head = "\(mark) \(style.paint(Columns.left(finding.id, 16), .strong)) \(finding.evidence)"
      return brief
        ? ["  " + head] : [head, "    " + finding.advice, "    " + key("poolscope \(finding.command) \(path)")]
    }
  }

  // MARK: Steals, delays, queues

  /// Thieves in rows, victims in columns.
  public static func stealTable(_ summary: Summary) -> Table {
    let workers = summary.workers
    var table = Table(
      [.init("thief", key: "thief", number: false)]
        + workers.map { .init("from \(summary.model.lanes[$0].name)", key: "from_\(summary.model.lanes[$0].name)") }
        + [.init("all", key: "steals")])
    for thief in workers {
      var sum: UInt64 = 0
      var row: [Table.Cell] = [.text(summary.model.lanes[thief].name)]
      for victim in workers {
        let count = summary.steals[.init(thief: thief, victim: victim)] ?? 0
        sum += count
        row.append(thief == victim ? Table.Cell("", .unsigned(count)) : .count(count))
      }
      row.append(.count(sum))
      table.rows.append(row)
    }
    return table
  }
  /// Who stole from whom. Lines of text.
  public func steals(_ summary: Summary) -> [String] {
    let started = summary.sources.reduce(0, +)
    let search = summary.searches
    let others = TaskSource.allCases.filter { $0 != .stolen && summary.sources[Int($0.rawValue)] > 0 }
      .map { "\($0) \(Units.percent(Units.ratio(summary.sources[Int($0.rawValue)], of: started)))" }
    var lines = filled([
      "\(Units.count(summary.stolen)) steals, \(Units.percent(Units.ratio(summary.stolen, of: started))) of \(Units.count(started)) starts",
      "the rest: " + others.joined(separator: ", "),
    ])
    lines[0] = style.paint(lines[0], .strong)
    if search.episodes > 0 {
      lines += filled([
        "\(Units.count(search.episodes)) search\(search.episodes == 1 ? "" : "es") beyond the first look, \(Units.percent(Units.ratio(search.found, of: search.episodes))) found work",
        "\(Units.count(search.attempts)) probes, \(Units.count(search.empty)) empty, \(Units.count(search.lostRaces)) lost races",
        "p50 \(Units.duration(search.duration.percentile(50))), p99 \(Units.duration(search.duration.percentile(99)))",
      ])
    } else {
      lines.append(key("searches were not recorded (search_end is a debug event)"))
    }
    return lines + [""] + Self.stealTable(summary).lines(style)
  }

  /// Clauses in as few lines as the width allows.
  private func filled(_ clauses: [String]) -> [String] {
    var lines: [String] = []
    for clause in clauses {
      if let last = lines.last, last.count + clause.count + 3 <= style.width {
        lines[lines.count - 1] = last + "; " + clause
      } else {
        if !lines.isEmpty { lines[lines.count - 1] += ";" }
        lines.append(lines.isEmpty ? clause : "  " + clause)
      }
    }
    return lines
  }

  /// A histogram in powers of two.
  public func histogram(_ title: String, _ histogram: Histogram) -> [String] {
    guard histogram.count > 0 else { return ["\(title): none"] }
    var lines = [
      style.paint(title, .strong)
        + "  n \(Units.count(histogram.count))  p50 \(Units.duration(histogram.percentile(50)))  "
        + "p95 \(Units.duration(histogram.percentile(95)))  p99 \(Units.duration(histogram.percentile(99)))  max \(Units.duration(histogram.max))"
    ]
    let octaves = histogram.octaves()
    let most = octaves.map(\.count).max() ?? 1
    let room = max(10, style.width - 36)
    var last: UInt64?
    for octave in octaves {
      // A hole in the distribution is shown as one.
      if let last, octave.low > last &* 2 && last > 0 { lines.append(key("         ...")) }
      last = octave.low
      let length = Double(octave.count) / Double(most) * Double(room)
      let bar =
        style.ascii
        ? String(repeating: "#", count: max(1, Int(length.rounded())))
        : String(repeating: "█", count: Int(length)) + (length < 1 ? "▏" : "")
      lines.append(
        Columns.right("< " + Units.duration(octave.high &+ 1), 11) + " " + Columns.right(Units.count(octave.count), 12)
          + " "
          + Columns.right(Units.percentNumber(Units.ratio(octave.count, of: histogram.count)), 5) + " % "
          + style.paint(bar, .palette(67)))
    }
    return lines
  }

  /// The depth of queues by time.
  public static func queueTable(_ bins: Bins, origin: UInt64) -> Table {
    var table = Table([
      .init("time", key: "time_ns"), .init("ready", key: "ready_mean"), .init("max", key: "ready_max"),
      .init("injector", key: "injector_mean"), .init("busy", key: "busy_workers"),
    ])
    for column in 0..<bins.columns {
      let start = bins.span.lowerBound - min(origin, bins.span.lowerBound) + UInt64(Double(column) * bins.columnWidth)
      table.rows.append([
        Table.Cell("+" + Units.duration(start), .unsigned(start)),
        Table.Cell(Units.fixed(bins.ready(column: column), 1), .number(bins.ready(column: column))),
        .count(bins.readyMax[column]),
        Table.Cell(Units.fixed(bins.injector(column: column), 1), .number(bins.injector(column: column))),
        Table.Cell(Units.fixed(bins.concurrency(column: column), 2), .number(bins.concurrency(column: column))),
      ])
    }
    return table
  }
}
