import Testing

@Suite(.timeLimit(.minutes(5))) struct ManyparseTests {
  @Test func onePoisonedInputCostsItself() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      """
      printf '{"a": [1, 2, {"b": null}]}' > good; printf '[1, tru' > cut; printf '[1; 2]' > wrong
      { head -c 3000000 /dev/zero | tr '\\0' '['; } > deep; printf '"last"' > last
      manyparse --processes 2 good cut wrong deep missing last 2> /dev/null
      """)
    let lines = outcome.text.split(separator: "\n").map(String.init)
    #expect(outcome.status == 1)
    #expect(lines.count == 6, "\(outcome.text)")
    guard lines.count == 6 else { return }
    #expect(lines[0] == "good: 6 values, depth 4")
    #expect(lines[1].hasPrefix("cut: the parser crashed (signal"))
    #expect(lines[2] == "wrong: unexpected byte 59 at offset 2")
    #expect(lines[3] == "deep: the parser crashed (signal 11)")
    #expect(lines[4] == "missing: No such file or directory")
    #expect(lines[5] == "last: 1 values, depth 1")
  }

  @Test func allGood() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      "for i in $(seq 50); do echo \"[$i]\" > $i; done; manyparse $(seq 50) | grep -c ': 2 values, depth 2'")
    #expect(outcome.status == 0)
    #expect(outcome.text == "50\n")
  }
}
