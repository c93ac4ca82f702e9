// The futures of calls that run in another process.

/// Who can take a call back before it starts.
protocol CallOwner: AnyObject, Sendable {
  /// True if the call will not run (or is gone already); false if it has started. Any thread.
  func withdraw(_ call: CallID) -> Bool
  /// True if a worker has started the call and has not been heard of since. Any thread.
  func hasStarted(_ call: CallID) -> Bool
}

/// What a pool tells a call's future. Called with no lock held.
protocol RemoteCall: AnyFuture {
  func callStarted()
  /// The worker's answer, a `.value` or a `.failure` frame.
  func callFinished(_ frame: Frame)
  func callFailed(_ error: any Error)
}

/// A future that a pool of processes owns.
// SAFETY: `call` is written by the submitter before the future is handed out, and read only by those who have it.
class RemoteFuture<Value: Sendable>: Future<Value>, RemoteCall, @unchecked Sendable {
  private let callOwner: any CallOwner
  fileprivate(set) final var call: CallID = 0

  init(_ callOwner: any CallOwner, id: UInt32) {
    self.callOwner = callOwner
    super.init(owner: id)
  }

  final func setCall(_ call: CallID) { self.call = call }

  /// A cancel first takes the call back from whoever has it: exactly one of start and cancel wins, although they happen
  /// in two processes.
  override final func withdrawWork() -> Bool { callOwner.withdraw(call) }
  /// A worker does not report that it starts (a message each way would double the way): who asks looks.
  override final func lookForStart() {
    if call != 0, callOwner.hasStarted(call) { _ = claim() }
  }

  final func callStarted() { _ = claim() }
  final func callFailed(_ error: any Error) { completeWithError(error) }

  final func callFinished(_ frame: Frame) {
    switch frame.head.kind {
    case .value:
      do { complete(with: .success(try decode(frame.message))) } catch let error as MalformedBytes {
        completeWithError(error.decodingError(Value.self))
      } catch {
        completeWithError(error)
      }
    default: completeWithError(RemoteErrors.read(from: frame.message))
    }
  }

  /// The value in the worker's answer.
  func decode(_ message: DecodingMessage) throws -> Value { preconditionFailure("abstract") }
}

/// One task's output.
// SAFETY: adds no state to its superclass, which is Sendable.
final class TaskFuture<Output: Codable & Sendable>: RemoteFuture<Output>, @unchecked Sendable {
  override func decode(_ message: DecodingMessage) throws -> Output { try message.decode(Output.self) }
}

/// The outputs of a chunk of `map`, an outcome each.
final class ChunkTaskFuture<Output: Codable & Sendable>: RemoteFuture<[Result<Output, any Error>]>, @unchecked Sendable
{
  typealias Decode = @Sendable (ChunkReader) throws -> [Result<Output, any Error>]
  private let decodeOutcomes: Decode
  /// Tasks that did not encode and therefore were not sent.
  private let unsent: [(index: Int, error: any Error)]

  init(_ callOwner: any CallOwner, id: UInt32, unsent: [(index: Int, error: any Error)], _ decode: @escaping Decode) {
    self.unsent = unsent
    decodeOutcomes = decode
    super.init(callOwner, id: id)
  }

  override func decode(_ message: DecodingMessage) throws -> [Result<Output, any Error>] {
    var outcomes = try decodeOutcomes(ChunkReader(message))
    for (index, error) in unsent {
      guard index <= outcomes.count else { throw MalformedBytes.invalid("a chunk's outcomes are missing", 0) }
      outcomes.insert(.failure(error), at: index)
    }
    return outcomes
  }
}
