// Every fenced block of Swift in an article or in README.md occurs in the file of that name here, where it is compiled
// and run.
//
// Lines are compared without their indentation, `private` and imports: an article may show the inside of a function.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct SnippetTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let catalogue = root.appending(path: "Sources/ConcurrentFutures/ConcurrentFutures.docc")
  static let timelines = root.appending(path: "Sources/Timelines/Timelines.docc")
  static let articles = [catalogue, timelines].flatMap { folder in
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
      .filter { $0.hasSuffix(".md") }.sorted() ?? []
  }

  @Test(arguments: articles + ["README.md"]) func everyBlockIsCompiled(_ article: String) throws {
    let folders = article == "README.md" ? [Self.root] : [Self.catalogue, Self.timelines]
    let folder = try #require(
      folders.first { FileManager.default.fileExists(atPath: $0.appending(path: article).path) })
    let blocks = swiftBlocks(try String(contentsOf: folder.appending(path: article), encoding: .utf8))
    guard !blocks.isEmpty else { return }
    let name = article == "ConcurrentFutures.md" ? "Overview" : String(article.dropLast(3))
    let file = Self.root.appending(path: "Tests/DocumentationSnippets/\(name).swift")
    let source = lines(try String(contentsOf: file, encoding: .utf8))
    for block in blocks {
      #expect(
        contains(source, block), "\(article): not in \(file.lastPathComponent):\n\(block.joined(separator: "\n"))")
    }
  }

  @Test func theComparisonCanFail() {
    let source = lines("a\n  b\n\nc")
    #expect(contains(source, lines("  b\nc")))
    #expect(!contains(source, lines("a\nc")))
    #expect(!contains(source, lines("b\nc\nd")))
    #expect(swiftBlocks("x\n```swift\na\n```\n```python\nb\n```\n") == [["a"]])
    #expect(Self.articles.count > 7)
  }

  /// What lies between "```swift" and "```", a list of lines for each block.
  private func swiftBlocks(_ text: String) -> [[String]] {
    var blocks: [[String]] = []
    var block: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block { blocks.append(lines(block.joined(separator: "\n"))) }
        block = line == "```swift" ? [] : nil
      } else {
        block?.append(line)
      }
    }
    return blocks
  }

  /// Without indentation, `private`, imports, empty lines and the alignment of comments.
  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n")
      .map { line in
        line.split(separator: " ").joined(separator: " ").replacingOccurrences(of: "private ", with: "")
      }
      .filter { !$0.isEmpty && !$0.hasPrefix("import ") }
  }

  private func contains(_ source: [String], _ block: [String]) -> Bool {
    guard let first = block.first else { return false }
    return source.indices.contains { source[$0] == first && source[$0...].starts(with: block) }
  }
}
