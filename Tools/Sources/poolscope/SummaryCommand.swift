import ArgumentParser
import Timelines

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary", abstract: "One screen: wall time, cores used, states, work and span, delays, top labels.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Print JSON (versioned, units in the names).") var json = false
  @Option(help: "Rows of the label table; 0: all.") var limit = 8

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    if json {
      try text.write(envelope("summary", trace, summary.json()))
    } else {
      let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style)
      let top = Array(Lint.findings(summary).prefix(3))
      let findings =
        top.isEmpty ? [] : ["Findings (poolscope lint):"] + view.findings(top, path: trace.path, brief: true)
      try text.write(SummaryView(summary, name: trace.name, style: text.style).lines(limit: limit, findings: findings))
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
