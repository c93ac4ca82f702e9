import ArgumentParser
import Timelines

struct IdleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "idle",
    abstract: "Why workers were idle: every idle nanosecond charged to one cause; or one gap explained.",
    discussion: "poolscope idle --worker w2 --at +2.03s TRACE explains what w2 did at that time, and why.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "The worker whose gap to explain (w2).") var worker: String?
  @Option(
    parsing: .unconditional,
    help: "A time within the gap; without --worker: of the worker that is idle longest then (and has a thread).")
  var at: TimePoint?

  func validate() throws {
    if worker != nil && at == nil { throw ValidationError("--worker needs --at") }
    if at != nil && (format.json || format.csv) {
      throw ValidationError("--at explains in words; it has no --json or --csv")
    }
  }
  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style)
    if let at {
      guard let time = trace.time(of: at) else { throw ValidationError("--at: there is no such mark in the trace") }
      let workers = trace.lanes.filter(\.isShown).enumerated().filter { $0.element.isWorker }.map(\.offset)
      let lanes = try worker.map { [try laneIndex($0, trace)] } ?? workers
      let gaps = lanes.map { GapExplanation.of(trace, lane: $0, time: time, progress: progress.callback) }
      progress.finish()
      let idle = gaps.filter { $0.interval.map { !$0.state.isBusy } ?? false }
      // A worker without a thread says less than one that sleeps.
      let living = idle.filter { ![.stopped, .starting].contains($0.interval!.state) }
      guard
        let shown = (living.isEmpty ? idle : living).max(by: { $0.interval!.length < $1.interval!.length })
          ?? gaps.first
      else { return }
      try text.write(view.gap(shown))
      return try input.finish(trace)
    }
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    if format.json || format.csv {
      try text.write(AnswerView.idleTable(summary), format, "idle", trace)
    } else {
      try text.write(view.idle(summary))
    }
    try input.finish(trace, coverage: summary.coverage)
  }
}
