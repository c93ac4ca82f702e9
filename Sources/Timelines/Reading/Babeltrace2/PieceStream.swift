// What the process that runs libbabeltrace2 says, piece by piece. It may crash or hang: it is waited for a bounded time, then killed.
import CBabeltrace2
import Foundation

/// The reading end of the pipe, and the process behind it. Ends with the last piece, or where there will be no more.
final class PieceStream {
  struct Piece {
    var head: cf_babeltrace_piece
    /// Valid until the next piece is asked for.
    var body: UnsafeRawBufferPointer
  }
  /// Milliseconds without a word after which the process counts as hanging. Larger: a person waits longer for nothing. Smaller: a slow
  /// disk is taken for a hang, for the library looks at every packet before it says anything.
  static let patience: Int32 = 60_000
  /// Larger: a crashing process may make us ask for more memory. Smaller: a label that long is taken for a crash.
  private static let largestBody: UInt32 = 1 << 24

  /// Why there were no more pieces although the last one had not come.
  private(set) var failure: String?
  private let process: pid_t
  private let descriptor: Int32
  private let patience: Int32
  private var buffer: UnsafeMutableRawBufferPointer
  private var position = 0
  private var end = 0

  /// Starts the library on the folders of one trace.
  convenience init(reading folders: [String], patience: Int32) throws(ReadingError) {
    var descriptor: Int32 = -1
    let names = folders.map { strdup($0) }
    defer { for name in names { free(name) } }
    // SAFETY: the array ends with nil, and lives as long as the call, which hands it to the new process as it is.
    let process = (names.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer {
      cf_babeltrace_start($0.baseAddress!, &descriptor)
    }
    guard process > 0 else {
      throw ReadingError(
        path: folders[0], reason: "libbabeltrace2 cannot be started: \(String(cString: strerror(-process)))",
        advice: "Try again when the system has room for one more process.")
    }
    self.init(process: process, output: descriptor, patience: patience)
  }
  init(process: pid_t, output: Int32, patience: Int32) {
    self.process = process
    descriptor = output
    self.patience = patience
    buffer = .allocate(byteCount: 1 << 18, alignment: 8)
  }
  /// The process ends, whatever it is doing.
  deinit {
    close(descriptor)
    kill(process, SIGKILL)
    _ = status()
    buffer.deallocate()
  }

  /// nil: there are no more, and `failure` says why.
  func next() -> Piece? {
    let headSize = MemoryLayout<cf_babeltrace_piece>.size
    guard fill(headSize) else { return nil }
    let head = buffer.loadUnaligned(fromByteOffset: position, as: cf_babeltrace_piece.self)
    position += headSize
    guard head.length <= Self.largestBody else {
      failure = "libbabeltrace2 talks nonsense"
      return nil
    }
    guard fill(Int(head.length)) else { return nil }
    defer { position += Int(head.length) }
    return Piece(head: head, body: UnsafeRawBufferPointer(rebasing: buffer[position..<position + Int(head.length)]))
  }

  /// Makes sure that `count` bytes lie at the position.
  private func fill(_ count: Int) -> Bool {
    guard end - position < count else { return true }
    if count > buffer.count {
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * count, alignment: 8)
      larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[position..<end]))
      buffer.deallocate()
      buffer = larger
    } else {
      memmove(buffer.baseAddress!, buffer.baseAddress! + position, end - position)
    }
    end -= position
    position = 0
    while end < count {
      var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let ready = poll(&wanted, 1, patience)
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else {
        failure = "libbabeltrace2 hangs: nothing came for \(patience) ms"
        return false
      }
      let got = Glibc.read(descriptor, buffer.baseAddress! + end, buffer.count - end)
      if got < 0, errno == EINTR { continue }
      guard got > 0 else {
        failure = "libbabeltrace2 crashed" + (status().map { ": \($0)" } ?? "")
        return false
      }
      end += got
    }
    return true
  }

  /// How the process ended, in words. It is about to: waits for it at most a second.
  private func status() -> String? {
    for _ in 0..<1000 {
      var status: Int32 = 0
      let found = waitpid(process, &status, WNOHANG)
      if found == process {
        let signal = status & 0x7F
        return signal == 0 ? "status \(status >> 8 & 0xFF)" : String(cString: strsignal(signal))
      }
      if found < 0, errno != EINTR { return nil }
      usleep(1000)
    }
    return nil
  }
}
