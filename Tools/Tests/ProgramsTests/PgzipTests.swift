import Foundation
import Testing

/// What pgzip promises to someone who knows gzip: each test a line or two of shell.
@Suite(.timeLimit(.minutes(5))) struct PgzipTests {
  @Test(arguments: ["-1", "-6", "-9", "--fast", "--best", "-p 1", "-p8", "-b 32", "-b1000", "-n"])
  func gunzipGivesTheInputBack(option: String) throws {
    let shell = try Shell()
    try shell.write("a", count: 1_500_000)
    let outcome = try shell.run("pgzip \(option) -c a | gunzip | cmp - a && pgzip -kf \(option) a && gzip -t a.gz")
    #expect(outcome.status == 0, "\(outcome.messages)")
  }

  @Test(arguments: [0, 1, 131_071, 131_072, 131_073, 262_144]) func sizesAroundTheBlocks(count: Int) throws {
    let shell = try Shell()
    try shell.write("a", count: count)
    #expect(try shell.run("cat a | pgzip | gunzip | cmp - a").status == 0)
    #expect(try shell.run("pgzip < a | pgzip -d | cmp - a").status == 0)
  }

  @Test func replacesTheFileAndKeepsItsModeAndTime() throws {
    let shell = try Shell()
    try shell.write("a", count: 1000)
    let outcome = try shell.run(
      """
      chmod 640 a; touch -d '2001-02-03 04:05:06.789' a; before=$(stat -c '%a %y' a); cp -p a copy
      pgzip a && test ! -e a && test "$(stat -c '%a %y' a.gz)" = "$before" && gzip -lv a.gz
      pgzip -d a.gz && test ! -e a.gz && test "$(stat -c '%a %y' a)" = "$before" && cmp a copy && leftovers
      """)
    #expect(outcome.status == 0, "\(outcome.messages)")
    #expect(outcome.text.contains("Feb  3 04:05"))
  }
  @Test func keepsNameAndTimeInTheHeader() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      """
      echo text > a; touch -d @1000000000 a; pgzip a; mv a.gz b.gz; touch b.gz
      pgzip -dkN b.gz && stat -c %Y a && pgzip -dk b.gz && test -e b; echo same > c; touch -d @5 c
      pgzip -cn c > 1; touch c; pgzip -cn c > 2; cmp 1 2
      """)
    #expect(outcome.status == 0, "\(outcome.messages)")
    #expect(outcome.text == "1000000000\n")
  }
  @Test func aStoredNameDoesNotLeaveTheFolder() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      "mkdir d; printf '\\x1f\\x8b\\x08\\x08\\0\\0\\0\\0\\0\\x03../evil\\0\\x03\\0\\0\\0\\0\\0\\0\\0\\0\\0' > d/a.gz; pgzip -dN d/a.gz; ls d evil"
    )
    #expect(outcome.text == "d:\nevil\n")
  }

  @Test func outputOption() throws {
    let shell = try Shell()
    try shell.write("a", count: 300_000)
    let outcome = try shell.run(
      """
      pgzip -o x.gz a && test -e a && gunzip -c x.gz | cmp - a && pgzip -d -o y x.gz && cmp a y
      pgzip -o z.gz < a && gunzip -c z.gz | cmp - a && pgzip -o - a | gunzip | cmp - a && pgzip -o /dev/null a
      test -c /dev/null && ls
      """)
    #expect(outcome.status == 0, "\(outcome.messages)")
    #expect(outcome.text == "a\nx.gz\ny\nz.gz\n")
    #expect(
      try shell.run("pgzip -o x.gz a").messages == "pgzip: x.gz: already exists; not overwritten (-f overwrites)\n")
    #expect(try shell.run("pgzip -o x.gz a a").status == 1)
  }

  @Test func severalFilesOneOfThemMissing() throws {
    let shell = try Shell()
    let outcome = try shell.run("echo 1 > a; echo 2 > b; pgzip a missing b; echo $?; zcat a.gz b.gz")
    #expect(outcome.text == "1\n1\n2\n")
    #expect(outcome.messages == "pgzip: missing: No such file or directory\n")
  }

  /// Messages and exit status of what is refused; nothing may have been changed.
  @Test(arguments: [
    ("pgzip d", 2, "pgzip: d: is a directory -- ignored"),
    ("pgzip link", 2, "pgzip: link: is a symbolic link -- ignored"),
    ("pgzip pipe", 2, "pgzip: pipe: is not a regular file -- ignored"),
    ("pgzip hard", 2, "pgzip: hard: has 1 other link -- ignored"),
    ("pgzip b.gz", 2, "pgzip: b.gz: already has .gz suffix -- unchanged"),
    ("pgzip -q b.gz", 2, ""),
    ("pgzip a", 1, "pgzip: a.gz: already exists; not overwritten (-f overwrites)"),
    ("pgzip -d a", 2, "pgzip: a: unknown suffix -- ignored"),
    ("pgzip -d b.gz", 1, "pgzip: b.gz: not in gzip format"),
    ("pgzip -d empty.gz", 1, "pgzip: empty.gz: unexpected end of file"),
    ("pgzip -p 0 a", 1, "Error: -p takes 1 to 1024, not 0"),
    ("pgzip -b 31 a", 1, "Error: -b takes 32 to 524288 KiB, not 31"),
    ("pgzip -x a", 1, "Error: Unknown option '-x'"),
  ]) func refusals(command: String, status: Int32, message: String) throws {
    let shell = try Shell()
    try shell.run(
      "mkdir d; echo a > a; echo old > a.gz; ln -s a link; mkfifo pipe; echo h > hard; ln hard hard2; echo b > b.gz; : > empty.gz"
    )
    let before = try shell.run("ls -l --time-style=full-iso | grep -v pipe").text
    let outcome = try shell.run(command)
    #expect(outcome.status == status)
    #expect(outcome.messages.split(separator: "\n").first ?? "" == message[...])
    #expect(try shell.run("ls -l --time-style=full-iso | grep -v pipe").text == before)
  }
  @Test func forceOverwritesAndFollows() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      "echo a > a; echo old > a.gz; pgzip -kf a && zcat a.gz; ln -s a link; pgzip -f link && zcat link.gz; ls")
    #expect(outcome.text == "a\na\na\na.gz\nlink.gz\n")
  }
  @Test func theLastLevelWins() throws {
    let shell = try Shell()
    try shell.write("a", count: 200_000)
    #expect(try shell.run("pgzip -n -1 -9 -c a | cmp - <(pgzip -n -9 -c a)").status == 0)
  }

  @Test func namesAreBytes() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      """
      name=$(printf 'a\\377\\nb \\\\ c'); echo text > "$name"; pgzip "$name" && zcat "$name.gz" && pgzip -dN "$name.gz"
      cat "$name"; pgzip "$(printf 'no\\376')"
      """)
    #expect(outcome.text == "text\ntext\n")
    #expect(try shell.run("pgzip \"$(printf 'no\\376')\" 2>&1 | od -An -c").text.contains("n   o 376   :"))
  }

  @Test func verboseTellsTheRatio() throws {
    let shell = try Shell()
    let outcome = try shell.run("head -c 100000 /dev/zero > a; pgzip -v a; pgzip -tv a.gz; pgzip -dv a.gz")
    #expect(outcome.messages == "a:\t99.9% -- replaced with a.gz\na.gz:\tOK\na.gz:\t99.9% -- replaced with a\n")
  }
  @Test func aTerminalGetsProgressButNoCompressedData() throws {
    let shell = try Shell()
    try shell.write("a", count: 12_000_000)
    // `script` makes a terminal for the command.
    let refused = try shell.run("script -qec 'pgzip -c a' /dev/null")
    #expect(refused.text.contains("compressed data is not written to a terminal"))
    let shown = try shell.run("script -qec 'pgzip -p1 -9 -v a' /dev/null")
    #expect(shown.text.contains("] ") && shown.text.contains("MiB of 11.4 MiB"))
    #expect(shown.text.hasSuffix("a:\t\(ratio(shown.text)) -- replaced with a.gz\r\n"))
  }
  private func ratio(_ text: String) -> String {
    String(text.split(separator: "a:\t").last?.prefix { $0 != " " } ?? "")
  }
}
