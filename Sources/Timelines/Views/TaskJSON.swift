// One task's life as JSON.
import SchedulerEvents

extension AnswerView {
  /// The same that `task` says in words. `queued`: a summary of the time it lay in the queue.
  public func taskJSON(_ history: TaskHistory, queued: Summary? = nil) -> [(String, JSON)] {
    guard let task = history.record else { return [] }
    func lane(_ index: Int32) -> JSON { index >= 0 ? .string(history.model.lanes[Int(index)].name) : .null }
    func time(_ time: UInt64) -> JSON { time == 0 ? .null : .unsigned(time - min(origin, time)) }
    func length(_ length: UInt64?) -> JSON { length.map { .unsigned($0) } ?? .null }
    func name(_ task: UInt64) -> JSON { task == 0 ? .null : .string(EventText.task(task)) }
    func wait(_ wait: WaitRecord) -> JSON {
      .object([
        ("waiter", name(wait.waiter)), ("awaited", name(wait.awaited)), ("start_ns", time(wait.start)),
        ("length_ns", wait.end > 0 ? .unsigned(wait.end - wait.start) : .null),
        ("helped", .integer(Int64(wait.helped))),
        ("outcome", .string("\(wait.outcome)")),
      ])
    }
    let others = (queued?.labels ?? []).filter { $0.selfTime > 0 }.sorted { $0.selfTime > $1.selfTime }
    return [
      ("task", name(task.task)), ("label", .string(labels.text(task.label))),
      ("source_location", .string(labels.source(task.label))), ("outcome", .string("\(task.fate)")),
      ("parent", name(task.parent)), ("submit_ns", time(task.submit)), ("submit_lane", lane(task.submitLane)),
      ("queue", .string("\(task.queue)")), ("start_ns", time(task.start)), ("lane", lane(task.lane)),
      ("source", task.start == 0 ? .null : .string("\(task.source)")), ("end_ns", time(task.end)),
      ("queue_ns", length(task.queueDelay)), ("run_ns", length(task.runTime)), ("self_ns", .unsigned(task.selfTime)),
      ("children", .integer(Int64(history.childCount))), ("waits", .array(history.waits.map(wait))),
      ("waiters", .array(history.waiters.map(wait))),
      (
        "meanwhile",
        .array(
          others.map { .object([("label", .string(labels.text($0.label))), ("run_ns", .unsigned($0.selfTime))]) })
      ),
    ]
  }
}
