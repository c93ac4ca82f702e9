import ArgumentParser
import Timelines

struct WhatifCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "whatif",
    abstract: "Replays the run's program on other numbers of workers, or with a label made faster.",
    discussion: """
      The replay uses neither recorded placement nor recorded start times. It is first run at the recorded width: the
      difference to the recorded time is the calibration error, and above 10 % predictions are refused (status 1).
      Tasks keep their recorded run time: a run on more workers than the machine has cores has stretched ones.
      """)
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Numbers of workers, comma-separated.") var workers = "1,2,4,8,16,32,64"
  @Option(help: "Make a label faster: label=2 halves its run time. May be repeated.") var speedup: [String] = []

  func run() throws {
    let widths = try workers.split(separator: ",").map { text in
      guard let width = Int(text), (1...4096).contains(width) else {
        throw ValidationError("--workers: '\(text)' is not from 1 to 4096")
      }
      return width
    }
    let trace = try input.open()
    var speedups: [UInt32: Double] = [:]
    for item in speedup {
      guard let equals = item.lastIndex(of: "="), let factor = Double(item[item.index(after: equals)...]), factor > 0
      else {
        throw ValidationError("--speedup: expected LABEL=FACTOR, got '\(item)'")
      }
      let labels = trace.labels.find(String(item[..<equals]))
      guard !labels.isEmpty else { throw ValidationError("--speedup: no label is or contains '\(item[..<equals])'") }
      for label in labels { speedups[label] = factor }
    }
    let progress = Progress(trace)
    let model = WhatIf(WorkGraph.of(trace, window: try window.window(trace), progress: progress.callback))
    progress.finish()
    let error = Units.percent(model.calibrationError)
    let head =
      "recorded \(Units.seconds(model.recorded)) on \(Units.plural(model.workers, "worker")), replayed \(Units.seconds(model.replayed)): calibration error \(error)"
    let fits = model.calibrationError <= WhatIf.tolerance
    let scenarios = fits ? widths.map { WhatIf.Scenario(workers: $0, speedups: speedups) } : []
    let table = PredictionView.whatIf(model, scenarios)
    if format.json {
      try text.write(
        envelope(
          "whatif", trace,
          [
            ("recorded_ns", .unsigned(model.recorded)), ("replayed_ns", .unsigned(model.replayed)),
            ("calibration_error", .number(model.calibrationError)), ("predictions", table.json()),
          ]))
    } else if format.csv {
      try text.write(table.csv())
    } else if fits {
      try text.write([head] + table.lines(text.style))
    }
    guard fits else {
      complain(
        "\(head)\n  The model does not fit this run (limit 10 %): no prediction. Forks, locks, memory or lost events may be why."
      )
      throw ExitCode(1)
    }
    try input.finish(trace)
  }
}
