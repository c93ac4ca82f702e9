import ArgumentParser
import Foundation
import Timelines

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compares two runs, or two groups of runs.",
    discussion: """
      poolscope diff A B compares single runs: differences between them may be chance, and are labelled so.
      poolscope diff --runs a,b,c,d,e --vs f,g,h,i,j compares medians, with a Mann-Whitney test from five runs a side on.
      """)
  @Argument(help: "Two traces: before and after.") var traces: [String] = []
  @Option(help: "Runs before, comma-separated.") var runs: String?
  @Option(help: "Runs after, comma-separated.") var vs: String?
  @Option(help: "Changes below this many per cent are not called better or worse.") var threshold = 10.0
  @Flag(help: "Exit with status 1 if wall time or work became worse.") var failOnRegression = false
  @OptionGroup var reading: ReaderOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions

  func validate() throws {
    let groups = runs != nil || vs != nil
    guard groups ? runs != nil && vs != nil && traces.isEmpty : traces.count == 2 else {
      throw ValidationError("name two traces, or --runs and --vs")
    }
  }
  func run() throws {
    let before = try summaries(runs?.split(separator: ",").map(String.init) ?? [traces[0]])
    let after = try summaries(vs?.split(separator: ",").map(String.init) ?? [traces[1]])
    let differences = Diff.of(before, after)
    let table = PredictionView.diff(differences, threshold: threshold / 100)
    let tested = before.count >= 5 && after.count >= 5
    if format.json {
      let object = JSON.object([
        ("schema", "poolscope.diff/1"), ("runs_before", .integer(Int64(before.count))),
        ("runs_after", .integer(Int64(after.count))),
        ("within_run_only", .bool(!tested)), ("differences", table.json()),
      ])
      try text.write(object.text() + "\n")
    } else if format.csv {
      try text.write(table.csv())
    } else {
      let note =
        tested
        ? "Mann-Whitney, two-sided: \(before.count) runs before, \(after.count) after"
        : "within-run only: \(before.count) and \(after.count) runs cannot tell change from chance (five a side can)"
      try text.write([note] + table.lines(text.style))
    }
    let watched = differences.filter { ["wall_ns", "work_ns"].contains($0.key) }
    if failOnRegression && watched.contains(where: { $0.isRegression(threshold: threshold / 100) }) {
      throw ExitCode(1)
    }
  }
  private func summaries(_ paths: [String]) throws -> [Summary] {
    try paths.map { path in
      let trace = try Trace.open(path, reader: reading.reader)
      for problem in trace.problems { complain("note: \(problem)") }
      let progress = Progress(trace)
      defer { progress.finish() }
      return Summary.of(trace, progress: progress.callback)
    }
  }
}
