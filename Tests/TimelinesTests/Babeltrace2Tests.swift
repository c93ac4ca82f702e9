// LTTng sessions through libbabeltrace2: what our own reader makes of them is what their makers' library makes of them.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

@Suite(
  .timeLimit(.minutes(2)),
  .enabled(if: SessionReader.babeltrace2.isAvailable, "Tools/setup installs libbabeltrace2-dev"))
struct Babeltrace2Tests {
  let directory = TemporaryDirectory()

  /// Everything that reading gives.
  private struct Contents: EventConsumer, Equatable {
    var records: [UInt16: [EventRecord]] = [:]
    mutating func consume(_ record: EventRecord) { records[record.worker, default: []].append(record) }

    static func of(_ trace: Trace) -> Contents {
      var contents = Contents()
      trace.read(into: &contents)
      return contents
    }
    /// The first one, in words.
    func difference(from other: Contents) -> String? {
      for lane in Set(records.keys).union(other.records.keys).sorted() {
        let (one, two) = (records[lane] ?? [], other.records[lane] ?? [])
        let length = max(one.count, two.count)
        if let index = (0..<length).first(where: { one.dropFirst($0).first != two.dropFirst($0).first }) {
          let (left, right) = (one.dropFirst(index).first, two.dropFirst(index).first)
          return "lane \(lane), \(index) of \(one.count) and \(two.count): \(left as Any), \(right as Any)"
        }
      }
      return nil
    }
  }
  /// Opens a session with both readers, which must agree in all that they say.
  @discardableResult private func same(_ path: String, _ note: Comment) throws -> Trace {
    let native = try Trace.open(path)
    let other = try Trace.open(path, reader: .babeltrace2)
    #expect(native.problems == [] && other.problems == [], note)
    #expect(Contents.of(native).difference(from: Contents.of(other)) == nil, note)
    #expect(native.labels.all == other.labels.all, note)
    #expect(native.lost == other.lost && native.missingPackets == other.missingPackets, note)
    #expect(native.span == other.span && native.name == other.name, note)
    for (one, two) in zip(native.processes, other.processes) {
      #expect(one.pools == two.pools && one.pid == two.pid && one.program == two.program, note)
    }
    #expect(native.processes.count == other.processes.count, note)
    #expect(Summary.of(native).json().description == Summary.of(other).json().description, note)
    #expect(Validation.of(native) == Validation.of(other), note)
    return native
  }

  @Test(arguments: UInt64(1)...4) func bothReadersGiveTheSameEvents(seed: UInt64) throws {
    let path = try Simulation(seed: seed).text.writeSession(
      in: directory.path, seed: seed, SessionTests.forms[Int(seed) % SessionTests.forms.count])
    #expect(try same(path, "seed \(seed)").recordCount > 500)
  }

  @Test func aRotatedSessionWithAGap() throws {
    var writer = SessionWriter()
    writer.packetBytes = 4096
    for (number, record) in Simulation(seed: 5).text.records.enumerated() {
      if number % 400 == 399 { writer.rotate() }
      writer.add(record, cpu: Int(record.worker % 2))
    }
    let path = directory.path + "/rotated"
    try writer.write(to: path)
    try same(path, "whole")
    try FileManager.default.removeItem(atPath: path + "/archives/chunk-1")
    #expect(try same(path, "a chunk less").missingPackets > 0)
  }

  /// A loss is counted the same, and lies at the same place.
  @Test(arguments: UInt64(1)...4) func whatIsDiscardedIsTheSameHole(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var shape = Simulation.Shape()
    shape.roots = 60
    var writer = SessionWriter()
    writer.packetBytes = 4096
    let records = Simulation(seed: seed, shape: shape).text.records
    let dropped = writer.add(records, discardingFrom: 601, using: &random)
    let path = directory.path + "/discarded"
    try writer.write(to: path)
    #expect(try same(path, "seed \(seed)").lost == dropped && dropped > 0)
  }

