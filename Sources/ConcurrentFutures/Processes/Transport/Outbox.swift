// Frames on their way out: small ones gathered into one buffer, large arrays sent from where they are.

import Glibc

/// What is still to be sent on a connection, in order. Knows no sockets: it is handed a function that takes bytes.
struct Outbox {
  private enum Segment {
    case bytes(ByteWriter)
    case array(any RawArray)
    /// Shared memory whose descriptors go with the first byte of the segment that follows.
    case descriptors([SharedMemory])
  }

  enum Flushed: Equatable {
    case all
    /// The connection takes no more at present.
    case some
    /// The other end is gone.
    case ended
  }

  /// Kept for the next frames; a larger buffer is given back.
  private static let keptBytes = 256 << 10

  private var segments: [Segment] = []
  private var first = 0
  private var sent = 0
  private var spare: ByteWriter? = ByteWriter(capacity: 4096)
  private var descriptors: [SharedMemory] = []

  var isEmpty: Bool { first == segments.count }

  mutating func append(
    _ kind: FrameKind, call: UInt64 = 0, slot: UInt16 = 0, type: UInt32 = 0, task: UInt64 = 0,
    reportsStart: Bool = false, body: EncodedBody? = nil
  ) {
    let shared = body?.shared ?? []
    if !shared.isEmpty { segments.append(.descriptors(shared)) }
    let attachments = body?.attachments ?? []
    let bytes = tail()
    FrameHead(
      kind, call: call, slot: slot, type: type, bodyBytes: body?.bytes.count ?? 0, attachments: attachments.count,
      descriptors: shared.count, task: task, reportsStart: reportsStart
    ).write(to: bytes)
    if let body { bytes.append(body.bytes.bytes) }
    for array in attachments {
      bytes.append(raw: UInt64(Swift.type(of: array).code) << 56 | UInt64(array.byteCount))
    }
    for array in attachments { segments.append(.array(array)) }
  }

  /// The buffer at the end of the queue.
  private mutating func tail() -> ByteWriter {
    if first < segments.count, case .bytes(let last) = segments[segments.count - 1] { return last }
    let fresh = spare ?? ByteWriter(capacity: 4096)
    spare = nil
    segments.append(.bytes(fresh))
    return fresh
  }

  /// Sends as much as `write` takes: it returns a byte count or a negative errno.
  mutating func flush(_ write: (UnsafeRawBufferPointer, _ descriptors: [Int32]) -> Int) -> Flushed {
    while first < segments.count {
      let (count, total): (Int, Int)
      switch segments[first] {
      case .descriptors(let shared):
        descriptors = shared
        first += 1
        continue
      case .bytes(let bytes):
        total = bytes.count
        count = write(UnsafeRawBufferPointer(rebasing: bytes.bytes[sent...]), descriptors.map(\.descriptor))
      case .array(let array):
        total = array.byteCount
        let sent = sent
        count = array.withRawBytes { write(UnsafeRawBufferPointer(rebasing: $0[sent...]), []) }
      }
      guard count >= 0 else { return count == -Int(EAGAIN) ? .some : .ended }
      if count > 0 { descriptors = [] }
      sent += count
      if sent == total { removeFirst() }
    }
    segments.removeAll(keepingCapacity: true)
    first = 0
    return .all
  }

  private mutating func removeFirst() {
    if case .bytes(let bytes) = segments[first], spare == nil {
      bytes.removeAll(keeping: Outbox.keptBytes)
      spare = bytes
    }
    segments[first] = .descriptors([])  // frees the array now, not when all is sent
    first += 1
    sent = 0
  }

  mutating func removeAll() {
    segments = []
    first = 0
    sent = 0
    descriptors = []
  }
}
