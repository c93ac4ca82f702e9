// Lists for other programs: tasks as CSV, everything as JSON lines.
import SchedulerEvents

extension Export {
  static let csv = Export("csv", "a line per task, times in nanoseconds from the beginning") {
    (request: Request, write: (String) throws -> Void) in
    let list = TaskList.of(request.trace, window: request.window, order: .submit, progress: request.progress)
    try write(Table.tasks(list, labels: request.trace.labels, origin: request.trace.span.lowerBound).csv())
  }

  static let jsonl = Export("jsonl", "a JSON object a line: intervals and tasks") {
    (request: Request, write: (String) throws -> Void) in
    let timeline = Timeline.of(request.trace, window: request.window, limits: .unlimited, progress: request.progress)
    let labels = request.trace.labels
    var chunk = ""
    func put(_ items: [(String, JSON)]) throws {
      JSON.object(items).write(to: &chunk)
      chunk += "\n"
      if chunk.utf8.count > 1 << 16 {
        try write(chunk)
        chunk = ""
      }
    }
    for (lane, segments) in timeline.lanes.enumerated() {
      let name = timeline.model.lanes[lane].name
      for segment in segments {
        try put([
          ("type", "interval"), ("lane", .string(name)), ("state", .string(segment.state.name)),
          ("start_ns", .unsigned(segment.start)), ("end_ns", .unsigned(segment.end)),
          ("task", segment.task == 0 ? .null : .string(EventText.task(segment.task))),
          ("label", segment.label == 0 ? .null : .string(labels.text(segment.label))),
        ])
      }
    }
    for task in timeline.tasks {
      try put([
        ("type", "task"), ("task", .string(EventText.task(task.task))), ("label", .string(labels.text(task.label))),
        ("submit_ns", task.submit == 0 ? .null : .unsigned(task.submit)),
        ("start_ns", task.start == 0 ? .null : .unsigned(task.start)),
        ("end_ns", task.end == 0 ? .null : .unsigned(task.end)), ("self_ns", .unsigned(task.selfTime)),
        ("outcome", .string("\(task.fate)")),
        ("parent", task.parent == 0 ? .null : .string(EventText.task(task.parent))),
      ])
    }
    try write(chunk)
  }
}
