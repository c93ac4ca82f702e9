// Cuts a stream of bytes into frames. Knows no sockets: it is handed a function that fills memory.
//
// Small frames are parsed where they were received. A body that does not fit the staging memory, and every attachment,
// is received straight into memory of its own.
import Glibc

struct FrameReader: ~Copyable {
  /// What one `receive` did.
  enum Received: Equatable {
    case bytes
    /// Nothing there at present.
    case empty
    /// The other end is gone.
    case ended
  }

  /// Larger: fewer system calls under load, more cache; smaller: more copies of middle-sized bodies.
  static let stagingBytes = 128 << 10

  private let staging: UnsafeMutableRawPointer
  private var start = 0
  private var end = 0
  private var descriptors: [Int32] = []
  private var partial: Partial?
  /// The body of the frame handed out last, where it had memory of its own.
  private var lent: UnsafeMutableRawBufferPointer?

  /// A frame whose head is known and whose rest has not all come.
  private struct Partial {
    let head: FrameHead
    /// Body and attachment lengths.
    var body: UnsafeMutableRawBufferPointer
    var filled = 0
    var attachments: [any RawArray] = []
    var current = 0
    var currentFilled = 0
  }

  init() { staging = malloc(FrameReader.stagingBytes)! }

  deinit {
    // SAFETY: the reader owns its memory; frames handed out are not used beyond the next call (Frame.body).
    free(staging)
    lent?.deallocate()
    partial?.body.deallocate()
    for descriptor in descriptors { close(descriptor) }
  }

  /// True if a frame has begun and not ended: an end of the stream now is a torn frame.
  var isWithinFrame: Bool { partial != nil || start < end }

  /// Fills what is wanted next. `read` returns the byte count, 0 at the end, or a negative errno.
  mutating func receive(
    _ read: (UnsafeMutableRawBufferPointer, _ descriptors: inout [Int32]) -> Int
  ) throws(MalformedBytes) -> Received {
    let count: Int
    if partial != nil {
      count = fillPartial(read)
    } else {
      if start == end { (start, end) = (0, 0) }
      if start > 0, FrameReader.stagingBytes - end < FrameHead.size {
        memmove(staging, staging + start, end - start)
        (start, end) = (0, end - start)
      }
      count = read(
        UnsafeMutableRawBufferPointer(start: staging + end, count: FrameReader.stagingBytes - end), &descriptors)
      if count > 0 { end += count }
    }
    if count > 0 { return .bytes }
    if count == 0 || count == -Int(ECONNRESET) { return .ended }
    if count == -Int(EAGAIN) { return .empty }
    throw .invalid("receiving failed with errno \(-count)", 0)
  }

