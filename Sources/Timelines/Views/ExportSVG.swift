// A figure for a report: workers over time, busy workers below, a legend of labels and states.
import Foundation

extension Export {
  static let svg = Export("svg", "a figure for reports: worker lanes and concurrency") {
    (request: Request, write: (String) throws -> Void) in
    var limits = TimelineLimits()
    limits.resolution = max(1, (request.span.upperBound - request.span.lowerBound) / 1800)
    limits.longest = 0
    limits.sample = 0
    limits.failed = 0
    let timeline = Timeline.of(request.trace, window: request.window, limits: limits, progress: request.progress)
    let bins = Bins.of(request.trace, window: request.window, columns: 450)
    let summary = Summary.of(request.trace, window: request.window)
    try write(SVGFigure(timeline: timeline, bins: bins, summary: summary, trace: request.trace).text())
  }
}

struct SVGFigure {
  let timeline: Timeline
  let bins: Bins
  let summary: Summary
  let trace: Trace

  private let left = 64.0
  private let plot = 900.0
  private let right = 76.0
  private let top = 84.0
  private var workers: [Int] { summary.workers }
  /// Row height: fewer workers get taller rows.
  private var pitch: Double { workers.count <= 8 ? 26 : workers.count <= 24 ? 18 : max(6, 400 / Double(workers.count)) }
  private var lanesHeight: Double { Double(workers.count) * pitch }
  private let areaHeight = 64.0
  private var width: Double { left + plot + right }
  private var span: ClosedRange<UInt64> { timeline.model.span }

  private func x(_ time: UInt64) -> Double {
    left + plot * Double(time - min(span.lowerBound, time)) / Double(max(1, span.upperBound - span.lowerBound))
  }
  private func number(_ value: Double) -> String {
    let text = String(format: "%.2f", value)
    return text.hasSuffix(".00") ? String(text.dropLast(3)) : text.hasSuffix("0") ? String(text.dropLast()) : text
  }
  static func escape(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing(
      "\"", with: "&quot;")
  }

