import ArgumentParser
import Timelines

struct WorkspanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workspan",
    abstract: "Work, span and parallelism of the run, and what more workers could give at best.",
    discussion: """
      Work is the time of all tasks; span is the longest chain through submits and blocking waits. Forks inside of a task count
      as its work, not as parallelism, unless they were stolen. Outside threads count as edges without length.
      """)
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    let table = PredictionView.workSpan(summary)
    if format.json || format.csv {
      try text.write(table, format, "workspan", trace)
    } else {
      try text.write(Array(table.lines(text.style).dropFirst()))
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
