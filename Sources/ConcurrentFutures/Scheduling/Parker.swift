// One thread's bed: it sleeps until someone hands it the token.
//
// Invariants
//   I1  `unpark` before `park` makes that `park` return at once; tokens do not add up.
//
// Pairings
//   P1  unpark's releasing exchange -> park's acquiring exchange: what the waker did before is visible
import CPlatform
import Synchronization

struct Parker: ~Copyable {
  private static let empty: UInt32 = 0
  private static let token: UInt32 = 1
  private static let parked: UInt32 = 2

  private let state = Atomic<UInt32>(Parker.empty)

  /// Blocks until the token is there and takes it. Owner only.
  /// - Parameter deadline: CLOCK_MONOTONIC nanoseconds; nil: without limit.
  /// - Returns: false when the deadline passed first.
  func park(deadline: Int64? = nil) -> Bool {
    let first = state.compareExchange(
      expected: Parker.empty, desired: Parker.parked, ordering: .acquiringAndReleasing)  // P1
    if first.exchanged {
      while state.load(ordering: .relaxed) == Parker.parked {  // the exchange below acquires
        if let deadline, cf_monotonic_ns() >= deadline { break }
        _ = cf_futex_wait(address, Parker.parked, deadline ?? -1)
      }
    }
    return state.exchange(Parker.empty, ordering: .acquiringAndReleasing) == Parker.token  // P1
  }

  /// Hands over the token. Any thread; a system call only if the owner sleeps.
  func unpark() {
    if state.exchange(Parker.token, ordering: .acquiringAndReleasing) == Parker.parked {  // P1
      cf_futex_wake(address, 1)
    }
  }

  private var address: UnsafeRawPointer {
    // SAFETY: a Parker lives in a Worker's memory, which does not move; an Atomic there has a stable address.
    withUnsafePointer(to: state) { UnsafeRawPointer($0) }
  }
}
