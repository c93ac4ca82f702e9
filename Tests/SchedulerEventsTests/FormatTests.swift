import Testing

@testable import SchedulerEvents

@Suite(.timeLimit(.minutes(1))) struct FormatTests {
  @Test func aPacketHeaderComesBackAsItWasWritten() {
    var header = PacketHeader(
      stream: .records, uuid: TraceUUID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210), instance: 7,
      begin: 10,
      end: 20, contentBits: 1024 + 512, packetBits: 524288, sequence: 3, discarded: 4, tid: 5, worker: 6)
    header.revision = 8
    let memory = UnsafeMutableRawPointer.allocate(byteCount: PacketHeader.size, alignment: 8)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: PacketHeader.size)
    header.store(to: memory)
    #expect(PacketHeader(loadingFrom: memory) == header)
    #expect(header.recordCount == 2)
    #expect(memory.load(fromByteOffset: 8, as: UInt8.self) == 0x01)
    #expect(memory.load(fromByteOffset: 120, as: UInt64.self) == 0)
    memory.storeBytes(of: 0, as: UInt32.self)
    #expect(PacketHeader(loadingFrom: memory) == nil)
  }

  @Test func recordCountRoundsUpAndNeverTraps() {
    var header = PacketHeader(
      stream: .records, uuid: TraceUUID(high: 0, low: 0), instance: 0, begin: 0, end: 0, contentBits: 0, packetBits: 0,
      sequence: 0, discarded: 0, tid: 0, worker: 0)
    for (bits, count) in [(0, 0), (1024, 0), (1024 + 192, 1), (1024 + 256, 1), (1024 + 256 + 128, 2)] as [(UInt64, Int)]
    {
      header.contentBits = bits
      #expect(header.recordCount == count)
    }
    header.contentBits = .max
    #expect(header.recordCount > 0)
  }

  @Test func theUUIDReadsAsUsual() {
    #expect(
      TraceUUID(high: 0x0123_4567_89ab_cdef, low: 0x00ff_0000_0000_0001).description
        == "01234567-89ab-cdef-00ff-000000000001")
  }

  @Test(arguments: [
    Definition.label(label: 7, text: "räder \"x\"", source: "A/B.swift:12"),
    .pool(pool: 1, workers: 8, schema: 1, name: "", policies: "lifo runAwaited"),
  ])
  func definitionsComeBackAndCutOnesDoNot(definition: Definition) {
    let bytes = definition.encode(time: 42)
    bytes.withUnsafeBytes { whole in
      let decoded = Definition.decode(whole)
      #expect(decoded?.time == 42)
      #expect(decoded?.definition == definition)
      #expect(decoded?.size == bytes.count)
      for count in 0..<bytes.count {
        #expect(Definition.decode(UnsafeRawBufferPointer(rebasing: whole[..<count])) == nil)
      }
    }
  }

  @Test func textEndsAtAZeroByte() {
    let bytes = Definition.label(label: 1, text: "a\0b", source: "").encode(time: 1)
    bytes.withUnsafeBytes {
      #expect(Definition.decode($0)?.definition == .label(label: 1, text: "a", source: ""))
    }
  }
}
