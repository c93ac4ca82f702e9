// The forks of one worker: private until somebody asks for work.
//
// A fork costs its owner two stores and one load: no fence, no read-modify-write. Thieves ask by a store; the owner
// answers at its next fork or join by publishing the older half of what it has.
//
// Source: "fork-join by request", our own prototype; the split between a private and a public part is Lace's (van Dijk &
// van de Pol, 2014), publishing only on demand that of heartbeat scheduling (Acar et al., PLDI 2018; chili, spice).
//
// Roles
//   owner   the worker: `push`, `pop`, publishing, waiting for what was stolen
//   thief   any other worker: `steal`, `request`, `force`
//
// A slot's index rises with the depth of the fork. `span` is (t, s): slots t ..< s are published and not stolen.
// `low` is the address of slot s, or `requested`: the greatest address, so that the one comparison that push and pop make
// anyway sends the owner to its slow path.
//
// Invariants
//   I1  Only the owner writes `top`. Slots s ..< top are private: no thief reads them.
//   I2  `span` changes by exchange only: t grows by a thief's, s grows under `lock` (owner or forcing thief), s shrinks by the
//       owner's under `lock`. After a join with a stolen slot the owner resets it to (i, i), when t = s = i + 1.
//   I3  `low` is never above slot s, except for `requested`. So the fast pop of slot i, which needs i >= low, takes only
//       private slots.
//   I4  A slot is run once: by who won its index in `span`, or by the owner while it was private.
//
// Pairings
//   R1  publish's add to `span` -> steal's acquiring load of it: function, context and state of the slot
//   R2  the thief's exchange of a slot's `state` -> the owner's acquiring load: the result
//   R3  force: store `low` = requested, membarrier, load `top`  <->  pop: store `top`, compiler fence, load `low`.
//       The membarrier is a fence on every CPU of the process: either the owner sees the request and takes the lock, or the
//       thief sees the lowered `top`.
//   R4  request (a sleeper's): store `low` = requested, then look at `span` <-> the owner's slow path: exchange `low`, add to
//       `span`, then look at the sleep word (Sleep.W1).
//   R5  request (a sleeper's): store `low` = requested, membarrier, look at `top` <-> push: store `top`, compiler fence, load
//       `low`. Either the push sees the request and publishes, or the sleeper sees the private fork and does not sleep.
import CPlatform
import Synchronization

@usableFromInline typealias ForkSlot = UnsafeMutablePointer<cf_fork>

@usableFromInline
struct ForkStack: ~Copyable {
  @usableFromInline static let requested = UInt.max
  static let slotSize: UInt = 64

  enum State {
    static let open: UInt32 = 0
    static let done: UInt32 = 1
    /// The owner sleeps until the thief is done.
    static let awaited: UInt32 = 2
  }

  // Owner's line. First what thieves never read: a change of any field of `Worker` counts for ThreadSanitizer as one of its
  // first word. `top` is an address, for a comparison without arithmetic.
  @usableFromInline let pool: UInt
  @usableFromInline let top: Atomic<UInt>
  let base: UInt
  private let padding0 = CacheLinePadding()
  // Apart from `span`: thieves look at that at every pause, and would pull the line away between the owner's steps.
  @usableFromInline let low: Atomic<UInt>
  private let lock = Atomic<UInt32>(0)
  private let padding1 = CacheLinePadding()
  private let span = Atomic<UInt64>(0)
  private let padding2 = CacheLinePadding()

  /// Bytes for slots: as many as the stack has. An open fork takes more of the stack than its slot (the frames of `join`
  /// and of a closure), so the stack ends first; a guard page lies behind all the same. Address space only, touched as used.
  private let bytes: Int

  /// Most slots published at once. Larger: the owner gets fewer back cheaply; smaller: thieves ask more often.
  private static let batch: UInt64 = 32

  /// Address space for the forks of a worker with that much stack; nil if the system refuses it.
  static func reserve(stackSize: Int) -> UnsafeMutableRawPointer? { cf_reserve(bytes(stackSize)) }

  private static func bytes(_ stackSize: Int) -> Int { (stackSize + 0xFFFF) & ~0xFFFF }

