import Foundation
import Testing

/// How pgzip ends when something goes wrong: a message, an exit status, nothing half-done left behind.
@Suite(.timeLimit(.minutes(5))) struct PgzipFaultTests {
  @Test func brokenPipe() throws {
    let shell = try Shell()
    try shell.write("a", count: 8_000_000)
    let outcome = try shell.run("pgzip -c a a a | head -c 10 > /dev/null; echo ${PIPESTATUS[0]}; leftovers")
    #expect(outcome.text == "1\n")
    #expect(outcome.messages == "pgzip: stdout: Broken pipe\n")
    #expect(try shell.run("pgzip a; pgzip -dc a.gz | head -c 10 > /dev/null; echo ${PIPESTATUS[0]}").text == "1\n")
  }

  @Test func fullDevice() throws {
    let shell = try Shell()
    try shell.write("a", count: 2_000_000)
    let outcome = try shell.run("pgzip -c a > /dev/full")
    #expect(outcome.status == 1)
    #expect(outcome.messages == "pgzip: stdout: No space left on device\n")
  }
  @Test func fullDisk() throws {
    let shell = try Shell()
    // A file system of 256 KiB that ends with the shell that mounted it.
    let mount = "mkdir -p disk && mount -t tmpfs -o size=256k none disk"
    let isolated = "unshare --mount --map-root-user bash -c"
    guard try shell.run("\(isolated) 'mkdir probe && mount -t tmpfs none probe'").status == 0 else {
      return print("skipped: this machine lets us mount nothing")
    }
    try shell.write("a", count: 2_000_000)
    let outcome = try shell.run(
      "\(isolated) '\(mount) && { pgzip -o disk/a.gz a; echo $?; ls -A disk; }'")
    #expect(outcome.text == "1\n")
    #expect(outcome.messages == "pgzip: disk/a.gz: No space left on device\n")
    let unpacked = try shell.run(
      "pgzip -9 a; \(isolated) '\(mount) && { pgzip -d -o disk/a a.gz; echo $?; ls -A disk; }'; ls a.gz")
    #expect(unpacked.text == "1\na.gz\n")
  }

  @Test func unreadableInput() throws {
    let shell = try Shell()
    let outcome = try shell.run("echo secret > a; chmod 0 a; nobody pgzip a; echo $?; leftovers")
    #expect(outcome.text == "1\n")
    #expect(outcome.messages == "pgzip: a: Permission denied\n")
  }
  @Test func unwritableFolder() throws {
    let shell = try Shell()
    let outcome = try shell.run(
      "mkdir d; echo text > d/a; chmod 755 d; chmod 644 d/a; nobody env -C d pgzip a; echo $?; ls -A d")
    #expect(outcome.text.hasPrefix("1\na\n"))
    #expect(outcome.messages == "pgzip: a.gz: Permission denied\n" || getuid() != 0)
  }
  @Test func readError() throws {
    let shell = try Shell()
    let outcome = try shell.run("pgzip -o x.gz /proc/self/mem; echo $?; ls -A | grep -v '^.mess\\|^.out'")
    #expect(outcome.text == "1\n")
    #expect(outcome.messages == "pgzip: /proc/self/mem: Input/output error\n")
  }

  @Test func truncatedInput() throws {
    let shell = try Shell()
    try shell.write("a", count: 500_000)
    try shell.run("pgzip a")
    let size = Int(try shell.run("stat -c %s a.gz").text.dropLast())!
    for cut in [1, 2, 5, 9, 11, 100, size / 2, size - 8, size - 1] {
      let outcome = try shell.run(
        "head -c \(cut) a.gz > t.gz; pgzip -d t.gz; echo $?; ls t; leftovers; pgzip -t < t.gz")
      #expect(outcome.text == "1\n", "cut at \(cut)")
      let reason = cut == 1 ? "not in gzip format" : "unexpected end of file"
      #expect(outcome.messages.contains("pgzip: t.gz: \(reason)\n"), "cut at \(cut): \(outcome.messages)")
      #expect(outcome.messages.contains("pgzip: stdin: \(reason)\n"))
    }
  }
  @Test func damagedInput() throws {
    let shell = try Shell()
    try shell.write("a", count: 500_000)
    try shell.run("pgzip -n a")
    let good = try Data(contentsOf: shell.folder.appendingPathComponent("a.gz"))
    let seed = UInt64.random(in: .min ... .max)
    print("seed \(seed)")
    var random = SplitMix(state: seed)
    for round in 0..<20 {
      var bad = good
      // The header's time, flags and system do not count; everything behind it is under the checksum.
      bad[Int.random(in: 10..<bad.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      try bad.write(to: shell.folder.appendingPathComponent("t.gz"))
      let outcome = try shell.run("pgzip -d t.gz; echo $?; ls t; leftovers")
      #expect(outcome.text == "1\n", "round \(round)")
      #expect(outcome.messages.hasPrefix("pgzip: t.gz: "))
    }
  }
  @Test func membersPaddingAndGarbage() throws {
    let shell = try Shell()
    let members = try shell.run("(echo 1 | pgzip; echo 2 | gzip) > m.gz; pgzip -dc m.gz; pgzip -t m.gz")
    #expect(members.text == "1\n2\n" && members.status == 0)
    let padded = try shell.run("(cat m.gz; head -c 1000 /dev/zero) > p.gz; pgzip -dc p.gz")
    #expect(padded.text == "1\n2\n" && padded.status == 0)
    let garbage = try shell.run("(cat m.gz; echo garbage) > g.gz; pgzip -d g.gz; echo $?; cat g")
    #expect(garbage.text == "2\n1\n2\n")
    #expect(garbage.messages == "pgzip: g.gz: decompression OK, trailing garbage ignored\n")
  }

  @Test(arguments: ["INT", "TERM", "HUP"]) func aSignalRemovesTheHalfFile(signal: String) throws {
    let shell = try Shell()
    // The input never ends, so that the signal surely comes while the file is unfinished.
    let outcome = try shell.run(
      """
      mkfifo never; exec 3<> never; head -c 3000000 /dev/urandom >&3 &
      (trap - INT; exec pgzip -o x.gz < never) & pid=$!
      until [ -n "$(find . -name '.pgzip-*' -size +0)" ]; do sleep 0.01; done
      kill -\(signal) $pid; wait $pid; echo $?; ls x.gz; leftovers
      """)
    let status = ["INT": 130, "TERM": 143, "HUP": 129][signal]!
    #expect(outcome.text == "\(status)\n", "\(outcome.messages)")
  }

  /// The window bounds what is in memory, whatever the length of the input and however slow the reader.
  @Test func memoryIsBounded() throws {
    let shell = try Shell()
    let megabytes = isLongRun ? 2048 : 128
    let outcome = try shell.run(
      """
      seq 1 100000000 | head -c \(megabytes)M | python3 -c '
      import resource, subprocess, sys
      status = subprocess.run(["pgzip", "-p2"], stdout=open("x.gz", "wb")).returncode
      print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)'
      gunzip -c x.gz | cmp - <(seq 1 100000000 | head -c \(megabytes)M)
      """)
    let words = outcome.text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    try #require(words.count == 2, "\(outcome.messages)")
    #expect(words[0] == 0)
    print("\(megabytes) MiB of standard input: at most \(words[1]) KiB resident")
    #expect(words[1] < 200 << 10)
  }
}
