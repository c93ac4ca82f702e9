// Decodes, runs and encodes the calls of one task type. Knows no sockets.
import CPlatform

/// What a call came to: a frame for the parent.
struct CallOutcome {
  let kind: FrameKind
  let body: EncodedBody

  static func value(_ body: EncodedBody) -> CallOutcome { CallOutcome(kind: .value, body: body) }
  static func failure(_ error: any Error) -> CallOutcome {
    CallOutcome(kind: .failure, body: RemoteErrors.body(of: error, backtrace: ThrowSite.describe()))
  }
}

/// The calls of one task type.
protocol CallHandler {
  func call(_ message: DecodingMessage) -> CallOutcome
  /// A count, then the tasks; the outcome has an entry each, so that one that throws fails alone.
  func chunk(_ message: DecodingMessage) -> CallOutcome
}

enum CallHandlers {
  /// The handler of the type that `reference` names, or why there is none.
  static func make(_ reference: TypeReference) -> Result<any CallHandler, any Error> {
    guard let type = reference.resolve() as? any ProcessTask.Type else {
      return .failure(
        DecodingError.dataCorrupted(
          .init(codingPath: [], debugDescription: "the worker process has no task type \(reference)")))
    }
    return .success(open(type))
  }

  private static func open<Work: ProcessTask>(_ type: Work.Type) -> any CallHandler { TaskHandler<Work>() }
}

private struct TaskHandler<Work: ProcessTask>: CallHandler {
  func call(_ message: DecodingMessage) -> CallOutcome {
    ThrowSite.forget()
    do {
      let output = try message.decode(Work.self).run()  // the task is gone before its output is encoded
      return .value(try BinaryEncoding.body(of: output))
    } catch {
      return .failure(error)
    }
  }

  func chunk(_ message: DecodingMessage) -> CallOutcome {
    do {
      let chunk = try _RemoteChunk(message)
      try Work._run(chunk)
      return .value(chunk.finish())
    } catch {
      return .failure(error)
    }
  }
}

/// A function without captures, as its place in the executable.
enum RemoteFunction {
  /// A function value in memory: code and captures.
  private struct Words {
    var code: UnsafeRawPointer?
    var captures: UnsafeRawPointer?
  }
  private struct Box<Argument, Output> { var function: @Sendable (Argument) throws -> Output }

  /// Nil if the function captures something or lies outside of the executable.
  static func offset<Argument, Output>(of function: @escaping @Sendable (Argument) throws -> Output) -> UInt64? {
    precondition(MemoryLayout<Box<Argument, Output>>.size == MemoryLayout<Words>.size)
    // SAFETY: a Swift function value is two words, code and context; the context of one without captures is null.
    let words = withUnsafePointer(to: Box(function: function)) {
      $0.withMemoryRebound(to: Words.self, capacity: 1) { $0.pointee }
    }
    guard words.captures == nil, let code = words.code, TypeReference.isInImage(code), let start = cf_image_start()
    else {
      return nil
    }
    return UInt64(code - start)
  }

  private static func function<Argument, Output>(at offset: UInt64) throws -> @Sendable (Argument) throws -> Output {
    guard let start = cf_image_start(), offset < 1 << 40, TypeReference.isInImage(start + Int(offset)) else {
      throw MalformedBytes.invalid("no such function", 0)
    }
    // SAFETY: the parent took the offset from a value of this type in the same executable.
    var words = Words(code: start + Int(offset), captures: nil)
    return withUnsafePointer(to: &words) {
      $0.withMemoryRebound(to: Box<Argument, Output>.self, capacity: 1) { $0.pointee.function }
    }
  }

  static func body<Argument: Codable & Sendable, Output: Codable & Sendable>(
    _ argument: Argument, _ function: @escaping @Sendable (Argument) throws -> Output
  ) throws -> EncodedBody {
    guard let offset = offset(of: function) else {
      throw EncodingError.invalidValue(
        argument, .init(codingPath: [], debugDescription: "a function with captures cannot cross to another process"))
    }
    guard let argumentType = TypeReference(Argument.self), let outputType = TypeReference(Output.self) else {
      throw EncodingError.invalidValue(
        argument,
        .init(
          codingPath: [], debugDescription: "another process cannot find \(Argument.self) or \(Output.self) by name"))
    }
    let message = EncodingMessage()
    argumentType.write(to: message.bytes)
    outputType.write(to: message.bytes)
    message.bytes.append(varint: offset)
    try message.encode(argument)
    return message.finish()
  }

  static func call(_ message: DecodingMessage) -> CallOutcome {
    ThrowSite.forget()
    do {
      let (argument, output, offset) = try message.custom { reader in
        (try TypeReference(from: &reader), try TypeReference(from: &reader), try reader.varint())
      }
      guard let argumentType = argument.resolve() as? any (Codable & Sendable).Type,
        let outputType = output.resolve() as? any (Codable & Sendable).Type
      else { throw MalformedBytes.invalid("the worker process has no type \(argument) or \(output)", 0) }
      return .value(try run(argumentType, outputType, offset, message))
    } catch {
      return .failure(error)
    }
  }

  private static func run<Argument: Codable & Sendable, Output: Codable & Sendable>(
    _: Argument.Type, _: Output.Type, _ offset: UInt64, _ message: DecodingMessage
  ) throws -> EncodedBody {
    let function: @Sendable (Argument) throws -> Output = try function(at: offset)
    return try BinaryEncoding.body(of: function(message.decode(Argument.self)))
  }
}
