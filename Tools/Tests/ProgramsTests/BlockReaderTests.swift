import CZlib
import Foundation
import Glibc
import Programs
import Testing

@testable import pgzip

@Suite struct BlockReaderTests {
  /// The content as the reader saw it: piece, dictionary, and the mark of the last block.
  private func blocks(of content: [UInt8], capacity: Int) throws -> [(
    piece: [UInt8], dictionary: [UInt8], isLast: Bool
  )] {
    let shell = try Shell()
    let file = shell.folder.appendingPathComponent("input").path
    #expect(FileManager.default.createFile(atPath: file, contents: Data(content)))
    let stock = Stock { Block(capacity: capacity) }
    var seen: [(piece: [UInt8], dictionary: [UInt8], isLast: Bool)] = []
    for element in BlockReader(try Descriptor.open(Path(file), O_RDONLY), blocks: stock) {
      let block = try element.get()
      seen.append((Array(block.piece), Array(block.dictionary), block.isLast))
      stock.giveBack(block)  // as the writer does: the reader must not need it any more
    }
    return seen
  }

  @Test(arguments: [0, 1, 999, 1000, 1001, 2000, 40_000, 100_001]) func cutsAndPrimes(count: Int) throws {
    var random = SplitMix(state: UInt64(count))
    let content = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let seen = try blocks(of: content, capacity: 1000)
    #expect(seen.flatMap(\.piece) == content)
    #expect(seen.map(\.isLast) == Array(repeating: false, count: seen.count - 1) + [true])
    #expect(seen.dropLast().allSatisfy { $0.piece.count == 1000 })
    var offset = 0
    for block in seen {
      #expect(block.dictionary == Array(content[max(0, offset - Block.dictionaryRoom)..<offset]))
      offset += block.piece.count
    }
  }

  @Test func aReadErrorComesAfterWhatWasRead() throws {
    let elements = Array(
      BlockReader(try Descriptor.open(Path("/proc/self/mem"), O_RDONLY), blocks: Stock { Block(capacity: 1000) }))
    #expect(elements.count == 1)
    #expect(throws: SystemError(EIO)) { _ = try elements[0].get() }
  }
}

@Suite struct DeflaterTests {
  /// Random bytes do not compress: the worst case for the room of the output.
  @Test(.timeLimit(.minutes(1)), arguments: 1...9) func theWorstCaseFits(level: Int) {
    var random = SplitMix(state: UInt64(level))
    let deflater = Deflater(level: Int32(level))
    for count in [0, 1, 31, 32 << 10, 128 << 10, (128 << 10) + 1, 1 << 20] {
      for isLast in [false, true] {
        let block = Block(capacity: max(count, 1))
        block.count = count
        block.isLast = isLast
        for index in 0..<count { block.pieceRoom[index] = UInt8(truncatingIfNeeded: random.next()) }
        deflater.compress(block)  // traps where the room is too small
        #expect(block.outputCount > 0 && block.outputCount < block.output.count)
        let bytes = Array(block.piece)
        #expect(block.checksum == crc32(crc32(0, nil, 0), bytes, uInt(count)))
      }
    }
  }
}

@Suite struct GzipFormatTests {
  @Test func header() {
    #expect(
      GzipFormat.header(level: 9, name: [0x61], modified: 0x0102_0304)
        == [0x1F, 0x8B, 8, 8, 4, 3, 2, 1, 2, 3, 0x61, 0])
    #expect(GzipFormat.header(level: 1, name: nil, modified: 0) == [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 3])
    // A time before 1970 or after 2106 cannot be said.
    #expect(GzipFormat.header(level: 6, name: nil, modified: -1)[4..<8] == [0, 0, 0, 0])
  }
  @Test func trailerWrapsAtFourGiB() {
    #expect(GzipFormat.trailer(checksum: 0x0403_0201, count: (1 << 32) + 5) == [1, 2, 3, 4, 5, 0, 0, 0])
  }
}
