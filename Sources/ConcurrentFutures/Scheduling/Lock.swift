// A lock around a value.
//
// Source: Drepper, "Futexes are tricky", mutex 2. States: 0 free, 1 taken, 2 taken and someone waits.
// Pairings
//   P1  unlock's releasing exchange -> the next holder's acquiring exchange
import CPlatform
import Synchronization

/// A futex that one thread holds at a time. It must not move while it is used.
///
/// Owned by nobody in particular, so that the child of a `fork` may open it.
struct LockWord: ~Copyable {
  private let state = Atomic<UInt32>(0)

  @inline(__always)
  func lock() {
    if !state.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged { wait() }  // P1
  }
  @inline(__always)
  func unlock() {
    if state.exchange(0, ordering: .releasing) == 2 { cf_futex_wake(address, 1) }  // P1
  }
  /// In the child of a fork, where no other thread exists.
  func reset() { state.store(0, ordering: .releasing) }

  @inline(never)
  private func wait() {
    while state.exchange(2, ordering: .acquiring) != 0 { _ = cf_futex_wait(address, 2, -1) }  // P1
  }

  private var address: UnsafeRawPointer {
    // SAFETY: whoever embeds the word keeps it in memory that does not move.
    withUnsafePointer(to: state) { UnsafeRawPointer($0) }
  }
}

/// A value that one thread at a time may touch; the interface is that of Synchronization's `Mutex`.
///
/// Not that one: where it is contended it is handed over inside the kernel (a futex with priority inheritance).
/// ThreadSanitizer does not see that, and reports what the lock guards.
struct Lock<Value: ~Copyable>: ~Copyable {
  private let word = LockWord()
  private let value = Cell<Value>()

  init(_ initial: consuming sending Value) { value.address.initialize(to: initial) }
  deinit { value.address.deinitialize(count: 1) }

  @inline(__always)
  borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    word.lock()
    defer { word.unlock() }
    // In two steps: ThreadSanitizer takes a change through a chain of fields for one of the chain's first word.
    let address = value.address
    return try body(&address.pointee)
  }
}

// SAFETY: the value is touched by the holder of the word only, and was sent to the lock.
extension Lock: @unchecked Sendable where Value: ~Copyable {}
