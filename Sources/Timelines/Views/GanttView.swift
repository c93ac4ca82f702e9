// The timeline on a terminal: a row per worker, task, label or quantity; a column is an equal share of the time.

/// Draws binned rows as text.
public struct GanttView {
  /// What a row stands for.
  public enum Row: String, CaseIterable, Sendable {
    /// A row for each worker, task or label; or one for the number of busy workers, and of ready tasks.
    case workers, tasks, labels, concurrency, queues
  }

  let bins: Bins
  let labels: LabelTable
  let origin: UInt64
  let style: TerminalStyle
  /// Letters of labels in plain text.
  private let letters: [UInt32: Character]
  private let ranking: [(label: UInt32, time: Double)]

  /// `origin`: the time that the axis calls 0.
  public init(_ bins: Bins, labels: LabelTable, origin: UInt64, style: TerminalStyle) {
    self.bins = bins
    self.labels = labels
    self.origin = origin
    self.style = style
    ranking = bins.labels.map { ($0.key, $0.value.reduce(0) { $0 + Double($1) }) }
      .sorted { ($0.time, $1.label) > ($1.time, $0.label) }
    letters = Self.assignLetters(ranking.map(\.label), labels)
  }

  /// Columns of cells that fit beside the names and remarks.
  public static func columns(width: Int) -> Int { max(10, width - nameWidth - remarkWidth - 3) }
  static let nameWidth = 5
  static let remarkWidth = 28

  private static func assignLetters(_ ranked: [UInt32], _ labels: LabelTable) -> [UInt32: Character] {
    var free = Set("ACDEFGIJKLMNOPQRSTUVXYZ")  // without the letters of states
    var result: [UInt32: Character] = [:]
    for label in ranked where label != 0 && label != .max {
      let wishes = labels.text(label).uppercased().filter { free.contains($0) }
      guard let letter = wishes.first ?? free.min() else { break }
      result[label] = letter
      free.remove(letter)
    }
    return result
  }

  /// All lines of the view.
  public func lines(_ rows: [Row]) -> [String] {
    var lines = axis()
    for row in rows {
      switch row {
      case .workers:
        for lane in bins.model.lanes.indices where isShown(lane) { lines.append(workerLine(lane)) }
      case .tasks: lines += taskLines()
      case .labels: lines += labelLines()
      case .concurrency: lines.append(concurrencyLine())
      case .queues: lines += queueLines()
      }
    }
    return lines + legend(rows)
  }
  private func isShown(_ lane: Int) -> Bool {
    if bins.model.lanes[lane].isWorker { return true }
    // Outside threads only where they do something that the trace knows of.
    return (0..<bins.columns).contains { column in
      bins.time(lane: lane, column: column, state: .running) + bins.time(lane: lane, column: column, state: .waiting)
        > 0
    }
  }

  // MARK: Pieces

  private var edge: String { style.paint(style.ascii ? "|" : "▏", .faint) }
  private func row(_ name: String, _ cells: String, _ remark: String) -> String {
    let cut = Columns.cut(remark, to: Self.remarkWidth, ascii: style.ascii)
    return Columns.right(name, Self.nameWidth) + " " + edge + cells + edge + style.paint(" " + cut, .plain)
  }

  private func axis() -> [String] {
    let axis = Axis(span: bins.span, origin: origin, count: max(1, bins.columns / 14))
    var marks = [Character](repeating: " ", count: bins.columns)
    for tick in axis.ticks {
      let at = origin + tick
      guard bins.span.contains(at) else { continue }
      let column = min(bins.columns - 1, Int(Double(at - bins.span.lowerBound) / bins.columnWidth))
      let text = (style.ascii ? "|" : "╷") + axis.label(tick)
      guard column + text.count <= bins.columns else { continue }
      for (offset, character) in text.enumerated() { marks[column + offset] = character }
    }
    return [String(repeating: " ", count: Self.nameWidth + 2) + style.paint(String(marks), .faint)]
  }

