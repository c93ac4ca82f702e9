/// What tests wait with. Each has a limit, so that a broken library ends in a failure and not in a hang.
import Glibc
import Synchronization
import Testing

/// How many times as long as on an idle machine something may take before it counts as hung: `TEST_PATIENCE`, else 1.
let patience = getenv("TEST_PATIENCE").flatMap { Int(String(cString: $0)) } ?? 1

struct OutOfTime: Error { var what: String }

/// Closed, then open for good.
final class Gate: Sendable {
  private let condition = Condition()
  private let opened = Mutex(false)

  var isOpen: Bool { opened.withLock { $0 } }
  func open() {
    opened.withLock { $0 = true }
    condition.notifyAll()
  }
  func wait(limit: Duration = .seconds(30)) throws {
    guard condition.wait(limit: limit, until: { isOpen }) else { throw OutOfTime(what: "gate") }
  }
}

/// Lets `parties` threads go on once all have arrived.
final class Barrier: Sendable {
  private let arrived = Counter()
  private let parties: Int
  init(parties: Int) { self.parties = parties }
  func arriveAndWait(limit: Duration = .seconds(30)) throws {
    arrived.add()
    try arrived.wait(for: parties, limit: limit)
  }
}

/// Where two threads meet again and again: both spin, so that they go on within a few nanoseconds of each other.
final class Rendezvous: Sendable {
  private let arrivals = Atomic(0)

  /// - Throws: `OutOfTime` if the other one does not come.
  func meet(limit: Duration = .seconds(30)) throws {
    let arrived = arrivals.add(1, ordering: .sequentiallyConsistent).newValue
    let both = (arrived + 1) / 2 * 2
    let start = ContinuousClock.now
    var spins = 0
    while arrivals.load(ordering: .sequentiallyConsistent) < both {
      spins += 1
      guard spins % 1000 == 0 else { continue }
      guard ContinuousClock.now - start < limit * patience else { throw OutOfTime(what: "rendezvous") }
      sched_yield()
    }
  }
}

/// How many looks to wait before the next attempt, so that it comes nearer to the moment at which neither is the faster.
func delayTowardsATie(_ delay: Int, wasFaster: Bool) -> Int {
  let step = delay / 8 + 1
  return wasFaster ? min(delay + step, 5_000) : max(delay - step, 0)
}

/// A number that only grows, and that one can wait for.
final class Counter: Sendable {
  private let condition = Condition()
  private let count = Mutex(0)

  var value: Int { count.withLock { $0 } }
  @discardableResult
  func add() -> Int {
    let value = count.withLock {
      $0 += 1
      return $0
    }
    condition.notifyAll()
    return value
  }
  func wait(for target: Int, limit: Duration = .seconds(30)) throws {
    guard condition.wait(limit: limit, until: { value >= target }) else {
      throw OutOfTime(what: "count \(value) of \(target)")
    }
  }
}

/// What happened, in order, from any thread.
final class Journal<Entry: Sendable>: Sendable {
  private let list = Mutex<[Entry]>([])
  var entries: [Entry] { list.withLock { $0 } }
  func note(_ entry: Entry) { list.withLock { $0.append(entry) } }
}

/// As Synchronization's, on the C library's: ThreadSanitizer sees how that one is handed over where it is contended.
final class Mutex<Value>: @unchecked Sendable {
  // SAFETY: `value` is touched by the holder of `mutex` only.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private var value: Value

  init(_ value: sending Value) {
    self.value = value
    pthread_mutex_init(mutex, nil)
  }
  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}

/// A mutex and a condition variable on the monotonic clock.
private final class Condition: @unchecked Sendable {
  // SAFETY: both are used through pthread calls only, which synchronise; freed when no one holds the object any more.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let variable = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(variable, &attributes)
  }
  deinit {
    pthread_cond_destroy(variable)
    pthread_mutex_destroy(mutex)
    variable.deallocate()
    mutex.deallocate()
  }

  func notifyAll() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(variable)
    pthread_mutex_unlock(mutex)
  }

  /// False when `limit` ran out first, as often as `patience` says.
  func wait(limit: Duration, until isTrue: () -> Bool) -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let (seconds, attoseconds) = (limit * patience).components
    let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
    deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isTrue() {
      if pthread_cond_timedwait(variable, mutex, &deadline) == ETIMEDOUT { return isTrue() }
    }
    return true
  }
}

/// For what can only be looked at: polls until true.
func eventually(limit: Duration = .seconds(30), _ isTrue: () throws -> Bool) throws {
  let start = ContinuousClock.now
  while try !isTrue() {
    guard ContinuousClock.now - start < limit * patience else { throw OutOfTime(what: "condition") }
    usleep(500)
  }
}

func elapsed(_ body: () throws -> Void) rethrows -> Duration { try ContinuousClock().measure(body) }

/// Whether one of several attempts takes less than `limit`. A loaded machine delays some; a wait that long delays all.
func isPrompt(within limit: Duration, attempts: Int = 10, _ attempt: () throws -> Duration) rethrows -> Bool {
  for _ in 0..<attempts where try attempt() < limit { return true }
  return false
}

/// Lets `duration` pass, for what must come after a deadline.
func letPass(_ duration: Duration) {
  let start = ContinuousClock.now
  while ContinuousClock.now - start <= duration { usleep(1000) }
}
