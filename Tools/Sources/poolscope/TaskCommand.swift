import ArgumentParser
import Timelines

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "One task's life with every edge: who submitted it, where it ran, what it waited for.")
  @Argument(help: "The task, as `tasks` prints it: w0:12.") var task: String
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Print JSON (versioned, units in the names).") var json = false

  func run() throws {
    guard let id = EventText.parseTask(task), id != 0 else {
      throw ValidationError("'\(task)' is not a task id (w0:12)")
    }
    let trace = try input.open()
    let progress = Progress(trace)
    let history = TaskHistory.of(trace, task: id, progress: progress.callback)
    progress.finish()
    guard let history else { throw ValidationError("no task \(task) in this trace (poolscope tasks lists them)") }
    let delay = history.record.flatMap { $0.submit > 0 && $0.start > $0.submit ? $0.submit...$0.start : nil }
    let meanwhile = delay.map { Summary.of(trace, window: $0) }
    let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style)
    if json {
      try text.write(envelope("task", trace, view.taskJSON(history, queued: meanwhile)))
    } else {
      try text.write(view.task(history, queued: meanwhile))
    }
    try input.finish(trace)
  }
}
