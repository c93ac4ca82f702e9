// A future's entry in a queue, and what becomes of it when someone else runs the task.
//
// A waiter can claim a task whose entry lies in the middle of a deque, or in the injector, where nobody can take it out.
// The entry must not keep the future, and with it the result, alive until a worker comes by (CONFORMANCE 244).
//
// Roles
//   taker     got the word out of a queue
//   outsider  claims the task without the word: a waiter that runs it inline, a submitter that takes it back
//
// Invariants
//   I1  An entry stands for one strong reference. An outsider that claims takes that reference over and leaves an
//       unowned one in its place: the object's memory stays, the object may go.
//   I2  The outsider makes the unowned reference before it claims. So a taker that finds the future neither pending nor
//       cancelled holds an unowned reference, and one that claims or finds it cancelled a strong one.
//   I3  A taker looks at the state word by its address only: the object around it may be gone already. The word of a
//       future that is gone says FINISHED.
import CPlatform
import Synchronization

struct QueueEntry {
  private let object: UnsafeMutableRawPointer

  init(_ job: Job) { object = job.object }
  // SAFETY: unretained: an outsider holds a reference of its own, a taker the entry's (I1, I2).
  init(_ future: AnyFuture) { object = Unmanaged.passUnretained(future).toOpaque() }

  private var future: Unmanaged<AnyFuture> { .fromOpaque(object) }

  /// `AnyFuture.word`, the second field.
  // SAFETY: the layout of a non-resilient root class, which JobTests checks; I1 keeps the memory.
  private var word: UnsafeMutablePointer<Atomic<UInt>> {
    object.advanced(by: Job.linkOffset + MemoryLayout<UInt>.stride).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  // MARK: Taker

  /// Claims the task. The caller must run or fail it, and then release the future. Nil if there is nothing to run; the
  /// entry's reference was given back then.
  @inline(__always)
  func claim(to phase: UInt = FutureWord.running) -> Unmanaged<AnyFuture>? {
    if FutureWord.claim(word.pointee, to: phase) { return future }
    discard()
    return nil
  }

  /// Cancels the task if nobody has claimed it, and gives the entry's reference back.
  func cancel() {
    if let nodes = FutureWord.cancel(word.pointee) {
      future._withUnsafeGuaranteedRef { $0.afterCancel(nodes.head) }
    }
    discard()
  }

  /// Gives the reference back of an entry whose task is not pending.
  func discard() {
    switch FutureWord(raw: word.pointee.load(ordering: .acquiring)).phase {
    case FutureWord.cancelled, FutureWord.notified:
      future._withUnsafeGuaranteedRef { $0.dropEntry() }
      future.release()
    default:
      swift_unownedRelease(object)  // I2
    }
  }

  /// Whether the task waits to be run. The taker's, or the owner's of a deque about an entry that it has popped.
  var isPending: Bool { FutureWord(raw: word.pointee.load(ordering: .acquiring)).phase == FutureWord.pending }

  // MARK: Outsider

  /// Claims the task of a future whose entry stays in its queue. The caller, who holds a reference of its own, must run or
  /// fail it, and then release the future once: that was the entry's reference.
  func claimFromOutside(to phase: UInt = FutureWord.running) -> Unmanaged<AnyFuture>? {
    _ = swift_unownedRetain(object)  // I2
    if FutureWord.claim(word.pointee, to: phase) { return future }
    swift_unownedRelease(object)
    return nil
  }
}
