import ArgumentParser
import Timelines

struct WorkersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workers", abstract: "The share of time that each worker spent in each state; they sum to 100 %.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    let table = Table.workers(summary)
    if format.json {
      try text.write(
        envelope(
          "workers", trace,
          [("wall_ns", .unsigned(summary.wall)), ("coverage", .number(summary.coverage)), ("workers", table.json())]))
    } else {
      try text.write(format.csv ? table.csv() : table.lines(text.style).joined(separator: "\n") + "\n")
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
