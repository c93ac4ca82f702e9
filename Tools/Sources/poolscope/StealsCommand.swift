import ArgumentParser
import Timelines

struct StealsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "steals", abstract: "Who stole from whom, and how much of the searching paid.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    if format.json || format.csv {
      try text.write(AnswerView.stealTable(summary), format, "steals", trace)
    } else {
      try text.write(AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style).steals(summary))
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
