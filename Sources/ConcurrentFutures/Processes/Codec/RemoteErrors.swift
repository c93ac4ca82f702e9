// Errors on their way from a worker to the parent.
//
// A Codable error arrives as itself; any other as a `RemoteError`, as does one whose type or bytes the parent cannot read.
import CPlatform
import Glibc

enum RemoteErrors {
  private enum Form: UInt8 {
    case description = 0
    case codable = 1
    case cancellation = 2
    case cancelled = 3
    case timeout = 4
  }

  // MARK: In the worker

  static func body(of error: any Error, backtrace: String?) -> EncodedBody {
    let message = EncodingMessage()
    write(error, backtrace: backtrace, to: message)
    return message.finish()
  }

  /// Appends `error`; never fails.
  static func write(_ error: any Error, backtrace: String?, to message: EncodingMessage) {
    let remote =
      error as? RemoteError
      ?? RemoteError(
        typeName: _typeName(type(of: error), qualified: true), description: String(describing: error),
        backtrace: backtrace, pid: getpid())
    switch error {
    case is CancellationError: message.bytes.append(byte: Form.cancellation.rawValue)
    case is CancelledError: message.bytes.append(byte: Form.cancelled.rawValue)
    case let error as TimeoutError:
      message.bytes.append(byte: Form.timeout.rawValue)
      writeOptional(error.unfinished, to: message)
      writeOptional(error.total, to: message)
    case is RemoteError: writeDescription(remote, to: message)
    case let error as any Error & Codable:
      // Tried beside the message first: encoding may throw midway.
      if let reference = TypeReference(type(of: error)), (try? BinaryEncoding.body(of: error)) != nil {
        message.bytes.append(byte: Form.codable.rawValue)
        writeFields(remote, to: message)
        reference.write(to: message.bytes)
        try? message.encode(error)
      } else {
        writeDescription(remote, to: message)
      }
    default: writeDescription(remote, to: message)
    }
  }

  private static func writeDescription(_ remote: RemoteError, to message: EncodingMessage) {
    message.bytes.append(byte: Form.description.rawValue)
    writeFields(remote, to: message)
  }

  private static func writeFields(_ remote: RemoteError, to message: EncodingMessage) {
    message.bytes.append(string: remote.typeName)
    message.bytes.append(string: remote.description)
    message.bytes.append(string: remote.backtrace ?? "")
    message.bytes.append(raw: remote.pid)
  }

  private static func writeOptional(_ value: Int?, to message: EncodingMessage) {
    message.bytes.append(varint: value.map { UInt64($0) + 1 } ?? 0)
  }

  // MARK: In the parent

  /// Reads an error; if the bytes are no error, that is the error.
  static func read(from message: DecodingMessage) -> any Error {
    do {
      return try message.custom { reader in try head(&reader) }.resolved(message)
    } catch {
      return error
    }
  }

  /// What stands before a Codable error's value.
  private struct Head {
    var error: any Error
    var reference: TypeReference?

    func resolved(_ message: DecodingMessage) throws -> any Error {
      guard let reference else { return error }
      guard let type = reference.resolve() as? any (Error & Codable).Type else {
        throw MalformedBytes.invalid("unknown error type", 0)
      }
      return try message.decode(type)
    }
  }

  private static func head(_ reader: inout ByteReader) throws -> Head {
    guard let form = Form(rawValue: try reader.byte()) else {
      throw MalformedBytes.invalid("unknown form of error", reader.position)
    }
    switch form {
    case .cancellation: return Head(error: CancellationError())
    case .cancelled: return Head(error: CancelledError())
    case .timeout:
      let unfinished = try optional(&reader)
      return Head(error: TimeoutError(unfinished: unfinished, total: try optional(&reader)))
    case .description: return Head(error: try fields(&reader))
    case .codable:
      let remote = try fields(&reader)
      return Head(error: remote, reference: try TypeReference(from: &reader))
    }
  }

  private static func optional(_ reader: inout ByteReader) throws -> Int? {
    let value = try reader.varint()
    guard value <= UInt64(Int.max) else { throw MalformedBytes.invalid("invalid count", reader.position) }
    return value == 0 ? nil : Int(value - 1)
  }

  private static func fields(_ reader: inout ByteReader) throws -> RemoteError {
    let typeName = try reader.string()
    let description = try reader.string()
    let backtrace = try reader.string()
    return RemoteError(
      typeName: typeName, description: description, backtrace: backtrace.isEmpty ? nil : backtrace,
      pid: try reader.raw(Int32.self))
  }
}

/// Remembers where the worker's thread threw last: Swift's errors carry no backtrace.
enum ThrowSite {
  private static let room = 48
  // SAFETY: written in `install`, before user code and other threads; the addresses and their number are then only
  // touched by the worker's main thread (the hook checks the thread).
  nonisolated(unsafe) private static var addresses = UnsafeMutablePointer<UInt>.allocate(capacity: room)
  nonisolated(unsafe) private static var count = 0
  nonisolated(unsafe) private static var stack: (low: UInt, high: UInt) = (0, 0)

  /// Has every throw on the calling thread remembered: a walk along the frame pointers, some 50 ns.
  static func install() {
    var (low, high): (UInt, UInt) = (0, 0)
    cf_stack_bounds(&low, &high)
    stack = (low, high)
    cf_on_throw { _ in ThrowSite.remember() }
  }

  static func forget() { count = 0 }

  private static func remember() {
    var frame = UInt(bitPattern: cf_frame_address())
    guard frame >= stack.low, frame < stack.high else { return }  // another thread
    count = 0
    while count < room, frame >= stack.low, frame &+ 16 <= stack.high, frame % 8 == 0 {
      // SAFETY: lies within this thread's stack; a frame starts with the caller's frame and the return address.
      let words = UnsafePointer<UInt>(bitPattern: frame)!
      guard words[1] != 0 else { return }
      addresses[count] = words[1]
      count += 1
      guard words[0] > frame else { return }
      frame = words[0]
    }
  }

  /// The site of the last throw, a line a frame, or nil.
  static func describe() -> String? {
    guard count > 0 else { return nil }
    var lines: [String] = []
    for index in 0..<count {
      guard let address = UnsafeMutableRawPointer(bitPattern: addresses[index] - 1) else { continue }
      let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        cf_describe_address(address, buffer.baseAddress!, buffer.count)
        return String(cString: buffer.baseAddress!)
      }
      lines.append("\(index) \(text)")
    }
    return lines.joined(separator: "\n")
  }
}
