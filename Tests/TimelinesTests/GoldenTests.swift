// Goldens: `X.trace` (text) and `X.expect`, what the text views say of it. Adding a case is adding two files;
// `Tools/golden --update` writes the second.
import Foundation
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(1))) struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens").path
  static var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".trace") }
      .map { String($0.dropLast(6)) }.sorted()
  }

  @Test(arguments: names) func textViews(name: String) throws {
    let directory = TemporaryDirectory()
    let source = try String(contentsOfFile: "\(Self.folder)/\(name).trace", encoding: .utf8)
    let trace = try Trace.open(try TraceText(source).write(in: directory.path, name: name))
    let actual = Self.render(trace)
    let expected = "\(Self.folder)/\(name).expect"
    if ProcessInfo.processInfo.environment["GOLDEN_UPDATE"] == "1" {
      try actual.write(toFile: expected, atomically: true, encoding: .utf8)
    } else {
      #expect(
        actual == (try String(contentsOfFile: expected, encoding: .utf8)), "Tools/golden --update accepts the change")
    }
  }

  /// Everything that the text views say, for one width.
  static func render(_ trace: Trace) -> String {
    let style = TerminalStyle(color: false, ascii: true, width: 100)
    let summary = Summary.of(trace)
    var lines = trace.problems.map { "note: \($0)" }
    lines += SummaryView(summary, name: trace.name, style: style).lines(limit: 0)
    lines += ["", "== workers"] + Table.workers(summary).lines(style)
    lines += ["", "== timeline"]
    lines += GanttView(
      Bins.of(trace, columns: 64, tasks: 5), labels: trace.labels, origin: trace.span.lowerBound, style: style
    ).lines(GanttView.Row.allCases)
    let view = AnswerView(labels: trace.labels, origin: trace.span.lowerBound, style: style)
    lines += ["", "== idle"] + view.idle(summary)
    let path = CriticalPath.of(trace)
    lines += ["", "== critical path \(Units.duration(path.length))"]
    lines += Table.criticalSteps(path, labels: trace.labels, origin: trace.span.lowerBound, limit: 0).lines(style)
    lines += ["", "== steals"] + view.steals(summary)
    let findings = Lint.findings(summary)
    lines += ["", "== lint"] + (findings.isEmpty ? ["no findings"] : view.findings(findings, path: "TRACE"))
    let list = TaskList.of(trace, order: .submit)
    lines += ["", "== tasks"] + Table.tasks(list, labels: trace.labels, origin: trace.span.lowerBound).lines(style)
    let violations = Validation.of(trace)
    lines += ["", "== validate"] + (violations.isEmpty ? ["consistent"] : violations)
    return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n") + "\n"
  }
}