  /// - Parameter memory: what `reserve` gave for the same stack size; freed with the stack.
  init(_ memory: UnsafeMutableRawPointer, stackSize: Int, pool: UInt) {
    bytes = ForkStack.bytes(stackSize)
    base = UInt(bitPattern: memory)
    self.pool = pool
    top = Atomic(base)
    low = Atomic(ForkStack.requested)  // the first fork wakes or starts somebody
  }

  deinit { cf_unreserve(UnsafeMutableRawPointer(bitPattern: base), bytes) }

  @inline(__always)
  func slot(_ index: UInt64) -> ForkSlot {
    ForkSlot(bitPattern: base &+ UInt(index) &* ForkStack.slotSize).unsafelyUnwrapped
  }
  @inline(__always)
  private func index(_ address: UInt) -> UInt64 { UInt64((address &- base) / ForkStack.slotSize) }

  // MARK: Owner

  /// The slot for a fork, its words to be filled in.
  @inlinable @inline(__always)
  var next: ForkSlot { ForkSlot(bitPattern: top.load(ordering: .relaxed)).unsafelyUnwrapped }  // I1

  /// Makes the filled slot the newest fork. True if the owner must `answer`.
  @inlinable @inline(__always)
  func push(_ slot: ForkSlot) -> Bool {
    let end = UInt(bitPattern: slot + 1)
    top.store(end, ordering: .releasing)  // R3: a forcing thief reads the slot
    cf_signal_fence()  // R5
    return end <= low.load(ordering: .relaxed)
  }

  /// Takes the newest fork back. True if it was private; else the owner must `popSlow`.
  @inlinable @inline(__always)
  func pop(_ slot: ForkSlot) -> Bool {
    top.store(UInt(bitPattern: slot), ordering: .relaxed)
    cf_signal_fence()  // R3
    return UInt(bitPattern: slot) >= low.load(ordering: .relaxed)
  }

  /// A request was pending at a push: publishes the older half of the private slots. True if thieves should be told.
  func answer() -> Bool {
    guard top.load(ordering: .relaxed) <= low.load(ordering: .relaxed) else { return false }
    acquire()
    defer { release() }
    return publish()
  }

  enum Pop {
    /// The slot is the owner's again; `published` if others were published meanwhile.
    case mine(published: Bool)
    /// A thief has it.
    case stolen
  }

  /// `top` was lowered to `slot` already.
  func popSlow(_ slot: ForkSlot) -> Pop {
    let i = index(UInt(bitPattern: slot))
    acquire()
    defer { release() }
    while true {
      let now = span.load(ordering: .acquiring)
      let (t, s) = (now >> 32, now & 0xFFFF_FFFF)
      if s <= i {  // private after all; a request is why we are here
        guard low.load(ordering: .relaxed) == ForkStack.requested, s < i else { return .mine(published: false) }
        return .mine(published: publish())
      }
      if t > i {
        top.store(UInt(bitPattern: slot + 1), ordering: .releasing)  // it stays ours until the thief is done
        return .stolen
      }
      // Take back the upper half of what is published, this slot at least.
      let kept = (t + i) / 2
      let (exchanged, _) = span.compareExchange(
        expected: now, desired: t << 32 | kept, ordering: .acquiringAndReleasing)
      if exchanged {
        setLow(kept)
        return .mine(published: false)
      }
    }
  }

  /// After the thief of `slot` is done: the slot is free, nothing above it exists, everything published below was stolen.
  func retire(_ slot: ForkSlot) {
    let i = index(UInt(bitPattern: slot))
    acquire()
    span.store(i << 32 | i, ordering: .releasing)  // I2: t = s = i + 1 until now, no thief can succeed meanwhile
    setLow(i)
    top.store(UInt(bitPattern: slot), ordering: .releasing)
    release()
  }

