import ArgumentParser
import Timelines

struct LintCommand: ParsableCommand {
  enum Level: String, ExpressibleByArgument, CaseIterable {
    case info, warning, error, never
    func isReached(by finding: Finding) -> Bool {
      switch self {
      case .info: true
      case .warning: finding.severity >= .warning
      case .error: finding.severity == .error
      case .never: false
      }
    }
  }
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Looks for known problems; says what was seen and what to do.",
    discussion: "Rules: \(Lint.ids.joined(separator: ", ")).")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Print JSON.") var json = false
  @Option(help: "Exit with status 1 from this severity on: info, warning, error, never.") var failOn = Level.never

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let summary = Summary.of(trace, window: try window.window(trace), progress: progress.callback)
    progress.finish()
    let findings = Lint.findings(summary)
    if json {
      let items = findings.map { finding in
        JSON.object([
          ("id", .string(finding.id)), ("severity", .string(finding.severity.name)),
          ("evidence", .string(finding.evidence)),
          ("advice", .string(finding.advice)), ("share", .number(finding.weight)),
        ])
      }
      try text.write(envelope("lint", trace, [("findings", .array(items))]))
    } else {
      let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: text.style)
      try text.write(findings.isEmpty ? ["no findings"] : view.findings(findings, path: trace.path))
    }
    try input.finish(trace, coverage: summary.coverage)
    if findings.contains(where: failOn.isReached) { throw ExitCode(1) }
  }
}
