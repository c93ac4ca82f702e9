// Chunks of `map`: many small tasks in one message, coded by code that the client's compiler specialises.
//
//   parent: ChunkWriter ── tasks ──> worker: RemoteChunk (decode, run, encode each) ── outcomes ──> parent: ChunkReader
//
// The loops over the elements are `@inlinable`: unspecialised, an element costs 2 us of looking up generic metadata; so it
// costs 0.2. Everything that is called for a whole chunk stays out of line.
import CPlatform

/// Encodes the tasks of one chunk. One thread.
@usableFromInline
final class ChunkWriter {
  private let message = EncodingMessage()
  private let room: Int
  @exclusivity(unchecked) private var mark: EncodingMessage.Mark
  /// Tasks that did not encode: their places in the chunk, ascending.
  private(set) var unsent: [(index: Int, error: any Error)] = []
  @exclusivity(unchecked) private(set) var count = 0

  init(room: Int) {
    self.room = room
    mark = message.mark()
    message.outermost = ContainerCache()
  }
  deinit { message.outermost = nil }

  @usableFromInline var hasRoom: Bool { count < room }

  @inlinable
  func append<Work: ProcessTask>(_ work: Work) {
    do {
      try work.encode(to: begin())
      end()
    } catch {
      fail(error)
    }
  }

  @usableFromInline
  func begin() -> any Encoder {
    mark = message.mark()
    return message.beginValue()
  }
  @usableFromInline
  func end() {
    message.endValue()
    count += 1
  }
  /// The task in hand does not encode.
  @usableFromInline
  func fail(_ error: any Error) {
    message.rewind(to: mark)
    unsent.append((count, error))
    count += 1
  }
  func failAll(_ error: any Error) { unsent = (0..<count).map { ($0, error) } }

  func finish() -> EncodedBody { message.finish(countedAs: count - unsent.count) }
}

/// A chunk in the worker: tasks are taken from it, outcomes are given to it. Called by `ProcessTask._run` only.
@_documentation(visibility: internal)
public final class _RemoteChunk {
  private let tasks: DecodingMessage
  private let outcomes = EncodingMessage()
  @exclusivity(unchecked) private var remaining: Int
  @exclusivity(unchecked) private var mark: EncodingMessage.Mark

  init(_ tasks: DecodingMessage) throws {
    self.tasks = tasks
    remaining = try tasks.custom { try $0.count(of: 1) }
    outcomes.bytes.append(varint: UInt64(remaining))
    mark = outcomes.mark()
    tasks.outermost = ContainerCache()
    outcomes.outermost = ContainerCache()
  }
  deinit {
    tasks.outermost = nil
    outcomes.outermost = nil
  }

  func finish() -> EncodedBody { outcomes.finish() }

  @usableFromInline var hasNext: Bool { remaining > 0 }

  @inlinable
  func take<Work: ProcessTask>(_ type: Work.Type) throws -> Work {
    let work = try Work(from: beginTask())
    try endTask()
    return work
  }
  @usableFromInline
  func beginTask() -> any Decoder {
    remaining -= 1
    ThrowSite.forget()
    return tasks.beginValue()
  }
  @usableFromInline func endTask() throws { try tasks.endValue() }

  /// An entry: 0 and the output.
  @inlinable
  func give<Output: Encodable>(_ output: Output) throws {
    beginOutput()
    if Output.self == Int.self {
      give(integer: sameType(output, as: Int.self))
    } else if ChunkReader.isKnown(Output.self) {
      try give(known: output)
    } else {
      try output.encode(to: beginValue())
      endValue()
    }
  }
  @usableFromInline
  func beginOutput() {
    mark = outcomes.mark()
    outcomes.bytes.append(byte: 0)
  }
  @usableFromInline func give(integer: Int) { outcomes.write(signed: Int64(integer)) }
  @usableFromInline func give<Output: Encodable>(known output: Output) throws { try outcomes.encode(output) }
  @usableFromInline func beginValue() -> any Encoder { outcomes.beginValue() }
  @usableFromInline func endValue() { outcomes.endValue() }

  /// An entry: 1 and the error; takes the place of what was begun.
  @usableFromInline
  func give(error: any Error, outputBegan: Bool) {
    if outputBegan { outcomes.rewind(to: mark) }
    outcomes.bytes.append(byte: 1)
    RemoteErrors.write(error, backtrace: ThrowSite.describe(), to: outcomes)
  }
}

extension ProcessTask {
  @_documentation(visibility: internal)
  @inlinable
  public static func _run(_ chunk: _RemoteChunk) throws {
    while chunk.hasNext {
      let work = try chunk.take(Self.self)
      var outputBegan = false
      do {
        let output = try work.run()
        outputBegan = true
        try chunk.give(output)
      } catch {
        chunk.give(error: error, outputBegan: outputBegan)
      }
    }
  }
}

/// Decodes the outcomes of one chunk. One thread.
@usableFromInline
final class ChunkReader {
  private let message: DecodingMessage
  @exclusivity(unchecked) private var remaining: Int

  init(_ message: DecodingMessage) throws {
    self.message = message
    remaining = try message.custom { try $0.count(of: 1) }
    message.outermost = ContainerCache()
  }
  deinit { message.outermost = nil }

  /// Types the format codes itself, not by their `Codable`.
  @inlinable @inline(__always)
  static func isKnown<Output>(_ type: Output.Type) -> Bool {
    Output.self == String.self || Output.self == Double.self || Output.self == SharedBytes.self
      || RawArrays.isRaw(Output.self)
  }

  @usableFromInline var count: Int { remaining }

  @inlinable
  func outcomes<Output: Decodable & Sendable>(of type: Output.Type) throws -> [Result<Output, any Error>] {
    var all: [Result<Output, any Error>] = []
    all.reserveCapacity(count)
    while count > 0 {
      if try beginOutcome() {
        if Output.self == Int.self {
          all.append(.success(sameType(try integer(), as: Output.self)))
        } else if ChunkReader.isKnown(type) {
          all.append(.success(try known(type)))
        } else {
          let value = try Output(from: beginValue())
          try endValue()
          all.append(.success(value))
        }
      } else {
        all.append(.failure(error()))
      }
    }
    return all
  }

  /// True if the outcome is a value.
  @usableFromInline
  func beginOutcome() throws -> Bool {
    remaining -= 1
    return try message.custom { try $0.byte() } == 0
  }
  @usableFromInline func integer() throws -> Int { try message.custom { try message.integer(&$0, as: Int.self) } }
  @usableFromInline func known<Output: Decodable>(_ type: Output.Type) throws -> Output { try message.decode(type) }
  @usableFromInline func beginValue() -> any Decoder { message.beginValue() }
  @usableFromInline func endValue() throws { try message.endValue() }
  @usableFromInline func error() -> any Error { RemoteErrors.read(from: message) }
}