  private func glyph(_ state: LaneState) -> Character {
    if style.ascii { return state.letter }
    switch state {
    case .running: return "█"
    case .helping: return "▓"
    case .searching: return "░"
    case .waiting: return "╳"
    case .parked: return "·"
    case .blocking: return "▚"
    case .starting: return "›"
    case .stopped: return " "
    case .unknown: return "~"
    case .outside: return "─"
    }
  }
  static let heights: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  private func workerLine(_ lane: Int) -> String {
    var cells: [(Character, TerminalStyle.Ink)] = []
    for column in 0..<bins.columns {
      let (state, label, _) = bins.dominant(lane: lane, column: column)
      let running = bins.time(lane: lane, column: column, state: .running)
      let helping = bins.time(lane: lane, column: column, state: .helping)
      let busy = (running + helping) / bins.columnWidth
      if busy >= 1.0 / 16 && (state.isBusy || !style.ascii) {
        let ink = TerminalStyle.Ink.palette(Palette.terminal(labels.text(label)))
        if style.ascii {
          cells.append((state == .helping ? "h" : letters[label] ?? "#", ink))
        } else if helping > running {
          cells.append(("▓", ink))
        } else {
          cells.append((Self.heights[min(7, max(0, Int((busy * 8).rounded()) - 1))], ink))
        }
      } else {
        cells.append((glyph(state), Palette.ink(state)))
      }
    }
    let lane = (index: lane, summary: bins.model.lanes[lane])
    let share = bins.busyShare(lane: lane.index)
    let remark = process(lane.summary) + Columns.right(Units.percentNumber(share), 4) + " %  " + remark(lane.index)
    return row(lane.summary.name, paint(cells), remark)
  }
  /// Which process a lane belongs to, where there are several.
  private func process(_ lane: LaneSummary) -> String {
    let processes = bins.model.processes
    guard processes.count > 1, lane.process < processes.count else { return "" }
    return "pid " + processes[lane.process] + " "
  }
  /// What a lane mostly did: its main label, or why it was not busy.
  private func remark(_ lane: Int) -> String {
    var times = [Double](repeating: 0, count: LaneState.allCases.count)
    for column in 0..<bins.columns {
      for state in LaneState.allCases {
        times[Int(state.rawValue)] += bins.time(lane: lane, column: column, state: state)
      }
    }
    let best = times.indices.max { times[$0] < times[$1] }.flatMap { LaneState(rawValue: UInt8($0)) } ?? .stopped
    guard best.isBusy || best == .waiting else { return best.name }
    var votes: [UInt32: Double] = [:]
    for column in 0..<bins.columns {
      votes[bins.lanes[lane].label[column], default: 0] += Double(bins.lanes[lane].weight[column])
    }
    let label = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? 0
    return best == .waiting ? "result(\(label == 0 ? "" : labels.text(label)))" : labels.text(label)
  }

  /// Runs of the same colour share one escape sequence.
  private func paint(_ cells: [(Character, TerminalStyle.Ink)]) -> String {
    var result = ""
    var run = ""
    var ink = TerminalStyle.Ink.plain
    for (character, next) in cells {
      if next != ink {
        result += style.paint(run, ink)
        run = ""
        ink = next
      }
      run.append(character)
    }
    return result + style.paint(run, ink)
  }

  /// A quantity as bars (or digits) of height `value / top`.
  private func bars(_ values: [Double], top: Double, ink: TerminalStyle.Ink) -> String {
    paint(
      values.map { value in
        guard value > 0, top > 0 else { return (" ", ink) }
        let share = min(1, value / top)
        if style.ascii {
          return (
            Character(share >= 1 ? (top <= 9 ? String(Int(top)) : "9") : String(Int(top <= 9 ? value : share * 9.99))),
            ink
          )
        }
        return (Self.heights[min(7, max(0, Int((share * 8).rounded(.up)) - 1))], ink)
      })
  }