  private mutating func fillPartial(
    _ read: (UnsafeMutableRawBufferPointer, inout [Int32]) -> Int
  ) -> Int {
    var count: Int
    if partial!.filled < partial!.body.count {
      count = read(UnsafeMutableRawBufferPointer(rebasing: partial!.body[partial!.filled...]), &descriptors)
      if count > 0 { partial!.filled += count }
    } else {
      let filled = partial!.currentFilled
      count = partial!.attachments[partial!.current].withMutableRawBytes { bytes in
        read(UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]), &descriptors)
      }
      if count > 0 { partial!.currentFilled += count }
    }
    return count
  }

  /// The next whole frame, or nil until more bytes came.
  mutating func next() throws(MalformedBytes) -> Frame? {
    lent?.deallocate()
    lent = nil
    if partial == nil {
      guard end - start >= FrameHead.size else { return nil }
      let head = try FrameHead(UnsafeRawBufferPointer(start: staging + start, count: FrameHead.size))
      let rest = Int(head.bodyBytes) + 8 * Int(head.attachments)
      if head.attachments == 0, end - start - FrameHead.size >= rest {
        let body = UnsafeRawBufferPointer(start: staging + start + FrameHead.size, count: rest)
        start += FrameHead.size + rest
        return Frame(head: head, body: body, attachments: [], shared: try takeShared(head))
      }
      try begin(head, rest)
    }
    return try finishPartial()
  }

  /// Gives the frame memory of its own and moves into it what was already received.
  private mutating func begin(_ head: FrameHead, _ size: Int) throws(MalformedBytes) {
    if head.attachments == 0, size + FrameHead.size <= FrameReader.stagingBytes / 2 {
      // It fits: make room and wait for the rest.
      if start + FrameHead.size + size > FrameReader.stagingBytes {
        memmove(staging, staging + start, end - start)
        (start, end) = (0, end - start)
      }
      return
    }
    guard let memory = malloc(max(size, 1)) else { throw .invalid("no memory for a frame of \(size) bytes", 0) }
    var partial = Partial(head: head, body: UnsafeMutableRawBufferPointer(start: memory, count: size))
    start += FrameHead.size
    partial.filled = move(into: partial.body)
    self.partial = partial
  }

  /// Moves staged bytes; returns how many.
  private mutating func move(into target: UnsafeMutableRawBufferPointer) -> Int {
    let count = min(target.count, end - start)
    if count > 0 { memcpy(target.baseAddress!, staging + start, count) }
    start += count
    return count
  }

  private mutating func finishPartial() throws(MalformedBytes) -> Frame? {
    guard partial != nil, partial!.filled == partial!.body.count else { return nil }
    let head = partial!.head
    if partial!.attachments.isEmpty, head.attachments > 0 { try makeAttachments() }
    while partial!.current < partial!.attachments.count {
      let wanted = partial!.attachments[partial!.current].byteCount
      if partial!.currentFilled < wanted, start < end {
        let from = UnsafeRawBufferPointer(
          start: staging + start, count: min(wanted - partial!.currentFilled, end - start))
        let filled = partial!.currentFilled
        partial!.attachments[partial!.current].withMutableRawBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: bytes[filled...]).copyMemory(from: from)
        }
        start += from.count
        partial!.currentFilled += from.count
      }
      guard partial!.currentFilled == wanted else { return nil }
      partial!.current += 1
      partial!.currentFilled = 0
    }
    let done = partial!
    partial = nil
    lent = done.body
    let body = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(done.body)[..<Int(head.bodyBytes)])
    return Frame(head: head, body: body, attachments: done.attachments, shared: try takeShared(head))
  }

  /// The table behind the body: a word each, the element code above, the byte count below.
  private mutating func makeAttachments() throws(MalformedBytes) {
    let head = partial!.head
    var table = ByteReader(UnsafeRawBufferPointer(partial!.body), position: Int(head.bodyBytes))
    for _ in 0..<head.attachments {
      let word = try table.raw(UInt64.self)
      let byteCount = word & 0xFF_FFFF_FFFF_FFFF
      guard let type = RawArrays.type(of: UInt8(word >> 56)), byteCount <= WireLimits.messageBytes,
        Int(byteCount) % type.elementSize == 0, FrameReader.canAllocate(Int(byteCount))
      else { throw .invalid("invalid attachment", table.position) }
      partial!.attachments.append(type.init(byteCount: Int(byteCount)))
    }
  }

  /// An array that the system refuses would end the process; asking first turns a torn length into an error.
  private static func canAllocate(_ byteCount: Int) -> Bool {
    if byteCount < 64 << 20 { return true }
    guard let memory = malloc(byteCount) else { return false }
    free(memory)
    return true
  }

  private mutating func takeShared(_ head: FrameHead) throws(MalformedBytes) -> [SharedMemory] {
    if head.descriptors == 0 { return [] }
    let count = Int(head.descriptors)
    guard descriptors.count >= count else { throw .invalid("a descriptor is missing", 26) }
    let taken = descriptors.prefix(count)
    descriptors.removeFirst(count)
    let shared = taken.compactMap { SharedMemory(received: $0) }
    guard shared.count == count else { throw .invalid("a descriptor is not sealed memory", 26) }
    return shared
  }
}
