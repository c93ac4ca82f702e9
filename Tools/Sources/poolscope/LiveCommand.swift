import ArgumentParser
import Foundation
import Timelines

struct LiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "live",
    abstract: "Follows the log of a running program: the last seconds as a chart, drawn again and again.",
    discussion:
      """
      Ends when every worker of the program has stopped, after --count frames, or on an interrupt (status 130).
      A frame costs what the shown seconds hold, however long the program has run. (An LTTng session is read as a whole.)
      """)
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions
  @Option(help: "Seconds between frames.") var interval = 1.0
  @Option(help: "Seconds of the run to show.") var last = 10.0
  @Option(help: "Frames to draw; 0: until the program ends.") var count = 0

  func validate() throws {
    guard interval >= 0.05, last > 0 else { throw ValidationError("--interval must be at least 0.05, --last positive") }
  }
  func run() throws {
    signal(SIGINT) { _ in _exit(130) }
    let isTerminal = text.output == nil && isatty(1) != 0
    var frames = 0
    while true {
      frames += 1
      let whole = try Trace.open(input.path, reader: input.reading.reader)
      let from = whole.span.upperBound - min(whole.wall, UInt64(last * 1e9))
      let window = whole.wall > 0 ? from...whole.span.upperBound : nil
      let trace = whole.recent(from: from)
      let style = text.style
      let bins = Bins.of(trace, window: window, columns: GanttView.columns(width: style.width))
      let summary = Summary.of(trace, window: window)
      var lines = Array(SummaryView(summary, name: trace.name, style: style).lines(limit: 0).prefix(5))
      lines += GanttView(bins, labels: trace.labels, origin: whole.span.lowerBound, style: style).lines([
        .workers, .concurrency, .queues,
      ])
      // On a terminal a frame is drawn over the last one, without a flicker: what is left of its lines, and below, goes.
      let frame = lines.joined(separator: isTerminal ? "\u{1B}[K\n" : "\n")
      try text.write(isTerminal ? "\u{1B}[H" + frame + "\u{1B}[K\n\u{1B}[J" : frame + "\n")
      let stopped = !summary.workers.isEmpty && summary.workers.allSatisfy { summary.model.lanes[$0].isStopped }
      if stopped || (count > 0 && frames >= count) { return }
      usleep(UInt32(interval * 1e6))
    }
  }
}
