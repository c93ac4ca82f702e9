import ArgumentParser
import Timelines

extension TaskOrder: @retroactive ExpressibleByArgument {}

struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "Lists tasks: when submitted, started, how long queued and run, where, outcome.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var filter: FilterOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Order: run, self, queue (longest first), submit, start, end.") var sort = TaskOrder.run
  @Option(help: "Rows; 0: all.") var limit = 20

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let list = TaskList.of(
      trace, window: try window.window(trace), filter: try filter.filter(trace), order: sort, limit: limit,
      progress: progress.callback)
    progress.finish()
    let table = Table.tasks(list, labels: trace.labels, origin: trace.span.lowerBound)
    if format.json {
      try text.write(envelope("tasks", trace, [("matching", .unsigned(list.matching)), ("tasks", table.json())]))
    } else {
      try text.write(format.csv ? table.csv() : table.lines(text.style).joined(separator: "\n") + "\n")
    }
    try input.finish(trace)
  }
}
