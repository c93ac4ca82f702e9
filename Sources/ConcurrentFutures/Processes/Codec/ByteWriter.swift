// A growing byte buffer: what the encoder writes into and the outbox sends from.
import Glibc

/// Bytes in memory of its own. One thread at a time.
final class ByteWriter {
  @exclusivity(unchecked) private(set) var base: UnsafeMutableRawPointer
  @exclusivity(unchecked) private(set) var count = 0
  @exclusivity(unchecked) private var capacity: Int

  init(capacity: Int = 256) {
    self.capacity = max(capacity, 16)
    // SAFETY: freed in deinit and nowhere else; `base` never leaves this object but in `bytes` and `withBytes`.
    base = malloc(self.capacity)!
  }

  deinit { free(base) }

  /// What was written. Valid until the next append.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Forgets the bytes. Memory beyond `keeping` bytes is given back.
  func removeAll(keeping: Int) {
    count = 0
    guard capacity > keeping else { return }
    capacity = keeping
    base = realloc(base, capacity)!
  }

  /// Forgets what was written after `count` bytes.
  func truncate(to count: Int) { self.count = min(self.count, count) }

  @inline(__always)
  func reserve(_ extra: Int) {
    if count + extra > capacity { grow(count + extra) }
  }

  @inline(never)
  private func grow(_ needed: Int) {
    capacity = max(needed, capacity * 2)
    base = realloc(base, capacity)!
  }

  @inline(__always)
  func append(byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Little-endian, unaligned.
  @inline(__always)
  func append<T: BitwiseCopyable>(raw value: T) {
    reserve(MemoryLayout<T>.size)
    base.storeBytes(of: value, toByteOffset: count, as: T.self)
    count += MemoryLayout<T>.size
  }

  func append(_ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    reserve(source.count)
    (base + count).copyMemory(from: start, byteCount: source.count)
    count += source.count
  }

  /// LEB128: seven bits a byte, low ones first, the top bit says that more follow.
  @inline(__always)
  func append(varint value: UInt64) {
    reserve(10)
    var rest = value
    while rest >= 0x80 {
      base.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
      count += 1
      rest >>= 7
    }
    base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// A length and then UTF-8.
  func append(string: String) {
    var string = string
    string.withUTF8 { utf8 in
      append(varint: UInt64(utf8.count))
      append(UnsafeRawBufferPointer(utf8))
    }
  }
}

/// A cursor over bytes that another process wrote: every read is checked and throws rather than trap.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  var position: Int

  init(_ bytes: UnsafeRawBufferPointer, position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  var remaining: Int { bytes.count - position }

  @inline(__always)
  mutating func byte() throws(MalformedBytes) -> UInt8 {
    guard position < bytes.count else { throw .truncated(position) }
    defer { position += 1 }
    return bytes[position]
  }

  @inline(__always)
  mutating func raw<T: BitwiseCopyable>(_ type: T.Type) throws(MalformedBytes) -> T {
    guard remaining >= MemoryLayout<T>.size else { throw .truncated(position) }
    defer { position += MemoryLayout<T>.size }
    return bytes.loadUnaligned(fromByteOffset: position, as: T.self)
  }

  @inline(__always)
  mutating func varint() throws(MalformedBytes) -> UInt64 {
    let first = try byte()
    if first < 0x80 { return UInt64(first) }
    return try longVarint(first)
  }

  @inline(never)
  private mutating func longVarint(_ first: UInt8) throws(MalformedBytes) -> UInt64 {
    var value = UInt64(first & 0x7F)
    var shift: UInt64 = 7
    while true {
      let next = try byte()
      if shift == 63, next > 1 { throw .invalid("integer of more than 64 bits", position) }
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return value }
      shift += 7
      if shift > 63 { throw .invalid("integer of more than 64 bits", position) }
    }
  }

  /// A count of things that each take at least `size` bytes of what is left: no allocation larger than the message.
  mutating func count(of size: Int) throws(MalformedBytes) -> Int {
    let count = try varint()
    guard count <= UInt64(remaining / size) else { throw .truncated(position) }
    return Int(count)
  }

  mutating func slice(_ count: Int) throws(MalformedBytes) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else { throw .truncated(position) }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
  }

  mutating func string() throws(MalformedBytes) -> String {
    let utf8 = try slice(count(of: 1))
    guard let string = String(validating: utf8, as: UTF8.self) else { throw .invalid("text is not UTF-8", position) }
    return string
  }
}

/// Why bytes from another process were refused, and where.
enum MalformedBytes: Error, CustomStringConvertible {
  case truncated(Int)
  case invalid(String, Int)

  var description: String {
    switch self {
    case .truncated(let position): "the message ends too early (at byte \(position))"
    case .invalid(let what, let position): "\(what) (at byte \(position))"
    }
  }

  func decodingError(_ type: Any.Type) -> DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: "\(type): \(self)", underlyingError: self))
  }
}
