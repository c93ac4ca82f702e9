// What hangs on a future until it is done: a blocked thread, a callback, a member of a group wait, a suspended task.
//
// Roles
//   waiter     made the node, links it, may unlink it
//   completer  took the list; fires each node once and touches it no more after that
//
// Invariants
//   I1  `next`, `previous` and `isLinked` are read and written only under the future's lock bit, or by the completer
//       after it took the whole list.
//   I2  A node lives until it was unlinked by its waiter or its `signal` was raised. A callback's node belongs to the
//       completer once taken.
//
// Pairings
//   P1  the completer's raising exchange of `signal` -> the waiter's acquiring load (what the completer did before)
import CPlatform
import Synchronization

struct WaitNode: ~Copyable {
  enum Kind: UInt8 {
    case blocker  // a thread sleeps on `signal`
    case member  // one future of a `WaitGroup` (the payload)
    case result  // the same, released by a cancel already: it waits for one result
    case callback  // the payload is a `Callback`; the node is on the heap and owned by the list
  }

  static let waiting: UInt32 = 0
  static let raised: UInt32 = 1
  static let sleeping: UInt32 = 2

  var next: UnsafeMutablePointer<WaitNode>?
  var previous: UnsafeMutablePointer<WaitNode>?
  /// Owned (+1) for a callback, borrowed for a member.
  let payload: Unmanaged<AnyObject>?
  let kind: Kind
  var isLinked = false
  /// Futex word of a blocker; for a member it only says that the completer is done with the node.
  let signal = Atomic<UInt32>(WaitNode.waiting)

  init(_ kind: Kind, payload: Unmanaged<AnyObject>? = nil) {
    self.kind = kind
    self.payload = payload
  }

  /// Bits of the address that `FutureWord` uses for itself.
  static let alignment = 32
  static var stride: Int { (MemoryLayout<WaitNode>.size + alignment - 1) & ~(alignment - 1) }

  /// `count` nodes, uninitialized, `stride` bytes apart.
  static func allocate(_ count: Int = 1) -> UnsafeMutableRawPointer {
    .allocate(byteCount: stride * count, alignment: alignment)
  }
}

extension UnsafeMutablePointer<WaitNode> {
  /// Tells the waiter that the completer is done with the node, which may be gone as soon as this stored.
  func raise() {
    // SAFETY: the address outlives the node only as a number; a futex wake on it is harmless.
    let address = signalAddress
    if pointee.signal.exchange(WaitNode.raised, ordering: .acquiringAndReleasing) == WaitNode.sleeping {  // P1
      cf_futex_wake(address, 1)
    }
  }

  /// Blocks until `raise`. Returns false when the deadline (CLOCK_MONOTONIC nanoseconds) passed before.
  func sleep(deadline: Int64?) -> Bool {
    let first = pointee.signal.compareExchange(
      expected: WaitNode.waiting, desired: WaitNode.sleeping, ordering: .acquiringAndReleasing)
    if !first.exchanged && first.original == WaitNode.raised { return true }
    while pointee.signal.load(ordering: .acquiring) != WaitNode.raised {  // P1; spurious wake-ups end here
      if let deadline, cf_monotonic_ns() >= deadline { return false }
      _ = cf_futex_wait(signalAddress, WaitNode.sleeping, deadline ?? -1)
    }
    return true
  }

  /// Spins until the completer that took the node is done with it: a few instructions of another thread.
  func waitUntilRaised() {
    var spin = SpinWait()
    while pointee.signal.load(ordering: .acquiring) != WaitNode.raised { spin.once() }  // P1
  }

  private var signalAddress: UnsafeRawPointer {
    // SAFETY: an Atomic has a stable address inside of memory that does not move.
    withUnsafePointer(to: pointee.signal) { UnsafeRawPointer($0) }
  }
}

/// Waits for another thread's few instructions: pauses at first, then gives the CPU away.
struct SpinWait {
  private var rounds = 0
  /// Rounds before the CPU is given away. Larger: wastes a time slice if the holder was preempted; smaller: a system
  /// call for what takes nanoseconds.
  private static let pauses = 64

  mutating func once() {
    rounds += 1
    if rounds < SpinWait.pauses { cf_pause() } else { cf_yield() }
  }
}
