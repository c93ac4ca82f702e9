import CZlib

/// A zlib compressor that is used for one block after the other; 256 KiB of tables, dear to make.
final class Deflater: @unchecked Sendable {
  // SAFETY: one task uses a deflater at a time; `Stock` hands it from one to the next under its lock.
  // The stream stays at one address, which zlib's state points back to.
  private let stream: UnsafeMutablePointer<z_stream>

  /// `level` is 1...9.
  init(level: Int32) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // Negative window bits: no zlib header; 8: the default memory level, with which `bound` is tight.
    let outcome = deflateInit2_(
      stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(outcome == Z_OK, "zlib: deflateInit2 returned \(outcome)")
  }
  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Room that the compressed form of `count` bytes never exceeds: stored blocks cost 5 bytes for at most 16 KiB,
  /// the flush at the end a few more.
  static func bound(_ count: Int) -> Int { count + count >> 12 + count >> 14 + count >> 25 + 64 }

  /// Fills in the block's compressed form and checksum. All blocks of a file together are one deflate stream.
  func compress(_ block: Block) {
    deflateReset(stream)
    // SAFETY: zlib takes bytes; `Bytef` is UInt8, and the block's memory holds nothing else.
    let dictionary = block.dictionary
    if !dictionary.isEmpty {
      deflateSetDictionary(stream, dictionary.assumingMemoryBound(to: Bytef.self).baseAddress, uInt(dictionary.count))
    }
    let piece = block.piece.assumingMemoryBound(to: Bytef.self)
    stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.baseAddress)  // zlib only reads it
    stream.pointee.avail_in = uInt(piece.count)
    stream.pointee.next_out = block.output.assumingMemoryBound(to: Bytef.self).baseAddress
    stream.pointee.avail_out = uInt(block.output.count)
    let outcome = deflate(stream, block.isLast ? Z_FINISH : Z_SYNC_FLUSH)
    precondition(
      outcome == (block.isLast ? Z_STREAM_END : Z_OK) && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0,
      "zlib: deflate returned \(outcome)")
    block.outputCount = block.output.count - Int(stream.pointee.avail_out)
    block.checksum = crc32_z(0, piece.baseAddress, piece.count)
  }
}
