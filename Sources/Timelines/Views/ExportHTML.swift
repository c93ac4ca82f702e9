// One HTML file with everything in it: the page, its script, and the run as compact arrays.
import SchedulerEvents

extension Export {
  static let html = Export("html", "one interactive page, offline: zoom, pan, search, cards of tasks") {
    (request: Request, write: (String) throws -> Void) in
    try write(HTMLDocument(request).text())
  }
}

struct HTMLDocument {
  /// Segments of all lanes together. Larger: finer and a larger file; at 120,000 a page stays well below 5 MB.
  private static let segmentBudget = 120_000
  private static let columns = 2000
  private let request: Export.Request
  private let timeline: Timeline
  private let bins: Bins
  private let summary: Summary

  init(_ request: Export.Request) {
    self.request = request
    var limits = TimelineLimits()
    let lanes = UInt64(max(1, request.trace.lanes.count))
    let length = request.span.upperBound - request.span.lowerBound
    if request.trace.recordCount > Self.segmentBudget {
      // At most two segments per stretch of this length and lane.
      limits.resolution = max(1, length * lanes * 2 / UInt64(Self.segmentBudget))
    } else {
      limits.longest = 25_000
    }
    timeline = Timeline.of(request.trace, window: request.window, limits: limits, progress: request.progress)
    bins = Bins.of(request.trace, window: request.window, columns: Self.columns, progress: request.progress)
    summary = Summary.of(request.trace, window: request.window, progress: request.progress)
  }

  func text() -> String {
    var data = ""
    self.data().write(to: &data)
    let title = SVGFigure.escape("\(request.trace.name): poolscope timeline")
    // The data comes last: it may contain anything, also the other placeholders.
    return HTMLPage.text.replacing("%TITLE%", with: title).replacing("%SCRIPT%", with: HTMLScript.text)
      .replacing("%DATA%", with: data, maxReplacements: 1)
  }

  private func relative(_ time: UInt64) -> Int64 { Int64(time) - Int64(timeline.model.span.lowerBound) }

  private func data() -> JSON {
    let span = timeline.model.span
    let labelTable = request.trace.labels
    var shares: [UInt32: (share: Double, count: UInt64)] = [:]
    for label in summary.labels { shares[label.label] = (Units.ratio(label.selfTime, of: summary.work), label.count) }
    let labels = labelTable.all.indices.map { index -> JSON in
      let name = labelTable.text(UInt32(index))
      let share = shares[UInt32(index)]
      return .object([
        ("n", .string(name)), ("s", .string(labelTable.source(UInt32(index)))), ("c", .string(Palette.web(name))),
        ("t", .number(share?.share ?? 0)), ("k", .unsigned(share?.count ?? 0)),
      ])
    }
    let marks = timeline.annotations.filter { $0.kind == .mark }.prefix(200).map { $0 }
    let kept = Dictionary(timeline.tasks.enumerated().map { ($0.element.task, $0.offset) }) { first, _ in first }
    // The path keeps every task in memory; a page of a very long run does without.
    let critical: [CriticalStep] =
      summary.tasks > 3_000_000
      ? []
      : CriticalPath.of(request.trace, window: request.window).steps.filter { $0.kind == .run && $0.lane >= 0 }
        .sorted { $0.length > $1.length }.prefix(5000).sorted { $0.start < $1.start }
    let items: [(String, JSON)] = [
      ("schema", "poolscope.page/1"), ("name", .string(request.trace.name)), ("path", .string(request.trace.path)),
      ("wall", .unsigned(max(1, span.upperBound - span.lowerBound))),
      ("offset", .unsigned(span.lowerBound - request.trace.span.lowerBound)),
      ("part", .bool(request.window != nil)), ("exact", .bool(timeline.limits.resolution == 0)),
      ("resolution", .unsigned(timeline.limits.resolution)), ("unit", .unsigned(unit)), ("stats", stats()),
      ("labels", .array(labels)), ("states", .array(LaneState.allCases.map { .string($0.name) })),
      ("colors", .array(LaneState.allCases.map { .string(Palette.web($0)) })),
      ("stateShare", .array(LaneState.allCases.map { .number(summary.share($0)) })),
      ("fates", .array(TaskFate.allCases.map { .string("\($0)") })),
      ("sources", .array(TaskSource.allCases.map { .string("\($0)") })),
      ("lanes", .array(timeline.lanes.indices.map { lane($0, kept) })), ("tasks", tasks()),
      ("total", .unsigned(timeline.taskCount)),
      ("steals", integers(timeline.steals.items) { [Int64($0.from), Int64($0.to), relative($0.start)] }),
      (
        "wakes",
        integers(timeline.wakes.items) { [Int64($0.from), Int64($0.to), relative($0.start), relative($0.end)] }
      ),
      ("marks", integers(marks) { [relative($0.time), Int64($0.label), Int64($0.lane)] }),
      ("critical", integers(critical) { [Int64($0.lane), relative($0.start), relative($0.end)] }),
      ("busy", columns { (bins.concurrency(column: $0) * 100).rounded() / 100 }),
      ("ready", columns { (bins.ready(column: $0) * 10).rounded() / 10 }),
      ("readyMax", .number((0..<bins.columns).map { bins.ready(column: $0) }.max() ?? 0)),
    ]
    return .object(items)
  }
  private func integers<Item>(_ items: [Item], _ values: (Item) -> [Int64]) -> JSON {
    .array(items.flatMap(values).map { .integer($0) })
  }
  private func columns(_ value: (Int) -> Double) -> JSON { .array((0..<bins.columns).map { .number(value($0)) }) }

