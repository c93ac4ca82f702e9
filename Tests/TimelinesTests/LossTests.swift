// Whatever is missing of a trace: a state that is claimed is the true one, and the coverage says what is not known.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(isLongRun ? 30 : 5))) struct LossTests {
  let directory = TemporaryDirectory()
  /// 40 random schedules, or 400 with LONG_TESTS.
  static let seeds = UInt64(1)...(isLongRun ? 400 : 40)

  private func simulation(_ seed: UInt64) -> Simulation {
    var shape = Simulation.Shape()
    shape.roots = 30
    shape.everything = seed % 3 != 0
    return Simulation(seed: seed, shape: shape)
  }

  /// Compares every interval that claims a state with what the lane really did. `beginnings`: a thread outside of the pool counts
  /// as outside before its first event; by lane, up to when that is not compared.
  private func expectTruth(
    _ seen: Everything, _ simulation: Simulation, _ comment: Comment, beginnings: [UInt16: UInt64] = [:]
  ) {
    for (index, lane) in seen.result!.lanes.enumerated() {
      guard var truth = simulation.truth(ofLane: lane.lane) else { continue }
      if !lane.isWorker, let first = beginnings[lane.lane] { truth.removeAll { $0.end <= first } }
      var position = 0
      for interval in seen.intervals where interval.lane == index {
        while position < truth.count, truth[position].end <= interval.start { position += 1 }
        guard interval.state != .unknown else { continue }
        var next = position
        while next < truth.count, truth[next].start < interval.end {
          #expect(
            truth[next].state == interval.state,
            "\(comment): \(lane.name) was \(truth[next].state) in \(truth[next].start)..<\(truth[next].end), not as claimed in \(interval)"
          )
          next += 1
        }
      }
    }
  }

  /// Nobody counts what is missing: what remains may be taken for something else, but stays within the run, and what
  /// contradicts itself is unknown.
  @Test(arguments: UInt64(1)...20) func eventsDroppedInSilenceStayWithinBounds(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var text = simulation(seed).text
    let share = Double(seed % 11) * 0.05
    text.records.removeAll { _ in Double.random(in: 0..<1, using: &random) < share }
    try DamagedTrace.examine(try text.write(in: directory.path, name: "silent-\(seed)"), "seed \(seed)")
  }

  @Test(arguments: seeds) func droppedEventsAreHoles(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let simulation = simulation(seed)
    let share = Double(seed % 11) * 0.05
    var text = simulation.text
    // What is dropped is counted by the lane's next event, as a recorder does it.
    var unreported: [UInt16: UInt64] = [:]
    var kept: [EventRecord] = []
    var dropped: UInt64 = 0
    for record in text.records {
      if Double.random(in: 0..<1, using: &random) < share {
        unreported[record.worker, default: 0] += 1
        dropped += 1
        continue
      }
      if let count = unreported.removeValue(forKey: record.worker) {
        var lost = EventRecord(.lost, time: record.time, worker: record.worker)
        lost[Lost.count] = count
        kept.append(lost)
      }
      kept.append(record)
    }
    // Losses at the very end of a lane are stated when the recording stops.
    let end = text.records.last!.time
    for (lane, count) in unreported.sorted(by: { $0.key < $1.key }) {
      var lost = EventRecord(.lost, time: end, worker: lane)
      lost[Lost.count] = count
      kept.append(lost)
    }
    text.records = kept
    let path = try text.write(in: directory.path, name: "dropped-\(seed)")
    try DamagedTrace.examine(path, "seed \(seed)")
    let trace = try Trace.open(path)
    let seen = Everything.of(trace)
    #expect(seen.result!.lost == dropped, "seed \(seed)")
    expectTruth(seen, simulation, "seed \(seed)")
    let coverage = Summary.of(trace).coverage
    if share == 0 { #expect(coverage == 1, "seed \(seed)") }
    if share > 0.1 { #expect(coverage < 1, "seed \(seed)") }
    // To know nothing would be right, too; it would be of no use.
    #expect(coverage > 0.8 * pow(1 - share, 3), "seed \(seed), dropped \(share)")
  }

  /// Each lane's first events are not there, and nothing says so: it was there before, nobody knows doing what.
  @Test(arguments: seeds) func lanesThatBeginMidLifeAreNotKnownUntilAnEventProvesThem(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let simulation = simulation(seed)
    var text = simulation.text
    var left: [UInt16: Int] = [:]
    for lane in Set(text.records.map(\.worker)).sorted() { left[lane] = Int.random(in: 0...40, using: &random) }
    text.records.removeAll { record in
      left[record.worker]! -= 1
      return left[record.worker]! >= 0
    }
    let trace = try Trace.open(try text.write(in: directory.path, name: "late-\(seed)"))
    let beginnings = Dictionary(text.records.map { ($0.worker, $0.time) }) { first, _ in first }
    expectTruth(Everything.of(trace), simulation, "seed \(seed)", beginnings: beginnings)
  }

  /// A part that `trim` cut out restates what the lanes were doing.
  @Test(arguments: seeds) func trimmedTracesClaimWhatWas(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let simulation = simulation(seed)
    let trace = try Trace.open(try simulation.text.write(in: directory.path, name: "whole-\(seed)"))
    let from = trace.span.lowerBound + UInt64.random(in: 0..<trace.wall / 2, using: &random)
    let window = from...(from + trace.wall / 4)
    try trace.write(to: directory.path + "/part-\(seed)", window: window)
    let part = try Trace.open(directory.path + "/part-\(seed)")
    expectTruth(Everything.of(part), simulation, "seed \(seed)")
    #expect(Summary.of(part).coverage > 0.7, "seed \(seed)")
  }

  /// Not one of its lanes: nobody knows how many workers it had.
  @Test(arguments: ["streams", "metadata", "only metadata"]) func aProcessThatCannotBeReadIsSaidNotToBeCounted(
    damage: String
  ) throws {
    let folder = directory.path + "/processes of \(damage)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let source = try simulation(1).text.write(in: folder, name: "one")
    let other = try simulation(2).text.write(in: folder, name: "two")
    for name in try FileManager.default.contentsOfDirectory(atPath: other) {
      let file = URL(fileURLWithPath: other + "/" + name)
      switch damage {
      case "streams": if name != LogLayout.metadataFile { try Data().write(to: file) }
      case "metadata": if name == LogLayout.metadataFile { try FileManager.default.removeItem(at: file) }
      default: if name != LogLayout.metadataFile { try FileManager.default.removeItem(at: file) }
      }
    }
    let trace = try Trace.open(folder)
    #expect(trace.unreadProcesses.map(\.file) == [other])
    let summary = Summary.of(trace)
    let alone = Summary.of(try Trace.open(source))
    #expect(summary.capacity == alone.capacity && summary.coverage == 1)
    let text = SummaryView(summary, name: "x", style: TerminalStyle(width: 80)).lines()
    #expect(text[0].contains("coverage 100 % without 1 unread process"))
    #expect(text[1].contains("not counted: the workers of \(other): "))
    #expect(!SummaryView(alone, name: "x", style: TerminalStyle(width: 80)).lines()[0].contains("without"))
    #expect(Lint.findings(summary).contains { $0.id == "DATA-LOSS" && $0.evidence.contains(other) })
    let json = JSON.object(summary.json()).text()
    #expect(json.contains("\"unread_processes\""))
    #expect(Validation.of(trace).contains { $0.contains(other) })
  }

  @Test(arguments: ["empty", "header", "torn"]) func aLaneThatCannotBeReadIsNotKnown(damage: String) throws {
    let source = try simulation(1).text.write(in: directory.path, name: damage)
    let whole = try Trace.open(source)
    let file = URL(fileURLWithPath: source + "/worker-2")
    var data = try Data(contentsOf: file)
    switch damage {
    case "empty": data = Data()
    case "header": data[0] ^= 0xFF
    default: data = data.prefix(PacketHeader.size + 5)
    }
    try data.write(to: file)
    let trace = try Trace.open(source)
    let lane = try #require(trace.lanes.first { $0.lane == 2 })
    #expect(lane.unreadable?.file == "worker-2" && lane.isShown && lane.span == nil)
    let summary = Summary.of(trace)
    #expect(summary.workers.count == Summary.of(whole).workers.count)
    let index = try #require(summary.model.lanes.firstIndex { $0.lane == 2 })
    #expect(summary.states[index][Int(LaneState.unknown.rawValue)] == summary.wall)
    #expect(summary.coverage <= 0.75)
    let text = SummaryView(summary, name: "x", style: TerminalStyle(width: 80)).lines().joined(separator: "\n")
    #expect(text.contains("nothing is known of w2: worker-2"))
    #expect(Lint.findings(summary).contains { $0.evidence.contains("the file of w2 cannot be read") })
    #expect(Validation.of(trace).contains { $0.contains("w2") && $0.contains("worker-2") })
  }
}