  /// Metadata cut off anywhere, streams damaged anywhere: a trace or an error, and never a hang.
  @Test func damageEndsInTime() throws {
    var shape = Simulation.Shape()
    shape.roots = 3
    let path = try Simulation(seed: 3, shape: shape).text.writeSession(in: directory.path)
    let folder = path + "/ust/uid/0/64-bit"
    var random = SplitMix64(seed: 9)
    var outcomes = (whole: 0, damaged: 0, errors: 0)
    for round in 0..<16 {
      let url = URL(fileURLWithPath: folder + (round % 2 == 0 ? "/metadata" : "/c_0"))
      let original = try Data(contentsOf: url)
      var data = original
      if round % 4 < 2 {
        data = data.prefix(data.count * (round + 1) / 17)
      } else {
        for _ in 0..<8 { data[Int.random(in: 0..<min(data.count, 200), using: &random)] = 0xFF }
      }
      try data.write(to: url)
      defer { try? original.write(to: url) }
      guard let text = FileManager.default.contents(atPath: folder + "/metadata"),
        let session = LTTngFolder(folder, text)
      else { continue }
      do {
        let contents = try Babeltrace2Reader.read([session], into: LaneSplitter(), patience: 300)
        if contents.problems.isEmpty { outcomes.whole += 1 } else { outcomes.damaged += 1 }
      } catch { outcomes.errors += 1 }
    }
    #expect(outcomes.damaged > 3, "\(outcomes)")
  }

  /// What comes before damage is kept, and what comes behind it is unknown; where nothing is left the error says why.
  @Test func whatCameBeforeDamageIsThere() throws {
    var writer = SessionWriter()
    writer.packetBytes = 4096
    let path = try Simulation(seed: 6).text.writeSession(in: directory.path, writer)
    let file = URL(fileURLWithPath: path + "/ust/uid/0/64-bit/c_0")
    let original = try Data(contentsOf: file)
    let packet = 4096
    #expect(original.count > 2 * packet)
    // An event that nobody declared. (Not in the last packet: that one the library looks into before anything else.)
    var data = original
    data.replaceSubrange(packet + 84..<packet + 100, with: repeatElement(0xEE, count: 16))
    try data.write(to: file)
    let trace = try Trace.open(path, reader: .babeltrace2)
    #expect(trace.problems.contains { $0.text.contains("libbabeltrace2 gave up") }, "\(trace.problems)")
    #expect(trace.recordCount > 100 && Summary.of(trace).coverage < 1)
    // Something that is no packet.
    data = original
    data.replaceSubrange(packet..<packet + 4, with: [1, 2, 3, 4])
    try data.write(to: file)
    let error = #expect(throws: ReadingError.self) { try Trace.open(path, reader: .babeltrace2) }
    #expect(error?.reason.contains("libbabeltrace2 gave up") == true)
    #expect(error?.advice.contains("native") == true)
  }

  /// What a stream lost in its first packet the library does not count: that is said, and the time of the loss is unknown.
  @Test func aLossThatNobodyCounts() throws {
    var writer = SessionWriter()
    for number in 1...9 { writer.add(EventRecord(.mark, time: UInt64(number) * 1000, worker: 0x8000), cpu: 0) }
    writer.discard(cpu: 0)
    writer.add(EventRecord(.mark, time: 20_000, worker: 0x8000), cpu: 0)
    try writer.write(to: directory.path + "/first")
    let trace = try Trace.open(directory.path + "/first", reader: .babeltrace2)
    #expect(trace.lost == 0)
    #expect(trace.problems.contains { $0.text.contains("does not say how much") })
    #expect(Contents.of(trace).difference(from: Contents.of(try Trace.open(directory.path + "/first"))) == nil)
  }

  /// A process that says nothing is killed, one that ends early is told from one that said its last word.
  @Test(arguments: [("exec sleep 600", "hangs"), ("kill -KILL $$", "Killed"), ("printf 123; exit 3", "status 3")])
  func aReaderThatFails(script: String, reason: String) throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    var process: pid_t = 0
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    defer { posix_spawn_file_actions_destroy(&actions) }
    let words = ["sh", "-c", script].map { (word: String) -> UnsafeMutablePointer<CChar>? in strdup(word) }
    defer { for word in words { free(word) } }
    #expect(posix_spawn(&process, "/bin/sh", &actions, nil, words + [nil], environ) == 0)
    close(ends[1])
    do {
      let pieces = PieceStream(process: process, output: ends[0], patience: 200)
      #expect(pieces.next() == nil)
      #expect(pieces.failure?.contains(reason) == true, "\(pieces.failure ?? "")")
    }
    #expect(kill(process, 0) != 0 && errno == ESRCH)
  }
}
