// Damaged traces met by the command: whatever is wrong with one, poolscope ends in time, with an exit status that means something.
import Foundation
import Testing

@Suite(.timeLimit(.minutes(isLongRun ? 60 : 3))) struct MutationTests {
  /// 60 runs of the command, or 2,000 with LONG_TESTS. What reads the traces is tested with more of them in the library.
  static let runs = isLongRun ? 2000 : 60
  /// Everything that reads a trace. `live` ends after a frame.
  static let commands = [
    "summary", "info --kinds", "timeline", "tasks", "labels", "workers", "calls", "steals", "queues", "latency", "idle",
    "lint --fail-on info", "critical-path --steps", "workspan", "whatif --workers 1,4", "validate", "events",
    "live --count 1",
    "summary --json", "tasks --csv", "export --to html", "export --to svg", "export --to perfetto",
    "export --to chrome",
    "export --to jsonl", "export --to dot", "export --to folded",
  ]

  @Test func damagedTracesEndWithAStatusThatMeansSomething() throws {
    let shell = try Shell()
    let made = try shell.run("CONCURRENT_FUTURES_LOG=run questions tail")
    try #require(made.status == 0, "\(made.messages)")
    let source = shell.folder.appendingPathComponent("run")
    let folder = try #require(
      FileManager.default.enumerator(at: source, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
        .first { $0.lastPathComponent == "metadata" }?.deletingLastPathComponent())
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.isRegularFileKey])
      .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
      .sorted { $0.path < $1.path }
    let originals = try files.map { try Data(contentsOf: $0) }
    var script = ""
    for seed in 1...Self.runs {
      var random = SplitMix(state: UInt64(seed))
      let target = shell.folder.appendingPathComponent("m\(seed)")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: false)
      for (file, original) in zip(files, originals) {
        guard let data = mutate(original, &random) else { continue }
        try data.write(to: target.appendingPathComponent(file.lastPathComponent))
      }
      let command = Self.commands[seed % Self.commands.count].split(separator: " ", maxSplits: 1)
      let options = command.count > 1 ? command[1] : ""
      // A command that takes longer than this for half a megabyte hangs.
      script += """
        timeout --signal=KILL 60 poolscope \(command[0]) \(options) m\(seed) >out 2>err; status=$?
        echo "\(seed) $status $(wc -c <out) $(wc -c <err)"; rm -rf m\(seed)

        """
    }
    // From a file: as an argument the long run's is too long.
    try script.write(to: shell.folder.appendingPathComponent("script"), atomically: true, encoding: .utf8)
    let outcome = try shell.run(". ./script")
    let lines = outcome.text.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    #expect(outcome.status == 0 && lines.count == Self.runs, "\(outcome.messages)")
    for line in lines where line.count == 4 {
      let (seed, status, written, complaints) = (line[0], line[1], line[2], line[3])
      let command = Self.commands[seed % Self.commands.count]
      let comment: Comment = "seed \(seed): poolscope \(command) ended with \(status)"
      let canFind = command.hasPrefix("lint") || command == "validate"
      let canRefuse = command.hasPrefix("whatif")  // a replay that does not fit the run
      #expect(status == 0 || status == 3 || status == 1 && (canFind || canRefuse), comment)
      if status == 3 { #expect(complaints > 0 && written == 0, comment) }
    }
    #expect(
      lines.contains { $0[1] == 0 } && lines.contains { $0[1] == 1 }, "the damage is no damage, or too much of it")
  }

  /// nil: the file is not there.
  private func mutate(_ original: Data, _ random: inout SplitMix) -> Data? {
    var data = original
    guard !data.isEmpty else { return data }
    func place(_ end: Int) -> Int { Int.random(in: 0..<max(1, min(end, data.count)), using: &random) }
    switch Int.random(in: 0..<8, using: &random) {
    case 0: return data.prefix(place(data.count))
    case 1: for _ in 0..<20 { data[place(data.count)] = UInt8.random(in: 0...255, using: &random) }
    case 2: for _ in 0..<4 { data[place(128)] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random)! }
    case 3:
      let start = place(data.count)
      let end = min(data.count, start + 4096)
      data.replaceSubrange(start..<end, with: Data(count: end - start))
    case 4:
      // Records where others were: what remains looks right. They are 32 bytes long and begin on such a border.
      for _ in 0..<10 where data.count > 4096 {
        let (from, to) = (place(data.count - 64) & ~31, place(data.count - 64) & ~31)
        data.replaceSubrange(to..<to + 32, with: data[from..<from + 32])
      }
    case 5 where Int.random(in: 0..<4, using: &random) == 0: return nil
    default: break
    }
    return data
  }
}
