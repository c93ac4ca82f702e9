// Views: text that fits, formats that parse, colours that can be turned off.
import Foundation
import SchedulerEvents
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(2))) struct ViewTests {
  let directory = TemporaryDirectory()
  private func sample() throws -> Trace {
    var shape = Simulation.Shape()
    shape.labels = ["parse <b>&\"x\"", "索引 index", "a\u{1B}[31mred", "=cmd()", "</script><script>alert(1)</script>"]
    return try Trace.open(try Simulation(seed: 2, shape: shape).text.write(in: directory.path, name: "views"))
  }
  private func export(_ name: String, _ trace: Trace) throws -> Data {
    var data = Data()
    try #require(Export.all.first { $0.name == name }).run(Export.Request(trace: trace)) { data += $0 }
    return data
  }

  @Test(arguments: [40, 60, 80, 100, 200]) func linesFitTheWidth(width: Int) throws {
    let trace = try sample()
    let summary = Summary.of(trace)
    for style in [
      TerminalStyle(color: true, ascii: false, width: width), TerminalStyle(color: false, ascii: true, width: width),
    ] {
      let bins = Bins.of(trace, columns: GanttView.columns(width: width), tasks: 4)
      let lines = GanttView(bins, labels: trace.labels, origin: trace.span.lowerBound, style: style).lines(
        GanttView.Row.allCases)
      if width >= 60 { for line in lines { #expect(Columns.width(line) <= width + 1, "\(line)") } }
      for line in SummaryView.labelTable(summary, limit: 0).lines(style) where width >= 80 {
        #expect(Columns.width(line) <= width, "\(line)")
      }
      if !style.color { for line in lines { #expect(!line.contains("\u{1B}")) } }
      if style.ascii {
        for line in lines { #expect(line.unicodeScalars.allSatisfy { $0.isASCII || $0.value > 0x2E80 }, "\(line)") }
      }
    }
  }
  @Test func controlCharactersOfLabelsNeverReachTheTerminal() throws {
    let trace = try sample()
    #expect(trace.labels.all.allSatisfy { !$0.text.unicodeScalars.contains { $0.value < 0x20 } })
  }
  @Test func jsonParses() throws {
    let trace = try sample()
    for name in ["json", "chrome"] {
      let object = try JSONSerialization.jsonObject(with: try export(name, trace)) as? [String: Any]
      #expect(object?.isEmpty == false, "\(name)")
    }
    let summary = JSON.object(Summary.of(trace).json()).text()
    #expect(
      (try JSONSerialization.jsonObject(with: Data(summary.utf8)) as? [String: Any])?["wall_ns"] as? UInt64
        == trace.wall)
    for line in String(decoding: try export("jsonl", trace), as: UTF8.self).split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil)
    }
  }
  @Test func csvHasARowPerTaskAndDefusesFormulas() throws {
    let trace = try sample()
    let text = String(decoding: try export("csv", trace), as: UTF8.self)
    #expect(text.split(separator: "\n").count == Int(Summary.of(trace).tasks) + 1)
    #expect(text.contains("'=cmd()") && !text.contains(",=cmd()"))
  }
  @Test func xmlOfTheFigureIsWellFormed() throws {
    let svg = String(decoding: try export("svg", try sample()), as: UTF8.self)
    #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>\n"))
    #expect(svg.components(separatedBy: "<g").count == svg.components(separatedBy: "</g>").count)
    #expect(!svg.contains("nan") && !svg.contains("<b>") && !svg.contains("<script"))
  }
  @Test func pageIsOneFileAndCannotBeBrokenByLabels() throws {
    let trace = try sample()
    let html = String(decoding: try export("html", trace), as: UTF8.self)
    #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("%DATA%"))
    #expect(html.components(separatedBy: "</script>").count == 3)
    let start = try #require(html.range(of: "id=\"data\">"))
    let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
    let data =
      try JSONSerialization.jsonObject(with: Data(html[start.upperBound..<end.lowerBound].utf8)) as? [String: Any]
    let wall = try #require(data?["wall"] as? Double)
    let tiles = try #require(data?["tiles"] as? [[String: Any]])
    #expect(tiles.count == 1, "a short run is drawn whole")
    let lanes = try #require(tiles.first?["lanes"] as? [[String: Any]])
    #expect(lanes.count == trace.lanes.count)
    for lane in lanes {
      let sum = (lane["d"] as? [Double] ?? []).reduce(0, +)
      #expect(sum == wall, "exact to the nanosecond")
    }
  }
  @Test func perfettoPacketsAreWellFormed() throws {
    let trace = try sample()
    let data = [UInt8](try export("perfetto", trace))
    var begins: [UInt64: Int] = [:]
    var tracks: Set<UInt64> = []
    for field in try Protobuf.fields(data[...]) {
      #expect(field.number == 1)
      let packet = try Protobuf.fields(field.bytes)
      if let track = packet.first(where: { $0.number == 60 }) {
        tracks.insert(try #require(try Protobuf.fields(track.bytes).first { $0.number == 1 }).value)
      }
      guard let event = packet.first(where: { $0.number == 11 }) else { continue }
      #expect(packet.contains { $0.number == 8 } && packet.contains { $0.number == 10 })
      let parts = try Protobuf.fields(event.bytes)
      let kind = try #require(parts.first { $0.number == 9 }).value
      let track = try #require(parts.first { $0.number == 11 }).value
      #expect(tracks.contains(track))
      if kind == 1 { begins[track, default: 0] += 1 }
      if kind == 2 { begins[track, default: 0] -= 1 }
    }
    #expect(begins.values.allSatisfy { $0 == 0 } && !begins.isEmpty)
  }
  @Test func eventTextReadsBack() throws {
    let trace = try sample()
    var lines: [String] = []
    EventLines(
      EventSelection(), limit: 0, format: EventText(labels: LabelTable(), origin: TraceText.epoch), json: false
    )
    .read(trace) {
      lines += $0.split(separator: "\n").map(String.init); return true
    }
    let plain = lines.map { $0.replacing(/label="label (\d+)"/) { "label=l\($0.1)" } }
    let definitions = (1...5).map { "label l\($0)" }
    let parsed = try TraceText((definitions + plain).joined(separator: "\n"))
    #expect(parsed.records == Simulation(seed: 2, shape: Simulation.Shape()).text.records)
  }
}

/// Just enough of the wire format to check what is written.
enum Protobuf {
  struct Field { var number: UInt64; var value: UInt64; var bytes: ArraySlice<UInt8> }
  struct Malformed: Error {}
  static func fields(_ data: ArraySlice<UInt8>) throws -> [Field] {
    var rest = data
    var result: [Field] = []
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw Malformed() }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      throw Malformed()
    }
    while !rest.isEmpty {
      let key = try varint()
      switch key & 7 {
      case 0: result.append(Field(number: key >> 3, value: try varint(), bytes: []))
      case 1:
        guard rest.count >= 8 else { throw Malformed() }
        result.append(Field(number: key >> 3, value: 0, bytes: rest.prefix(8)))
        rest = rest.dropFirst(8)
      case 2:
        let count = Int(try varint())
        guard count <= rest.count else { throw Malformed() }
        result.append(Field(number: key >> 3, value: 0, bytes: rest.prefix(count)))
        rest = rest.dropFirst(count)
      default: throw Malformed()
      }
    }
    return result
  }
}
