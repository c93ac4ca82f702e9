// Large data that several processes read without copying it: a sealed memory file, mapped by each.
import CPlatform
import Glibc

/// Bytes that cross to another process as a descriptor, whatever their number.
///
/// Made once, then read-only and sealed: neither side can change or truncate them, so that reading never faults and
/// never races. A task argument or result that holds `SharedBytes` costs a few microseconds plus the page faults of
/// what is touched, against about a quarter of a second a GiB for `[UInt8]`.
///
/// `Codable` only towards the processes of a `ProcessPoolExecutor`; another encoder throws.
public struct SharedBytes: Sendable, Codable {
  let memory: SharedMemory
  /// How many bytes there are.
  public let count: Int

  init(_ memory: SharedMemory, count: Int) {
    self.memory = memory
    self.count = count
  }

  /// Makes `count` zero bytes, lets `fill` write them, and seals them.
  ///
  /// - Throws: what `fill` throws; `InvalidArgumentError` for a negative count or when the system refuses the memory.
  public init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    self.init(try SharedMemory(count: count, fill), count: count)
  }

  /// A copy of `bytes`.
  public init(_ bytes: [UInt8]) throws {
    try self.init(count: bytes.count) { memory in bytes.withUnsafeBytes { memory.copyMemory(from: $0) } }
  }

  /// The bytes, valid during `body`.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withExtendedLifetime(memory) { try body(UnsafeRawBufferPointer(start: memory.base, count: count)) }
  }

  /// For the pool's own encoder, which sends the descriptor instead.
  /// - Throws: `EncodingError`, always: no other encoder can take a descriptor along.
  public func encode(to encoder: any Encoder) throws {
    throw EncodingError.invalidValue(
      self, .init(codingPath: encoder.codingPath, debugDescription: "SharedBytes cross to pool processes only"))
  }
  /// For the pool's own decoder, which takes the descriptor instead.
  /// - Throws: `DecodingError`, always.
  public init(from decoder: any Decoder) throws {
    throw DecodingError.dataCorrupted(
      .init(codingPath: decoder.codingPath, debugDescription: "SharedBytes come from pool processes only"))
  }
}

/// A sealed memory file and this process's read-only view of it.
// SAFETY: immutable after init: the file is sealed against writing and the mapping is read-only.
final class SharedMemory: @unchecked Sendable {
  let descriptor: Int32
  let count: Int
  let base: UnsafeRawPointer?

  private static let seals = cf_seal_shrink | cf_seal_grow | cf_seal_write

  init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    guard count >= 0 else { throw InvalidArgumentError(message: "count must not be negative") }
    let descriptor = cf_memfd("concurrent-futures")
    guard descriptor >= 0 else { throw SharedMemory.refused("memfd_create") }
    do {
      guard ftruncate(descriptor, count) == 0 else { throw SharedMemory.refused("ftruncate") }
      if count > 0 {
        guard let writable = SharedMemory.map(descriptor, count, PROT_READ | PROT_WRITE) else {
          throw SharedMemory.refused("mmap")
        }
        defer { munmap(writable, count) }
        try fill(UnsafeMutableRawBufferPointer(start: writable, count: count))
      }
      guard cf_add_seals(descriptor, SharedMemory.seals) == 0 else { throw SharedMemory.refused("sealing") }
      base = try SharedMemory.view(descriptor, count)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.count = count
  }

  /// Takes over a descriptor that came from another process; nil (and closed) if it is not sealed memory.
  init?(received descriptor: Int32) {
    var status = stat()
    guard cf_get_seals(descriptor) & SharedMemory.seals == SharedMemory.seals, fstat(descriptor, &status) == 0,
      let base = try? SharedMemory.view(descriptor, Int(status.st_size))
    else {
      close(descriptor)
      return nil
    }
    self.base = base
    count = Int(status.st_size)
    self.descriptor = descriptor
  }

  deinit {
    if let base { munmap(UnsafeMutableRawPointer(mutating: base), count) }
    close(descriptor)
  }

  private static func view(_ descriptor: Int32, _ count: Int) throws -> UnsafeRawPointer? {
    guard count > 0 else { return nil }
    guard let base = map(descriptor, count, PROT_READ) else { throw refused("mmap") }
    return UnsafeRawPointer(base)
  }

  private static func map(_ descriptor: Int32, _ count: Int, _ protection: Int32) -> UnsafeMutableRawPointer? {
    let address = mmap(nil, count, protection, MAP_SHARED, descriptor, 0)
    return address == MAP_FAILED ? nil : address
  }

  private static func refused(_ what: String) -> InvalidArgumentError {
    InvalidArgumentError(message: "shared memory: \(what) failed (errno \(errno))")
  }
}
