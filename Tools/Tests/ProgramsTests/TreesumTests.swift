import Foundation
import Programs
import Testing

@testable import treesum

@Suite(.timeLimit(.minutes(5))) struct TreesumTests {
  private static let reference = "find \"$@\" -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum"

  /// treesum and the shell's way, on the same operands.
  private func expectTheSame(_ shell: borrowing Shell, _ operands: String) throws {
    let outcome = try shell.run(
      "set -- \(operands); treesum \"$@\" > .ours; echo $?; { \(Self.reference); } > .theirs; cmp .ours .theirs; wc -l < .ours"
    )
    #expect(outcome.text.hasPrefix("0\n"), "\(outcome.messages)")
    #expect(outcome.status == 0 && !outcome.text.hasSuffix("\n0\n"), "\(outcome.messages)")
  }

  @Test func oddNames() throws {
    let shell = try Shell()
    try shell.run(
      """
      mkdir -p d/sub.dir d/sub d/sub/x "d/$(printf 'dir\\nwith\\\\newline')" d/$'\\377\\376'
      for name in plain ' ' '-n' '*' a.b 'a b' $'tab\\t' $'new\\nline' 'back\\slash' $'cr\\r' $'\\001' $'\\377' é e$'\\314\\201' '"' "'"; do
        for dir in d d/sub d/sub.dir d/sub/x "d/$(printf 'dir\\nwith\\\\newline')" d/$'\\377\\376'; do
          echo "$dir $name" > "$dir/$name"
        done
      done
      ln -s plain d/link; ln -s sub d/dirlink; mkfifo d/pipe; : > d/empty; mkdir d/nothing
      """)
    for operands in ["d", "d/", "d//", "./d", "\"$PWD/d\"", ".//d/sub", "d/sub d/plain", "d d", "d/$'\\377\\376'"] {
      try expectTheSame(shell, operands)
    }
    #expect(try shell.run("cd d && cmp <(treesum) <(treesum .) && treesum | grep -q '  ./plain$'").status == 0)
    #expect(try shell.run("treesum d | sha256sum --check --quiet").status == 0)
  }
  @Test func sizesAroundTheBuffer() throws {
    let shell = try Shell()
    try shell.run("mkdir d")
    for count in [0, 1, 63, 64, 131_071, 131_072, 131_073, 5_000_000] { try shell.write("d/\(count)", count: count) }
    try expectTheSame(shell, "d")
  }
  @Test func manyFiles() throws {
    let shell = try Shell()
    let side = isLongRun ? 150 : 40  // squared: the number of files, at full scale 22,500
    try shell.run(
      "for i in $(seq \(side)); do mkdir -p d/$((i % 7))/$i; for j in $(seq \(side)); do echo $i $j > d/$((i % 7))/$i/$j; done; done"
    )
    try expectTheSame(shell, "d")
    try expectTheSame(shell, "/usr/include")
    for workers in [1, 3, 16] {
      #expect(try shell.run("treesum -p \(workers) d | cmp - <(treesum d)").status == 0)
    }
    #expect(try shell.run("treesum --processes -p 2 d | cmp - <(treesum d)").status == 0)
  }
  @Test func aDeepTree() throws {
    let shell = try Shell()
    try shell.run("p=d; for i in $(seq 300); do p=$p/level; done; mkdir -p $p; echo deep > $p/file")
    try expectTheSame(shell, "d")
  }

  @Test func whatCannotBeReadIsReported() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      """
      mkdir -p d/closed d/open; echo 1 > d/open/a; echo 2 > d/secret; echo 3 > d/closed/b; ln -s open d/link
      chmod 0 d/closed d/secret; nobody treesum d missing d/link; echo $?; chmod 700 d/closed
      """)
    #expect(outcome.text == "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865  d/open/a\n1\n")
    #expect(
      outcome.messages == """
        treesum: d/closed: Permission denied
        treesum: d/link: is a symbolic link; not followed
        treesum: d/secret: Permission denied
        treesum: missing: No such file or directory

        """)
  }
  @Test func readError() throws {
    let shell = try Shell()
    let outcome = try shell.run("treesum /proc/self/mem")
    #expect(outcome.status == 1 && outcome.messages == "treesum: /proc/self/mem: Input/output error\n")
  }
  @Test func brokenPipeAndFullDisk() throws {
    let shell = try Shell()
    let pipe = try shell.run("treesum /usr/include | head -n 1 | wc -l; echo ${PIPESTATUS[0]}")
    #expect(pipe.text == "1\n141\n" && pipe.messages == "")
    let full = try shell.run("treesum /usr/include > /dev/full")
    #expect(full.status == 1 && full.messages == "treesum: stdout: No space left on device\n")
  }
  @Test func verbose() throws {
    let shell = try Shell()
    let outcome = try shell.run("mkdir d; echo 1 > d/a; echo 22 > d/b; treesum -v d > /dev/null")
    #expect(outcome.messages.hasPrefix("treesum: 2 files, 5 B in "))
  }

  @Test func escaping() {
    let digest = Digest(bytes: [0xAB, 0x01])
    #expect(Report.line(digest, Path("a b")) == Array("ab01  a b\n".utf8))
    #expect(Report.line(digest, Path("a\\\n\r")) == Array("\\ab01  a\\\\\\n\\r\n".utf8))
  }
}
