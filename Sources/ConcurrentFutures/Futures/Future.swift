// The handle of a result that a task, or someone by hand, will give.

/// The handle of a result that may not be there yet.
///
/// Executors return futures from `submit`; `Future()` makes one that is completed by hand (`setResult`,
/// `setException`). Every member may be called from any thread.
// SAFETY: the cell is written by the completer before FINISHED is published and read only after it was seen
// (FutureWord I1, P1).
public class Future<Value: Sendable>: AnyFuture, @unchecked Sendable {
  @usableFromInline final let cell = Cell<Value>()

  /// A pending future, to be completed by hand.
  @inlinable
  public init() {
    super.init(operations: Future.handle, owner: Owner.user, isTask: false, ownsValue: !_isPOD(Value.self))
  }

  @inlinable init(task operations: @escaping Operations, owner: UInt32) {
    super.init(operations: operations, owner: owner, isTask: true, ownsValue: !_isPOD(Value.self))
  }

  /// A future that the library completes: by a combinator, a promise, a process pool.
  init(owner: UInt32) {
    super.init(operations: Future.handle, owner: owner, isTask: false, ownsValue: !_isPOD(Value.self))
  }

  private init(finished outcome: Result<Value, any Error>) {
    super.init(
      operations: Future.handle, owner: Owner.library, isTask: false, ownsValue: !_isPOD(Value.self),
      phase: FutureWord.finished)
    store(outcome)
  }

  @inlinable static var handle: Operations {
    { base, operation in
      if case .destroyValue = operation {
        // SAFETY: this handler is installed by `Future<Value>`'s own initialiser only.
        unsafeDowncast(base, to: Future<Value>.self).cell.address.deinitialize(count: 1)
      }
      return false
    }
  }

  /// Completer only, before `publish`.
  @inlinable final func store(_ outcome: Result<Value, any Error>) {
    switch outcome {
    case .success(let value): cell.address.initialize(to: value)
    case .failure(let error): storedError = error
    }
  }

  /// After FINISHED was seen.
  @inlinable @inline(__always) final func get() throws -> Value {
    if let storedError { throw storedError }
    return cell.address.pointee
  }

  /// A future that has finished with `value`.
  public static func succeeded(_ value: Value) -> Future { Future(finished: .success(value)) }
  /// A future that has finished with `error`.
  public static func failed(_ error: any Error) -> Future { Future(finished: .failure(error)) }

  override final var outcomeDescription: String {
    if let storedError { return "raised \(type(of: storedError))" }
    // As Any: of a generic value `type(of:)` tells the type it is declared with, `any Sendable` for one.
    return "returned \(type(of: cell.address.pointee as Any))"
  }

  /// The outcome if it is done, nil while it is not. Never blocks, never torn.
  ///
  /// A cancelled future's outcome is the failure `CancelledError`.
  /// - Source: CPython 3.14, `_get_snapshot`.
  public final var outcome: Result<Value, any Error>? {
    let word = loadWord()
    guard word.isDone else { return nil }
    return word.isFinished ? Result { try get() } : .failure(CancelledError())
  }

  /// Blocks until the future is done and returns its value.
  ///
  /// In a worker of the pool that owns the task a call without a timeout runs the task on this thread if it is still
  /// pending (``ThreadPoolExecutor/WaitPolicy``), and of a future made from others those tasks; otherwise, and on any
  /// other thread, the thread blocks. It spins for a few microseconds before it sleeps. Does not allocate. May be
  /// called any number of times.
  /// - Parameter timeout: how long to wait at most; nil: without limit; zero or less: not at all.
  /// - Throws: the task's error, `CancelledError`, or `TimeoutError`.
  @available(*, noasync, message: "use 'await future.value'")
  @inlinable
  public final func result(timeout: Duration? = nil) throws -> Value {
    if !loadWord().isFinished { try block(timeout) }
    return try get()
  }

  /// Calls `body` with this future once it is done. ``AnyFuture/addAnyDoneCallback(_:)`` tells on which thread.
  public final func addDoneCallback(_ body: @escaping @Sendable (Future<Value>) throws -> Void) {
    // SAFETY: a callback gets the future it was added to, which is this one.
    addAnyDoneCallback { try body(unsafeDowncast($0, to: Future<Value>.self)) }
  }

  /// Finishes a future made by hand, from PENDING or RUNNING.
  ///
  /// Wakes who waits, then runs the callbacks on the calling thread.
  /// - Throws: `InvalidStateError` if it is done, or if a pool owns it.
  public final func setResult(_ value: sending Value) throws(InvalidStateError) {
    guard owner == Owner.user, complete(with: .success(value)) else { throw invalidState() }
  }

  /// Finishes the future unless it is done or claimed by another. The library's own way.
  @discardableResult
  final func complete(with outcome: Result<Value, any Error>) -> Bool {
    guard claimCompletion() else { return false }
    finish(with: outcome)
    return true
  }

  /// The second half of `complete`, for a completer that has claimed before.
  final func finish(with outcome: Result<Value, any Error>) {
    store(outcome)
    forgetSources()
    fire(publish())
  }
}

extension Future where Value == Void {
  /// Finishes a future made by hand that has no value.
  /// - Throws: `InvalidStateError` if it is done, or if a pool owns it.
  public final func setResult() throws(InvalidStateError) { try setResult(()) }
}
