import Foundation
import Testing

@testable import SchedulerEvents

@Suite(.timeLimit(.minutes(1))) struct MetadataTests {
  static let trace = Metadata.Trace(
    uuid: TraceUUID(high: 0x0123_4567_89ab_cdef, low: 0x0123_4567_89ab_cdef),
    bootID: "11111111-2222-3333-4444-555555555555", clockOffset: 1_700_000_000_000_000_000,
    environment: [("domain", "concurrent_futures"), ("program", "a \"quoted\"\nname"), ("pid", "42")])

  /// A change of the golden is a change of the log's format: raise `EventTable.schema` if a field moved.
  /// `UPDATE_GOLDENS=1 swift test --filter MetadataTests` rewrites it.
  @Test func theMetadataIsTheGolden() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Goldens/metadata.tsdl")
    let text = Metadata.text(Self.trace)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8))
  }

  @Test func alignmentsLeadWhereTheySay() {
    #expect(Metadata.alignment(from: 80, to: 80) == 8)
    #expect(Metadata.alignment(from: 97, to: 104) == 8)
    #expect(Metadata.alignment(from: 97, to: 112) == 16)
    #expect(Metadata.alignment(from: 96, to: 112) == nil)
    #expect(Metadata.alignment(from: 96, to: 128) == nil)
    #expect(Metadata.alignment(from: 116, to: 118) == nil)
    #expect(Metadata.alignment(from: 96, to: 192) == nil)
    #expect(Metadata.alignment(from: 192, to: 213) == nil)
  }

  /// Every event with a value of its own in every field, as babeltrace2 shows it.
  @Test func babeltrace2ReadsEveryEventAsWeDo() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cf-metadata-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Metadata.text(Self.trace).write(to: folder.appending(path: "metadata"), atomically: true, encoding: .utf8)

    var expected: [String] = []
    var records = Data()
    var content = 0
    for event in EventTable.all where !event.kind.isDefinition {
      var record = EventRecord(event.kind, time: UInt64(1000 + expected.count), worker: 3)
      for (index, field) in event.fields.enumerated().dropFirst() {
        record[field.place] =
          if case .named(let names) = field.form { UInt64(names.count - 1) } else { ~0 - UInt64(index) }
      }
      content = records.count * 8 + event.kind.contentBits
      withUnsafeBytes(of: record) { records.append(contentsOf: $0) }
      let fields = event.fields.map { field in
        let value = field.describe(record)
        guard case .named = field.form else {
          return "\(field.name) = " + (value.hasPrefix("0x") ? "0x" + value.dropFirst(2).uppercased() : value)
        }
        return "\(field.name) = ( \"\(value)\" : container = \(record[field.place]) )"
      }
      expected.append("\(EventTable.provider):\(event.name): { \(fields.joined(separator: ", ")) }")
    }
    let times = (begin: UInt64(1000), end: UInt64(2000))
    try write(packet(.records, times, records, contentBits: content), to: folder.appending(path: "lane-3"))
    let definitions = [
      Definition.label(label: 1, text: "x", source: "y:1"),
      .pool(pool: 1, workers: 2, schema: 3, name: "n", policies: "p"),
    ]
    var stream = Data()
    for (index, definition) in definitions.enumerated() {
      let bytes = Data(definition.encode(time: UInt64(3000 + index)))
      let time = UInt64(3000 + index)
      stream.append(packet(.definitions, (time, time), bytes, contentBits: bytes.count * 8))
    }
    expected.append(#"concurrent_futures:label_def: { label = 1, text = "x", source = "y:1" }"#)
    expected.append(
      #"concurrent_futures:pool_config: { pool = 1, workers = 2, schema = 3, name = "n", policies = "p" }"#)
    try write(stream, to: folder.appending(path: "definitions"))

    let run = try babeltrace2([folder.path, "--no-delta"])
    #expect(run.errors == "")
    #expect(run.status == 0)
    let shown = run.output.split(separator: "\n").map { line in
      String(line[line.range(of: "concurrent_futures:")!.lowerBound...])
        .replacing("{ tid = 1, worker = 3 }, ", with: "")
    }
    #expect(shown == expected)
  }

  private func packet(
    _ stream: PacketHeader.Stream, _ times: (begin: UInt64, end: UInt64), _ body: Data, contentBits: Int
  ) -> Data {
    let header = PacketHeader(
      stream: stream, uuid: Self.trace.uuid, instance: UInt64(stream.rawValue), begin: times.begin, end: times.end,
      contentBits: UInt64(PacketHeader.size * 8 + contentBits), packetBits: UInt64(PacketHeader.size + body.count) * 8,
      sequence: 0, discarded: 0, tid: 1, worker: 3)
    var data = Data(count: PacketHeader.size)
    data.withUnsafeMutableBytes { header.store(to: $0.baseAddress!) }
    return data + body
  }
  private func write(_ data: Data, to file: URL) throws { try data.write(to: file) }

  private func babeltrace2(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["babeltrace2"] + arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let errorText = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (
      process.terminationStatus, String(decoding: text, as: UTF8.self), String(decoding: errorText, as: UTF8.self)
    )
  }
}
