// The table of events in the article "Tracing a program", derived from the event table.
import Foundation
import SchedulerEvents
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventDocumentation {
  static var table: String {
    var text = "| event | log level | fields | says |\n| --- | --- | --- | --- |\n"
    for event in EventTable.all {
      let fields = event.fields.filter { $0.name != "worker" }.map { field in
        guard case .named(let names) = field.form else { return field.name }
        return "\(field.name) (\(names.joined(separator: ", ")))"
      }
      text += "| `\(event.name)` | \("\(event.level)".uppercased().replacing("DEBUGLINE", with: "DEBUG_LINE")) "
      text += "| \(fields.joined(separator: ", ")) | \(event.summary) |\n"
    }
    return text
  }

  /// `UPDATE_GOLDENS=1 swift test --filter EventDocumentation` rewrites the article's end.
  @Test func theArticleHasTheTable() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/ConcurrentFutures/ConcurrentFutures.docc/Tracing.md")
    var article = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(article.range(of: "| event |") ?? article.range(of: "EVENT_TABLE"))
    if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
      article = article[..<start.lowerBound] + Self.table
      try article.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(article.hasSuffix(Self.table))
  }
}
