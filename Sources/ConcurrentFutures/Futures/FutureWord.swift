// The state of a future in one word: what it is, who waits for it, and the transitions between.
//
//      PENDING ──claim──> RUNNING ──────────publish──> FINISHED
//         │  └──claim──> COMPLETING ────────publish──────^
//         └──cancel──> CANCELLED ──notify──> CANCELLED_AND_NOTIFIED
//
// Roles
//   completer  the one thread that moved the word to RUNNING or COMPLETING; it alone writes the outcome
//   holder     the thread that set the lock bit; it alone links and unlinks wait nodes
//
// Invariants
//   I1  The outcome is written before FINISHED is published and never after.
//   I2  In a done state of an owned future, and in FINISHED and CANCELLED_AND_NOTIFIED of any, the list is empty:
//       whoever made the transition took it and fires each node once.
//   I3  The lock bit is held for a few instructions, with no call to foreign code in between.
//
// Pairings
//   P1  publish's releasing exchange -> every acquiring load that reads a done state
//   P2  the holder's releasing store -> the next holder's acquiring exchange (links of the list)
import Synchronization

/// The states of a future, named as in Python.
public enum FutureState: String, Hashable, Sendable, CaseIterable {
  /// Nobody has started it.
  case pending = "PENDING"
  /// Its task runs, or `setRunningOrNotifyCancel` claimed it.
  case running = "RUNNING"
  /// Cancelled before it started; its executor has not dropped it from its queue yet.
  case cancelled = "CANCELLED"
  /// Cancelled, and dropped by its executor.
  case cancelledAndNotified = "CANCELLED_AND_NOTIFIED"
  /// It has a value or an error.
  case finished = "FINISHED"
}

/// Bits 0-2 phase, bit 3 lock, bit 4 cancellation requested, the rest the newest wait node (32-byte aligned).
@usableFromInline
struct FutureWord: Equatable {
  @usableFromInline var raw: UInt
  @inlinable @inline(__always) init(raw: UInt) { self.raw = raw }

  @usableFromInline static let pending: UInt = 0
  @usableFromInline static let running: UInt = 1
  @usableFromInline static let completing: UInt = 2
  @usableFromInline static let cancelled: UInt = 3
  @usableFromInline static let notified: UInt = 4
  @usableFromInline static let finished: UInt = 5

  private static let phaseMask: UInt = 7
  private static let lockBit: UInt = 8
  private static let requestBit: UInt = 16
  private static let flagMask: UInt = 31

  @inlinable @inline(__always) var phase: UInt { raw & 7 }
  @inlinable @inline(__always) var isDone: Bool { raw & 7 >= FutureWord.cancelled }
  @inlinable @inline(__always) var isFinished: Bool { raw & 7 == FutureWord.finished }
  var isLocked: Bool { raw & FutureWord.lockBit != 0 }
  var isCancellationRequested: Bool { raw & FutureWord.requestBit != 0 }

  var head: UnsafeMutablePointer<WaitNode>? {
    UnsafeMutablePointer(bitPattern: raw & ~FutureWord.flagMask)
  }

  var state: FutureState {
    switch phase {
    case FutureWord.pending: .pending
    case FutureWord.running, FutureWord.completing: .running
    case FutureWord.cancelled: .cancelled
    case FutureWord.notified: .cancelledAndNotified
    default: .finished
    }
  }

  /// The same with the lock bit set.
  var locked: FutureWord { FutureWord(raw: raw | FutureWord.lockBit) }
  /// The same with the lock bit clear.
  var unlocked: FutureWord { FutureWord(raw: raw & ~FutureWord.lockBit) }
  /// The same with a cancellation request on record.
  var requestingCancellation: FutureWord { FutureWord(raw: raw | FutureWord.requestBit) }
  /// The same in another phase, list and flags kept.
  @inline(__always)
  func to(_ phase: UInt) -> FutureWord { FutureWord(raw: raw & ~FutureWord.phaseMask | phase) }
  /// The same in another phase with the list taken out.
  @inline(__always)
  func detached(_ phase: UInt) -> FutureWord { FutureWord(raw: raw & FutureWord.requestBit | phase) }
  /// The same with another newest node.
  func with(head: UnsafeMutablePointer<WaitNode>?) -> FutureWord {
    FutureWord(raw: raw & FutureWord.flagMask | UInt(bitPattern: head))
  }
}

// MARK: - Moves that need nothing but the word

extension FutureWord {
  /// PENDING to `phase`, list and flags kept: the caller now owns the task. False if someone else was first.
  @inline(__always)
  static func claim(_ word: borrowing Atomic<UInt>, to phase: UInt) -> Bool {
    var current = FutureWord(raw: FutureWord.pending)
    while true {
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.to(phase).raw, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      current = FutureWord(raw: original)
      if current.isLocked { current = waitUntilUnlocked(word) }
      if current.phase != FutureWord.pending { return false }
    }
  }

  /// PENDING to CANCELLED with the list taken out. The word before, whose list the caller must fire; nil if it was not
  /// pending.
  static func cancel(_ word: borrowing Atomic<UInt>) -> FutureWord? {
    var current = FutureWord(raw: word.load(ordering: .relaxed))  // the exchange orders
    while true {
      if current.isLocked { current = waitUntilUnlocked(word) }
      guard current.phase == FutureWord.pending else { return nil }
      let (exchanged, original) = word.compareExchange(
        expected: current.raw, desired: current.detached(FutureWord.cancelled).raw, ordering: .acquiringAndReleasing)
      if exchanged { return current }
      current = FutureWord(raw: original)
    }
  }

  @inline(never)
  static func waitUntilUnlocked(_ word: borrowing Atomic<UInt>) -> FutureWord {
    var spin = SpinWait()
    while true {
      let current = FutureWord(raw: word.load(ordering: .acquiring))
      if !current.isLocked { return current }
      spin.once()
    }
  }
}
