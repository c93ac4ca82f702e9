// A lock that survives fork: the child may simply open it.
import CPlatform
import Synchronization

/// Not a `Mutex`: that one is owned by a thread id, which is another one in the child of a `fork`, so the child could never unlock it.
///
/// Source: Drepper, "Futexes are tricky", mutex 2. States: 0 free, 1 taken, 2 taken and someone waits.
struct LogLock: ~Copyable, @unchecked Sendable {
  // SAFETY: heap memory, never freed: locks are static. The futex needs a fixed address. The word is atomic, which is all
  // that `Sendable` asks for.
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  init() {
    word = .allocate(capacity: 1)
    word.initialize(to: Atomic(0))
  }

  func lock() {
    if word.pointee.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { return }
    while word.pointee.exchange(2, ordering: .acquiring) != 0 { _ = cf_futex_wait(word, 2, -1) }
  }
  func unlock() {
    if word.pointee.exchange(0, ordering: .releasing) == 2 { cf_futex_wake(word, 1) }
  }
  /// In the child of a fork, where no other thread exists.
  func reset() { word.pointee.store(0, ordering: .releasing) }

  func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }
}
