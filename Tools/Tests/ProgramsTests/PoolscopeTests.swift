// The manners of poolscope as a command: exit statuses, streams, colours, completion, manual page, every format.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct PoolscopeTests {
  private func withRun(_ body: (borrowing Shell) throws -> Void) throws {
    let shell = try Shell()
    let made = try shell.run("CONCURRENT_FUTURES_LOG=run questions tail")
    #expect(made.status == 0, "\(made.messages)")
    try body(shell)
  }

  @Test func exitStatusesAndStreams() throws {
    try withRun { shell in
      for (command, status): (String, Int32) in [
        ("poolscope run", 0), ("poolscope lint --fail-on info run", 1), ("poolscope lint --fail-on never run", 0),
        ("poolscope --nonsense run", 2), ("poolscope tasks --label nonsense run", 2),
        ("poolscope timeline --since 90% --until 10% run", 2), ("poolscope nowhere", 3),
        ("poolscope -o /nowhere/x run", 3), ("poolscope info --strict run", 0), ("poolscope validate run", 0),
        ("poolscope diff run", 2), ("poolscope export --to nonsense run", 2), ("poolscope --help", 0),
      ] {
        let outcome = try shell.run(command)
        #expect(outcome.status == status, "\(command): \(outcome.messages)")
        #expect(outcome.messages.isEmpty == (status <= 1), "\(command): \(outcome.messages)")
        if status > 1 { #expect(outcome.text.isEmpty, "\(command)") }
      }
      // A reader that goes away ends it without a word.
      let piped = try shell.run("poolscope events run | head -n 1; echo ${PIPESTATUS[1]}")
      #expect(piped.messages.isEmpty && piped.text.hasSuffix("\n0\n"), "\(piped.messages)")
    }
  }

  @Test func coloursAndWidths() throws {
    try withRun { shell in
      for command in [
        "summary", "timeline", "idle", "tasks", "labels", "workers", "steals", "queues", "latency", "lint",
      ] {
        #expect(
          try !shell.run("poolscope \(command) run").text.contains("\u{1B}"), "\(command): no terminal, no colour")
        let colour = try shell.run("NO_COLOR=1 poolscope \(command) --color always run").text
        if command != "queues" { #expect(colour.contains("\u{1B}["), "\(command): what is asked for wins") }
        let ascii = try shell.run("poolscope \(command) --ascii run").text
        #expect(ascii.unicodeScalars.allSatisfy { $0.isASCII }, "\(command)")
        for line in try shell.run("poolscope \(command) --width 80 run").text.split(separator: "\n")
        where ["timeline", "tasks", "labels", "workers", "queues", "steals"].contains(command) {
          #expect(line.count <= 81, "\(command): \(line)")
        }
      }
    }
  }

  private func count(_ shell: borrowing Shell, _ options: String) throws -> Int {
    try shell.run("poolscope tasks --csv --limit 0 \(options) run | tail -n +2").text.split(separator: "\n").count
  }
  @Test func windowsAndFilters() throws {
    try withRun { shell in
      for (options, tasks) in [
        ("", 13), ("--label merge", 1), ("--min-run 150ms", 1), ("--until @mark:merging --since -1h", 13),
        ("--since @mark:merging", 1), ("--outcome value", 13), ("--outcome error,cancelled", 0),
      ] {
        let found = try count(shell, options)
        #expect(found == tasks, "\(options)")
      }
      var onWorkers = 0
      for worker in 0..<4 { onWorkers += try count(shell, "--worker w\(worker)") }
      #expect(onWorkers == 13)
      let sorted = try shell.run("poolscope tasks --csv --sort start --limit 0 run | tail -n +2 | cut -d, -f4").text
        .split(separator: "\n").compactMap { Int($0) }
      #expect(sorted == sorted.sorted() && sorted.count == 13)
    }
  }

  @Test func everyFormatIsWritten() throws {
    try withRun { shell in
      for format in ["html", "svg", "png", "perfetto", "chrome", "json", "jsonl", "csv", "folded", "dot"] {
        let outcome = try shell.run("poolscope export --to \(format) -o out.\(format) run && test -s out.\(format)")
        #expect(outcome.status == 0 && outcome.messages.isEmpty, "\(format): \(outcome.messages)")
        let piped = try shell.run("poolscope export --to \(format) run | cmp - out.\(format)")
        #expect(piped.status == 0, "\(format): stdout and -o differ \(piped.text)")
      }
      let figure = try shell.run("head -c 8 out.png | od -An -c")
      #expect(figure.text.contains("P   N   G"))
    }
  }

  @Test func trimmedAndMergedRunsAreRunsAgain() throws {
    try withRun { shell in
      let cut = try shell.run(
        "poolscope trim --since @mark:merging -o part run && poolscope part")
      #expect(cut.status == 0 && cut.text.contains("4 workers   1 task "), "\(cut.messages)")
      let other = try shell.run("CONCURRENT_FUTURES_LOG=other questions fail")
      #expect(other.status == 0)
      let merged = try shell.run(
        "poolscope merge -o both run other && poolscope validate both && poolscope info --json both")
      #expect(merged.status == 0 && merged.text.contains("\"pools\""), "\(merged.messages)")
    }
  }

  /// Two groups of runs: one run cut at ten places, so that what they differ in is known.
  @Test func groupsOfRunsAreCompared() throws {
    try withRun { shell in
      let cuts = try shell.run(
        """
        for n in 1 2 3 4 5; do poolscope trim --until 5$n% -o short$n run && poolscope trim --until 9$n% -o long$n run; done
        """)
      #expect(cuts.status == 0, "\(cuts.messages)")
      func group(_ name: String, _ count: Int) -> String { (1...count).map { "\(name)\($0)" }.joined(separator: ",") }
      let (short, long) = (group("short", 5), group("long", 5))
      let worse = try shell.run("poolscope diff --fail-on-regression --runs \(short) --vs \(long)")
      #expect(worse.status == 1 && worse.text.contains("Mann-Whitney, two-sided: 5 runs before, 5 after"))
      #expect(worse.text.contains("worse"), "\(worse.text)")
      let better = try shell.run("poolscope diff --fail-on-regression --runs \(long) --vs \(short)")
      #expect(better.status == 0 && better.text.contains("better"), "\(better.text)")
      let json = try shell.run("poolscope diff --json --runs \(short) --vs \(long)").text
      #expect(json.contains(#""runs_before": 5"#) || json.contains(#""runs_before":5"#))
      #expect(!json.contains(#""within_run_only": true"#) && !json.contains(#""within_run_only":true"#))
      // Four cannot tell change from chance, and a single run cannot either.
      let few = try shell.run("poolscope diff --runs \(group("short", 4)) --vs \(group("long", 4))")
      #expect(few.status == 0 && few.text.contains("within-run only"))
      for wrong in ["--runs \(short)", "--vs \(long)", "--runs \(short) --vs \(long) run"] {
        #expect(try shell.run("poolscope diff \(wrong)").status == 2, "\(wrong)")
      }
      #expect(try shell.run("poolscope diff --runs \(short) --vs nowhere").status == 3)
    }
  }

  @Test func completionAndManualKnowEveryCommand() throws {
    let shell = try Shell()
    let help = try shell.run("poolscope --help").text
    let commands = help.matches(of: /\n  ([a-z][a-z-]+)(?: \(default\))?\s\s/).map { String($0.1) }
    #expect(commands.count > 24, "\(commands)")
    let manual = try shell.run("poolscope manual").text
    let bash = try shell.run("poolscope completion bash > c && bash -n c && cat c")
    #expect(bash.status == 0, "\(bash.messages)")
    for command in commands {
      #expect(manual.contains("\n.SS \(command)\n"), "\(command)")
      #expect(bash.text.contains(command))
      for option in try shell.run("poolscope \(command) --help").text.matches(of: /\n  (--[a-z-]+)/)
      where option.1 != "--version" {
        #expect(manual.contains(option.1.replacing("-", with: "\\-")), "\(command) \(option.1)")
      }
    }
    for shellName in ["zsh", "fish"] {
      #expect(try shell.run("poolscope completion \(shellName)").text.contains("critical-path"))
    }
    // Where troff is installed it has nothing to say against the page.
    let troff = try shell.run("command -v groff >/dev/null || exit 0; poolscope manual | groff -man -Tascii -ww -z")
    #expect(troff.status == 0 && troff.messages.isEmpty, "\(troff.messages)")
  }

  @Test func liveFollowsAProgram() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      """
      CONCURRENT_FUTURES_LOG=run questions wider & until poolscope run >/dev/null 2>&1; do :; done
      poolscope live --interval 0.05 run; status=$?; wait; exit $status
      """)
    #expect(outcome.status == 0, "\(outcome.messages)")
    // The last frame shows the end of the run.
    #expect(outcome.text.matches(of: /64 tasks/).count >= 1 && outcome.text.contains("of 4 workers"))
  }
}
