// The log's dealings with the file system: create, extend, map, cut. Every failure is an errno, none is a signal.
import Glibc
import SchedulerEvents

/// A lane's file, open for as long as the recording.
struct LogFile {
  let descriptor: Int32
  /// Where the part that is in use ends, in bytes.
  var end: Int

  /// Creates the file; it must not exist.
  static func create(_ path: String) throws(SystemError) -> LogFile {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError(errno, path) }
    return LogFile(descriptor: descriptor, end: 0)
  }

  /// Adds `size` bytes of zeros at the end, with disk space of their own, and maps them: writing there cannot fail later.
  /// (Writing to a mapped hole on a full disk would be SIGBUS.) `size` and `end` are multiples of the page size.
  mutating func extend(by size: Int) throws(SystemError) -> EventRing.Window {
    try reserve(size)
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, off_t(end)), base != MAP_FAILED
    else {
      let code = errno
      truncate(to: end)
      throw SystemError(code, nil)
    }
    defer { end += size }
    return EventRing.Window(base: base, size: size, fileOffset: end)
  }

  /// Takes `size` bytes of disk space at the end, or nothing.
  func reserve(_ size: Int) throws(SystemError) {
    // Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ, which ends the program.
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(end + size) {
      throw SystemError(EFBIG, nil)
    }
    let code = posix_fallocate(descriptor, off_t(end), off_t(size))
    guard code == 0 else {
      truncate(to: end)
      throw SystemError(code, nil)
    }
  }

  /// Makes the window's pages present, so that writing to them costs no page fault. Advice: failing is fine.
  static func populate(_ window: EventRing.Window) {
    let populateForWriting: Int32 = 23  // MADV_POPULATE_WRITE, Linux 5.14
    _ = madvise(window.base, window.size, populateForWriting)
  }
  static func unmap(_ window: EventRing.Window) { munmap(window.base, window.size) }

  func truncate(to size: Int) { _ = ftruncate(descriptor, off_t(size)) }
  func close() { _ = Glibc.close(descriptor) }

  static func roundUpToPage(_ bytes: Int) -> Int {
    let page = sysconf(Int32(_SC_PAGESIZE))
    return (bytes + page - 1) / page * page
  }

  /// Writes everything or nothing: what was written of a piece that did not fit is cut off again.
  static func append(_ bytes: [UInt8], to descriptor: Int32) throws(SystemError) {
    let start = lseek(descriptor, 0, SEEK_END)
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
      limit.rlim_cur < rlim_t(Int(start) + bytes.count)
    {
      throw SystemError(EFBIG, nil)
    }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        _ = ftruncate(descriptor, start)
        throw SystemError(code, nil)
      }
      written += count
    }
  }
}

/// A system call failed.
struct SystemError: Error, CustomStringConvertible {
  let code: Int32
  let path: String?
  init(_ code: Int32, _ path: String?) {
    self.code = code
    self.path = path
  }
  var description: String {
    var buffer = [CChar](repeating: 0, count: 128)
    let isKnown = strerror_r(code, &buffer, buffer.count) == 0
    let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    let text = isKnown ? String(decoding: bytes, as: UTF8.self) : "error \(code)"
    return path.map { "\($0): \(text)" } ?? text
  }
}
