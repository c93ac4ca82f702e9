// Formats to write a run in. A new one is one file and one line in `all`.
import Foundation
import SchedulerEvents

/// One output format.
public struct Export: Sendable {
  /// What is exported: a trace, or a part of it.
  public struct Request {
    /// What is read.
    public var trace: Trace
    /// The part to export, on the trace's clock; nil: all.
    public var window: ClosedRange<UInt64>?
    /// See `Trace.read`.
    public var progress: ((Int) -> Bool)?
    /// A request with these parts.
    public init(trace: Trace, window: ClosedRange<UInt64>? = nil, progress: ((Int) -> Bool)? = nil) {
      self.trace = trace
      self.window = window
      self.progress = progress
    }
    var span: ClosedRange<UInt64> { window.map { $0.clamped(to: trace.span) } ?? trace.span }
  }
  /// What `--to` calls it.
  public let name: String
  /// For `--help`.
  public let description: String
  let body: Body

  enum Body: Sendable {
    case text(@Sendable (Request, (String) throws -> Void) throws -> Void)
    case bytes(@Sendable (Request, (Data) throws -> Void) throws -> Void)
  }

  /// True where a terminal should not be flooded with it.
  public var isBinary: Bool { if case .bytes = body { true } else { false } }

  /// Calls `write` with one piece after the other. Throws what `write` throws, and `ReadingError`.
  public func run(_ request: Request, write: (Data) throws -> Void) throws {
    switch body {
    case .text(let body): try body(request) { try write(Data($0.utf8)) }
    case .bytes(let body): try body(request, write)
    }
  }

  init(
    _ name: String, _ description: String, text: @escaping @Sendable (Request, (String) throws -> Void) throws -> Void
  ) {
    self.name = name
    self.description = description
    body = .text(text)
  }
  init(
    _ name: String, _ description: String, bytes: @escaping @Sendable (Request, (Data) throws -> Void) throws -> Void
  ) {
    self.name = name
    self.description = description
    body = .bytes(bytes)
  }

  /// All formats.
  public static let all: [Export] = [
    .html, .svg, .png, .perfetto, .chrome, .json, .jsonl, .csv, .folded, .dot,
  ]
}
