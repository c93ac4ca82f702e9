// Perfetto's native trace: tracks for lanes, slices for states, flows for steals and wakes, counters.
//
// Source: protos/perfetto/trace (trace_packet.proto, track_event.proto, track_descriptor.proto). Only the field numbers below.
import Foundation
import SchedulerEvents

/// Appends protocol buffer fields.
struct ProtobufWriter {
  private(set) var data = Data()
  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
  mutating func number(_ field: UInt64, _ value: UInt64) {
    varint(field << 3)
    varint(value)
  }
  mutating func fixed(_ field: UInt64, _ value: UInt64) {
    varint(field << 3 | 1)
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
  mutating func bytes(_ field: UInt64, _ value: Data) {
    varint(field << 3 | 2)
    varint(UInt64(value.count))
    data.append(value)
  }
  mutating func text(_ field: UInt64, _ value: String) { bytes(field, Data(value.utf8)) }
  mutating func message(_ field: UInt64, _ fill: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    fill(&inner)
    bytes(field, inner.data)
  }
}

extension Export {
  static let perfetto = Export("perfetto", "native trace for ui.perfetto.dev: tracks, flows, counters") {
    (request: Request, write: (Data) throws -> Void) in
    let timeline = Timeline.of(request.trace, window: request.window, limits: .unlimited, progress: request.progress)
    let bins = Bins.of(request.trace, window: request.window, columns: 2000)
    var document = PerfettoDocument(labels: request.trace.labels)
    document.tracks(timeline.model, program: request.trace.processes.first?.program ?? request.trace.name)
    for (lane, segments) in timeline.lanes.enumerated() {
      for segment in segments where ![.stopped, .outside].contains(segment.state) { document.slice(lane, segment) }
      try write(document.take())
    }
    for (number, arrow) in (timeline.steals.items + timeline.wakes.items).enumerated() {
      document.arrow(arrow, UInt64(number + 1))
    }
    for column in 0..<bins.columns {
      let time = bins.span.lowerBound + UInt64(Double(column) * bins.columnWidth)
      document.counter(PerfettoDocument.busyTrack, time, bins.concurrency(column: column))
      document.counter(PerfettoDocument.readyTrack, time, bins.ready(column: column))
    }
    try write(document.take())
  }
}

struct PerfettoDocument {
  static let processTrack: UInt64 = 1, busyTrack: UInt64 = 2, readyTrack: UInt64 = 3, firstLane: UInt64 = 16
  private enum Event: UInt64 { case begin = 1, end = 2, instant = 3, counter = 4 }
  private let labels: LabelTable
  private var writer = ProtobufWriter()
  init(labels: LabelTable) { self.labels = labels }

  /// The bytes so far.
  mutating func take() -> Data {
    defer { writer = ProtobufWriter() }
    return writer.data
  }
  private mutating func packet(_ fill: (inout ProtobufWriter) -> Void) {
    writer.message(1) { packet in
      packet.number(10, 1)  // trusted_packet_sequence_id
      fill(&packet)
    }
  }
  private mutating func track(
    _ uuid: UInt64, _ name: String, parent: UInt64?, _ fill: (inout ProtobufWriter) -> Void = { _ in }
  ) {
    packet { packet in
      packet.message(60) { track in
        track.number(1, uuid)
        track.text(2, name)
        if let parent { track.number(5, parent) }
        fill(&track)
      }
    }
  }
  mutating func tracks(_ model: ModelResult, program: String) {
    track(Self.processTrack, program, parent: nil) { track in
      track.message(3) { process in
        process.number(1, 1)
        process.text(6, program)
      }
    }
    for (index, lane) in model.lanes.enumerated() {
      track(Self.firstLane + UInt64(index), lane.name, parent: Self.processTrack) { track in
        track.message(4) { thread in
          thread.number(1, 1)
          thread.number(2, UInt64(index + 2))  // unique, also where lanes are used again
          thread.text(5, "\(lane.name) tid \(lane.tid)")
        }
      }
    }
    track(Self.busyTrack, "busy workers", parent: Self.processTrack) { $0.message(8) { _ in } }
    track(Self.readyTrack, "ready tasks", parent: Self.processTrack) { $0.message(8) { _ in } }
  }
  private mutating func event(
    _ kind: Event, _ time: UInt64, _ track: UInt64, _ fill: (inout ProtobufWriter) -> Void = { _ in }
  ) {
    packet { packet in
      packet.number(8, time)
      packet.number(58, 3)  // timestamp_clock_id: monotonic
      packet.message(11) { event in
        event.number(9, kind.rawValue)
        event.number(11, track)
        fill(&event)
      }
    }
  }
  mutating func slice(_ lane: Int, _ segment: Segment) {
    let track = Self.firstLane + UInt64(lane)
    let name = segment.state.isBusy ? labels.text(segment.label) : segment.state.name
    event(.begin, segment.start, track) { event in
      event.text(22, segment.state.name)
      event.text(23, name)
      if segment.task != 0 {
        event.message(4) { annotation in
          annotation.text(10, "task")
          annotation.text(6, EventText.task(segment.task))
        }
      }
    }
    event(.end, segment.end, track)
  }
  mutating func arrow(_ arrow: Arrow, _ flow: UInt64) {
    event(.instant, arrow.start, Self.firstLane + UInt64(arrow.from)) { event in
      event.text(23, arrow.kind == .steal ? "stolen from here" : "wakes")
      event.fixed(47, flow)
    }
    event(.instant, arrow.end, Self.firstLane + UInt64(arrow.to)) { event in
      event.text(23, arrow.kind == .steal ? "steals" : "woken")
      event.fixed(48, flow)
    }
  }
  mutating func counter(_ track: UInt64, _ time: UInt64, _ value: Double) {
    event(.counter, time, track) { event in event.fixed(44, value.bitPattern) }
  }
}