  func text() -> String {
    let areaTop = top + lanesHeight + 14
    let axisY = areaTop + areaHeight
    let legend = self.legend(y: axisY + 52)
    let height = legend.bottom + 16
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(number(width))" height="\(number(height))" viewBox="0 0 \(number(width)) \(number(height))" font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#30363d" role="img" aria-labelledby="t d">
      <title id="t">\(Self.escape(trace.name)): timeline of \(workers.count) workers</title>
      <desc id="d">\(Units.seconds(summary.wall)), \(Units.count(summary.tasks)) tasks, \(Units.fixed(summary.coresUsed, 2)) cores used on average</desc>
      <rect width="100%" height="100%" fill="#ffffff"/>
      <text x="\(number(left))" y="30" font-size="17" font-weight="bold" fill="#1b1f24">\(Self.escape(trace.name))</text>
      <text x="\(number(left))" y="50" font-size="12" fill="#57606a">\(Self.escape(headline()))</text>

      """
    svg += grid(from: top, to: axisY)
    for (row, lane) in workers.enumerated() { svg += laneRow(lane, y: top + Double(row) * pitch) }
    svg += area(y: areaTop)
    svg += axis(y: axisY)
    svg += legend.text
    return svg + "</svg>\n"
  }

  private func headline() -> String {
    var text = "\(Units.seconds(summary.wall)) wall · \(Units.count(summary.tasks)) tasks · "
    text += "\(Units.fixed(summary.coresUsed, 2)) of \(workers.count) cores used · "
    text += "work \(Units.seconds(summary.work)) · span \(Units.seconds(summary.criticalSpan))"
    if summary.lacksSomething { text += " · coverage \(summary.coverageText)" }
    return text
  }

  private func grid(from: Double, to: Double) -> String {
    let axis = Axis(span: span, origin: trace.span.lowerBound, count: 9)
    var text = "<g stroke=\"#e6e9ed\" stroke-width=\"1\">\n"
    for tick in axis.ticks {
      let position = number(x(trace.span.lowerBound + tick))
      text += "<path d=\"M\(position) \(number(from - 4))V\(number(to))\"/>\n"
    }
    return text + "</g>\n"
  }
  private func axis(y: Double) -> String {
    let axis = Axis(span: span, origin: trace.span.lowerBound, count: 9)
    var text =
      "<path d=\"M\(number(left)) \(number(y))h\(number(plot))\" stroke=\"#8c959f\"/>\n<g text-anchor=\"middle\" fill=\"#57606a\">\n"
    for tick in axis.ticks {
      text +=
        "<text x=\"\(number(x(trace.span.lowerBound + tick)))\" y=\"\(number(y + 16))\">\(axis.label(tick))</text>\n"
    }
    return text + "</g>\n"
  }

  private func color(_ segment: Segment) -> String {
    segment.state.isBusy ? Palette.web(trace.labels.text(segment.label)) : Palette.web(segment.state)
  }

  private func laneRow(_ lane: Int, y: Double) -> String {
    let gap = pitch > 10 ? 4.0 : 1
    let height = pitch - gap
    let busy =
      summary.states[lane][Int(LaneState.running.rawValue)] + summary.states[lane][Int(LaneState.helping.rawValue)]
    var text = ""
    if pitch >= 11 {
      text +=
        "<text x=\"\(number(left - 8))\" y=\"\(number(y + pitch / 2 + 2))\" text-anchor=\"end\">\(timeline.model.lanes[lane].name)</text>"
      text += "<text x=\"\(number(left + plot + 8))\" y=\"\(number(y + pitch / 2 + 2))\" fill=\"#57606a\">"
      text += "\(Units.percent(Units.ratio(busy, of: summary.wall)))</text>\n"
    }
    // The ground is what a worker mostly does when it has nothing to do.
    text +=
      "<rect x=\"\(number(left))\" y=\"\(number(y))\" width=\"\(number(plot))\" height=\"\(number(height))\" fill=\"#f2f4f6\"/>\n"
    var byColor: [String: String] = [:]
    var order: [String] = []
    func add(_ color: String, _ x0: Double, _ x1: Double, _ y0: Double, _ h: Double) {
      if byColor[color] == nil { order.append(color) }
      byColor[color, default: ""] += "M\(number(x0)) \(number(y0))h\(number(x1 - x0))v\(number(h))h\(number(x0 - x1))z"
    }
    for segment in timeline.lanes[lane] where segment.state != .parked && segment.state != .stopped {
      let x0 = x(segment.start)
      let x1 = max(x(segment.end), x0 + 0.12)
      if segment.count > 1 {
        // A merged stretch: as high as its busy share.
        let share = Double(segment.busy) / Double(max(1, segment.end - segment.start))
        let label = trace.labels.text(segment.label)
        add(Palette.web(label), x0, x1, y + height * (1 - share), height * share)
      } else if segment.state == .helping {
        add(color(segment), x0, x1, y + height * 0.28, height * 0.72)
      } else if segment.state == .searching {
        add(color(segment), x0, x1, y + height * 0.72, height * 0.28)
      } else {
        add(color(segment), x0, x1, y, height)
      }
    }
    for color in order { text += "<path fill=\"\(color)\" d=\"\(byColor[color]!)\"/>\n" }
    return text
  }

  private func area(y: Double) -> String {
    let most = Double(max(1, workers.count))
    var path = "M\(number(left)) \(number(y + areaHeight))"
    let step = plot / Double(bins.columns)
    for column in 0..<bins.columns {
      let height = areaHeight * min(1, bins.concurrency(column: column) / most)
      path += "L\(number(left + Double(column) * step)) \(number(y + areaHeight - height))h\(number(step))"
    }
    path += "L\(number(left + plot)) \(number(y + areaHeight))z"
    let mean = y + areaHeight * (1 - min(1, summary.coresUsed / most))
    return """
      <path d="\(path)" fill="#4e79a7" fill-opacity="0.28" stroke="#4e79a7" stroke-width="0.8"/>
      <path d="M\(number(left)) \(number(mean))h\(number(plot))" stroke="#1f4e79" stroke-width="1" stroke-dasharray="4 3"/>
      <g fill="#57606a"><text x="\(number(left - 8))" y="\(number(y + areaHeight / 2 + 4))" text-anchor="end">busy</text>
      <text x="\(number(left + plot + 8))" y="\(number(y + 4))">\(workers.count)</text>
      <text x="\(number(left + plot + 8))" y="\(number(min(y + areaHeight - 2, max(mean + 4, y + 17))))" fill="#1f4e79">\(Units.fixed(summary.coresUsed, 2)) mean</text></g>

      """
  }

  private func legend(y: Double) -> (text: String, bottom: Double) {
    var entries: [(String, String)] = []
    let labels = summary.labels.sorted { $0.selfTime > $1.selfTime }.filter { $0.selfTime > 0 }
    for label in labels.prefix(8) {
      let name = trace.labels.text(label.label)
      let short = Columns.cut(name, to: 34, ascii: false)
      entries.append((Palette.web(name), "\(short) \(Units.percent(Units.ratio(label.selfTime, of: summary.work)))"))
    }
    for state in [LaneState.searching, .waiting, .blocking, .unknown] where summary.time(state) > 0 {
      entries.append((Palette.web(state), "\(state.name) \(Units.percent(summary.share(state)))"))
    }
    let idle = summary.time(.parked) + summary.time(.stopped)
    if idle > 0 {
      entries.append(("#f2f4f6", "parked or stopped \(Units.percent(Units.ratio(idle, of: summary.capacity)))"))
    }
    var text = "<g fill=\"#30363d\">\n"
    var position = (x: left, y: y)
    for (color, name) in entries {
      let wide = Double(name.count) * 6 + 34
      if position.x + wide > left + plot + right - 10 && position.x > left { position = (left, position.y + 20) }
      text +=
        "<rect x=\"\(number(position.x))\" y=\"\(number(position.y - 9))\" width=\"11\" height=\"11\" rx=\"2\" fill=\"\(color)\" stroke=\"#d0d7de\" stroke-width=\"0.5\"/>"
      text += "<text x=\"\(number(position.x + 16))\" y=\"\(number(position.y))\">\(Self.escape(name))</text>\n"
      position.x += wide
    }
    return (text + "</g>\n", position.y)
  }
}
