// What the exports say, read back by other means than they are written with, and compared with the model.
import Foundation
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(2))) struct FormatTests {
  let directory = TemporaryDirectory()
  private func sample() throws -> Trace {
    try Trace.open(try Simulation(seed: 11).text.write(in: directory.path, name: "formats"))
  }
  private func export(_ name: String, _ trace: Trace) throws -> Data {
    var data = Data()
    try #require(Export.all.first { $0.name == name }).run(Export.Request(trace: trace)) { data += $0 }
    return data
  }

  // MARK: Perfetto

  /// The part of Perfetto's public schema that we use (protos/perfetto/trace: trace.proto, trace_packet.proto,
  /// track_event/{track_event,track_descriptor,process_descriptor,thread_descriptor,counter_descriptor,
  /// debug_annotation}.proto): fields by number, with name and type.
  private enum Form { case varint, fixed64, text, message(String) }
  private static let schema: [String: [UInt64: (name: String, form: Form)]] = [
    "Trace": [1: ("packet", .message("TracePacket"))],
    "TracePacket": [
      8: ("timestamp", .varint), 10: ("trusted_packet_sequence_id", .varint),
      11: ("track_event", .message("TrackEvent")), 58: ("timestamp_clock_id", .varint),
      60: ("track_descriptor", .message("TrackDescriptor")),
    ],
    "TrackDescriptor": [
      1: ("uuid", .varint), 2: ("name", .text), 3: ("process", .message("ProcessDescriptor")),
      4: ("thread", .message("ThreadDescriptor")), 5: ("parent_uuid", .varint),
      8: ("counter", .message("CounterDescriptor")),
    ],
    "ProcessDescriptor": [1: ("pid", .varint), 6: ("process_name", .text)],
    "ThreadDescriptor": [1: ("pid", .varint), 2: ("tid", .varint), 5: ("thread_name", .text)],
    "CounterDescriptor": [:],
    "TrackEvent": [
      4: ("debug_annotations", .message("DebugAnnotation")), 9: ("type", .varint), 11: ("track_uuid", .varint),
      22: ("categories", .text), 23: ("name", .text), 44: ("double_counter_value", .fixed64),
      47: ("flow_ids", .fixed64), 48: ("terminating_flow_ids", .fixed64),
    ],
    "DebugAnnotation": [6: ("string_value", .text), 10: ("name", .text)],
  ]
  struct Broken: Error { let reason: String }
  /// A message as its fields by name; a field that the schema does not have, or has with another type, is an error.
  private func decode(_ data: ArraySlice<UInt8>, _ type: String) throws -> [String: [Any]] {
    let fields = try #require(Self.schema[type])
    var message: [String: [Any]] = [:]
    var rest = data
    func varint() throws -> UInt64 {
      var value: UInt64 = 0
      for shift in stride(from: UInt64(0), to: 64, by: 7) {
        guard let byte = rest.popFirst() else { throw Broken(reason: "\(type) ends within a number") }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
      }
      throw Broken(reason: "a number of more than ten bytes in \(type)")
    }
    func bytes(_ count: Int) throws -> ArraySlice<UInt8> {
      guard count <= rest.count else { throw Broken(reason: "\(type) ends within a field") }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    while !rest.isEmpty {
      let key = try varint()
      guard let field = fields[key >> 3] else { throw Broken(reason: "\(type) has no field \(key >> 3)") }
      let value: Any
      switch (key & 7, field.form) {
      case (0, .varint): value = try varint()
      case (1, .fixed64): value = try bytes(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      case (2, .text):
        guard let text = String(validating: try bytes(Int(try varint())), as: UTF8.self) else {
          throw Broken(reason: "\(type).\(field.name) is not UTF-8")
        }
        value = text
      case (2, .message(let inner)): value = try decode(try bytes(Int(try varint())), inner)
      default: throw Broken(reason: "\(type).\(field.name) has wire type \(key & 7)")
      }
      message[field.name, default: []].append(value)
    }
    return message
  }

  @Test func perfettoByItsSchema() throws {
    let trace = try sample()
    let summary = Summary.of(trace)
    let timeline = Timeline.of(trace, limits: .unlimited)
    let packets = try decode([UInt8](try export("perfetto", trace))[...], "Trace")["packet"] as? [[String: [Any]]] ?? []
    var tracks: [UInt64: [String: [Any]]] = [:]
    var open: [UInt64: (time: UInt64, category: String)] = [:]
    var times: [String: UInt64] = [:]
    var flows: Set<UInt64> = []
    var ended: Set<UInt64> = []
    var counted: Set<UInt64> = []
    for packet in packets {
      #expect(packet["trusted_packet_sequence_id"]?.first as? UInt64 == 1)
      if let track = packet["track_descriptor"]?.first as? [String: [Any]] {
        let uuid = try #require(track["uuid"]?.first as? UInt64)
        #expect(tracks.updateValue(track, forKey: uuid) == nil, "track \(uuid) is described twice")
        if let parent = track["parent_uuid"]?.first as? UInt64 { #expect(tracks[parent] != nil) }
        continue
      }
      let event = try #require(packet["track_event"]?.first as? [String: [Any]])
      let time = try #require(packet["timestamp"]?.first as? UInt64)
      let track = try #require(event["track_uuid"]?.first as? UInt64)
      #expect(tracks[track] != nil && trace.span.contains(time))
      switch event["type"]?.first as? UInt64 {
      case 1:  // TYPE_SLICE_BEGIN
        #expect(open[track] == nil, "slices of a lane do not nest")
        open[track] = (time, try #require(event["categories"]?.first as? String))
        #expect(event["name"]?.count == 1)
      case 2:  // TYPE_SLICE_END
        let ending = open.removeValue(forKey: track)
        let begin = try #require(ending)
        #expect(time > begin.time)
        if tracks[track]?["name"]?.first as? String != "x0" { times[begin.category, default: 0] += time - begin.time }
      case 3:  // TYPE_INSTANT
        for flow in event["flow_ids"] as? [UInt64] ?? [] { #expect(flows.insert(flow).inserted) }
        for flow in event["terminating_flow_ids"] as? [UInt64] ?? [] {
          #expect(flows.contains(flow) && ended.insert(flow).inserted)
        }
      case 4:  // TYPE_COUNTER
        #expect(tracks[track]?["counter"] != nil && event["double_counter_value"]?.count == 1)
        counted.insert(track)
      default: Issue.record("an event of no known type")
      }
    }
    #expect(open.isEmpty && counted.count == 2)
    #expect(
      flows == ended && flows.count == timeline.steals.items.count + timeline.wakes.items.count && flows.count > 10)
    // Lanes: a thread each, below the process.
    #expect(tracks.values.filter { $0["thread"] != nil }.count == trace.lanes.count)
    for state in LaneState.ofWorkers where state != .stopped {
      #expect(times[state.name, default: 0] == summary.time(state), "\(state)")
    }
  }

  // MARK: Others

  @Test func chromeEventsAreCompleteAndSumUp() throws {
    let trace = try sample()
    let object = try JSONSerialization.jsonObject(with: try export("chrome", trace)) as? [String: Any]
    let events = try #require(object?["traceEvents"] as? [[String: Any]])
    var named: Set<Int> = []
    var busy = 0.0
    var arrows: [String: Set<Int>] = [:]
    for event in events {
      let phase = try #require(event["ph"] as? String)
      let thread = try #require(event["tid"] as? Int)
      #expect(event["pid"] is Int && event["name"] is String)
      if phase == "M" {
        named.insert(thread)
        continue
      }
      #expect(named.contains(thread) && (event["ts"] as? Double ?? -1) >= 0)
      switch phase {
      case "X":
        let length = try #require(event["dur"] as? Double)
        if ["running", "helping"].contains(event["cat"] as? String) { busy += length }
      case "s", "f": #expect(arrows[phase, default: []].insert(try #require(event["id"] as? Int)).inserted)
      case "C": #expect((event["args"] as? [String: Double])?.keys.sorted() == ["busy", "ready"])
      default: Issue.record("phase \(phase)")
      }
    }
    #expect(arrows["s"] == arrows["f"] && !(arrows["s"] ?? []).isEmpty)
    #expect(abs(busy * 1000 / Double(Summary.of(trace).work) - 1) < 1e-4)
  }

  @Test func csvRowsAreTheTasks() throws {
    let trace = try sample()
    let lines = String(decoding: try export("csv", trace), as: UTF8.self).split(separator: "\n")
    let header = lines[0].split(separator: ",").map(String.init)
    let tasks = Dictionary(
      TaskList.of(trace, order: .submit, limit: 0).tasks.map { (EventText.task($0.task), $0) }
    ) { first, _ in first }
    for line in lines.dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let row = Dictionary(uniqueKeysWithValues: zip(header, cells))
      #expect(cells.count == header.count)
      let task = try #require(tasks[row["task"] ?? ""])
      #expect(row["self_ns"] == "\(task.selfTime)" && row["outcome"] == "\(task.fate)")
      #expect(row["run_ns"] == task.runTime.map { "\($0)" } ?? "")
      #expect(row["parent"] == (task.parent == 0 ? "" : EventText.task(task.parent)))
    }
    #expect(lines.count - 1 == tasks.count)
  }

  @Test func foldedStacksSumToTheWork() throws {
    let trace = try sample()
    let text = String(decoding: try export("folded", trace), as: UTF8.self)
    var sum: UInt64 = 0
    for line in text.split(separator: "\n") {
      let space = try #require(line.lastIndex(of: " "))
      sum += try #require(UInt64(line[line.index(after: space)...]))
      for frame in line[..<space].split(separator: ";") {
        #expect(!trace.labels.find(String(frame)).isEmpty, "\(frame)")
      }
    }
    #expect(sum == Summary.of(trace).work)
  }

  @Test func dotHasANodePerLabelAndAnEdgePerSubmitter() throws {
    let trace = try sample()
    let text = String(decoding: try export("dot", trace), as: UTF8.self)
    #expect(text.hasPrefix("digraph tasks {") && text.hasSuffix("}\n"))
    let nodes = Set(text.matches(of: /\n  (l\d+) \[label=/).map { $0.1 })
    let edges = text.matches(of: /\n  (l\d+) -> (l\d+) \[label="([0-9,]+)"/)
    let tasks = TaskList.of(trace, order: .submit, limit: 0).tasks
    #expect(nodes.count == Set(tasks.map(\.label)).count)
    for edge in edges { #expect(nodes.contains(edge.1) && nodes.contains(edge.2)) }
    let sum = edges.reduce(0) { $0 + (Int($1.3.replacing(",", with: "")) ?? 0) }
    #expect(sum == tasks.filter { $0.parent != 0 }.count)
  }
}
