// The queue of submissions from outside of the pool: many producers, one consumer at a time, first in first out.
//
// Source: D. Vyukov, "Intrusive MPSC node-based queue" (1024cores). We differ: consumers take turns by a try-lock.
//
// Roles
//   producer  any thread; `push` is one exchange and one store, no allocation: the link lies in the queued object
//   consumer  the worker that holds `turn`
//
// Invariants
//   I1  From `tail`, links lead to every item whose push has returned, unless a producer stands between its exchange
//       and its store: then the items behind it are hidden until it goes on.
//   I2  `tail` and `taken` are written only by who holds `turn`.
//   I3  pushed - taken is never less than the number of items: hidden ones, and those about to be pushed, count.
//
// Pairings
//   P1  a producer's releasing store of a link -> the consumer's acquiring load of it (the item's content)
//   P2  a consumer's releasing store of `turn` -> the next one's acquiring exchange (`tail`)
//   P3  push's increment of `pushed` <-> `isNonEmpty`'s load, both sequentially consistent (Sleep.W1: lost wake-up)
import Synchronization

struct Injector: ~Copyable, @unchecked Sendable {
  // SAFETY: I2 for `tail`; the stub is freed with the injector.

  /// What can be queued: an address (tag bits allowed) with a link at `Job.linkOffset` behind it.
  typealias Word = UInt

  private let head: Atomic<Word>
  private let pushed = Atomic<Int>(0)  // beside `head`: the same threads write both
  private let headPadding = CacheLinePadding()
  private let turn = Atomic<Bool>(false)
  private let taken = Atomic<Int>(0)
  private let tail: UnsafeMutablePointer<Word>
  private let stub: Word
  private let tailPadding = CacheLinePadding()

  init() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: Job.linkOffset + 16, alignment: 16)
    stub = UInt(bitPattern: memory)
    Job.link(stub).initialize(to: Atomic(0))
    head = Atomic(stub)
    tail = .allocate(capacity: 1)
    tail.initialize(to: stub)
  }

  deinit {
    UnsafeMutableRawPointer(bitPattern: stub)?.deallocate()
    tail.deallocate()
  }

  /// Adds an item at the end. Any thread.
  func push(_ item: Word) {
    pushed.wrappingAdd(1, ordering: .sequentiallyConsistent)  // P3
    append(item)
  }

  private func append(_ item: Word) {
    Job.link(item).pointee.store(0, ordering: .relaxed)  // P1 publishes it
    let previous = head.exchange(item, ordering: .acquiringAndReleasing)  // the link's reset before P1
    Job.link(previous).pointee.store(item, ordering: .releasing)  // P1
  }

  enum Take {
    /// Items were given to `body`.
    case taken
    case empty
    /// Another worker holds the turn, or a producer hides what there is.
    case busy
  }

  /// Gives up to `limit` of the oldest items to `body`, in order. Looks at the line that producers write only where it
  /// reaches the newest item.
  func take(_ limit: Int, _ body: (Word) -> Void) -> Take {
    guard !turn.exchange(true, ordering: .acquiring) else { return .busy }  // P2
    var count = 0
    while count < limit, let item = next() {
      body(item)
      count += 1
    }
    if count > 0 { taken.store(taken.load(ordering: .relaxed) + count, ordering: .releasing) }  // I2
    turn.store(false, ordering: .releasing)  // P2
    return count > 0 ? .taken : isNonEmpty ? .busy : .empty
  }

  /// The oldest item. Holder of the turn only.
  private func next() -> Word? {
    var at = tail.pointee
    var following = Job.link(at).pointee.load(ordering: .acquiring)  // P1
    if at == stub {
      guard following != 0 else { return nil }
      tail.pointee = following
      at = following
      following = Job.link(at).pointee.load(ordering: .acquiring)  // P1
    }
    if following != 0 {
      tail.pointee = following
      return at
    }
    guard head.load(ordering: .acquiring) == at else { return nil }  // I1: hidden behind a producer
    append(stub)
    following = Job.link(at).pointee.load(ordering: .acquiring)  // P1
    guard following != 0 else { return nil }
    tail.pointee = following
    return at
  }

  /// True if there is an item, also a hidden one.
  var isNonEmpty: Bool {
    pushed.load(ordering: .sequentiallyConsistent) != taken.load(ordering: .sequentiallyConsistent)  // P3, I3
  }

  /// How many items there are, about.
  var count: Int { max(0, pushed.load(ordering: .relaxed) - taken.load(ordering: .relaxed)) }
  /// How many were ever pushed.
  var pushedCount: Int { pushed.load(ordering: .relaxed) }
}