  /// Nanoseconds per unit of a segment's length: merged runs do not need more than a 32nd of their resolution.
  private var unit: UInt64 { max(1, timeline.limits.resolution / 32) }

  private func stats() -> JSON {
    func item(_ key: String, _ value: String, bad: Bool = false) -> JSON {
      .array([.string(key), .string(Self.typeset(value)), .bool(bad)])
    }
    return .array([
      item("wall time", Units.seconds(summary.wall)), item("workers", "\(summary.workers.count)"),
      item("tasks", Units.count(summary.tasks)),
      item(
        "cores used",
        "\(Units.fixed(summary.coresUsed, 2)) (\(Units.percent(summary.coresUsed / Double(max(1, summary.workers.count)))))"
      ),
      item("work", Units.seconds(summary.work)), item("span", Units.seconds(summary.criticalSpan)),
      item("parallelism", Units.fixed(summary.parallelism, 1)),
      item(
        "queue p50 / p99",
        "\(Units.duration(summary.queue.percentile(50))) / \(Units.duration(summary.queue.percentile(99)))"),
      item(
        "run p50 / p99", "\(Units.duration(summary.run.percentile(50))) / \(Units.duration(summary.run.percentile(99)))"
      ),
      item("stolen", Units.count(summary.stolen)),
      item("coverage", Units.percent(summary.coverage), bad: summary.coverage < 0.99995),
    ])
  }

  /// `12us` as `12 µs`: the page has room and fonts that the terminal has not.
  private static func typeset(_ text: String) -> String {
    text.split(separator: " ").map { word in
      for (unit, shown) in [("ns", "ns"), ("us", "µs"), ("ms", "ms"), ("s", "s")]
      where word.hasSuffix(unit) && word.dropLast(unit.count).last?.isNumber == true {
        return word.dropLast(unit.count) + " " + shown
      }
      return word == "us" ? "µs" : String(word)
    }.joined(separator: " ")
  }

  private func lane(_ index: Int, _ kept: [UInt64: Int]) -> JSON {
    let segments = timeline.lanes[index]
    let span = timeline.model.span
    var last: UInt64 = 0
    var durations: [JSON] = []
    for segment in segments {
      let end = (segment.end - span.lowerBound + unit / 2) / unit
      durations.append(.unsigned(end - min(last, end)))
      last = max(last, end)
    }
    let summary = timeline.model.lanes[index]
    let acts = segments.contains { $0.state.isBusy || $0.state == .waiting }
    var items: [(String, JSON)] = [
      ("n", .string(summary.name)), ("w", .bool(summary.isWorker)), ("show", .bool(acts)), ("d", .array(durations)),
      ("k", .array(segments.map { .unsigned(UInt64($0.label) << 4 | UInt64($0.state.rawValue)) })),
      ("t", .array(segments.map { .integer(Int64($0.task == 0 ? 0 : (kept[$0.task] ?? -1) + 1)) })),
    ]
    if timeline.limits.resolution > 0 {
      items.append(("c", .array(segments.map { .unsigned(UInt64($0.count)) })))
      items.append(
        (
          "b",
          .array(
            segments.map { .unsigned(UInt64((Double($0.busy) * 255 / Double(max(1, $0.end - $0.start))).rounded())) })
        ))
    }
    return .object(items)
  }

  private func tasks() -> JSON {
    let tasks = timeline.tasks
    func time(_ time: UInt64) -> JSON { .integer(time == 0 ? -1 : max(0, relative(time))) }
    return .object([
      ("id", .array(tasks.map { .string(EventText.task($0.task)) })),
      ("l", .array(tasks.map { .unsigned(UInt64($0.label)) })),
      ("ln", .array(tasks.map { .integer(Int64($0.lane)) })),
      ("by", .array(tasks.map { .integer(Int64($0.submitLane)) })),
      ("sb", .array(tasks.map { time($0.submit) })), ("st", .array(tasks.map { time($0.start) })),
      (
        "en",
        .array(
          tasks.map {
            $0.start == 0 && $0.fate != .cancelled
              ? .integer(-1) : time($0.fate == .unknown && $0.end == 0 ? $0.start : $0.end)
          })
      ),
      ("se", .array(tasks.map { .unsigned($0.selfTime) })),
      ("f", .array(tasks.map { .unsigned(UInt64($0.fate.rawValue)) })),
      ("src", .array(tasks.map { .unsigned(UInt64($0.source.rawValue)) })),
      ("vic", .array(tasks.map { .string($0.source == .stolen ? LaneSummary.name(of: $0.victim) : "") })),
      ("par", .array(tasks.map { .string($0.parent == 0 ? "" : EventText.task($0.parent)) })),
    ])
  }
}
