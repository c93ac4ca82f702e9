import ArgumentParser
import Timelines

extension TaskOrder: @retroactive ExpressibleByArgument {}

/// What became of a task, as `--outcome` calls it.
struct Outcomes: ExpressibleByArgument {
  let fates: Set<TaskFate>
  init?(argument: String) {
    let fates = argument.split(separator: ",").map { name in TaskFate.allCases.first { "\($0)" == name } }
    guard !fates.isEmpty, !fates.contains(nil) else { return nil }
    self.fates = Set(fates.compactMap { $0 })
  }
  static var allValueStrings: [String] { TaskFate.allCases.map { "\($0)" } }
}

struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks", abstract: "Lists tasks: when submitted, started, how long queued and run, where, outcome.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var filter: FilterOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Only tasks that ended so, comma-separated: \(Outcomes.allValueStrings.joined(separator: ", ")).")
  var outcome: Outcomes?
  @Option(help: "Only tasks that were in a queue at least this long (5ms).") var minQueue: String?
  @Option(help: "Order: run, self, queue (longest first), submit, start, end.") var sort = TaskOrder.run
  @Option(help: "Rows; 0: all.") var limit = 20

  func run() throws {
    let trace = try input.open()
    var chosen = try filter.filter(trace)
    chosen.fates = outcome?.fates
    if let minQueue { chosen.minQueue = try FilterOptions.duration(minQueue, "min-queue") }
    let progress = Progress(trace)
    let list = TaskList.of(
      trace, window: try window.window(trace), filter: chosen, order: sort, limit: limit, progress: progress.callback)
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
