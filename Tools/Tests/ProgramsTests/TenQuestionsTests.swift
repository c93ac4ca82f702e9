// The article "Ten questions about a run": its commands are run as they stand there, and the answers are those that the
// programs were written to have.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct TenQuestionsTests {
  /// The lines after "$ " of the article, and for each the output that is quoted beneath it.
  static let (commands, quotes): ([String], [String: [String]]) = {
    let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Timelines/Timelines.docc/TenQuestions.md")
    let text = (try? String(contentsOf: article, encoding: .utf8)) ?? ""
    var commands: [String] = []
    var quotes: [String: [String]] = [:]
    var isQuoted = false
    for line in text.split(separator: "\n").map(String.init) {
      if line.hasPrefix("```") { isQuoted = line == "```console" }
      guard isQuoted, !line.hasPrefix("```") else { continue }
      if line.hasPrefix("$ ") {
        commands.append(String(line.dropFirst(2)))
      } else {
        quotes[commands.last!, default: []].append(line)
      }
    }
    return (commands, quotes)
  }()

  /// The quoted lines that are not there in this order. A sentence without a digit is quoted whole; of another line the first
  /// word counts that has none, or its first: the numbers of another run are others, and so may be the rest of the line, and
  /// the columns that a table has room for (a table is indented by one).
  static func missing(_ quote: [String], in output: String) -> [String] {
    func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }
    func hasDigit(_ text: String) -> Bool { text.contains(where: \.isNumber) }
    func key(_ line: String) -> String? {
      words(line).first { $0.first!.isLetter && !hasDigit($0) } ?? words(line).first
    }
    var rest = output.split(separator: "\n").map(String.init)[...]
    return quote.filter { line in
      guard line != "..." else { return false }
      let isTable = line.hasPrefix(" ") && !line.hasPrefix("  ")
      let place = rest.firstIndex { hasDigit(line) || isTable ? key($0) == key(line) : words($0) == words(line) }
      if let place { rest = rest[(place + 1)...] }
      return place == nil
    }
  }

  /// A command of the article, and whether its outcome is the answer. Percentages and times may be those of a loaded
  /// machine: only what the program's structure fixes is compared.
  static let answers: [(command: String, isAnswer: @Sendable (Shell.Outcome) -> Bool)] = [
    ("poolscope idle runs/tail", { $0.text.contains(/no ready work anywhere +while merge/) }),
    (
      "poolscope idle --at @mark:merging runs/tail",
      { $0.text.contains(/w\d was parked/) && $0.text.contains("the others ran merge") }
    ),
    (
      "poolscope whatif --workers 4,16 runs/wide",
      {
        // A refusal is an answer, too, where the machine had other things to do: then the replay does not fit.
        if $0.status == 1 { return $0.messages.contains("The model does not fit this run") }
        guard let row = $0.text.firstMatch(of: /\n +16 +[0-9.]+m?s +([0-9.]+)/), let gain = Double(row.1) else {
          return false
        }
        return (3...5).contains(gain)
      }
    ),
    (
      "poolscope task x0:3 runs/queue",
      {
        guard let row = $0.text.firstMatch(of: /meanwhile +the workers: report ([0-9.]+) %/), let share = Double(row.1)
        else { return false }
        return share > 70
      }
    ),
    (
      "poolscope idle --at @mark:halfway runs/wait",
      { $0.text.contains(/w\d was waiting .*: download/) && $0.text.contains("the others ran download") }
    ),
    (
      "poolscope steals runs/steal",
      {
        // A row per thief: its steals from each worker, then all of them.
        let rows = $0.text.matches(of: /\n w\d ([ 0-9]+)/).map { $0.1.split(separator: " ").compactMap { Int($0) } }
        let most = rows.map { $0.last ?? 0 }.max() ?? 0
        let victims = rows.map { row in row.dropLast().filter { $0 > 0 }.count }
        return rows.count == 4 && most > 0 && victims.allSatisfy { $0 <= 1 }
      }
    ),
    ("poolscope info --strict runs/lossy", { $0.status == 4 && $0.text.contains(/lost +[1-9]/) }),
    ("poolscope lint runs/fine", { $0.text.contains(/FINE-GRAIN +add:/) }),
    (
      "poolscope diff runs/wide runs/wider",
      { $0.text.contains(/wall .*worse/) && $0.text.contains(/render.*worse/) }
    ),
    (
      "poolscope tasks --outcome error runs/fail",
      { $0.text.contains(/x0:18 +check .*error/) && $0.text.matches(of: /\n x0:/).count == 1 }
    ),
  ]

  @Test func everyAnswerIsTheOneKnownInAdvance() throws {
    let shell = try Shell()
    let (making, asking) = (Self.commands.prefix { !$0.hasPrefix("poolscope") }, Self.answers)
    #expect(making.count == 2)
    for command in making {
      let outcome = try shell.run("mkdir -p runs; " + command)
      #expect(outcome.status == 0, "\(outcome.messages)")
    }
    #expect(Array(Self.commands.dropFirst(making.count)) == asking.map(\.command), "the article and this table differ")
    for (command, isAnswer) in asking {
      let outcome = try shell.run(command)
      #expect(isAnswer(outcome), "\(command)\n\(outcome.text)\(outcome.messages)")
      // Where the machine has other things to do, the replay may not fit, and then there is no table.
      let missing =
        command.contains("whatif") && outcome.status == 1
        ? [] : Self.missing(Self.quotes[command] ?? [], in: outcome.text)
      #expect(
        missing.isEmpty,
        "\(command): the article quotes what is not printed\n\(missing.joined(separator: "\n"))\n\(outcome.text)")
      #expect(Self.quotes[command] != nil, "\(command): the article does not show what it prints")
      let mayEndOtherwise = command.contains("--strict") || command.contains("whatif")
      #expect(outcome.status == 0 || mayEndOtherwise, "\(command): \(outcome.messages)")
    }
  }
}
