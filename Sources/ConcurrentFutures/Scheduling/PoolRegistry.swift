// All pools of the process: found by id from a future, joined at exit, disowned after a fork.
import CPlatform
import Synchronization

enum PoolRegistry {
  private struct State {
    var pools: [UInt32: UnsafeMutablePointer<Pool>] = [:]
    var isExiting = false
    var isHooked = false
  }
  // SAFETY: guarded by `lock`. A pool is removed under it before its memory goes; pointers leave it retained only.
  private nonisolated(unsafe) static var state = State()
  /// A lock that the forking thread can hold across `fork`, so that it is free in the child.
  private static let lock = Atomic<Bool>(false)
  private static let nextID = Atomic<UInt32>(1)
  private static let nextName = Atomic<Int>(0)
  /// In a forked child: pools with smaller ids live in the parent only.
  private static let firstOwnID = Atomic<UInt32>(0)

  // SAFETY: guarded by `lock`; `noPools` never changes.
  private nonisolated(unsafe) static var forgottenPools: [UInt32: UnsafeMutablePointer<Pool>] = [:]
  private nonisolated(unsafe) static let noPools: [UInt32: UnsafeMutablePointer<Pool>] = [:]

  private static func acquire() {
    var spin = SpinWait()
    while lock.exchange(true, ordering: .acquiring) { spin.once() }
  }
  private static func releaseLock() { lock.store(false, ordering: .releasing) }
  private static func locked<R>(_ body: (inout State) -> R) -> R {
    acquire()
    defer { releaseLock() }
    return body(&state)
  }
  /// Runs `body` under the registry's lock, which is free in a forked child. For a few instructions without foreign code.
  static func withLock<R>(_ body: () -> R) -> R { locked { _ in body() } }

  /// Whether the kernel has membarrier, without which thieves cannot publish for an owner (ForkStack.R3).
  static let canForce = Atomic<Bool>(false)

  static func makeID() -> UInt32 { nextID.wrappingAdd(1, ordering: .relaxed).oldValue }
  /// "ThreadPoolExecutor-<n>", n unique in the process.
  static func makeName() -> String { "ThreadPoolExecutor-\(nextName.wrappingAdd(1, ordering: .relaxed).oldValue)" }

  static func add(_ pool: UnsafeMutablePointer<Pool>) {
    locked { $0.pools[pool.pointee.id] = pool }
    hook()
  }

  /// Has fork and exit told to the registry. Before a pool of either kind accepts work.
  static func hook() {
    let isFirst = locked { state in
      defer { state.isHooked = true }
      return !state.isHooked
    }
    guard isFirst else { return }
    EventLog.startFromEnvironmentOnce()  // first, so that the log's exit handler runs after ours
    cf_hook_process(prepareFork, parentForked, childForked, joinAtExit)
    if cf_membarrier_register() == 0 { canForce.store(true, ordering: .relaxed) }
  }

  static func remove(_ pool: UnsafeMutablePointer<Pool>) {
    locked { _ = $0.pools.removeValue(forKey: pool.pointee.id) }
  }

  /// The pool with that id, retained, if it still exists.
  private static func find(_ id: UInt32) -> UnsafeMutablePointer<Pool>? {
    locked { state in
      let pool = state.pools[id]
      // Retaining is safe only while references remain: a pool on its way out has none.
      guard let pool, pool.retainIfAlive() else { return nil }
      return pool
    }
  }

  static func countCancelled(_ owner: UInt32) {
    guard let pool = find(owner) else { return }
    pool.pointee.cancelled.wrappingAdd(1, ordering: .relaxed)
    if pool.pointee.admission.isBounded { pool.pointee.admission.leave() }
    pool.release()
  }

  static func errorHandler(of owner: UInt32) -> (@Sendable (any Error, AnyFuture?) -> Void)? {
    guard owner != AnyFuture.Owner.user, let pool = find(owner) else { return nil }
    defer { pool.release() }
    return pool.pointee.configuration.errorHandler
  }

  static func currentErrorHandler() -> (@Sendable (any Error, AnyFuture?) -> Void)? {
    Worker.current?.pointee.pool.pointee.configuration.errorHandler
  }

  /// Every live pool, retained.
  static func all() -> [UnsafeMutablePointer<Pool>] {
    locked { $0.pools.values.filter { $0.retainIfAlive() } }
  }

  // MARK: Exit

  static var isExiting: Bool { locked { $0.isExiting } }

  /// Runs every queued task to its end before the process goes. A worker that called `exit` does not wait for itself.
  private static let joinAtExit: @convention(c) () -> Void = {
    locked { $0.isExiting = true }
    let pools = all().filter { $0.pointee.configuration.joinsAtExit }
    for pool in pools { pool.close(.processExiting) }
    for pool in pools {
      _ = pool.join()
      pool.release()
    }
  }

  // MARK: Fork

  /// Whether this process is a fork of one that had pools.
  static var isForked: Bool { firstOwnID.load(ordering: .relaxed) > 0 }

  /// Whether the future's executor lives in the parent of this forked process.
  static func isForkedChild(_ owner: UInt32) -> Bool {
    owner != AnyFuture.Owner.user && owner != AnyFuture.Owner.library
      && owner < firstOwnID.load(ordering: .relaxed)
  }

  /// Makes what a pool and a wait are made of, and goes through the pools once, as the child will: what the runtime must look
  /// up for that, it looks up here, where no other thread can have died in its locks.
  private static let prepareFork: @convention(c) () -> Void = {
    _ = rehearsal
    acquire()
    forgottenPools = state.pools
    for pool in forgottenPools.values { _ = pool.pointee.id }
    forgottenPools = noPools
  }
  private static let rehearsal: Void = {
    UnsafeMutablePointer<Pool>.rehearse()
    WaitGroup([Future<Void>.succeeded(())]).open()
  }()
  private static let parentForked: @convention(c) () -> Void = { releaseLock() }
  /// Forgets the parent's pools: their threads are not here, and their locks may be held for ever.
  private static let childForked: @convention(c) () -> Void = {
    firstOwnID.store(nextID.load(ordering: .relaxed), ordering: .relaxed)
    for pool in state.pools.values { pool.pointee.sleep.close() }
    state.pools = noPools
    releaseLock()
    let thread = cf_current_thread().unsafelyUnwrapped
    thread.pointee.worker = nil
    thread.pointee.forks = nil
    thread.pointee.current_task = 0
    thread.pointee.current_future = nil
    thread.pointee.nesting = 0
  }
}

extension UnsafeMutablePointer<Pool> {
  func retainIfAlive() -> Bool {
    var count = pointee.references.load(ordering: .relaxed)
    while count > 0 {
      let (exchanged, original) = pointee.references.weakCompareExchange(
        expected: count, desired: count + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      count = original
    }
    return false
  }
}
