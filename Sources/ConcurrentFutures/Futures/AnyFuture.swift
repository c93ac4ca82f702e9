// The type-erased root of every future: identity, state, cancellation, and the moves that complete it.
//
// Source: CPython Lib/concurrent/futures/_base.py (`Future`); the condition variable became one atomic word with a
// lock bit for its list (the idea of WebKit's WordLock). `FutureWord` has the invariants and pairings.
import CPlatform
import Synchronization

/// The type-erased root of every future: identity, state and cancellation.
///
/// Hashable by identity, so that one `wait` serves `[Future<Int>]` and mixed `[AnyFuture]` alike. Every member may be
/// called from any thread.
// SAFETY: `word` is atomic; the other mutable fields belong to one thread at a time: to the submitter until the future
// is published, then to whoever claimed it (FutureWord's completer), and are read by others only after P1.
public class AnyFuture: Hashable, @unchecked Sendable, CustomDebugStringConvertible {
  // The layout is the executor's: `link` must be the first field (Job.link reads it at a fixed offset).
  @usableFromInline final let link = Atomic<UInt>(0)
  @usableFromInline final let word: Atomic<UInt>
  /// What depends on the types of value and task, specialised where the future was made. Free of captures.
  @usableFromInline final let operations: Operations
  /// The task's id in traces; 0 for a future that is no task.
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) final var taskID: UInt64 = 0
  /// The error it finished with. Written by the completer, read once FINISHED was seen.
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) final var storedError: (any Error)?
  /// Who completes it: `Owner.user`, `Owner.library`, or a pool's id.
  @usableFromInline final let owner: UInt32
  /// Whether there is a task that a worker can run.
  @usableFromInline final let isTask: Bool
  /// Whether the value needs destroying.
  @usableFromInline final let ownsValue: Bool

  @usableFromInline typealias Operations = @Sendable (AnyFuture, Operation) -> Bool

  @usableFromInline enum Operation {
    /// Run the task and store its outcome; true if that is an error. Frees what the task captured before it returns.
    case run
    /// Free what the task captured; it will not run.
    case dropWork
    /// Destroy the value.
    case destroyValue
  }

  @usableFromInline enum Owner {
    @usableFromInline static let user: UInt32 = 0
    @usableFromInline static let library: UInt32 = .max
  }

  @inlinable init(
    operations: @escaping Operations, owner: UInt32, isTask: Bool, ownsValue: Bool, phase: UInt = FutureWord.pending
  ) {
    self.operations = operations
    self.owner = owner
    self.isTask = isTask
    self.ownsValue = ownsValue
    word = Atomic(phase)
  }

  // Cells have no destructors of their own.
  deinit {
    switch FutureWord(raw: word.load(ordering: .acquiring)).phase {
    case FutureWord.finished: if ownsValue, storedError == nil { _ = operations(self, .destroyValue) }
    case FutureWord.pending: if isTask { _ = operations(self, .dropWork) }  // never published
    default: break
    }
  }

  /// Asked before a pending owned future is cancelled: false if its task has started where this future cannot see it.
  func withdrawWork() -> Bool { true }
  /// Asked of a pending future without a task of its own, before it says its state: claims it if its work has started
  /// where this future does not hear of it.
  func lookForStart() {}
  /// Frees what the task captured; called once, by whoever cancelled it before it ran.
  final func dropWork() {
    if isTask { _ = operations(self, .dropWork) }
  }

  /// Called once, on the thread of the first `requestCancellation` before the future was done.
  func cancellationRequested() {}

  /// Futures that this one is made from and that are missing still. For workers that wait for it.
  var awaitedSources: [AnyFuture] { [] }
  /// It is done: its sources need not live for its sake.
  func forgetSources() {}

  /// "returned Int" or "raised MyError", only after FINISHED was seen.
  var outcomeDescription: String { preconditionFailure("abstract") }

  // MARK: State

  @inlinable @inline(__always) final func loadWord() -> FutureWord { FutureWord(raw: word.load(ordering: .acquiring)) }

  /// The state at this moment. Never blocks.
  public final var state: FutureState {
    let word = loadWord()
    guard word.phase == FutureWord.pending, !isTask else { return word.state }
    lookForStart()
    return loadWord().state
  }
  /// True in CANCELLED and CANCELLED_AND_NOTIFIED.
  public final var isCancelled: Bool {
    let phase = loadWord().phase
    return phase == FutureWord.cancelled || phase == FutureWord.notified
  }
  /// True only in RUNNING.
  public final var isRunning: Bool { state == .running }
  /// True in CANCELLED, CANCELLED_AND_NOTIFIED and FINISHED.
  public final var isDone: Bool { loadWord().isDone }

  /// Whether a cancel alone counts as done for `wait` and `asCompleted`. CPython's two-step rule (cancelled, then
  /// notified by the executor) is kept for futures made by hand only.
  final var notifiesOnCancel: Bool { owner != Owner.user }
  /// Done in the sense of `wait` and `asCompleted`.
  final func countsAsDone(_ word: FutureWord) -> Bool {
    word.isDone && (notifiesOnCancel || word.phase != FutureWord.cancelled)
  }

  // MARK: Cancelling

  /// Cancels the call if it has not started.
  ///
  /// Wakes everyone who waits and runs the done callbacks on the calling thread; the captures of the task are freed
  /// before that. Does not block.
  /// - Returns: true if the call was (or already is) cancelled, false when it is running or finished.
  /// - Complexity: O(number of waiters and callbacks).
  @discardableResult public final func cancel() -> Bool {
    var current = FutureWord(raw: word.load(ordering: .relaxed))  // the exchange below orders
    while true {
      switch current.phase {
      case FutureWord.cancelled, FutureWord.notified: return true
      case FutureWord.pending: break
      default: return false
      }
      guard notifiesOnCancel else {
        if cancelByHand() { return true }
        current = loadWord()
        continue
      }
      guard withdrawWork() else {
        _ = claim()
        return false
      }
      if let taken = FutureWord.cancel(word) {
        afterCancel(taken.head)
        return true
      }
      current = loadWord()
    }
  }

  /// What follows the move to CANCELLED, by who made it.
  final func afterCancel(_ nodes: UnsafeMutablePointer<WaitNode>?) {
    if taskID != 0 { PoolRegistry.countCancelled(owner) }
    if Recorder.isOn(.taskCancel) && taskID != 0 { Recorder.taskCancel(task: taskID) }
    dropWork()
    fire(nodes)
  }

  /// PENDING to CANCELLED of a future made by hand: members of groups stay until it is notified.
  /// False if it was not pending.
  private func cancelByHand() -> Bool {
    let current = lock()
    guard current.phase == FutureWord.pending else {
      unlock(current)
      return false
    }
    var kept: UnsafeMutablePointer<WaitNode>?
    var taken: UnsafeMutablePointer<WaitNode>?
    var keptTail: UnsafeMutablePointer<WaitNode>?
    var takenTail: UnsafeMutablePointer<WaitNode>?
    var node = current.head
    while let at = node {
      node = at.pointee.next
      at.pointee.next = nil
      if at.pointee.kind == .member {
        at.pointee.previous = keptTail
        if let tail = keptTail { tail.pointee.next = at } else { kept = at }
        keptTail = at
      } else {
        at.pointee.isLinked = false
        if let tail = takenTail { tail.pointee.next = at } else { taken = at }
        takenTail = at
      }
    }
    unlock(current.to(FutureWord.cancelled).with(head: kept))
    fire(taken)
    return true
  }

  /// Asks a task to stop; it sees that as `CancellationToken.current.isCancelled`. The state does not change.
  ///
  /// A task that has not started yet sees the request when it starts; `cancel()` is what keeps it from starting.
  public final func requestCancellation() {
    var current = FutureWord(raw: word.load(ordering: .relaxed))
    while !current.isDone {
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.requestingCancellation.raw, ordering: .acquiringAndReleasing)
      if exchanged {
        if !current.isCancellationRequested { cancellationRequested() }
        return
      }
      current = FutureWord(raw: original)
    }
  }

  // MARK: Claiming and completing

  /// PENDING to RUNNING: the caller now owns the task and must run it. False if someone else was first.
  @inline(__always)
  final func claim(to phase: UInt = FutureWord.running) -> Bool { FutureWord.claim(word, to: phase) }

  /// PENDING or RUNNING to COMPLETING: the caller alone may store an outcome. False if it was done or claimed.
  final func claimCompletion() -> Bool {
    var current = loadWord()
    while true {
      guard current.phase == FutureWord.pending || current.phase == FutureWord.running else { return false }
      if current.isLocked {
        current = FutureWord.waitUntilUnlocked(word)
        continue
      }
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.to(FutureWord.completing).raw, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = FutureWord(raw: original)
    }
  }

  /// To FINISHED, after the outcome was stored. Completer only. Returns the nodes, which the caller must `fire`.
  @inline(__always)
  final func publish() -> UnsafeMutablePointer<WaitNode>? {
    let (exchanged, original) = word.compareExchange(
      expected: FutureWord.running, desired: FutureWord.finished, ordering: .acquiringAndReleasing)
    return exchanged ? nil : publish(from: FutureWord(raw: original))  // P1
  }

  @inline(never)
  private final func publish(from seen: FutureWord) -> UnsafeMutablePointer<WaitNode>? {
    var current = seen
    while true {
      if current.isLocked { current = FutureWord.waitUntilUnlocked(word) }
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.detached(FutureWord.finished).raw, ordering: .acquiringAndReleasing)
      if exchanged { return current.head }  // P1
      current = FutureWord(raw: original)
    }
  }

  /// CANCELLED to CANCELLED_AND_NOTIFIED. True if this call made the move; fires the members that waited for it.
  @discardableResult
  final func notifyCancelled() -> Bool {
    let current = lock()
    guard current.phase == FutureWord.cancelled else {
      unlock(current)
      return false
    }
    unlock(current.to(FutureWord.notified).with(head: nil))
    if Recorder.isOn(.taskNotify) && taskID != 0 { Recorder.taskNotify(task: taskID) }
    fire(current.head)
    return true
  }

  /// What a worker does with a queue entry that it could not claim: cancelled, or run by someone who waited for it.
  final func dropEntry() {
    if loadWord().phase == FutureWord.cancelled { notifyCancelled() }
  }

  // MARK: Nodes

  /// Runs what the list asks for: first everyone who waits is released, then the callbacks run, oldest first.
  /// Called by who took the list, with no lock held.
  final func fire(_ newest: UnsafeMutablePointer<WaitNode>?) {
    guard newest != nil else { return }
    fireSlow(newest)
  }

  @inline(never)
  private func fireSlow(_ newest: UnsafeMutablePointer<WaitNode>?) {
    var callbacks: UnsafeMutablePointer<WaitNode>?
    var node = newest
    while let at = node {
      node = at.pointee.next  // read before firing: a raised node may be gone
      switch at.pointee.kind {
      case .blocker: at.raise()
      case .member, .result:
        // SAFETY: a group outlives its nodes; the nodes outlive `raise`.
        let group = unsafeDowncast(at.pointee.payload!.takeUnretainedValue(), to: WaitGroup.self)
        group.memberDone(at, self)
      case .callback:
        at.pointee.next = callbacks
        callbacks = at
      }
    }
    guard let first = callbacks else { return }
    Callback.run(first, self)
  }

  /// Links `node` unless the future is done already. With `untilNotified` a raw cancelled future does not count as done.
  final func register(_ node: UnsafeMutablePointer<WaitNode>, untilNotified: Bool = false) -> Bool {
    let current = lock()
    guard untilNotified ? !countsAsDone(current) : !current.isDone else {
      unlock(current)
      return false
    }
    node.pointee.next = current.head
    node.pointee.previous = nil
    node.pointee.isLinked = true
    current.head?.pointee.previous = node
    unlock(current.with(head: node))
    return true
  }

  /// Unlinks `node`. False if a completer took it: the caller must then wait until it was raised.
  /// - Complexity: O(1).
  final func unregister(_ node: UnsafeMutablePointer<WaitNode>) -> Bool {
    let current = lock()
    // An empty list means that it was taken as a whole; who takes a part clears `isLinked`.
    guard current.head != nil, node.pointee.isLinked else {
      unlock(current)
      return false
    }
    node.pointee.isLinked = false
    let next = node.pointee.next
    next?.pointee.previous = node.pointee.previous
    if let previous = node.pointee.previous {
      previous.pointee.next = next
      unlock(current)
    } else {
      unlock(current.with(head: next))
    }
    return true
  }

  /// Whether anybody waits for it or will be called.
  @inline(__always) final var hasWaiters: Bool { loadWord().head != nil }

  /// How many. For traces.
  final var waiterCount: Int {
    guard hasWaiters else { return 0 }
    let current = lock()
    var count = 0
    var node = current.head
    while let at = node {
      count += 1
      node = at.pointee.next
    }
    unlock(current)
    return count
  }

  private func lock() -> FutureWord {
    var current = FutureWord(raw: word.load(ordering: .relaxed))
    while true {
      if current.isLocked { current = FutureWord.waitUntilUnlocked(word) }
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.locked.raw, ordering: .acquiringAndReleasing)  // FutureWord.P2
      if exchanged { return current }
      current = FutureWord(raw: original)
    }
  }

  /// `word` is what the future is to hold from now on. A cancellation request made meanwhile is kept.
  private func unlock(_ next: FutureWord) {
    var current = FutureWord(raw: word.load(ordering: .relaxed))
    while true {
      let desired = current.isCancellationRequested ? next.requestingCancellation : next
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: desired.raw, ordering: .acquiringAndReleasing)  // FutureWord.P2
      if exchanged { return }
      current = FutureWord(raw: original)
    }
  }

  // MARK: Identity

  /// Whether both are the same object.
  public static func == (a: AnyFuture, b: AnyFuture) -> Bool { a === b }
  /// Hashes the object's identity.
  public final func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

  /// As Python's `repr`: `<Future at 0x7f… state=finished returned Int>`.
  public final var debugDescription: String {
    // SAFETY: only printed, never followed.
    let address = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
    let word = loadWord()
    let tail =
      switch word.phase {
      case FutureWord.pending: "pending"
      case FutureWord.running, FutureWord.completing: "running"
      case FutureWord.finished: "finished \(outcomeDescription)"
      default: "cancelled"
      }
    return "<Future at 0x\(String(address, radix: 16)) state=\(tail)>"
  }
}

