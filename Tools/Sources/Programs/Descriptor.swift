import Glibc

/// An open file. Closes it when dropped, unless it is one of the standard streams.
public final class Descriptor: Sendable {
  public let number: Int32
  private let owned: Bool

  private init(_ number: Int32, owned: Bool) {
    self.number = number
    self.owned = owned
  }
  deinit { if owned { Glibc.close(number) } }

  public static let standardInput = Descriptor(STDIN_FILENO, owned: false)
  public static let standardOutput = Descriptor(STDOUT_FILENO, owned: false)
  public static let standardError = Descriptor(STDERR_FILENO, owned: false)

  /// Takes over a descriptor that was opened elsewhere.
  public static func owning(_ number: Int32) -> Descriptor { Descriptor(number, owned: true) }

  public static func open(_ path: Path, _ flags: Int32) throws(SystemError) -> Descriptor {
    while true {
      let number = path.withCString { Glibc.open($0, flags | O_CLOEXEC) }
      if number >= 0 { return Descriptor(number, owned: true) }
      if errno != EINTR { throw .last }
    }
  }

  public var isTerminal: Bool { isatty(number) == 1 }

  public func status() throws(SystemError) -> stat {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw .last }
    return status
  }

  /// Fills `buffer` unless the input ends first; returns how many bytes it got.
  public func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    var count = 0
    while count < buffer.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
      if got == 0 { break }
      count += got
    }
    return count
  }
  /// One `read`; 0 at the end of the input.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    while true {
      let got = Glibc.read(number, buffer.baseAddress, buffer.count)
      if got >= 0 { return got }
      try waitWhereNonBlocking(for: POLLIN)
    }
  }
  /// Writes all of `bytes`, or throws.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = bytes
    while !rest.isEmpty {
      let put = Glibc.write(number, rest.baseAddress, rest.count)
      if put >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[put...])
      } else {
        try waitWhereNonBlocking(for: POLLOUT)
      }
    }
  }
  public func write(_ bytes: [UInt8]) throws(SystemError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try write(buffer) }
    }
    try outcome.get()
  }

  /// A standard stream may be shared with someone who made it non-blocking: then wait for it instead of failing.
  private func waitWhereNonBlocking(for events: Int32) throws(SystemError) {
    switch errno {
    case EINTR: return
    case EAGAIN:
      var request = pollfd(fd: number, events: Int16(events), revents: 0)
      _ = poll(&request, 1, -1)
    default: throw .last
    }
  }
}
