// Reads a trace as far as tests of the writer need it: strictly, every deviation from the format is a failure.
import Foundation
import SchedulerEvents
import Testing

struct TraceOnDisk {
  struct Stream {
    var packets: [PacketHeader] = []
    var records: [EventRecord] = []
    /// Events that the stream's last packet says were lost.
    var discarded: UInt64 { packets.last?.discarded ?? 0 }
  }
  let folder: String
  var streams: [UInt16: Stream] = [:]
  var labels: [UInt32: String] = [:]
  var pools: [Definition] = []

  var records: [EventRecord] { streams.values.flatMap(\.records) }

  /// `wasKilled`: the last packet of a stream may reach beyond what is used, unused ones may follow.
  init(_ folder: String, wasKilled: Bool = false) throws {
    self.folder = folder
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != "metadata" && name != "rings"
    {
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name))
      if name == "definitions" { try readDefinitions(data) } else { try read(data, name, wasKilled, isRing: false) }
    }
    let rings = folder + "/rings"
    guard wasKilled, let names = try? FileManager.default.contentsOfDirectory(atPath: rings) else { return }
    for name in names {
      try read(try Data(contentsOf: URL(fileURLWithPath: rings + "/" + name)), name, true, isRing: true)
    }
  }

  /// The only trace in a directory.
  static func only(in directory: String, wasKilled: Bool = false) throws -> TraceOnDisk {
    let folders = traces(in: directory)
    try #require(folders.count == 1, "\(folders)")
    return try TraceOnDisk(folders[0], wasKilled: wasKilled)
  }
  static func traces(in directory: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.sorted().map { directory + "/" + $0 }.filter {
      FileManager.default.fileExists(atPath: $0 + "/metadata")
    }
  }

  private mutating func read(_ data: Data, _ name: String, _ wasKilled: Bool, isRing: Bool) throws {
    var packets: [(header: PacketHeader, records: [EventRecord])] = []
    try data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let header = try #require(PacketHeader(loadingFrom: bytes.baseAddress! + offset), "\(name) at \(offset)")
        let size = Int(header.packetBits / 8)
        #expect(header.packetBits % 8 == 0 && size >= PacketHeader.size && offset + size <= bytes.count, "\(name)")
        defer { offset += size }
        guard header.begin != PacketHeader.unused else {
          #expect(wasKilled, "\(name): an unused packet in a finished trace")
          continue
        }
        #expect(isRing || packets.isEmpty || packets.last!.header.sequence + 1 == header.sequence, "\(name)")
        var records: [EventRecord] = []
        for index in 0..<header.recordCount {
          let start = bytes.baseAddress! + offset + PacketHeader.size + index * EventRecord.size
          records.append(EventRecord(loadingFrom: start))
        }
        packets.append((header, records))
      }
    }
    if isRing { packets.sort { $0.header.sequence < $1.header.sequence } }
    var last: UInt64 = 0
    var discarded: UInt64 = 0
    for (header, records) in packets {
      #expect(header.begin >= last && header.end >= header.begin, "\(name): packets overlap in time")
      #expect(header.discarded >= discarded, "\(name): the count of lost events decreases")
      last = header.begin
      for record in records {
        #expect(record.time >= last && record.time <= header.end, "\(name): time goes back")
        #expect(record.kind != nil, "\(name): kind \(record.id)")
        last = record.time
      }
      if let record = records.last, let kind = record.kind {
        let bits = UInt64(PacketHeader.size * 8 + (records.count - 1) * EventRecord.size * 8 + kind.contentBits)
        #expect(header.contentBits == bits, "\(name): content ends elsewhere")
      }
      last = header.end
      discarded = header.discarded
    }
    guard let lane = packets.first.map({ UInt16($0.header.instance) }) else { return }
    #expect(LogLayout.fileName(lane: lane) == name)
    streams[lane] = Stream(packets: packets.map(\.header), records: packets.flatMap(\.records))
  }

  private mutating func readDefinitions(_ data: Data) throws {
    try data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let header = try #require(PacketHeader(loadingFrom: bytes.baseAddress! + offset))
        let body = UnsafeRawBufferPointer(
          rebasing: bytes[(offset + PacketHeader.size)..<(offset + Int(header.contentBits / 8))])
        let (_, definition, size) = try #require(Definition.decode(body))
        #expect(size == body.count)
        switch definition {
        case .label(let label, let text, _): #expect(labels.updateValue(text, forKey: label) == nil)
        case .pool: pools.append(definition)
        }
        offset += Int(header.packetBits / 8)
      }
    }
  }

  /// The values marked under a label, in the order of their lanes' streams.
  func marks(_ label: String) -> [Int64] {
    let ids = Set(labels.filter { $0.value == label }.map(\.key))
    return streams.sorted { $0.key < $1.key }.flatMap(\.value.records).filter {
      $0.kind == .mark && ids.contains(UInt32($0[Annotation.label]))
    }.map { $0.signed(Annotation.value) }
  }
}

/// What babeltrace2 makes of a folder: it must not complain.
func babeltrace2(_ folder: String) throws -> (lines: [Substring], errors: String, status: Int32) {
  let run = try runProgram("/usr/bin/env", ["babeltrace2", folder])
  return (run.output.split(separator: "\n"), run.errors, run.status)
}

struct ProgramRun {
  let status: Int32
  let signal: Int32?
  let output: String
  let errors: String
}

func runProgram(
  _ path: String, _ arguments: [String], environment: [String: String] = [:], input: Data? = nil
) throws -> ProgramRun {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: path)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  // Files, not pipes: nothing blocks, however much is said.
  let folder = temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }
  for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: nil) }
  process.standardOutput = FileHandle(forWritingAtPath: folder + "/out")
  process.standardError = FileHandle(forWritingAtPath: folder + "/err")
  process.standardInput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)), as: UTF8.self)
  }
  let isSignal = process.terminationReason == .uncaughtSignal
  return ProgramRun(
    status: process.terminationStatus, signal: isSignal ? process.terminationStatus : nil, output: try text("out"),
    errors: try text("err"))
}

/// A new empty folder.
func temporaryFolder() -> String {
  let path = FileManager.default.temporaryDirectory.appending(path: "cf-recording-\(UUID().uuidString)").path
  try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) rethrows -> Result {
  let folder = temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

/// The program next to the tests.
let recordingChild: String = {
  let tests = try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  return (tests as NSString).deletingLastPathComponent + "/RecordingChild"
}()
