import ArgumentParser
import Timelines

struct LatencyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latency", abstract: "Histograms: delay in the queue, run time, wake-up latency, length of waits.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var filter: FilterOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(
      trace, window: try window.window(trace), filter: try filter.filter(trace), progress: progress.callback)
    progress.finish()
    let histograms = [
      ("queue", "queue delay", summary.queue), ("run", "run", summary.run), ("wake_up", "wake-up", summary.wakeLatency),
      ("wait", "blocking waits", summary.waits.length),
    ]
    if json {
      try text.write(envelope("latency", trace, histograms.map { ($0.0, $0.2.distribution()) }))
    } else {
      let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style)
      try text.write(Array(histograms.map { view.histogram($0.1, $0.2) }.joined(separator: [""])))
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
