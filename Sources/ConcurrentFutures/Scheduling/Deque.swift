// The work-stealing deque of one worker.
//
// Source: Chase & Lev, "Dynamic circular work-stealing deque", SPAA 2005; the orderings follow the sequentially
// consistent variant that Lê, Pop, Cohen & Zappa Nardelli (PPoPP 2013) start from. We differ in pop: an exchange of
// `bottom` instead of a store and a fence, which costs the same on x86 (2 ns) and which ThreadSanitizer understands.
//
// Roles
//   owner   the one thread that calls `push` and `pop` (the bottom end, LIFO)
//   thief   any thread, the owner too, that calls `steal` (the top end, FIFO)
//
// Invariants
//   I1  top <= bottom + 1; the items are the slots top ..< bottom.
//   I2  Only the owner writes `bottom` and `ring`. `top` only grows, and only by a successful exchange.
//   I3  An item leaves once: the exchange on `top` decides the last one (C1); any other that the owner pops is out of
//       thieves' reach (F1).
//   I4  A ring that was replaced stays readable until the deque is destroyed: a thief may still hold it. Its slots
//       top ..< bottom at the time of the copy are not written again.
//
// Pairings
//   P1  push's releasing store of `bottom` -> steal's load of `bottom`: the slot and the ring are visible
//   F1  pop's exchange of `bottom`, then its load of `top` <-> steal's load of `top`, then its load of `bottom`;
//       all four sequentially consistent, so that not both can miss the other
//   P2  grow's releasing store of `ring` -> steal's acquiring load of `ring`
import Synchronization

/// An unbounded single-owner, many-thief queue of words that are not zero. No call blocks; `push` allocates only to
/// grow, amortized O(1); everything else is O(1).
struct Deque: ~Copyable, @unchecked Sendable {
  // SAFETY: `ring` is written by the owner only; rings are freed in deinit, when nobody uses the deque (I4).

  enum Steal: Equatable {
    case item(UInt)
    case empty
    /// Another thread took the item first; there may be more.
    case lost
  }

  private struct Ring {
    let mask: Int
    let slots: UnsafeMutablePointer<Atomic<UInt>>
    let previous: UnsafeMutablePointer<Ring>?

    static func make(_ capacity: Int, after previous: UnsafeMutablePointer<Ring>?) -> UnsafeMutablePointer<Ring> {
      let ring = UnsafeMutablePointer<Ring>.allocate(capacity: 1)
      let slots = UnsafeMutablePointer<Atomic<UInt>>.allocate(capacity: capacity)
      for i in 0..<capacity { (slots + i).initialize(to: Atomic(0)) }
      ring.initialize(to: Ring(mask: capacity - 1, slots: slots, previous: previous))
      return ring
    }
  }

  private let top = Atomic<Int>(0)
  private let topPadding = CacheLinePadding()
  private let bottom = Atomic<Int>(0)
  private let ring: Atomic<UnsafeMutablePointer<Ring>>
  private let bottomPadding = CacheLinePadding()

  /// Slots of a new deque. Larger: more memory a worker; smaller: a few copies more while a run warms up.
  static let initialCapacity = 256

  /// - Parameter capacity: number of slots to begin with, a power of two.
  init(capacity: Int = Deque.initialCapacity) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "capacity must be a power of two")
    ring = Atomic(Ring.make(capacity, after: nil))
  }

  deinit {
    var at: UnsafeMutablePointer<Ring>? = ring.load(ordering: .acquiring)
    while let here = at {
      at = here.pointee.previous
      here.pointee.slots.deallocate()
      here.deallocate()
    }
  }

  /// Adds `item` at the bottom. Owner only.
  @inline(__always)
  func push(_ item: UInt) {
    let b = bottom.load(ordering: .relaxed)  // I2: our own last write
    let t = top.load(ordering: .acquiring)
    var r = ring.load(ordering: .relaxed)  // I2
    if b - t > r.pointee.mask { r = grow(r, t, b) }
    r.pointee.slots[b & r.pointee.mask].store(item, ordering: .relaxed)
    bottom.store(b + 1, ordering: .releasing)  // P1
  }

  /// Takes the newest item, or nil. Owner only.
  @inline(__always)
  func pop() -> UInt? {
    let b = bottom.load(ordering: .relaxed) - 1  // I2
    if top.load(ordering: .relaxed) > b { return nil }  // I2: top only grows, so it is empty indeed
    _ = bottom.exchange(b, ordering: .sequentiallyConsistent)  // F1
    let t = top.load(ordering: .sequentiallyConsistent)  // F1
    guard t <= b else {
      bottom.store(b + 1, ordering: .relaxed)  // thieves took it; nothing new to publish
      return nil
    }
    let r = ring.load(ordering: .relaxed)  // I2
    let item = r.pointee.slots[b & r.pointee.mask].load(ordering: .relaxed)  // our own last write
    guard t == b else { return item }
    // The last item: race the thieves for it.
    let won = top.compareExchange(expected: t, desired: t + 1, ordering: .sequentiallyConsistent).exchanged  // C1
    bottom.store(b + 1, ordering: .relaxed)
    return won ? item : nil
  }

  /// Takes the oldest item.
  func steal() -> Steal {
    let t = top.load(ordering: .sequentiallyConsistent)  // F1
    let b = bottom.load(ordering: .sequentiallyConsistent)  // F1, P1
    guard t < b else { return .empty }
    let r = ring.load(ordering: .acquiring)  // P2
    let item = r.pointee.slots[t & r.pointee.mask].load(ordering: .relaxed)  // P1; stale only if C1 fails
    let won = top.compareExchange(expected: t, desired: t + 1, ordering: .sequentiallyConsistent).exchanged  // C1
    return won ? .item(item) : .lost
  }

  /// The newest item, left where it is; a thief may take it at any moment. Owner only.
  @inline(__always)
  var newest: UInt? {
    let b = bottom.load(ordering: .relaxed) - 1  // I2
    guard top.load(ordering: .relaxed) <= b else { return nil }
    let r = ring.load(ordering: .relaxed)  // I2
    return r.pointee.slots[b & r.pointee.mask].load(ordering: .relaxed)
  }

  /// How many items there are: exact for the owner while nobody steals, else an estimate.
  var count: Int { max(0, bottom.load(ordering: .relaxed) - top.load(ordering: .relaxed)) }

  /// The same for the owner, between its own calls: `top` is never beyond `bottom` then.
  @inline(__always)
  var ownCount: UInt { UInt(bitPattern: bottom.load(ordering: .relaxed) &- top.load(ordering: .relaxed)) }

  /// False only if it was empty at some moment during the call. For whoever goes to sleep.
  var isNonEmpty: Bool {
    top.load(ordering: .sequentiallyConsistent) < bottom.load(ordering: .sequentiallyConsistent)
  }

  @inline(never)
  private func grow(_ old: UnsafeMutablePointer<Ring>, _ t: Int, _ b: Int) -> UnsafeMutablePointer<Ring> {
    let new = Ring.make((old.pointee.mask + 1) * 2, after: old)
    for i in t..<b {
      let item = old.pointee.slots[i & old.pointee.mask].load(ordering: .relaxed)
      new.pointee.slots[i & new.pointee.mask].store(item, ordering: .relaxed)
    }
    ring.store(new, ordering: .releasing)  // P2
    return new
  }
}
