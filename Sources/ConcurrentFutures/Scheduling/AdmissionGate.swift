// Bounded admission: how many tasks may be queued, and what happens to one more.
//
// Only executors with a limit count; for the others every call is a test of a constant.
import CPlatform
import Synchronization

struct AdmissionGate: ~Copyable {
  let policy: ThreadPoolExecutor.Admission
  private let queued = Atomic<Int>(0)
  /// Futex word of submitters that wait for room: changes whenever a task leaves the queue.
  private let changes = Atomic<UInt32>(0)
  private let waiting = Atomic<Int>(0)

  init(_ policy: ThreadPoolExecutor.Admission) { self.policy = policy }

  enum Answer {
    case admitted
    case rejected
    /// The caller should run the task itself.
    case callerRuns
  }

  var isBounded: Bool {
    if case .unbounded = policy { false } else { true }
  }

  /// Asks for room for one task. Blocks with `.block` until there is some, or `isClosed` says so.
  func enter(isClosed: () -> Bool) -> Answer {
    switch policy {
    case .unbounded: return .admitted
    case .reject(let limit): return tryEnter(limit) ? .admitted : .rejected
    case .callerRuns(let limit): return tryEnter(limit) ? .admitted : .callerRuns
    case .block(let limit):
      while true {
        let seen = changes.load(ordering: .sequentiallyConsistent)
        if tryEnter(limit) || isClosed() { return .admitted }
        waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if queued.load(ordering: .sequentiallyConsistent) >= limit, !isClosed() { _ = cf_futex_wait(address, seen, -1) }
        waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent)
      }
    }
  }

  /// For a worker of the pool, which must never wait for room that only it could make.
  func enterAlways() { queued.wrappingAdd(1, ordering: .sequentiallyConsistent) }

  private func tryEnter(_ limit: Int) -> Bool {
    // Not an addition that is taken back: meanwhile another would be refused though there is room.
    var current = queued.load(ordering: .sequentiallyConsistent)
    while current < limit {
      let (exchanged, original) = queued.compareExchange(
        expected: current, desired: current + 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// A task left the queue: it started, or was cancelled.
  func leave() {
    queued.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    wake(1)
  }

  /// The pool closes: whoever waits for room must look.
  func wakeAll() { wake(.max) }

  private func wake(_ count: Int32) {
    changes.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if waiting.load(ordering: .sequentiallyConsistent) > 0 { cf_futex_wake(address, count) }
  }

  private var address: UnsafeRawPointer {
    // SAFETY: an Atomic in the pool's memory, which does not move.
    withUnsafePointer(to: changes) { UnsafeRawPointer($0) }
  }
}
