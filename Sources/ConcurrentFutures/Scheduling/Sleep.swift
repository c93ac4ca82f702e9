// Which workers search, which sleep, and whom new work wakes. README.md has the protocol and its proof.
//
// Source: the idle state of tokio's multi-thread scheduler (one packed word, a stack of sleepers); the counting of
// searchers goes back to Go's spinning Ms. We differ: the word also counts workers that have no thread yet.
//
// Roles
//   waker     a thread that made work visible
//   searcher  a worker without work that still looks for some
//   sleeper   a worker on the stack; its thread is parked, or about to be
//   watcher   a sleeper with a deadline, because jobs come and go that are not for it as long as they do (NextJob)
//
// Invariants
//   I1  The word's counts equal the workers in each phase; every change is one exchange.
//   I2  A worker is on the stack exactly while it counts as sleeping. Stack and count change together under the lock.
//   I3  Who takes a worker off the stack unparks it, and counts it as searching from then on.
//
// Pairings
//   W1  waker: publish work (a sequentially consistent exchange, or a store and a fence), then load the word
//       <-> sleeper: its exchange on the word (searching - 1), then a look at every queue. One sees the other.
//   W2  a waker that saw a searcher leaves the work to it: the searcher's exchange on the word comes after the waker's
//       load, and a searcher that stops looks at the queues after its exchange (it goes to sleep) or hands on (it found work).
//   W3  the same for a job in a NextJob, which is left to a watcher too: a sleeper that rises by itself after a moment. It
//       counts as searching before it stops to count as watching, and then looks.
import Synchronization

/// One word: searching | sleeping | unstarted, 16 bits each, whether the pool is closed to submissions, watching (15 bits).
struct SleepWord: Equatable {
  var raw: UInt64
  static let oneSearching: UInt64 = 1
  static let oneSleeping: UInt64 = 1 << 16
  static let oneUnstarted: UInt64 = 1 << 32
  static let closedBit: UInt64 = 1 << 48
  static let oneWatching: UInt64 = 1 << 49

  var searching: Int { Int(raw & 0xFFFF) }
  var sleeping: Int { Int(raw >> 16 & 0xFFFF) }
  var unstarted: Int { Int(raw >> 32 & 0xFFFF) }
  var isClosed: Bool { raw & SleepWord.closedBit != 0 }

  /// Everybody is awake and the pool open: whoever made work visible need do nothing.
  @inline(__always)
  var isQuiet: Bool { raw >> 16 == 0 }

  /// Whether somebody sleeps or could be started.
  @inline(__always)
  var wantsCompany: Bool { raw & 0xFFFF_FFFF_0000 != 0 }

  /// Whether somebody could be woken or started and nobody searches already.
  @inline(__always)
  var wantsWaking: Bool { raw & 0xFFFF == 0 && raw & 0xFFFF_FFFF_0000 != 0 }

  /// The same, and nobody watches (W3).
  @inline(__always)
  var wantsWatcher: Bool { wantsWaking && raw >> 49 == 0 }
}

struct Sleep: ~Copyable {
  private let word: Atomic<UInt64>
  private let padding = CacheLinePadding()
  private let sleepers = Lock<[Int]>([])
  private let workers: Int

  /// - Parameter workers: how many workers the pool may have; none has a thread yet.
  init(workers: Int) {
    self.workers = workers
    word = Atomic(UInt64(workers) * SleepWord.oneUnstarted)
  }

  /// The word after everything this thread has published. For wakers (W1).
  @inline(__always)
  var current: SleepWord { SleepWord(raw: word.load(ordering: .sequentiallyConsistent)) }

  /// The word after a push into the caller's own deque, which is no exchange. For wakers (W1).
  @inline(__always)
  var afterPush: SleepWord {
    atomicMemoryFence(ordering: .sequentiallyConsistent)  // W1: the push before the look at the word
    return current
  }

  /// Whether the pool is closed to submissions, as of some earlier moment.
  @inline(__always)
  var isClosed: Bool { SleepWord(raw: word.load(ordering: .relaxed)).isClosed }

  /// Whether a worker has no thread yet. A hint.
  @inline(__always)
  var hasUnstarted: Bool { SleepWord(raw: word.load(ordering: .relaxed)).unstarted > 0 }

  // MARK: Searching

