import ArgumentParser
import Timelines

struct TaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "task",
    abstract: "One task's life with every edge: who submitted it, where it ran, what it waited for.")
  @Argument(help: "The task, as `tasks` prints it: w0:12.") var task: String
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions

  func run() throws {
    guard let id = EventText.parseTask(task), id != 0 else {
      throw ValidationError("'\(task)' is not a task id (w0:12)")
    }
    let trace = try input.open()
    let progress = Progress(trace)
    let history = TaskHistory.of(trace, task: id, progress: progress.callback)
    progress.finish()
    guard let history else { throw ValidationError("no task \(task) in this trace (poolscope tasks lists them)") }
    try text.write(AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style).task(history))
    try input.finish(trace)
  }
}