  /// Under the lock.
  private func publish() -> Bool {
    let now = span.load(ordering: .acquiring)
    let (t, s) = (now >> 32, now & 0xFFFF_FFFF)
    let end = index(top.load(ordering: .relaxed))  // I1
    // A forcing thief was faster, and others have taken all it published: the request stays, for whoever made it may
    // sleep by now (R5), and there is nothing to wake it for.
    guard t < s || end > s else { return false }
    _ = low.exchange(UInt(bitPattern: slot(s)), ordering: .sequentiallyConsistent)  // R4: the request is taken
    guard t >= s else { return true }
    let count = min((end - s + 1) / 2, ForkStack.batch)
    for i in s..<(s + count) { state(slot(i)).pointee.store(State.open, ordering: .relaxed) }
    span.wrappingAdd(count, ordering: .sequentiallyConsistent)  // R1, R4
    setLow(s + count)
    return true
  }

  /// Raises or lowers `low`, but never erases a request.
  private func setLow(_ index: UInt64) {
    let new = UInt(bitPattern: slot(index))
    let now = low.load(ordering: .relaxed)
    if now != ForkStack.requested, now != new {
      _ = low.compareExchange(expected: now, desired: new, ordering: .relaxed)  // fails only for a request
    }
  }

  @inline(__always)
  func state(_ slot: ForkSlot) -> UnsafeMutablePointer<Atomic<UInt32>> {
    // SAFETY: the field at offset 32 is used through this Atomic alone.
    (UnsafeMutableRawPointer(slot) + 32).assumingMemoryBound(to: Atomic<UInt32>.self)
  }

  // MARK: Thief

  enum Steal {
    /// `isLast`: nothing published is left.
    case slot(ForkSlot, isLast: Bool)
    case empty
    case lost
  }

  func steal() -> Steal {
    let now = span.load(ordering: .acquiring)  // R1
    let (t, s) = (now >> 32, now & 0xFFFF_FFFF)
    guard t < s else { return .empty }
    cf_prefetch(slot(t))
    let (exchanged, _) = span.compareExchange(
      expected: now, desired: (t + 1) << 32 | s, ordering: .acquiringAndReleasing)
    return exchanged ? .slot(slot(t), isLast: t + 1 == s) : .lost
  }

  /// Asks the owner for work.
  @inline(__always)
  func request() {
    if low.load(ordering: .relaxed) != ForkStack.requested { low.store(ForkStack.requested, ordering: .relaxed) }
  }

  /// A sleeper's request, in order with its look at `span` (R4).
  func requestBeforeSleep() { low.store(ForkStack.requested, ordering: .sequentiallyConsistent) }

  /// Whether something was published a moment ago. A hint for whoever polls.
  @inline(__always)
  var seemsPublished: Bool {
    let now = span.load(ordering: .relaxed)
    return now >> 32 < now & 0xFFFF_FFFF
  }

  /// Whether something is published. For whoever goes to sleep (R4).
  var hasPublished: Bool {
    let now = span.load(ordering: .sequentiallyConsistent)
    return now >> 32 < now & 0xFFFF_FFFF
  }

  /// Whether there are forks that nobody can steal yet. After the membarrier of R5.
  var hasPrivate: Bool {
    let now = span.load(ordering: .acquiring)
    return top.load(ordering: .relaxed) > UInt(bitPattern: slot(now & 0xFFFF_FFFF))
  }

  /// Publishes on behalf of an owner that does not answer: it sits in a long leaf. True if it did.
  func force() -> Bool {
    let now = span.load(ordering: .relaxed)
    guard top.load(ordering: .relaxed) > UInt(bitPattern: slot(now & 0xFFFF_FFFF)) else { return false }  // a hint
    guard lock.exchange(1, ordering: .acquiring) == 0 else { return false }
    defer { release() }
    low.store(ForkStack.requested, ordering: .sequentiallyConsistent)
    cf_membarrier()  // R3
    let current = span.load(ordering: .acquiring)
    let (t, s) = (current >> 32, current & 0xFFFF_FFFF)
    let end = index(top.load(ordering: .acquiring))  // R3
    guard t >= s, end > s else { return false }
    let count = min((end - s + 1) / 2, ForkStack.batch)
    for i in s..<(s + count) { state(slot(i)).pointee.store(State.open, ordering: .relaxed) }
    span.wrappingAdd(count, ordering: .sequentiallyConsistent)  // R1
    return true
  }

  private func acquire() {
    var spin = SpinWait()
    while lock.exchange(1, ordering: .acquiring) != 0 { spin.once() }
  }
  private func release() { lock.store(0, ordering: .releasing) }
}
