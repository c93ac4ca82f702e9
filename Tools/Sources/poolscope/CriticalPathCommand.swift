import ArgumentParser
import Timelines

struct CriticalPathCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "critical-path",
    abstract: "The chain of causes that made the run as long as it was, by kind and label.",
    discussion: """
      Walked backwards from the end of the last task: through waits to the awaited task, through the queue to the submitter.
      What happened off this chain cannot shorten the run. A wait for a result that was there already leaves no event.
      """)
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Flag(help: "List the steps, too.") var steps = false
  @Option(help: "Steps to list (the longest); 0: all.") var limit = 20

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let path = CriticalPath.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    let table = Table.criticalPath(path, labels: trace.labels)
    let list = Table.criticalSteps(
      path, labels: trace.labels, origin: trace.span.lowerBound, limit: format.json ? 0 : limit)
    if format.json {
      try text.write(
        envelope(
          "critical-path", trace,
          [("length_ns", .unsigned(path.length)), ("shares", table.json()), ("steps", list.json())]))
    } else if format.csv {
      try text.write(steps ? list.csv() : table.csv())
    } else {
      let style = text.style
      let head =
        style.paint("critical path \(Units.seconds(path.length))", .strong)
        + " of \(Units.seconds(path.model.wall)), \(Units.plural(path.steps.count, "step"))"
      try text.write([head] + table.lines(style) + (steps ? [""] + list.lines(style) : []))
    }
    try input.finish(trace)
  }
}
