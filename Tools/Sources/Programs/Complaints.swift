import Glibc

/// Messages to the user, each one line on standard error, written at once so that lines do not mix.
public struct Complaints: Sendable {
  public let program: String
  public init(program: String) { self.program = program }

  /// `program: subject: reason`. The subject's bytes go out as they are.
  public func say(_ failure: Failure) {
    Self.write(Array("\(program): ".utf8) + failure.subject.bytes + Array(": \(failure.reason)\n".utf8))
  }
  public func say(_ text: String) { Self.write(Array("\(program): \(text)\n".utf8)) }

  /// A line that is not about the program itself (`-v`).
  public static func note(_ text: String, about subject: Path) {
    write(subject.bytes + Array(":\t\(text)\n".utf8))
  }
  /// Standard error is the last resort: where it cannot be written, nobody can be told.
  private static func write(_ bytes: [UInt8]) { try? Descriptor.standardError.write(bytes) }
}
