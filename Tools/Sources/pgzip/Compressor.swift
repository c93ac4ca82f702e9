import CZlib
import ConcurrentFutures
import Programs

/// Compresses one input after the other on a pool.
///
///     read (this thread) --> map(bufferSize:) --> compress (workers) --> write in order (this thread)
///
/// `map` pulls the next block when a result is taken out, so at most `window` blocks are on their way.
final class Compressor {
  /// Input on its way for each worker, in bytes, cut to 3...16 blocks. Results leave in order, so a worker that the
  /// system holds up in one block lets the others only run to the end of the window. Less: they run dry (4 blocks a
  /// worker halved the speed on a machine with six runnable threads a CPU); more: memory without gain.
  private static let bytesPerWorker = 2 << 20

  private let pool: ThreadPoolExecutor
  private let level: Int32
  private let window: Int
  private let blocks: Stock<Block>
  private let deflaters: Stock<Deflater>

  init(pool: ThreadPoolExecutor, level: Int32, blockBytes: Int) {
    self.pool = pool
    self.level = level
    window = pool.maxWorkers * min(16, max(3, Self.bytesPerWorker / blockBytes))
    blocks = Stock { Block(capacity: blockBytes) }
    deflaters = Stock { Deflater(level: level) }
  }

  /// Writes one gzip member. `name` and `modified` (seconds, 0 = unknown) go into its header.
  func compress(
    _ input: Input, to output: Output, name: [UInt8]?, modified: Int, progress: ProgressLine?
  ) throws(Failure) -> Totals {
    var totals = Totals()
    var checksum = crc32_z(0, nil, 0)
    func put(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
      try EventLog.region("write") { Result { () throws(Failure) in try output.write(bytes) } }.get()
      totals.written += bytes.count
    }
    func put(_ bytes: [UInt8]) throws(Failure) {
      try output.write(bytes)
      totals.written += bytes.count
    }
    try put(GzipFormat.header(level: level, name: name, modified: modified))
    let compressed = try start(input)
    defer { compressed.close() }
    while let block = try next(of: compressed, input) {
      try put(block.compressed)
      checksum = crc32_combine(checksum, block.checksum, block.count)
      totals.read += block.count
      blocks.giveBack(block)
      progress?.update(totals.read, suffix: totals.ratio)
    }
    try put(GzipFormat.trailer(checksum: checksum, count: totals.read))
    return totals
  }

  private func start(_ input: Input) throws(Failure) -> MappedResults<Block> {
    let deflaters = deflaters
    do {
      return try pool.map(
        BlockReader(input.descriptor, blocks: blocks), bufferSize: window, label: "compress"
      ) { piece in
        let block = try piece.get()
        let deflater = deflaters.take()
        deflater.compress(block)
        deflaters.giveBack(deflater)
        return block
      }
    } catch {
      throw Failure(input.path, "\(error)")
    }
  }
  private func next(of blocks: MappedResults<Block>, _ input: Input) throws(Failure) -> Block? {
    do {
      return try blocks.next()
    } catch let error as SystemError {
      throw Failure(input.path, error)
    } catch {
      throw Failure(input.path, "\(error)")
    }
  }
}

/// What went in and what came out, in bytes.
struct Totals {
  var read = 0
  var written = 0

  /// How much smaller `written` is, in per cent of `read`, as gzip prints it.
  var ratio: String { Self.saved(from: read, to: written) }
  static func saved(from large: Int, to small: Int) -> String {
    guard large > 0 else { return "0.0%" }
    let tenths = (Double(large - small) / Double(large) * 1000).rounded() / 10
    return "\(tenths)%"
  }
}
