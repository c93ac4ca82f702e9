import Glibc
import SplitMix
import Testing

@testable import ConcurrentFutures

@Suite struct FrameTests {
  /// Frames of all shapes through the outbox, in pieces of random size, and out of the reader again.
  @Test(.timeLimit(.minutes(1)), arguments: 1...4) func throughPieces(_ round: UInt64) throws {
    let seed = round &* 7919
    print("frame seed \(seed)")
    var random = SplitMix64(seed: seed)
    var outbox = Outbox()
    var sent: [(call: UInt64, text: String, array: [UInt16])] = []
    for call in 1...UInt64(25) {
      let text = String(repeating: "x", count: [0, 10, 3000, 90_000, 200_000].randomElement(using: &random)!)
      let count = [0, 5, 40_000, 150_000].randomElement(using: &random)!
      let array = (0..<count).map { UInt16(truncatingIfNeeded: $0 &* Int(call)) }
      let message = EncodingMessage()
      try message.encode(text)
      try message.encode(array)
      outbox.append(.call, call: call, slot: UInt16(call % 64), type: 9, body: message.finish())
      sent.append((call, text, array))
    }
    var stream: [UInt8] = []
    while true {
      let flushed = outbox.flush { bytes, _ in
        if UInt8.random(in: 0...9, using: &random) == 0 { return -Int(EAGAIN) }
        let count = min(bytes.count, Int.random(in: 1...300_000, using: &random))
        stream += bytes.prefix(count)
        return count
      }
      if flushed == .all { break }
      #expect(flushed == .some)
    }
    #expect(outbox.isEmpty)

    var reader = FrameReader()
    var position = 0
    var received = 0
    while received < sent.count {
      while let frame = try reader.next() {
        let expected = sent[received]
        #expect(
          frame.head.call == expected.call && frame.head.type == 9 && frame.head.slot == UInt16(expected.call % 64))
        let message = frame.message
        #expect(try message.decode(String.self) == expected.text)
        #expect(try message.decode([UInt16].self) == expected.array)
        received += 1
      }
      guard received < sent.count else { break }
      let got = try reader.receive { memory, _ in
        guard UInt8.random(in: 0...9, using: &random) > 0 else { return -Int(EAGAIN) }
        let count = min(memory.count, stream.count - position, Int.random(in: 1...100_000, using: &random))
        stream[position..<position + count].withUnsafeBytes { memory.copyMemory(from: $0) }
        position += count
        return count
      }
      #expect(got != .ended)
    }
    #expect(position == stream.count)
    let isWithin = reader.isWithinFrame
    #expect(!isWithin)
    let last = try reader.receive { _, _ in 0 }
    #expect(last == .ended)
  }

  @Test(.timeLimit(.minutes(1))) func tornHeadsAreRefused() throws {
    let writer = ByteWriter()
    FrameHead(.value, call: 77, slot: 3, type: 5, bodyBytes: 10).write(to: writer)
    let bytes = Array(writer.bytes)
    #expect(bytes.count == FrameHead.size)
    #expect(
      try bytes.withUnsafeBytes { try FrameHead($0) } == FrameHead(.value, call: 77, slot: 3, type: 5, bodyBytes: 10))
    for bit in 0..<bytes.count * 8 {
      var torn = bytes
      torn[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(throws: MalformedBytes.self) { try torn.withUnsafeBytes { try FrameHead($0) } }
    }
  }

  @Test(.timeLimit(.minutes(1))) func endWithinFrame() throws {
    let writer = ByteWriter()
    FrameHead(.value, call: 1, bodyBytes: 10).write(to: writer)
    var reader = FrameReader()
    _ = try reader.receive { memory, _ in
      memory.copyMemory(from: writer.bytes)
      return writer.count
    }
    let frame = try reader.next()
    #expect(frame == nil)
    let isWithin = reader.isWithinFrame
    #expect(isWithin)
  }

  @Test(.timeLimit(.minutes(1))) func offersAreTakenOnce() throws {
    let page = try #require(OfferPage())
    let worker = try #require(TakenOffers(descriptor: page.descriptor))
    page.offer(5, 0)
    #expect(worker.take(5, 0))
    #expect(!page.withdraw(5, 0))
    #expect(!worker.take(5, 0))
    page.offer(6, 0)
    #expect(!worker.take(5, 0))
    #expect(page.withdraw(6, 0))
    #expect(!worker.take(6, 0))
    #expect(!page.withdraw(6, 0))
    #expect(!worker.take(1, 60_000))
  }

  @Test(.timeLimit(.minutes(1))) func sharedBytesAreSealed() throws {
    let shared = try SharedBytes([1, 2, 3])
    #expect(shared.withUnsafeBytes { Array($0) } == [1, 2, 3])
    #expect(ftruncate(shared.memory.descriptor, 0) != 0)
    #expect(mmap(nil, 3, PROT_WRITE, MAP_SHARED, shared.memory.descriptor, 0) == MAP_FAILED)
    let body = try BinaryEncoding.body(of: [shared, shared])
    #expect(body.shared.count == 1)
    #expect(try DecodingMessage(body).decode([SharedBytes].self).map(\.count) == [3, 3])
    #expect(throws: InvalidArgumentError.self) { try SharedBytes(count: -1) { _ in } }
    #expect(try SharedBytes(count: 0) { _ in }.count == 0)
    #expect(SharedMemory(received: dup(1)) == nil)
  }
}

extension Frame: CustomTestStringConvertible {
  public var testDescription: String { "\(head)" }
}