  private func concurrencyLine() -> String {
    let workers = bins.model.lanes.filter(\.isWorker).count
    let values = (0..<bins.columns).map { bins.concurrency(column: $0) }
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    return row(
      "busy", bars(values, top: Double(max(1, workers)), ink: .palette(67)),
      " \(Units.fixed(mean, 2)) of \(Units.plural(workers, "worker"))")
  }
  private func queueLines() -> [String] {
    let ready = (0..<bins.columns).map { bins.ready(column: $0) }
    let injector = (0..<bins.columns).map { bins.injector(column: $0) }
    let most = bins.readyMax.max() ?? 0
    return [
      row("ready", bars(ready, top: ready.max() ?? 0, ink: .palette(178)), " at most \(Units.plural(most, "task"))"),
      row("inj.", bars(injector, top: ready.max() ?? 0, ink: .palette(173)), " of them in the injector"),
    ]
  }
  private func labelLines() -> [String] {
    let shown = ranking.prefix(12)
    var lines = shown.map { label, time in
      let name = label == .max ? "(others)" : labels.text(label)
      let values = bins.labels[label]!.map { Double($0) / bins.columnWidth }
      let remark = " " + Units.fixed(time / (bins.columnWidth * Double(bins.columns)), 2) + " " + name
      let top = Double(max(1, bins.model.lanes.filter(\.isWorker).count))
      return row(String(letters[label] ?? "#"), bars(values, top: top, ink: .palette(Palette.terminal(name))), remark)
    }
    if ranking.count > shown.count {
      lines.append(style.paint("      and \(ranking.count - shown.count) more labels", .faint))
    }
    return lines
  }
  /// One row for each of the longest tasks: queued, then running.
  private func taskLines() -> [String] {
    bins.tasks.map { task in
      let name = labels.text(task.label)
      let ink = TerminalStyle.Ink.palette(Palette.terminal(name))
      var cells = [(Character, TerminalStyle.Ink)](repeating: (" ", .plain), count: bins.columns)
      func fill(_ start: UInt64, _ end: UInt64, _ character: Character, _ ink: TerminalStyle.Ink) {
        bins.spread(start, max(end, start + 1)) { column, _ in cells[column] = (character, ink) }
      }
      if task.submit > 0 { fill(task.submit, task.start, style.ascii ? "." : "┄", .faint) }
      let end = task.end > 0 ? task.end : task.fate == .running ? bins.span.upperBound : task.start
      fill(task.start, end, style.ascii ? letters[task.label] ?? "#" : "█", ink)
      let lane = task.lane >= 0 ? bins.model.lanes[Int(task.lane)].name : "?"
      return row(lane, paint(cells), " " + Units.duration(end - task.start) + " " + name)
    }
  }

  private func legend(_ rows: [Row]) -> [String] {
    var parts: [String] = []
    if rows.contains(.workers) || rows.contains(.labels) || rows.contains(.tasks) {
      for (label, time) in ranking.prefix(6) {
        let name = label == .max ? "(others)" : labels.text(label)
        let mark = style.ascii ? String(letters[label] ?? "#") : "█"
        let share = time / max(1, ranking.reduce(0) { $0 + $1.time })
        parts.append(
          style.paint(mark, .palette(Palette.terminal(name))) + " "
            + Columns.cut(name, to: 32, ascii: style.ascii) + " " + Units.percent(share))
      }
    }
    if rows.contains(.workers) {
      for state in LaneState.allCases where state != .running && state != .stopped {
        let present = bins.lanes.indices.contains { lane in
          bins.model.lanes[lane].isWorker
            && (0..<bins.columns).contains { bins.time(lane: lane, column: $0, state: state) > 0 }
        }
        if present { parts.append(style.paint(String(glyph(state)), Palette.ink(state)) + " " + state.name) }
      }
    }
    var lines: [String] = []
    var line = ""
    for part in parts {
      if Columns.width(line) + Columns.width(part) + 3 > style.width && !line.isEmpty {
        lines.append(line)
        line = ""
      }
      line += (line.isEmpty ? String(repeating: " ", count: Self.nameWidth + 2) : "   ") + part
    }
    return lines + (line.isEmpty ? [] : [line])
  }
}