extension AnyFuture {
  /// The error for an operation that its present state forbids: "FINISHED: <Future at 0x…>".
  final func invalidState() -> InvalidStateError {
    // Another completer between its claim and its publication is a few instructions from FINISHED: the state to report.
    var spin = SpinWait()
    while loadWord().phase == FutureWord.completing { spin.once() }
    let state = state
    return InvalidStateError(state: state, description: "\(state.rawValue): \(debugDescription)")
  }

  /// For executors: PENDING to RUNNING (true), CANCELLED to CANCELLED_AND_NOTIFIED (false).
  ///
  /// - Throws: `InvalidStateError` in any other state, and always for a future that a pool owns. That error also goes to
  ///   the `errorHandler` of the pool that owns the future, or that runs the caller (default: a line on standard error).
  /// - Source: CPython `_base.py`, `set_running_or_notify_cancel`.
  @discardableResult
  public final func setRunningOrNotifyCancel() throws(InvalidStateError) -> Bool {
    guard owner == Owner.user else { throw unexpectedState() }
    if claim() { return true }
    if notifyCancelled() { return false }
    throw unexpectedState()
  }

  /// Reported too, as CPython logs it: an executor that loses count of its futures may have nobody to tell.
  private func unexpectedState() -> InvalidStateError {
    let state = state
    let error = InvalidStateError(
      state: state, description: "Future in unexpected state: \(state.rawValue): \(debugDescription)")
    ErrorSink.report(error, "setRunningOrNotifyCancel", self)
    return error
  }

  /// Finishes a future made by hand with an error, from PENDING or RUNNING.
  ///
  /// Wakes who waits, then runs the callbacks on the calling thread.
  /// - Throws: `InvalidStateError` if it is done, or if a pool owns it.
  public final func setException(_ error: any Error) throws(InvalidStateError) {
    guard owner == Owner.user, completeWithError(error) else { throw invalidState() }
  }

  /// Finishes the future with `error` unless it is done. The library's own way to fail one.
  @discardableResult
  final func completeWithError(_ error: any Error) -> Bool {
    guard claimCompletion() else { return false }
    storedError = error
    forgetSources()
    fire(publish())
    return true
  }
}
