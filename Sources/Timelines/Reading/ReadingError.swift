// What can go wrong when a trace is read: an error stops the reading, a problem is noted and reading goes on.

/// A trace that cannot be read at all: what, where, and what to do about it.
public struct ReadingError: Error, CustomStringConvertible, Sendable {
  /// The file or directory.
  public var path: String
  /// What is wrong.
  public var reason: String
  /// What to do about it.
  public var advice: String
  /// An error with these parts.
  public init(path: String, reason: String, advice: String) {
    self.path = path
    self.reason = reason
    self.advice = advice
  }
  /// Path and reason, and the advice on a line of its own.
  public var description: String { "\(path): \(reason)\n  \(advice)" }
}

/// Damage that reading went around. The events that it took with it are missing; coverage says so.
public struct ReadingProblem: Sendable, Equatable, CustomStringConvertible {
  /// The damaged file.
  public var file: String
  /// Byte offset in the file; nil: the whole file.
  public var offset: Int?
  /// What is wrong with it.
  public var text: String
  /// A problem with these parts.
  public init(file: String, offset: Int? = nil, text: String) {
    self.file = file
    self.offset = offset
    self.text = text
  }
  /// In one line.
  public var description: String { offset.map { "\(file) at byte \($0): \(text)" } ?? "\(file): \(text)" }
}
