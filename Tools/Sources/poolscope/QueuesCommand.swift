import ArgumentParser
import Timelines

struct QueuesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues", abstract: "Ready tasks over time: mean and greatest depth, how much of it in the injector.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Rows: equal shares of the time.") var steps = 20

  func validate() throws {
    guard (1...100_000).contains(steps) else { throw ValidationError("--steps must be from 1 to 100000") }
  }
  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let bins = Bins.of(trace, window: try window.window(trace), columns: steps, progress: progress.callback)
    progress.finish()
    try text.write(AnswerView.queueTable(bins, origin: trace.span.lowerBound), format, "queues", trace)
    try input.finish(trace)
  }
}
