// Copies the packets of one lane, in order, without stopping its writer.
//
// A ring's slots may be used again while they are copied: a slot whose revision changed meanwhile is dropped (PacketHeader I4).
import Glibc
import SchedulerEvents
import Synchronization

enum RingCopy {
  /// How many slots one system call copies. Larger: more is copied again where the writer has overtaken. Smaller: more calls, and
  /// smaller pieces of the file system's memory.
  private static let slotsAtOnce = 16

  /// Copies a ring to a new stream file, the oldest packet first. Nothing used: no file. Returns the bytes written.
  @discardableResult static func copy(_ window: EventRing.Window, to path: String) throws(SystemError) -> Int {
    func header(_ slot: Int) -> PacketHeader? {
      PacketHeader(loadingFrom: window.base + slot * PacketHeader.packetBytes)
    }
    let slots = window.size / PacketHeader.packetBytes
    let order = (0..<slots).compactMap { slot -> (sequence: UInt64, slot: Int)? in
      guard let header = header(slot), header.begin != PacketHeader.unused, header.revision % 2 == 0 else { return nil }
      return (header.sequence, slot)
    }.sorted { $0.sequence < $1.sequence }
    guard !order.isEmpty else { return 0 }
    let file = try LogFile.create(path)
    defer { file.close() }
    try file.reserve(order.count * PacketHeader.packetBytes)
    var end = 0
    var rest = order[...]
    while let first = rest.first {
      // Slots that lie side by side.
      let run = rest.prefix(slotsAtOnce).enumerated().prefix { $1.slot == first.slot + $0 }.map(\.element)
      let bytes = run.count * PacketHeader.packetBytes
      try write(window.base + first.slot * PacketHeader.packetBytes, bytes, to: file.descriptor, at: end)
      // The kernel has copied; what changed a slot since then, or during that, has changed its header before.
      atomicMemoryFence(ordering: .acquiringAndReleasing)
      let overtaken = run.lastIndex { packet in
        guard let header = header(packet.slot) else { return true }
        return header.sequence != packet.sequence || header.revision % 2 != 0
      }
      if let overtaken {
        // The writer takes the oldest first. What lies behind is copied again, to this place.
        rest = rest.dropFirst(overtaken + 1)
      } else {
        rest = rest.dropFirst(run.count)
        end += bytes
      }
    }
    file.truncate(to: end)
    return end
  }

  /// Copies a stream file that is being written: every packet as far as it is filled.
  static func copyStream(from source: String, to path: String) throws(SystemError) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw SystemError(errno, source) }
    defer { Glibc.close(input) }
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: PacketHeader.packetBytes, alignment: 4096)
    defer { buffer.deallocate() }
    let output = try LogFile.create(path)
    defer { output.close() }
    var position = 0
    var end = 0
    while pread(input, buffer, PacketHeader.packetBytes, off_t(position)) >= PacketHeader.size,
      let header = PacketHeader(loadingFrom: buffer), header.begin != PacketHeader.unused,
      header.packetBits >= UInt64(PacketHeader.size) * 8
    {
      position += Int(header.packetBits / 8)
      // A packet that is still open reaches to its window's end; its records end sooner.
      let used = min(PacketHeader.size + header.recordCount * EventRecord.size, PacketHeader.packetBytes)
      buffer.storeBytes(
        of: UInt64(used) * 8, toByteOffset: PacketHeader.Offset.packetBits.rawValue, as: UInt64.self)
      try write(buffer, used, to: output.descriptor, at: end)
      end += used
    }
  }

  /// Copies a file byte by byte, as long as it is now.
  static func copyFile(from source: String, to path: String) throws(SystemError) {
    let input = open(source, O_RDONLY | O_CLOEXEC)
    guard input >= 0 else { throw SystemError(errno, source) }
    defer { Glibc.close(input) }
    var status = stat()
    fstat(input, &status)
    let output = try LogFile.create(path)
    defer { output.close() }
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var position = 0
    while position < Int(status.st_size) {
      let count = pread(input, buffer, min(64 << 10, Int(status.st_size) - position), off_t(position))
      guard count > 0 else { break }
      try write(buffer, count, to: output.descriptor, at: position)
      position += count
    }
  }

  private static func write(
    _ bytes: UnsafeRawPointer, _ count: Int, to descriptor: Int32, at offset: Int
  ) throws(SystemError) {
    var written = 0
    while written < count {
      let step = pwrite(descriptor, bytes + written, count - written, off_t(offset + written))
      if step < 0 {
        if errno == EINTR { continue }
        throw SystemError(errno, nil)
      }
      written += step
    }
  }
}
