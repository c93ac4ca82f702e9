// Whatever happened to a trace: it is read as far as it goes, says so, and never brings the reader down.
import Foundation
import SchedulerEvents
import SplitMix
import Testing

@testable import Timelines

/// How many random traces: 500, or 10,000 with LONG_TESTS.
let isLongRun = ProcessInfo.processInfo.environment["LONG_TESTS"] != nil
let mutations = isLongRun ? 10_000 : 500

enum DamagedTrace {
  /// Runs everything over a trace that may be broken; checks what must hold for any trace.
  static func examine(_ path: String, _ comment: Comment) throws {
    let trace: Trace
    do { trace = try Trace.open(path) } catch {
      #expect(!error.reason.isEmpty && !error.advice.isEmpty, comment)
      return
    }
    let seen = Everything.of(trace)
    seen.checkCover(trace.span, comment)
    for task in seen.tasks {
      if task.submit > 0 && task.start > 0 { #expect(task.submit <= task.start, comment) }
      if task.start > 0 && task.end > 0 { #expect(task.start <= task.end, comment) }
      if let run = task.runTime { #expect(task.selfTime <= run || task.wasSuspended, comment) }
      #expect(max(task.submit, task.start, task.end) <= trace.span.upperBound, comment)
    }
    let summary = Summary.of(trace)
    let total = LaneState.allCases.reduce(UInt64(0)) { $0 &+ summary.time($1) }
    #expect(total == summary.capacity, comment)
    #expect(
      summary.idle.total + summary.work + summary.time(.blocking) + summary.time(.unknown) == summary.capacity, comment)
    _ = SummaryView(summary, name: "x", style: TerminalStyle(width: 80)).lines()
    let bins = Bins.of(trace, columns: 60, tasks: 5)
    _ = GanttView(bins, labels: trace.labels, origin: trace.span.lowerBound, style: TerminalStyle()).lines(
      GanttView.Row.allCases)
    _ = Validation.of(trace)
  }
}

@Suite(.timeLimit(.minutes(isLongRun ? 60 : 10))) struct DamageTests {
  let directory = TemporaryDirectory()

  private func sample(seed: UInt64 = 3, everything: Bool = false) throws -> String {
    var shape = Simulation.Shape()
    (shape.roots, shape.everything) = (12, everything)
    return try Simulation(seed: seed, shape: shape).text.write(in: directory.path, name: "sample-\(seed)")
  }
  func examine(_ path: String, _ comment: Comment) throws { try DamagedTrace.examine(path, comment) }

  @Test func nothingThereIsAnErrorThatSaysWhatToDo() throws {
    let empty = directory.path + "/empty"
    try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
    for path in ["/does/not/exist", empty, "/etc/passwd", "/dev/null"] {
      let error = #expect(throws: ReadingError.self) { try Trace.open(path) }
      #expect(error?.reason.isEmpty == false && error?.advice.isEmpty == false)
    }
  }

  @Test func aTraceWithoutEventsIsAnError() throws {
    let path = directory.path + "/none"
    try TraceWriter(directory: path).close()
    let error = #expect(throws: ReadingError.self) { try Trace.open(path) }
    #expect(error?.reason.contains("no") == true)
  }

  @Test func aCutFileIsReadUpToTheCut() throws {
    let path = try sample()
    let whole = try Trace.open(path)
    let lane = path + "/worker-0"
    let data = try Data(contentsOf: URL(fileURLWithPath: lane))
    let records = 40
    try data.prefix(PacketHeader.size + records * EventRecord.size + 13).write(to: URL(fileURLWithPath: lane))
    let cut = try Trace.open(path)
    #expect(cut.lanes.first { $0.lane == 0 }?.records == records)
    #expect(cut.lanes.first { $0.lane == 0 }?.tornTail == true)
    #expect(cut.problems.contains { $0.file == "worker-0" && $0.text.contains("before the packet does") })
    let summary = Summary.of(cut)
    #expect(summary.coverage < 1)
    #expect(summary.time(.unknown) > 0)
    #expect(summary.wall <= whole.wall)
  }

  @Test func damagedMetadataCostsNamesOnly() throws {
    let path = try sample()
    let before = Summary.of(try Trace.open(path))
    try Data("garbage".utf8).write(to: URL(fileURLWithPath: path + "/metadata"))
    let trace = try Trace.open(path)
    #expect(trace.problems.contains { $0.file == "metadata" })
    #expect(Summary.of(trace).tasks == before.tasks)
  }

  @Test func zeroedPacketInTheMiddleIsSteppedOver() throws {
    var shape = Simulation.Shape()
    shape.workers = 1
    shape.roots = 700
    let path = try Simulation(seed: 11, shape: shape).text.write(in: directory.path, name: "long")
    let lane = URL(fileURLWithPath: path + "/worker-0")
    var data = try Data(contentsOf: lane)
    try #require(data.count >= 4 * PacketHeader.packetBytes)
    data.replaceSubrange(
      PacketHeader.packetBytes..<2 * PacketHeader.packetBytes, with: Data(count: PacketHeader.packetBytes))
    try data.write(to: lane)
    let trace = try Trace.open(path)
    #expect(trace.problems.contains { $0.text.contains("65536 bytes are no packet") })
    #expect(trace.missingPackets == 1)
    let summary = Summary.of(trace)
    #expect(summary.coverage < 0.95 && summary.coverage > 0.2)
    try examine(path, "zeroed packet")
  }

  @Test func mutatedTracesNeverCrash() throws {
    let source = try sample(everything: true)
    let files = try FileManager.default.contentsOfDirectory(atPath: source).sorted()
    let originals = try files.map { try Data(contentsOf: URL(fileURLWithPath: source + "/" + $0)) }
    let path = directory.path + "/mutated"
    print("a reader that crashes leaves its trace in \(path)")
    for seed in 1...mutations {
      var random = SplitMix64(seed: UInt64(seed))
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (name, original) in zip(files, originals) {
        var data = original
        switch Int.random(in: 0..<10, using: &random) {
        case 0: data = data.prefix(Int.random(in: 0...data.count, using: &random))
        case 1:
          for _ in 0..<Int.random(in: 1...30, using: &random) {
            data[Int.random(in: 0..<data.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          }
        case 2:  // in the header, where it hurts
          for _ in 0..<4 {
            data[Int.random(in: 0..<min(128, data.count), using: &random)] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(
              using: &random)!
          }
        case 3:
          let start = Int.random(in: 0..<data.count, using: &random)
          let length = Int.random(in: 0..<min(4096, data.count - start), using: &random)
          data.replaceSubrange(start..<start + length, with: Data(repeating: 0xFF, count: length))
        case 4: mutateHeader(&data, &random)
        case 5: mutateRecords(&data, &random)
        case 6:  // packets twice, or in another order
          let packet = PacketHeader.packetBytes
          let first = data.prefix(packet)
          data = Bool.random(using: &random) ? data + first : Data(data.dropFirst(packet)) + first
        default: break
        }
        if Int.random(in: 0..<12, using: &random) > 0 { try data.write(to: URL(fileURLWithPath: path + "/" + name)) }
      }
      try examine(path, "seed \(seed)")
    }
  }

  /// A field of the first packet's header becomes a number that hurts.
  private func mutateHeader(_ data: inout Data, _ random: inout SplitMix64) {
    guard data.count >= PacketHeader.size else { return }
    let fields: [PacketHeader.Offset] = [
      .stream, .revision, .sequence, .begin, .end, .contentBits, .packetBits, .discarded, .worker,
    ]
    let offset = fields.randomElement(using: &random)!.rawValue
    let values: [UInt64] = [0, 1, 7, 0x7FFF_FFFF_FFFF_FFFF, .max, 1 << 20, 1 << 40, 1 << 62, random.next()]
    withUnsafeBytes(of: values.randomElement(using: &random)!.littleEndian) {
      data.replaceSubrange(offset..<offset + 8, with: $0)
    }
  }
  /// Whole records change their kind, lane, task or time, or become another record: what remains looks right.
  private func mutateRecords(_ data: inout Data, _ random: inout SplitMix64) {
    let count = (data.count - PacketHeader.size) / EventRecord.size
    guard count > 0 else { return }
    for _ in 0..<Int.random(in: 1...20, using: &random) {
      let offset = PacketHeader.size + Int.random(in: 0..<count, using: &random) * EventRecord.size
      let other = PacketHeader.size + Int.random(in: 0..<count, using: &random) * EventRecord.size
      switch Int.random(in: 0..<5, using: &random) {
      case 0: data[offset + 8] = UInt8.random(in: 0...40, using: &random)
      case 1: data[offset + 10] = UInt8.random(in: 0...9, using: &random)
      case 2: data.replaceSubrange(offset + 16..<offset + 24, with: data[other + 16..<other + 24])
      case 3: data.replaceSubrange(offset..<offset + 8, with: data[other..<other + 8])
      default: data.replaceSubrange(offset..<offset + EventRecord.size, with: data[other..<other + EventRecord.size])
      }
    }
  }
}
