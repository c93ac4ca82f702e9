import ArgumentParser
import Timelines

extension LabelOrder: @retroactive ExpressibleByArgument {}

struct LabelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "labels",
    abstract: "A row per label: tasks, self and total time, percentiles of run and queue delay, outcomes.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var filter: FilterOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Order: self, total, count, run, queue (their p99), name.") var sort = LabelOrder.selfTime
  @Option(help: "Rows; 0: all.") var limit = 30

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(
      trace, window: try window.window(trace), filter: try filter.filter(trace), progress: progress.callback)
    progress.finish()
    let table = SummaryView.labelTable(summary, limit: format.json || format.csv ? 0 : limit, sort: sort)
    try text.write(table, format, "labels", trace)
    try input.finish(trace, coverage: summary.coverage)
  }
}
