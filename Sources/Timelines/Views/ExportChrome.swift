// The Trace Event Format that chrome://tracing, Perfetto and Speedscope open.
import SchedulerEvents

extension Export {
  static let chrome = Export("chrome", "Trace Event JSON for chrome://tracing, Perfetto, Speedscope") {
    (request: Request, write: (String) throws -> Void) in
    let timeline = Timeline.of(request.trace, window: request.window, limits: .unlimited, progress: request.progress)
    let bins = Bins.of(request.trace, window: request.window, columns: 1000)
    let labels = request.trace.labels
    let origin = request.trace.span.lowerBound
    func micros(_ time: UInt64) -> JSON { .number(Double(time - min(origin, time)) / 1e3) }
    var first = true
    var chunk = ""
    func put(_ items: [(String, JSON)]) throws {
      chunk += first ? "" : ",\n"
      first = false
      JSON.object(items).write(to: &chunk)
      if chunk.utf8.count > 1 << 16 {
        try write(chunk)
        chunk = ""
      }
    }
    try write("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
    for (index, lane) in timeline.model.lanes.enumerated() {
      let kind = lane.isWorker ? "worker" : "outside"
      try put([
        ("ph", "M"), ("name", "thread_name"), ("pid", .integer(Int64(lane.process))), ("tid", .integer(Int64(index))),
        ("args", .object([("name", .string("\(lane.name) (\(kind), tid \(lane.tid))"))])),
      ])
    }
    for (index, segments) in timeline.lanes.enumerated() {
      for segment in segments where ![.stopped, .outside].contains(segment.state) {
        try put([
          ("ph", "X"), ("name", .string(segment.state.isBusy ? labels.text(segment.label) : segment.state.name)),
          ("cat", .string(segment.state.name)), ("pid", .integer(Int64(timeline.model.lanes[index].process))),
          ("tid", .integer(Int64(index))),
          ("ts", micros(segment.start)), ("dur", .number(Double(segment.end - segment.start) / 1e3)),
          ("args", segment.task == 0 ? .object([]) : .object([("task", .string(EventText.task(segment.task)))])),
        ])
      }
    }
    for (number, arrow) in (timeline.steals.items + timeline.wakes.items).enumerated() {
      for (phase, lane, time) in [("s", arrow.from, arrow.start), ("f", arrow.to, arrow.end)] {
        try put([
          ("ph", .string(phase)), ("name", .string(arrow.kind.rawValue)), ("cat", .string(arrow.kind.rawValue)),
          ("id", .integer(Int64(number))),
          ("bp", "e"), ("pid", .integer(Int64(timeline.model.lanes[lane].process))), ("tid", .integer(Int64(lane))),
          ("ts", micros(time)),
        ])
      }
    }
    for column in 0..<bins.columns {
      let time = bins.span.lowerBound + UInt64(Double(column) * bins.columnWidth)
      try put([
        ("ph", "C"), ("name", "pool"), ("pid", 0), ("tid", 0), ("ts", micros(time)),
        (
          "args",
          .object([("busy", .number(bins.concurrency(column: column))), ("ready", .number(bins.ready(column: column)))])
        ),
      ])
    }
    try write(chunk + "\n]}\n")
  }
}
