// A file mapped for reading. Every access is checked against the size, which is asked for again before each packet,
// because the program that writes the log may still run.
import Foundation
import SchedulerEvents

/// Owns one read-only mapping of a whole file.
///
/// SAFETY (`@unchecked Sendable`): the mapping is never written nor moved; it is unmapped when the last owner lets go.
final class MappedFile: @unchecked Sendable {
  let path: String
  let base: UnsafeRawPointer
  /// Bytes that were mapped.
  let mappedSize: Int
  private let descriptor: Int32

  /// Throws: `ReadingError` when the file cannot be opened or mapped. An empty file is mapped as 0 bytes.
  convenience init(path: String) throws(ReadingError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ReadingError(
        path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))",
        advice: "Check the name and the permissions.")
    }
    try self.init(descriptor: descriptor, name: path)
  }
  /// Takes the descriptor over. Throws `ReadingError` when it cannot be mapped.
  init(descriptor: Int32, name path: String) throws(ReadingError) {
    self.path = path
    self.descriptor = descriptor
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw ReadingError(
        path: path, reason: "is not a regular file", advice: "Name the directory of a trace, not a pipe or device.")
    }
    mappedSize = Int(status.st_size)
    guard mappedSize > 0 else {
      base = UnsafeRawPointer(bitPattern: 8)!  // never read: size is 0
      return
    }
    guard let memory = mmap(nil, mappedSize, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw ReadingError(path: path, reason: "cannot be mapped: \(reason)", advice: "Is there enough address space?")
    }
    base = UnsafeRawPointer(memory)
  }
  deinit {
    if mappedSize > 0 { munmap(UnsafeMutableRawPointer(mutating: base), mappedSize) }
    close(descriptor)
  }

  /// Bytes that can be read now: the file may have shrunk since it was mapped (touching what is gone would be fatal).
  var readableSize: Int {
    var status = stat()
    guard mappedSize > 0, fstat(descriptor, &status) == 0 else { return 0 }
    return min(mappedSize, Int(status.st_size))
  }

  /// The first bytes of a packet, read without touching the mapping: an index of a long file should not page all of it in.
  func header(at offset: Int) -> PacketHeader? {
    withUnsafeTemporaryAllocation(byteCount: PacketHeader.size, alignment: 8) { buffer in
      var done = 0
      while done < PacketHeader.size {
        let count = pread(descriptor, buffer.baseAddress! + done, PacketHeader.size - done, off_t(offset + done))
        guard count > 0 else { return nil }
        done += count
      }
      return PacketHeader(loadingFrom: buffer.baseAddress!)
    }
  }

  /// Gives the pages of a range that was read back to the system. Only a hint.
  func release(_ range: Range<Int>) {
    let page = 4096
    let low = range.lowerBound / page * page
    let high = min(range.upperBound, mappedSize) / page * page
    guard low < high else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + low), high - low, MADV_DONTNEED)
  }
  /// Maps the pages of a range that is about to be read all at once, not by a fault for every sixteen. Only a hint: the range may
  /// reach beyond the file, and kernels before 5.14 do not know it.
  func willRead(_ range: Range<Int>) {
    let low = range.lowerBound / 4096 * 4096
    let high = min(range.upperBound, mappedSize)
    guard low < high else { return }
    madvise(UnsafeMutableRawPointer(mutating: base + low), high - low, MADV_POPULATE_READ)
  }
  /// Says that the file will be read from front to back.
  func willReadInOrder() {
    guard mappedSize > 0 else { return }
    madvise(UnsafeMutableRawPointer(mutating: base), mappedSize, MADV_SEQUENTIAL)
  }
}
