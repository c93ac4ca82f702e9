// The article "Ten questions about a run": its commands are run as they stand there, and the answers are those that the
// programs were written to have.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct TenQuestionsTests {
  /// The lines after "$ " of the article.
  static let commands: [String] = {
    let article = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Timelines/Timelines.docc/TenQuestions.md")
    let text = (try? String(contentsOf: article, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("$ ") }.map { String($0.dropFirst(2)) }
  }()

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
      let mayEndOtherwise = command.contains("--strict") || command.contains("whatif")
      #expect(outcome.status == 0 || mayEndOtherwise, "\(command): \(outcome.messages)")
    }
  }
}
