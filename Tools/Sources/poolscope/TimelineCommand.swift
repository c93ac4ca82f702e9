import ArgumentParser
import Timelines

struct TimelineCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "timeline", abstract: "The run as a chart on the terminal.",
    discussion: """
      Rows: workers (colour: label; height: share of the column that was busy), tasks (the longest), labels, concurrency
      (busy workers), queues (ready tasks). A column is an equal share of the time; the percentage is the busy share.
      """)
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @Option(help: "Comma-separated: workers, tasks, labels, concurrency, queues.") var rows = "workers,concurrency"
  @Option(help: "Task rows.") var limit = 20

  func run() throws {
    let kinds = try rows.split(separator: ",").map { name in
      guard let row = GanttView.Row(rawValue: String(name)) else {
        throw ValidationError(
          "--rows: '\(name)' is none of \(GanttView.Row.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return row
    }
    let trace = try input.open()
    let progress = Progress(trace)
    let style = text.style
    let bins = Bins.of(
      trace, window: try window.window(trace), columns: GanttView.columns(width: style.width),
      tasks: kinds.contains(.tasks) ? max(1, limit) : 0, progress: progress.callback)
    progress.finish()
    try text.write(GanttView(bins, labels: trace.labels, origin: trace.span.lowerBound, style: style).lines(kinds))
    try input.finish(trace)
  }
}
