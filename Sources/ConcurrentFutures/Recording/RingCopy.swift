// Copies the packets of one lane, in order, without stopping its writer.
//
// A ring's slots may be used again while they are copied: a slot whose revision changed meanwhile is dropped (PacketHeader I4).
import Glibc
import SchedulerEvents
import Synchronization

enum RingCopy {
  /// Copies a ring to a new stream file, the oldest packet first. Nothing used: no file. Returns the bytes written.
  @discardableResult static func copy(_ window: EventRing.Window, to path: String) throws(SystemError) -> Int {
    let slots = window.size / PacketHeader.packetBytes
    let order = (0..<slots).compactMap { slot -> (sequence: UInt64, slot: Int)? in
      guard let header = PacketHeader(loadingFrom: window.base + slot * PacketHeader.packetBytes),
        header.begin != PacketHeader.unused, header.revision % 2 == 0
      else { return nil }
      return (header.sequence, slot)
    }.sorted { $0.sequence < $1.sequence }
    guard !order.isEmpty else { return 0 }
    let file = try LogFile.create(path)
    defer { file.close() }
    var end = 0
    for (sequence, slot) in order {
      let packet = window.base + slot * PacketHeader.packetBytes
      try write(packet, PacketHeader.packetBytes, to: file.descriptor, at: end)
      // The kernel has copied; what changed the slot since then, or during that, has changed its header before.
      atomicMemoryFence(ordering: .acquiringAndReleasing)
      guard let header = PacketHeader(loadingFrom: packet), header.sequence == sequence, header.revision % 2 == 0 else {
        continue  // overtaken: the next packet takes its place in the file
      }
      end += PacketHeader.packetBytes
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
