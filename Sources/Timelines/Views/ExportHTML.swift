// One HTML file with everything in it: the page, its script, and the run as compact arrays.
import SchedulerEvents

extension Export {
  static let html = Export("html", "one interactive page, offline: zoom, pan, search, cards of tasks") {
    (request: Request, write: (String) throws -> Void) in
    try write(HTMLDocument(request).text())
  }
}

struct HTMLDocument {
  private static let columns = 2000
  private let request: Export.Request
  private let timeline: Timeline
  private let bins: Bins
  private let summary: Summary
  private let levels: [[PageTile]]
  private let tasks: [TaskRecord]
  private let arrows: [Arrow]
  private let critical: [CriticalStep]

  init(_ request: Export.Request, budget: PageBudget = PageBudget()) {
    self.request = request
    let isWhole = request.trace.recordCount <= budget.wholeBelow
    let span = request.span
    let lanes = UInt64(max(1, request.trace.lanes.count))
    let resolution =
      isWhole ? 0 : max(1, (span.upperBound - span.lowerBound) * lanes * 2 / UInt64(budget.baseSegments))
    var limits = TimelineLimits()
    limits.resolution = .max  // its lanes are not used
    if isWhole { limits.longest = 25_000 }
    let first = Self.pass(
      request,
      BothSinks(
        BothSinks(SummarySink(request.trace, window: request.window), Bins(span: span, columns: Self.columns)),
        BothSinks(
          Timeline(span: request.trace.span, limits: limits), PageSink([[PageTile(span, resolution: resolution)]]))))
    summary = first.first.first.summary
    bins = first.first.second
    timeline = first.second.first
    let base = first.second.second.levels[0]
    // The path keeps every task in memory; a page of a very long run does without.
    critical =
      summary.tasks > 3_000_000
      ? []
      : CriticalPath.of(request.trace, window: request.window, explainsQueues: false).steps.filter {
        $0.kind == .run && $0.lane >= 0
      }
      .sorted { $0.length > $1.length }.prefix(5000).sorted { $0.start < $1.start }
    guard !isWhole else {
      (levels, tasks, arrows) = ([base], timeline.tasks, timeline.steals.items + timeline.wakes.items)
      return
    }
    let interesting =
      summary.alone.map(\.end) + timeline.tasks.filter { $0.fate == .error }.prefix(4).map(\.start)
      + timeline.annotations.filter { $0.kind == .mark }.prefix(4).map(\.time) + summary.alone.map(\.start)
    let tiles = Self.pass(request, PageSink(PagePlan(base[0], budget).levels(interesting: interesting)))
    levels = [base] + tiles.levels
    var seen = Set(timeline.tasks.map(\.task))
    tasks = (timeline.tasks + tiles.tasks.filter { seen.insert($0.task).inserted })
      .sorted { ($0.start == 0 ? $0.submit : $0.start, $0.task) < ($1.start == 0 ? $1.submit : $1.start, $1.task) }
    let sampled = timeline.steals.items + timeline.wakes.items
    arrows = sampled + tiles.arrows.filter { !sampled.contains($0) }
  }
  /// Reads the run (or the wanted part) once.
  private static func pass<Sink: TimelineSink>(_ request: Export.Request, _ sink: Sink) -> Sink {
    var modeler = Modeler(request.trace, window: request.window, sink: sink)
    request.trace.read(into: &modeler, progress: request.progress)
    _ = modeler.finish()
    return modeler.sink
  }

