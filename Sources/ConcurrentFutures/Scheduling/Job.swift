// The scheduler's type-erased unit: one word that runs exactly once.
import CPlatform
import Synchronization

/// A queued object, tagged in its low bits with what it is. The queue owns one reference to it.
struct Job: Equatable {
  enum Kind: UInt {
    /// An `AnyFuture` with a runner.
    case future = 0
    /// A `DetachedJob`: `execute`.
    case detached = 1
    /// A job of Swift concurrency as it came (`UnownedJob`), no object of ours.
    case swift = 2
    /// A stolen fork: the address of its slot (ForkStack).
    case fork = 3
  }
  let word: UInt
  private static let tagMask: UInt = 7

  init(word: UInt) { self.word = word }
  init(_ kind: Kind, _ object: UnsafeMutableRawPointer) { word = UInt(bitPattern: object) | kind.rawValue }

  // SAFETY: the word is pushed, and taken out again, exactly once, and whoever takes it owns the reference. The kind
  // in its low bits, which objects leave zero, says what the address is.
  /// Adds one reference to a future that no other thread knows yet: `submit` made it just now, so the count needs no
  /// atomic instruction.
  init(retainingUnshared future: AnyFuture) {
    self.init(.future, cf_retain_unshared(Unmanaged.passUnretained(future).toOpaque()))
  }
  init(retaining job: DetachedJob) { self.init(.detached, Unmanaged.passRetained(job).toOpaque()) }

  var kind: Kind { Kind(rawValue: word & Job.tagMask).unsafelyUnwrapped }
  var object: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: word & ~Job.tagMask).unsafelyUnwrapped
  }

  // SAFETY: as for `init(retaining:)`: the kind was written together with the address.
  /// The future, if it is one. Borrowed.
  var future: Unmanaged<AnyFuture>? { kind == .future ? Unmanaged.fromOpaque(object) : nil }
  var detached: Unmanaged<DetachedJob> { Unmanaged.fromOpaque(object) }

  /// Offset of the first stored property of a Swift root class: behind the isa and the reference counts.
  static let linkOffset = 16

  /// The link of a queued object: `AnyFuture.link` or `DetachedJob.link`, both first fields; in a job of Swift concurrency
  /// the first of the two words that its runtime leaves to the scheduler (`SchedulerPrivate`).
  // SAFETY: the layout of a non-resilient root class; JobTests checks it.
  static func link(_ word: UInt) -> UnsafeMutablePointer<Atomic<UInt>> {
    UnsafeMutableRawPointer(bitPattern: word & ~Job.tagMask).unsafelyUnwrapped
      .advanced(by: linkOffset).assumingMemoryBound(to: Atomic<UInt>.self)
  }
}

/// Work without a future.
// SAFETY: the body moves to the one thread that runs the job; a queue hands a job out once.
final class DetachedJob: @unchecked Sendable {
  let link = Atomic<UInt>(0)  // must be the first field, as in AnyFuture
  let taskID: UInt64
  let body: () throws -> Void
  init(taskID: UInt64, body: consuming sending @escaping () throws -> Void) {
    self.taskID = taskID
    self.body = body
  }

  /// Runs the body; an error goes to the pool's handler.
  /// - Returns: whether there was one.
  @inline(__always)
  func call(_ pool: UnsafeMutablePointer<Pool>) -> Bool {
    do {
      try body()
      return false
    } catch {
      ErrorSink.report(error, "error in a task without a future", nil, to: pool.pointee.configuration.errorHandler)
      return true
    }
  }
}
