// The whole model as JSON: summary, lanes with their intervals, tasks, waits, wakes, annotations.

extension Export {
  static let json = Export("json", "everything the model knows: intervals, tasks, waits, wakes (all in memory)") {
    (request: Request, write: (String) throws -> Void) in
    let timeline = Timeline.of(
      request.trace, window: request.window, limits: .unlimited, progress: request.progress)
    let summary = Summary.of(request.trace, window: request.window)
    let labels = request.trace.labels
    func name(_ lane: Int) -> JSON { lane >= 0 ? .string(timeline.model.lanes[lane].name) : .null }
    func time(_ time: UInt64) -> JSON { time == 0 ? .null : .unsigned(time) }
    try write(
      "{\"schema\":\"poolscope.timeline/1\",\"summary\":\(JSON.object(summary.json()).text(indent: nil)),\n\"lanes\":[")
    for (index, segments) in timeline.lanes.enumerated() {
      try write((index > 0 ? ",\n" : "") + "{\"lane\":\"\(timeline.model.lanes[index].name)\",\"intervals\":[")
      try list(segments, write) { segment in
        [
          ("start_ns", .unsigned(segment.start)), ("end_ns", .unsigned(segment.end)),
          ("state", .string(segment.state.name)),
          ("task", segment.task == 0 ? .null : .string(EventText.task(segment.task))),
          ("label", segment.label == 0 ? .null : .string(labels.text(segment.label))),
        ]
      }
      try write("]}")
    }
    try write("],\n\"tasks\":[")
    try list(timeline.tasks, write) { task in
      [
        ("task", .string(EventText.task(task.task))), ("label", .string(labels.text(task.label))),
        ("parent", task.parent == 0 ? .null : .string(EventText.task(task.parent))),
        ("submit_ns", time(task.submit)), ("start_ns", time(task.start)), ("end_ns", time(task.end)),
        ("self_ns", .unsigned(task.selfTime)), ("lane", name(Int(task.lane))),
        ("submit_lane", name(Int(task.submitLane))),
        ("source", task.start == 0 ? .null : .string("\(task.source)")), ("outcome", .string("\(task.fate)")),
        ("repaired", .bool(task.isRepaired)),
      ]
    }
    try write("],\n\"waits\":[")
    try list(timeline.waits, write) { wait in
      [
        ("lane", name(wait.lane)), ("waiter", .string(EventText.task(wait.waiter))),
        ("awaited", .string(EventText.task(wait.awaited))), ("start_ns", .unsigned(wait.start)),
        ("end_ns", time(wait.end)),
        ("outcome", .string("\(wait.outcome)")), ("helped", .unsigned(UInt64(wait.helped))),
      ]
    }
    try write("],\n\"wakes\":[")
    try list(timeline.wakes.items, write) { wake in
      [
        ("from", name(wake.from)), ("to", name(wake.to)), ("wake_ns", .unsigned(wake.start)),
        ("unpark_ns", .unsigned(wake.end)),
      ]
    }
    try write("],\n\"annotations\":[")
    try list(timeline.annotations, write) { item in
      [
        ("kind", .string("\(item.kind)")), ("lane", name(item.lane)), ("time_ns", .unsigned(item.time)),
        ("label", .string(labels.text(item.label))), ("value", .integer(item.value)),
      ]
    }
    try write("]}\n")
  }

  private static func list<Item>(
    _ items: [Item], _ write: (String) throws -> Void, _ object: (Item) -> [(String, JSON)]
  ) throws {
    var chunk = ""
    for (index, item) in items.enumerated() {
      chunk += index > 0 ? ",\n" : "\n"
      JSON.object(object(item)).write(to: &chunk)
      if chunk.utf8.count > 1 << 16 {
        try write(chunk)
        chunk = ""
      }
    }
    try write(chunk)
  }
}
