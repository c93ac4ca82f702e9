import Glibc

/// What a system call reported: an `errno`, spelled as the C library spells it.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  public let code: Int32

  public init(_ code: Int32) { self.code = code }
  /// The calling thread's `errno`; read it right after the call that failed.
  public static var last: SystemError { SystemError(errno) }

  public var description: String { String(cString: strerror(code)) }
}

/// Why one input was not, or not wholly, dealt with: printed as `program: subject: reason`.
public struct Failure: Error, Sendable {
  public enum Severity: Int32, Sendable, Comparable {
    case warning, error
    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
  }
  public let subject: Path
  public let reason: String
  public let severity: Severity
  /// Whether a reader that went away is the cause: the user asked for less output, nothing is broken.
  public let isBrokenPipe: Bool

  public init(_ subject: Path, _ reason: String, severity: Severity = .error) {
    self.subject = subject
    self.reason = reason
    self.severity = severity
    isBrokenPipe = false
  }
  public init(_ subject: Path, _ error: SystemError) {
    self.subject = subject
    reason = error.description
    severity = .error
    isBrokenPipe = error.code == EPIPE
  }
}
