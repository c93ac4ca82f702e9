// LTTng sessions, written by the tests themselves: the same model as from the event log, whatever the layout; damage; losses.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

@Suite(.timeLimit(.minutes(5))) struct SessionTests {
  let directory = TemporaryDirectory()

  /// Ways in which a session can be laid out.
  static let forms: [SessionWriter] = {
    var compact = SessionWriter()
    compact.isLarge = false
    var full = SessionWriter()
    full.hasPID = true
    full.hasProgram = true
    full.hasForeignEvents = true
    var small = compact
    small.packetBytes = 4096
    small.hasPID = true
    return [SessionWriter(), compact, full, small]
  }()

  @Test(arguments: UInt64(1)...4) func theModelIsTheEventLogs(seed: UInt64) throws {
    let simulation = Simulation(seed: seed)
    let log = try Trace.open(try simulation.text.write(in: directory.path))
    let session = try Trace.open(
      try simulation.text.writeSession(in: directory.path, seed: seed, Self.forms[Int(seed) % Self.forms.count]))
    #expect(session.problems == [] && session.lost == 0)
    #expect(session.processes.map(\.format) == [.lttng])
    #expect(session.labels.all == log.labels.all)
    #expect(session.processes[0].pools == log.processes[0].pools)
    #expect(session.span == log.span)
    #expect(session.recordCount == log.recordCount)
    let one = Everything.of(session)
    let other = Everything.of(log)
    #expect(one.intervals.sorted(by: before) == other.intervals.sorted(by: before))
    #expect(one.tasks.sorted { $0.task < $1.task } == other.tasks.sorted { $0.task < $1.task })
    #expect(one.waits.count == other.waits.count && one.wakes.count == other.wakes.count)
    #expect(Summary.of(session).json().description == Summary.of(log).json().description)
    #expect(Validation.of(session) == [])
  }
  private func before(_ one: Interval, _ other: Interval) -> Bool { (one.lane, one.start) < (other.lane, other.start) }

  @Test func aRotatedSessionIsOneTrace() throws {
    let text = Simulation(seed: 5).text
    var writer = SessionWriter()
    writer.packetBytes = 4096
    for (number, record) in text.records.enumerated() {
      if number % 400 == 399 { writer.rotate() }
      writer.add(record, cpu: Int(record.worker % 2))
    }
    try writer.write(to: directory.path + "/rotated")
    let chunks = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/rotated/archives")
    #expect(chunks.count > 2)
    let trace = try Trace.open(directory.path + "/rotated")
    #expect(trace.problems == [] && trace.missingPackets == 0)
    #expect(trace.recordCount == text.records.count)
    #expect(Everything.of(trace).result?.contradictions == 0)
    // A chunk that is deleted is a gap, which is counted and shown.
    try FileManager.default.removeItem(atPath: directory.path + "/rotated/archives/chunk-1")
    let rest = try Trace.open(directory.path + "/rotated")
    #expect(rest.missingPackets > 0)
    #expect(Summary.of(rest).coverage < 1)
  }

  /// Two snapshots hold the packets of the time they share twice.
  @Test func snapshotsThatOverlapAreReadOnce() throws {
    let text = Simulation(seed: 6).text
    let whole = try text.writeSession(in: directory.path, name: "whole")
    let parent = directory.path + "/snapshots"
    try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    for name in ["snapshot-1", "snapshot-2"] {
      try FileManager.default.copyItem(atPath: whole, toPath: parent + "/" + name)
    }
    let file = parent + "/snapshot-1/ust/uid/0/64-bit/c_0"
    let data = try Data(contentsOf: URL(fileURLWithPath: file))
    try data.prefix(8192).write(to: URL(fileURLWithPath: file))
    let trace = try Trace.open(parent)
    #expect(trace.recordCount == text.records.count)
    #expect(trace.problems == [])
  }

  @Test func processesOfOneUserAreToldApartByTheirContext() throws {
    var writer = SessionWriter()
    writer.hasPID = true
    writer.hasProgram = true
    let texts = [Simulation(seed: 1).text, Simulation(seed: 2).text]
    var events: [(pid: Int32, record: EventRecord)] = []
    for (number, text) in texts.enumerated() { events += text.records.map { (Int32(100 + number), $0) } }
    for event in events.sorted(by: { $0.record.time < $1.record.time }) {
      writer.add(event.record, cpu: Int(event.record.worker % 2), pid: event.pid)
    }
    for (number, text) in texts.enumerated() {
      for (index, label) in text.labels.enumerated() {
        writer.add(
          .label(label: UInt32(index + 1), text: label.text + "\(number)", source: ""), time: 1 << 50, cpu: 0,
          pid: Int32(100 + number))
      }
    }
    try writer.write(to: directory.path + "/two")
    let trace = try Trace.open(directory.path + "/two")
    #expect(trace.problems == [])
    #expect(trace.processes.map(\.pid).sorted() == ["100", "101"])
    #expect(trace.processes.map(\.program).sorted() == ["program-100", "program-101"])
    let tasks = texts.reduce(0) { $0 + $1.records.count { $0.kind == .taskSubmit } }
    #expect(Summary.of(trace).tasks == tasks)
    #expect(Validation.of(trace) == [])
  }
  @Test func processesThatNothingTellsApartAreAProblem() throws {
    var writer = SessionWriter()
    for number in 0..<2 {
      writer.add(.label(label: 1, text: "of \(number)", source: ""), time: UInt64(number + 1) * 1000, cpu: 0)
      writer.add(EventRecord(.mark, time: UInt64(number + 1) * 1000 + 1, worker: 0x8000), cpu: 0)
    }
    try writer.write(to: directory.path + "/mixed")
    let trace = try Trace.open(directory.path + "/mixed")
    #expect(trace.problems.contains { $0.text.contains("several processes") })
  }

  @Test func longPausesAndFullHeaders() throws {
    // Longer than 27 or 32 bits of nanoseconds hold.
    let times: [UInt64] = [1 << 40, 1 << 40 | 5, 1 << 40 + 1 << 27, 1 << 41, 1 << 41 + 1 << 33, 1 << 41 + 1 << 33 + 1]
    for isLarge in [false, true] {
      var writer = SessionWriter()
      writer.isLarge = isLarge
      for time in times { writer.add(EventRecord(.mark, time: time, worker: 0x8000), cpu: 0) }
      let path = directory.path + "/pauses-\(isLarge)"
      try writer.write(to: path)
      var seen = Times()
      try Trace.open(path).read(into: &seen)
      #expect(seen.times == times)
    }
  }
  private struct Times: EventConsumer {
    var times: [UInt64] = []
    mutating func consume(_ record: EventRecord) { times.append(record.time) }
  }

  @Test(arguments: UInt64(1)...8) func whatIsDiscardedIsAHole(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var shape = Simulation.Shape()
    shape.roots = 60
    let simulation = Simulation(seed: seed, shape: shape)
    var writer = SessionWriter()
    writer.packetBytes = 4096
    let dropped = writer.add(simulation.text.records, using: &random)
    let path = directory.path + "/discarded-\(seed)"
    try writer.write(to: path)
    try DamageTests().examine(path, "seed \(seed)")
    let trace = try Trace.open(path)
    #expect(trace.lost == dropped && dropped > 0, "seed \(seed)")
    let seen = Everything.of(trace)
    #expect(seen.result!.lost == dropped, "seed \(seed)")
    #expect(Summary.of(trace).coverage < 1, "seed \(seed)")
    // The loss is said once; what follows from it is not a violation.
    let violations = Validation.of(trace)
    #expect(
      violations.count == 1 && violations[0].hasPrefix("incomplete: \(Units.count(dropped)) events"), "\(violations)")
    let finding = Lint.findings(Summary.of(trace)).first { $0.id == "DATA-LOSS" }
    #expect(finding?.advice.contains("--num-subbuf") == true && finding?.advice.contains("LOG_SIZE") == false)
    var wrong: UInt64 = 0
    var stated: UInt64 = 0
    for (index, lane) in seen.result!.lanes.enumerated() where lane.isWorker {
      for interval in seen.intervals where interval.lane == index && interval.state != .unknown {
        stated += interval.length
        for real in simulation.intervals[Int(lane.lane)]
        where real.start < interval.end && real.end > interval.start && real.state != interval.state {
          wrong += min(real.end, interval.end) - max(real.start, interval.start)
        }
      }
    }
    #expect(wrong == 0 && stated > 0, "seed \(seed): \(wrong) of \(stated) ns")
  }

  /// What `trim` writes is an event log that can be read, and tells what the session told of that time.
  @Test func aPartOfASessionIsALog() throws {
    let session = try Trace.open(try Simulation(seed: 12).text.writeSession(in: directory.path))
    let quarter = session.wall / 4
    let window = session.span.lowerBound + quarter...session.span.upperBound - quarter
    let count = try session.write(to: directory.path + "/part", window: window)
    let part = try Trace.open(directory.path + "/part")
    #expect(part.processes.map(\.format) == [.eventLog] && part.problems == [])
    #expect(count > 100 && part.recordCount >= count)
    #expect(window.contains(part.span.lowerBound) && window.contains(part.span.upperBound))
    let ended = { (trace: Trace) in
      Set(
        Everything.of(trace).tasks.filter { $0.submit > window.lowerBound && (1...window.upperBound).contains($0.end) }
          .map(\.task))
    }
    #expect(ended(part) == ended(session) && !ended(part).isEmpty)
  }

  @Test func anotherTracersTraceIsAnErrorThatSaysSo() throws {
    let path = try Simulation(seed: 3).text.writeSession(in: directory.path)
    let metadata = path + "/ust/uid/0/64-bit/metadata"
    let original = try Data(contentsOf: URL(fileURLWithPath: metadata))
    // Big-endian, bit-packed, an unknown header: refused with a reason.
    for (from, to) in [("byte_order = le", "byte_order = be"), ("uint16_t { compact", "uint8_t  { compact")] {
      var data = original
      data.replaceSubrange(data.range(of: Data(from.utf8))!, with: Data(to.utf8))
      try data.write(to: URL(fileURLWithPath: metadata))
      let error = #expect(throws: ReadingError.self) { try Trace.open(path) }
      #expect(error?.reason.contains("layout") == true, "\(to)")
    }
    // Cut off in the middle of the events: those that it declares are read.
    try original.prefix(original.count / 2).write(to: URL(fileURLWithPath: metadata))
    let trace = try Trace.open(path)
    #expect(trace.problems.contains { $0.text.contains("damaged") })
  }

  @Test func mutatedSessionsNeverCrash() throws {
    for seed in 1...max(1, mutations / 5) {
      var random = SplitMix64(seed: UInt64(seed) + 1_000_000)
      let path = directory.path + "/mutated"
      try? FileManager.default.removeItem(atPath: path)
      var shape = Simulation.Shape()
      shape.roots = 3
      _ = try Simulation(seed: 3, shape: shape).text.writeSession(
        in: directory.path, name: "mutated", Self.forms[seed % Self.forms.count])
      let folder = path + "/ust/uid/0/64-bit"
      for name in ["metadata", "c_0", "c_1", "c_2"] {
        let url = URL(fileURLWithPath: folder + "/" + name)
        guard var data = try? Data(contentsOf: url), !data.isEmpty else { continue }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: data = data.prefix(Int.random(in: 0...data.count, using: &random))
        case 1:
          for _ in 0..<Int.random(in: 1...30, using: &random) {
            data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          }
        case 2:  // in a packet's header, where it hurts
          let packet = Int.random(in: 0..<max(1, data.count / 4096), using: &random) * 4096
          for _ in 0..<4 {
            data[min(packet + Int.random(in: 0..<84, using: &random), data.count - 1)] = [
              0, 1, 0x7F, 0x80, 0xFF,
            ].randomElement(using: &random)!
          }
        case 3 where name == "metadata":  // another word, a number that is too large
          let words = [
            "integer", "struct", "{", "}", "<", "[", "999999999999", "-1", "align(3)", "size = 65", "variant",
          ]
          let start = Int.random(in: 37..<data.count - 20, using: &random)
          let word = Data(words.randomElement(using: &random)!.utf8)
          data.replaceSubrange(start..<start + word.count, with: word)
        default: break
        }
        try data.write(to: url)
      }
      try DamageTests().examine(path, "seed \(seed)")
    }
  }
}