  func text() -> String {
    var data = ""
    self.data().write(to: &data)
    let title = SVGFigure.escape("\(request.trace.name): poolscope timeline")
    // The data comes last: it may contain anything, also the other placeholders.
    return HTMLPage.text.replacing("%TITLE%", with: title)
      .replacing("%SCRIPT%", with: HTMLDrawing.text + HTMLScript.text)
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
    let kept = Dictionary(tasks.enumerated().map { ($0.element.task, $0.offset) }) { first, _ in first }
    let steals = arrows.filter { $0.kind == .steal }
    let wakes = arrows.filter { $0.kind == .wake }
    let ends = Set(arrows.flatMap { [$0.from, $0.to] })
    let items: [(String, JSON)] = [
      ("schema", "poolscope.page/2"), ("name", .string(request.trace.name)), ("path", .string(request.trace.path)),
      ("wall", .unsigned(max(1, span.upperBound - span.lowerBound))),
      ("offset", .unsigned(span.lowerBound - request.trace.span.lowerBound)), ("part", .bool(request.window != nil)),
      ("stats", stats()), ("labels", .array(labels)), ("states", .array(LaneState.allCases.map { .string($0.name) })),
      ("colors", .array(LaneState.allCases.map { .string(Palette.web($0)) })),
      ("stateShare", .array(LaneState.allCases.map { .number(summary.share($0)) })),
      ("fates", .array(TaskFate.allCases.map { .string("\($0)") })),
      ("sources", .array(TaskSource.allCases.map { .string("\($0)") })),
      (
        "lanes",
        .array(
          timeline.model.lanes.indices.map { index in
            let lane = timeline.model.lanes[index]
            // An outside thread has a row where it does something that is drawn, or is an end of an arrow.
            let acts = ends.contains(index) || levels[0][0].lanes[index].segments.contains { $0.busy + $0.waiting > 0 }
            return .object([("n", .string(lane.name)), ("w", .bool(lane.isWorker)), ("show", .bool(acts))])
          })
      ), ("tiles", tiles(kept)), ("tasks", taskColumns()), ("total", .unsigned(timeline.taskCount)),
      ("steals", integers(steals) { [Int64($0.from), Int64($0.to), relative($0.start)] }),
      ("wakes", integers(wakes) { [Int64($0.from), Int64($0.to), relative($0.start), relative($0.end)] }),
      ("marks", integers(marks) { [relative($0.time), Int64($0.label), Int64($0.lane)] }),
      ("critical", integers(critical) { [Int64($0.lane), relative($0.start), relative($0.end)] }),
      ("busy", columns { (bins.concurrency(column: $0) * 100).rounded() / 100 }),
      ("ready", columns { (bins.ready(column: $0) * 10).rounded() / 10 }),
      ("injector", columns { (bins.injector(column: $0) * 10).rounded() / 10 }),
      ("readyMax", .number((0..<bins.columns).map { bins.ready(column: $0) }.max() ?? 0)),
    ]
    return .object(items)
  }
  private func integers<Item>(_ items: [Item], _ values: (Item) -> [Int64]) -> JSON {
    .array(items.flatMap(values).map { .integer($0) })
  }
  private func columns(_ value: (Int) -> Double) -> JSON { .array((0..<bins.columns).map { .number(value($0)) }) }

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
      item("coverage", summary.coverageText, bad: summary.lacksSomething),
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

  private func tiles(_ kept: [UInt64: Int]) -> JSON {
    let span = timeline.model.span
    return .array(
      levels.enumerated().flatMap { level, tiles in
        tiles.map { tile -> JSON in
          // Merged stretches need no finer stamps than a 32nd of their resolution.
          let unit = max(1, tile.resolution / 32)
          return .object([
            ("level", .integer(Int64(level))), ("a", .integer(relative(max(tile.window.lowerBound, span.lowerBound)))),
            ("b", .integer(relative(min(tile.window.upperBound, span.upperBound)))),
            ("r", .unsigned(tile.resolution)), ("u", .unsigned(unit)),
            ("lanes", .array(tile.lanes.map { lane($0, tile, unit, kept) })),
          ])
        }
      })
  }
  private func lane(_ lane: PageLane, _ tile: PageTile, _ unit: UInt64, _ kept: [UInt64: Int]) -> JSON {
    let segments = lane.segments
    func each(_ value: (PageSegment) -> Int64) -> JSON { .array(segments.map { .integer(value($0)) }) }
    /// A part of a segment in 255ths.
    func part(_ time: UInt64, _ segment: PageSegment) -> Int64 {
      Int64((Double(time) * 255 / Double(max(1, segment.end - segment.start))).rounded())
    }
    var last: UInt64 = 0
    let lengths = segments.map { segment -> JSON in
      let end = (segment.end - tile.window.lowerBound + unit / 2) / unit
      defer { last = max(last, end) }
      return .unsigned(end - min(last, end))
    }
    var items: [(String, JSON)] = [
      ("d", .array(lengths)), ("k", each { Int64($0.label) << 4 | Int64($0.state.rawValue) }),
      ("t", each { $0.task == 0 ? 0 : Int64((kept[$0.task] ?? -1) + 1) }),
    ]
    if tile.resolution > 0 {
      items += [
        ("c", each { Int64($0.count) }), ("b", each { part($0.busy, $0) }), ("l", each { Int64($0.second) }),
        ("m", each { part($0.secondTime, $0) }), ("w", each { part($0.waiting, $0) }),
      ]
    }
    return .object(items)
  }

  private func taskColumns() -> JSON {
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
