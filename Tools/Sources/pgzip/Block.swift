import ConcurrentFutures
import Programs

/// A piece of the input on its way through the program, with room for its compressed form. Blocks are
/// used again and again, so that memory is bounded and nothing is allocated while the program runs.
///
/// Layout of `input`: up to 32 KiB that precede the piece (the dictionary), then the piece itself.
final class Block: @unchecked Sendable {
  // SAFETY: a block has one owner at a time: the reader fills it, a task compresses it, the writer writes it and
  // gives it back to the stock. The hand-overs are `map`'s submit and result, which order the accesses.

  /// How far back deflate can refer: a larger dictionary is useless, a smaller one costs size.
  static let dictionaryRoom = 32 << 10

  let capacity: Int
  let input: UnsafeMutableRawBufferPointer
  let output: UnsafeMutableRawBufferPointer
  /// Bytes of dictionary, directly before the piece.
  var dictionaryCount = 0
  /// Bytes of the piece.
  var count = 0
  var isLast = false
  var outputCount = 0
  /// CRC-32 of the piece.
  var checksum: UInt = 0

  init(capacity: Int) {
    self.capacity = capacity
    input = .allocate(byteCount: Self.dictionaryRoom + capacity, alignment: 64)
    output = .allocate(byteCount: Deflater.bound(capacity), alignment: 64)
  }
  deinit {
    input.deallocate()
    output.deallocate()
  }

  var pieceRoom: UnsafeMutableRawBufferPointer { .init(rebasing: input[Self.dictionaryRoom...]) }
  var piece: UnsafeRawBufferPointer { .init(rebasing: input[Self.dictionaryRoom..<(Self.dictionaryRoom + count)]) }
  var dictionary: UnsafeRawBufferPointer {
    .init(rebasing: input[(Self.dictionaryRoom - dictionaryCount)..<Self.dictionaryRoom])
  }
  var compressed: UnsafeRawBufferPointer { .init(rebasing: output[..<outputCount]) }

  /// Takes the end of what `previous` holds as the dictionary.
  func prime(after previous: Block) {
    let end = Self.dictionaryRoom + previous.count
    let available = previous.dictionaryCount + previous.count
    dictionaryCount = min(Self.dictionaryRoom, available)
    input.baseAddress!.advanced(by: Self.dictionaryRoom - dictionaryCount)
      .copyMemory(from: previous.input.baseAddress!.advanced(by: end - dictionaryCount), byteCount: dictionaryCount)
  }
}

/// Cuts an input into blocks, each primed with the end of the one before. Reads one block ahead, because the
/// last block must know that it is the last. A read error is the last element.
struct BlockReader: Sequence, IteratorProtocol {
  private let source: Descriptor
  private let stock: Stock<Block>
  private var ahead: Block?
  private var failure: SystemError?
  private var isOver = false

  init(_ source: Descriptor, blocks stock: Stock<Block>) {
    self.source = source
    self.stock = stock
  }

  mutating func next() -> Result<Block, SystemError>? {
    guard !isOver else { return nil }
    guard let block = ahead ?? read(after: nil) else { return end() }
    ahead = nil
    // A block that is not full was cut short by the end of the input.
    if block.count == block.capacity {
      ahead = read(after: block)
      if failure != nil { return .success(block) }
      block.isLast = ahead!.count == 0
      if block.isLast, let empty = ahead { stock.giveBack(empty) }
    } else {
      block.isLast = true
    }
    isOver = block.isLast
    return .success(block)
  }

  private mutating func end() -> Result<Block, SystemError>? {
    isOver = true
    return failure.map { .failure($0) }
  }

  private mutating func read(after previous: Block?) -> Block? {
    guard failure == nil else { return nil }
    let block = stock.take()
    block.isLast = false
    block.dictionaryCount = 0
    if let previous { block.prime(after: previous) }
    let outcome = EventLog.region("read") { Result { () throws(SystemError) in try source.fill(block.pieceRoom) } }
    switch outcome {
    case .success(let count):
      block.count = count
      return block
    case .failure(let error):
      failure = error
      return nil
    }
  }
}