  /// Running to searching. False if half of the workers search already: more would only disturb one another.
  func beginSearching() -> Bool {
    let now = current
    guard 2 * now.searching < workers else { return false }
    word.wrappingAdd(SleepWord.oneSearching, ordering: .sequentiallyConsistent)
    return true
  }

  /// Searching to running. True if the caller was the last searcher: it must look whether more work is visible and
  /// wake another for it (W2).
  func endSearching() -> Bool {
    let old = SleepWord(raw: word.wrappingSubtract(SleepWord.oneSearching, ordering: .sequentiallyConsistent).oldValue)
    return old.searching == 1
  }

  // MARK: Sleeping

  /// To sleeping. The caller must look at every queue afterwards (W1) and `cancelSleep` if there is work.
  /// - Parameter isWatching: whether it rises after a moment; it must `endWatching` when it counts as searching again.
  func beginSleeping(_ worker: Int, wasSearching: Bool, isWatching: Bool = false) {
    sleepers.withLock { stack in
      stack.append(worker)
      var change = wasSearching ? SleepWord.oneSleeping &- SleepWord.oneSearching : SleepWord.oneSleeping
      if isWatching { change &+= SleepWord.oneWatching }
      word.wrappingAdd(change, ordering: .sequentiallyConsistent)  // I2
    }
  }

  /// Sleeping to searching, by the worker itself. Whether it did or a waker was first, it counts as searching now.
  /// - Returns: false if a waker was first.
  @discardableResult
  func cancelSleeping(_ worker: Int) -> Bool {
    sleepers.withLock { stack in
      guard let at = stack.lastIndex(of: worker) else { return false }  // I3: the waker counted
      stack.remove(at: at)
      word.wrappingAdd(SleepWord.oneSearching &- SleepWord.oneSleeping, ordering: .sequentiallyConsistent)
      return true
    }
  }

  /// A watcher that counts as searching. It must look at every queue afterwards (W3).
  func endWatching() { word.wrappingSubtract(SleepWord.oneWatching, ordering: .sequentiallyConsistent) }

  /// Takes the sleeper that was up last off the stack, unless somebody searches. The caller must unpark it (I3).
  func takeSleeper() -> Int? {
    sleepers.withLock { stack in
      guard current.searching == 0, let worker = stack.popLast() else { return nil }
      word.wrappingAdd(SleepWord.oneSearching &- SleepWord.oneSleeping, ordering: .sequentiallyConsistent)
      return worker
    }
  }

  /// Takes every sleeper off the stack: the pool closes.
  func takeAllSleepers() -> [Int] {
    sleepers.withLock { stack in
      let all = stack
      stack = []
      let count = UInt64(all.count)
      word.wrappingAdd(count &* (SleepWord.oneSearching &- SleepWord.oneSleeping), ordering: .sequentiallyConsistent)
      return all
    }
  }

  // MARK: Threads

  /// Unstarted to searching, for a thread that is about to be started. False if there is none left, or (unless
  /// `always`) somebody searches.
  func claimUnstarted(always: Bool = false) -> Bool {
    var now = current
    while now.unstarted > 0, always || now.searching == 0 {
      let (exchanged, original) = word.compareExchange(
        expected: now.raw, desired: now.raw &- SleepWord.oneUnstarted &+ SleepWord.oneSearching,
        ordering: .sequentiallyConsistent)
      if exchanged { return true }
      now = SleepWord(raw: original)
    }
    return false
  }

  /// Searching to unstarted: the thread could not be started, or it ends. The caller must look at the queues afterwards.
  func returnToUnstarted() {
    word.wrappingAdd(SleepWord.oneUnstarted &- SleepWord.oneSearching, ordering: .sequentiallyConsistent)
  }

  /// Room for one more worker, in place of one that blocks; taken back by `removeUnstarted` if it was not used.
  func addUnstarted() { word.wrappingAdd(SleepWord.oneUnstarted, ordering: .sequentiallyConsistent) }
  func removeUnstarted() {
    var now = current
    while now.unstarted > 0 {
      let (exchanged, original) = word.compareExchange(
        expected: now.raw, desired: now.raw &- SleepWord.oneUnstarted, ordering: .sequentiallyConsistent)
      if exchanged { return }
      now = SleepWord(raw: original)
    }
  }

  /// From now on submitters see a closed pool (W1 applies to them as it does to sleepers).
  func close() { word.bitwiseOr(SleepWord.closedBit, ordering: .sequentiallyConsistent) }
}
