import Testing

@testable import Programs

@Suite struct PathTests {
  @Test(.timeLimit(.minutes(1))) func everyByteSurvivesTheCommandLine() {
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(state: seed)
    let pieces: [[UInt8]] = [
      [0xFF], [0x80], [0xC3], Array("é".utf8), Array("\u{10FF41}\u{10FFFF}\u{10FEFF}".utf8), [0xF4, 0x8F, 0xBC],
      Array("plain".utf8), [0xED, 0xA0, 0x80], Array("e\u{301}".utf8), Array("👩‍👩‍👧".utf8), [0x0A],
    ]
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...8, using: &random)).flatMap { _ in pieces.randomElement(using: &random)! }
      #expect(CommandWords.bytes(of: CommandWords.string(of: bytes)) == bytes)
    }
  }
  @Test func validTextStaysAsItIs() {
    #expect(CommandWords.string(of: Array("-o größe.gz".utf8)) == "-o größe.gz")
  }

  @Test(arguments: [
    ("a/b/c", "a/b/", "c"), ("c", "", "c"), ("/c", "/", "c"), ("a/", "a/", ""),
  ]) func directoryAndName(path: String, directory: String, name: String) {
    #expect(Path(path).directory == Array(directory.utf8))
    #expect(Path(path).name == Array(name.utf8))
  }
  @Test(arguments: [("a", "a/x"), ("a/", "a/x"), ("a//", "a//x"), ("/", "/x"), (".", "./x")])
  func joinsAsFindDoes(directory: String, joined: String) {
    #expect(Path(directory).appending("x".utf8) == Path(joined))
  }
  @Test func ordersByBytes() {
    let names: [[UInt8]] = [[0x61, 0x2F], [0x61], [0xFF], [0x61, 0x2E], [0x42]]
    #expect(
      names.map(Path.init(bytes:)).sorted().map(\.bytes) == [[0x42], [0x61], [0x61, 0x2E], [0x61, 0x2F], [0xFF]])
  }
}

@Suite struct TextTests {
  @Test(arguments: [
    (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (5 << 20, "5.0 MiB"), (3 << 40, "3.0 TiB"),
  ]) func byteCounts(count: Int, text: String) { #expect(byteCount(count) == text) }

  @Test func cpusFollowTheAffinityMask() throws {
    let shell = try Shell()
    let cpu = try shell.run(#"taskset -pc $$ | grep -o '[0-9]*$'"#).text.dropLast()
    let help = try shell.run("taskset -c \(cpu) pgzip --help | grep -A1 -e --processes").text
    #expect(help.contains("default: 1"))
    #expect(usableCPUs() >= 1)
  }
}
