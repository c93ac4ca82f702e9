// The HTML page in a real browser: lanes are drawn; zoom, click and search answer as they should.
import Foundation
import Testing

@testable import Timelines

@Suite(.serialized, .timeLimit(.minutes(3))) struct PageTests {
  let directory = TemporaryDirectory()

  /// Writes a page of a made-up run; with a budget that it does not exceed, or one that needs tiles.
  private func page(_ budget: PageBudget = PageBudget(), roots: Int = 20) throws -> (file: String, trace: Trace) {
    var shape = Simulation.Shape()
    shape.roots = roots
    let trace = try Trace.open(try Simulation(seed: 7, shape: shape).text.write(in: directory.path, name: "page"))
    let file = directory.path + "/page.html"
    try HTMLDocument(Export.Request(trace: trace), budget: budget).text().write(
      toFile: file, atomically: true, encoding: .utf8)
    return (file, trace)
  }
  private func view(_ state: [String: String]) -> (a: Double, b: Double) {
    let parts = (state["view"] ?? "").split(separator: "-").compactMap { Double($0) }
    return parts.count == 2 ? (parts[0], parts[1]) : (0, 0)
  }
  /// Left edge and width of the lanes, the height where the first begins, and that of one.
  private struct Plot { var left = 74.0, right = 0.0, top = 0.0, row = 26.0 }
  private func plot(_ browser: Browser) throws -> Plot {
    let box = try browser.evaluate(
      "(r => [r.left, r.top, r.width])(document.getElementById('plot').getBoundingClientRect())")
    let numbers = try #require(box as? [Double])
    return Plot(left: numbers[0] + 74, right: numbers[0] + numbers[2] - 8, top: numbers[1] + 30)
  }
  /// The colour of a pixel as `#rrggbb`.
  private func colour(_ browser: Browser, x: Double, y: Double) throws -> String {
    let script = """
      (() => { const c = document.getElementById('plot'), r = c.getBoundingClientRect(), d = devicePixelRatio;
        return '#' + [...c.getContext('2d').getImageData((\(x) - r.left) * d, (\(y) - r.top) * d, 1, 1).data].slice(0, 3)
          .map(v => v.toString(16).padStart(2, '0')).join(''); })()
      """
    return try #require(try browser.evaluate(script) as? String)
  }

  @Test func lanesZoomClickAndSearch() throws {
    let (file, trace) = try page()
    let browser = try Browser()
    try browser.open(file: file)
    var state = try browser.state()
    let workers = trace.lanes.filter(\.isWorker).count
    #expect(Int(state["lanes"] ?? "") ?? 0 >= workers)
    let whole = view(state)
    #expect(whole.a == 0 && whole.b == Double(trace.wall))

    // The longest task is where it should be, in its label's colour.
    let list = TaskList.of(trace, order: .run)
    let task = try #require(list.tasks.first { $0.lane >= 0 && $0.selfTime * 10 > ($0.runTime ?? 0) * 9 })
    let name = EventText.task(task.task)
    let middle = Double(task.start - trace.span.lowerBound) + Double(try #require(task.runTime)) / 2
    let area = try plot(browser)
    func x(_ time: Double, _ view: (a: Double, b: Double)) -> Double {
      area.left + (time - view.a) / (view.b - view.a) * (area.right - area.left)
    }
    let y = area.top + area.row * (Double(task.lane) + 0.5)
    // The wheel zooms in around the mouse.
    for _ in 0..<6 {
      try browser.mouse("mouseWheel", x(middle, view(try browser.state())), y, ["deltaX": 0, "deltaY": -400])
    }
    state = try browser.state()
    let near = view(state)
    #expect(near.b - near.a < (whole.b - whole.a) / 20 && near.a < middle && middle < near.b, "\(near)")
    #expect(try colour(browser, x: x(middle, near), y: y + 8) == Palette.web(trace.labels.text(task.label)))
    // A click opens its card.
    try browser.click(x(middle, near), y)
    #expect(try browser.state()["card"] == name)
    let card = try browser.evaluate("document.getElementById('card').textContent") as? String ?? ""
    #expect(card.contains("poolscope task \(name)") && card.contains(trace.labels.text(task.label)))
    // Dragging moves the view by as much as the mouse.
    try browser.mouse("mousePressed", area.left + 300, y, ["button": "left", "clickCount": 1])
    try browser.mouse("mouseMoved", area.left + 200, y, ["button": "left", "buttons": 1])
    try browser.mouse("mouseReleased", area.left + 200, y, ["button": "left", "clickCount": 1])
    let moved = view(try browser.state())
    let expected = near.a + 100 / (area.right - area.left) * (near.b - near.a)
    #expect(abs(moved.a - expected) < (near.b - near.a) / 100, "\(moved) after \(near)")
    // 0 shows the whole run; the keys zoom.
    try browser.press("0")
    #expect(view(try browser.state()) == whole)
    try browser.press("w")
    #expect(view(try browser.state()).b < whole.b)
    try browser.press("0")

    // Search: by label, then Enter goes from one of its tasks to the next.
    let label = trace.labels.text(task.label)
    try browser.press("/")
    for character in label { try browser.press(String(character)) }
    #expect(try browser.state()["found"] == "1")
    try browser.press("Enter")
    let hit = try #require(try browser.state()["card"])
    let found = try #require(list.tasks.first { EventText.task($0.task) == hit })
    #expect(found.label == task.label)
    try browser.press("Escape")
    #expect(try browser.state()["found"] == "")
    #expect(browser.exceptions.isEmpty, "\(browser.exceptions)")
  }

  @Test func arrowsAreDrawnWhenAskedFor() throws {
    let (file, _) = try page()
    let browser = try Browser()
    try browser.open(file: file)
    let picture = "document.getElementById('plot').toDataURL()"
    var last = try browser.evaluate(picture) as? String
    for box in ["steals", "wakes", "critical"] {
      _ = try browser.evaluate("document.getElementById('\(box)').click()")
      _ = try browser.state()
      let now = try browser.evaluate(picture) as? String
      let isDrawn = now != last
      #expect(isDrawn, "\(box)")
      last = now
    }
    #expect(browser.exceptions.isEmpty, "\(browser.exceptions)")
  }

  @Test func mergedSpansLeadToFullDetail() throws {
    var budget = PageBudget()
    budget.wholeBelow = 0
    budget.baseSegments = 300
    budget.tileSegments = 100
    budget.places = 6
    let (file, trace) = try page(budget, roots: 300)
    let browser = try Browser()
    try browser.open(file: file)
    let area = try plot(browser)
    // A merged span somewhere in the first worker's lane.
    var card = ""
    for step in 1..<40 where card.isEmpty {
      try browser.click(area.left + (area.right - area.left) * Double(step) / 40, area.top + 13)
      let text = try browser.evaluate("document.getElementById('card').textContent") as? String ?? ""
      if text.contains("intervals") { card = text }
    }
    #expect(card.contains("running") && card.contains("poolscope timeline --since"), "\(card)")
    #expect(card.contains("poolscope export --to html") && card.contains(trace.path))
    _ = try browser.evaluate("document.querySelector('#card [data-zoom]').click()")
    let zoomed = view(try browser.state())
    #expect(zoomed.b - zoomed.a < Double(trace.wall) / 10)
    _ = try browser.evaluate("document.querySelector('#card [data-go]').click()")
    let state = try browser.state()
    #expect(Int(state["level"] ?? "") ?? 0 >= 1, "\(state)")
    // In full detail a click on what runs opens a task's card.
    var task = ""
    for step in 1..<60 where !task.contains(":") {
      try browser.click(area.left + (area.right - area.left) * Double(step) / 60, area.top + 13)
      task = try browser.state()["card"] ?? ""
    }
    #expect(TaskList.of(trace, order: .run).tasks.contains { EventText.task($0.task) == task }, "\(task)")
    #expect(browser.exceptions.isEmpty, "\(browser.exceptions)")
  }

  @Test func tilesCoverTheirWindowsInEveryLane() throws {
    var shape = Simulation.Shape()
    shape.roots = 200
    let trace = try Trace.open(try Simulation(seed: 3, shape: shape).text.write(in: directory.path, name: "tiles"))
    let windows = [0.1, 0.5, 0.8].map { share -> ClosedRange<UInt64> in
      let from = trace.span.lowerBound + UInt64(Double(trace.wall) * share)
      return from...(from + trace.wall / 20)
    }
    let levels = [
      [PageTile(trace.span, resolution: trace.wall / 50)], windows.map { PageTile($0, resolution: trace.wall / 4000) },
      windows.map { PageTile($0, resolution: 0) },
    ]
    var modeler = Modeler(trace, sink: PageSink(levels))
    trace.read(into: &modeler)
    _ = modeler.finish()
    for level in modeler.sink.levels {
      for tile in level {
        for lane in tile.lanes {
          #expect(
            lane.segments.first?.start == tile.window.lowerBound && lane.segments.last?.end == tile.window.upperBound)
          for (one, next) in zip(lane.segments, lane.segments.dropFirst()) { #expect(one.end == next.start) }
          for segment in lane.segments {
            #expect(
              segment.busy + segment.waiting <= segment.end - segment.start && segment.secondTime * 2 <= segment.busy)
          }
        }
      }
    }
    // The coarse level knows of every interval that the exact one has.
    let coarse = modeler.sink.levels[0][0].lanes.flatMap(\.segments)
    let timeline = Timeline.of(trace, limits: .unlimited)
    #expect(coarse.reduce(0) { $0 + Int($1.count) } == timeline.lanes.reduce(0) { $0 + $1.count })
    #expect(coarse.reduce(0) { $0 + $1.busy } == timeline.lanes.joined().reduce(0) { $0 + $1.busy })
  }
}
