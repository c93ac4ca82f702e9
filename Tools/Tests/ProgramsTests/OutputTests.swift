// The article "Output for programs" against what the commands print, both ways.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct OutputTests {
  /// Schema and fields by the article's tables.
  private func documented() throws -> [String: Set<String>] {
    let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Timelines/Timelines.docc/Output.md")
    let text = try String(contentsOf: article, encoding: .utf8)
    func names(_ text: Substring) -> [String] { text.matches(of: /`([^`]+)`/).map { String($0.1) } }
    let distribution = names(try #require(text.firstMatch(of: /A \*distribution\* is an object with ([^.]*)\./)).1)
    let row = names(try #require(text.firstMatch(of: /A \*label row\* has ([^.]*)\./)).1)
    var fields: [String: Set<String>] = [:]
    var schema = ""
    for line in text.split(separator: "\n") {
      if line.hasPrefix("### ") { schema = String(line.dropFirst(4)) }
      guard line.hasPrefix("| `") else { continue }
      let cells = line.split(separator: "|")
      for name in names(cells[0]) {
        if cells[1].contains("distributions") {
          for part in distribution { fields[schema, default: []].insert("\(name).\(part)") }
        } else if cells[1].contains("label rows") {
          for part in row { fields[schema, default: []].insert("\(name).\(part)") }
        } else {
          fields[schema, default: []].insert(name)
        }
      }
    }
    return fields
  }
  /// Paths of all values; members of objects whose names are data are `*`.
  private func paths(_ value: Any, _ path: String, _ found: inout Set<String>) {
    if let object = value as? [String: Any] {
      for (name, part) in object {
        let open = ["outcomes", "states_ns", "idle_ns"].contains(path)
        let name = open ? "*" : name.replacing(/^from_[wx]\d+$/, with: "from_*")
        paths(part, path.isEmpty ? name : "\(path).\(name)", &found)
      }
    } else if let list = value as? [Any] {
      if list.isEmpty { found.insert(path + "[]") }
      for part in list { paths(part, path + "[]", &found) }
    } else {
      found.insert(path)
    }
  }

  @Test func theDocumentedFieldsAreThePrintedOnes() throws {
    let fields = try documented()
    let shell = try Shell()
    let made = try shell.run(
      """
      for name in wide wait tail fail; do CONCURRENT_FUTURES_LOG=runs/$name questions $name || exit 1; done
      cp -r runs/wide runs/damaged
      for lane in runs/damaged/*/worker-*; do dd if=/dev/zero of=$lane bs=64 count=1 conv=notrunc status=none; break; done
      cp -r runs/wide/* runs/damaged/copy && rm runs/damaged/copy/metadata
      """)
    #expect(made.status == 0, "\(made.messages)")
    #expect(fields.count >= 15)
    for (schema, expected) in fields.sorted(by: { $0.key < $1.key }) {
      var printed: Set<String> = []
      let inputs =
        schema == "diff"
        ? ["runs/wide runs/tail"] : ["wide", "wait", "tail", "fail", "damaged"].map { "runs/" + $0 }
      for input in inputs {
        // x0:1 is in every run; in `wait` another task waits for it.
        for argument in schema == "task" ? ["x0:1", "x0:2"] : [""] {
          let outcome = try shell.run("poolscope \(schema) --json \(argument) \(input)")
          if schema == "task" && outcome.status == 2 { continue }  // a run with one task
          #expect([0, 1].contains(outcome.status), "\(schema) \(input): \(outcome.messages)")
          guard !outcome.text.isEmpty else { continue }  // whatif may refuse
          let object = try #require(try JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
          #expect(object["schema"] as? String == "poolscope.\(schema)/1")
          paths(object, "", &printed)
        }
      }
      printed.subtract(["schema", "trace"])
      // An empty list shows none of its fields.
      let lists = Set(expected.compactMap { $0.contains("[].") ? String($0.prefix { $0 != "[" }) + "[]" : nil })
      let unknown = printed.subtracting(expected).subtracting(lists)
      let missing = expected.subtracting(printed)
      #expect(unknown.isEmpty, "\(schema): not documented: \(unknown.sorted())")
      #expect(missing.isEmpty, "\(schema): documented, not printed: \(missing.sorted())")
    }
  }
}
