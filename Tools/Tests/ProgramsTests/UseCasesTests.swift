import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct UseCasesTests {
  /// README.md shows what the program prints, line by line.
  @Test func theReadmeShowsItsOutput() throws {
    let outcome = try Shell().run("usecases")
    #expect(outcome.status == 0, "\(outcome.messages)")
    let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../README.md").standardized
    let text = try String(contentsOf: readme, encoding: .utf8)
    #expect(text.contains("```\n" + outcome.text + "```\n"), "README.md shows something else than:\n\(outcome.text)")
  }
}
