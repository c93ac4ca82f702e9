// One thread (or task) that waits for several futures: a node in each of them, one queue of those that are done.
//
// Roles
//   waiter     made the group; takes the done ones; closes it
//   completer  any thread that completes a member: pushes its node, wakes the waiter if the count asks for it
//
// Invariants
//   I1  Every node is pushed at most once: by the completer that took it, or by the waiter when it registered late.
//   I2  After `close` no completer touches a node: each was unregistered, or is raised.
//   I3  The waiter sleeps only while `needed` more are missing; `needed` is changed by the waiter alone.
//
// Pairings
//   P1  a completer's releasing exchange on `done` -> the waiter's acquiring exchange that takes the stack
//   P2  a completer's exchange on `done`, then its load of `sleeper` (both sequentially consistent)
//       <-> the waiter's store of `sleeper`, then its look at `done`: one of them sees the other
import CPlatform
import Synchronization

/// Members are appended by index; a done member's index comes out of `takeDone` in the order of completion.
// SAFETY: nodes and links are written by their one completer before P1 and read by the waiter after it; the rest is
// atomic or belongs to the waiter.
final class WaitGroup: @unchecked Sendable {
  private static let none = -1

  /// Nil once its future was delivered and forgotten.
  private var futures: [AnyFuture?]
  private let nodes: UnsafeMutableRawPointer
  /// links[i]: the member that was done before i on the stack.
  private let links: UnsafeMutablePointer<Int>
  private let done = Atomic<Int>(WaitGroup.none)
  private let count = Atomic<Int>(0)
  private let failures = Atomic<Int>(0)
  private let sleeper = Atomic<UInt32>(0)
  private let neededCount = Atomic<Int>(0)
  private let wakesOnFailure: Bool
  private let untilNotified: Bool
  /// Told instead of the futex where the waiter is no thread. Made by the waiter before it first arms `sleeper` (P2) and
  /// never replaced: a completer of an earlier wait may still be on its way to it.
  private(set) var resumption: Resumption?

  /// - Parameter untilNotified: whether a raw cancelled future is done only once it was notified, as for `wait`.
  init<F: AnyFuture>(_ futures: [F], wakesOnFailure: Bool = false, untilNotified: Bool = true) {
    self.futures = futures.map { $0 }  // one by one: converting the array would cast every element dynamically
    self.wakesOnFailure = wakesOnFailure
    self.untilNotified = untilNotified
    nodes = WaitNode.allocate(max(1, futures.count))
    links = .allocate(capacity: max(1, futures.count))
    links.initialize(repeating: WaitGroup.none, count: max(1, futures.count))
    let payload = Unmanaged<AnyObject>.passUnretained(self)
    let kind: WaitNode.Kind = untilNotified ? .member : .result
    for index in futures.indices { node(index).initialize(to: WaitNode(kind, payload: payload)) }
  }

  deinit {
    for index in futures.indices { node(index).deinitialize(count: 1) }
    nodes.deallocate()
    links.deallocate()
  }

  private func node(_ index: Int) -> UnsafeMutablePointer<WaitNode> {
    // SAFETY: the initialiser made a node at each stride; `index` is below their number.
    (nodes + index * WaitNode.stride).assumingMemoryBound(to: WaitNode.self)
  }

  /// Hangs a node on every member. Those that are done already are pushed by this thread, in order.
  func open() {
    for (index, future) in futures.enumerated() {
      guard let future, !future.register(node(index), untilNotified: untilNotified) else { continue }
      let wake = push(index, failed: future.hasFailed)
      node(index).raise()
      wake?()
    }
  }

  /// By the completer of `future`, with no lock held.
  func memberDone(_ node: UnsafeMutablePointer<WaitNode>, _ future: AnyFuture) {
    // The group must outlive the last store to the node, and the waiter frees it once every node was raised.
    withExtendedLifetime(self) {
      let index = (UnsafeMutableRawPointer(node) - nodes) / WaitNode.stride
      let wake = push(index, failed: future.hasFailed)
      // Before the waiter is resumed: an executor may run it right here, and it waits until the node was raised.
      node.raise()
      wake?()
    }
  }

  /// - Returns: what wakes the waiter, if this is the member that it waits for.
  private func push(_ index: Int, failed: Bool) -> (() -> Void)? {
    if failed { failures.wrappingAdd(1, ordering: .relaxed) }
    var newest = done.load(ordering: .relaxed)
    while true {
      links[index] = newest
      let (exchanged, original) = done.compareExchange(
        expected: newest, desired: index, ordering: .sequentiallyConsistent)  // P1, P2
      if exchanged { break }
      newest = original
    }
    let total = count.wrappingAdd(1, ordering: .sequentiallyConsistent).newValue
    guard total >= neededCount.load(ordering: .sequentiallyConsistent) || (failed && wakesOnFailure) else { return nil }
    guard sleeper.exchange(0, ordering: .sequentiallyConsistent) != 0 else { return nil }  // P2
    if let resumption { return { resumption.resume(.done) } }
    return { cf_futex_wake(self.sleeperAddress, 1) }
  }

  /// How many members are done.
  var doneCount: Int { count.load(ordering: .acquiring) }
  var hasFailure: Bool { failures.load(ordering: .acquiring) > 0 }

  /// The members that are done and were not taken yet, oldest first. Waiter only.
  func takeDone() -> [Int] {
    var index = done.exchange(WaitGroup.none, ordering: .acquiringAndReleasing)  // P1
    var taken: [Int] = []
    while index != WaitGroup.none {
      taken.append(index)
      index = links[index]
    }
    taken.reverse()
    return taken
  }

  /// Blocks the thread until `needed` members are done (or one failed, if the group was made so). False on a timeout.
  func sleep(needed: Int, deadline: Int64?) -> Bool {
    neededCount.store(needed, ordering: .sequentiallyConsistent)
    while !isReady(needed) {
      sleeper.store(1, ordering: .sequentiallyConsistent)  // P2
      if isReady(needed) { break }
      if let deadline, cf_monotonic_ns() >= deadline { return false }
      _ = cf_futex_wait(sleeperAddress, 1, deadline ?? -1)
    }
    sleeper.store(0, ordering: .relaxed)  // the waiter's own; a late wake is harmless
    return true
  }

  /// The resumption, ready for one more suspension. A late completer of the one before may end it early: look again.
  func renewedResumption() -> Resumption {
    if let resumption {
      resumption.renew()
      return resumption
    }
    let new = Resumption()
    resumption = new
    return new
  }

  /// For a waiter that is no thread: true if it must suspend, and will be resumed.
  func armResume(needed: Int) -> Bool {
    neededCount.store(needed, ordering: .sequentiallyConsistent)
    sleeper.store(1, ordering: .sequentiallyConsistent)  // P2
    guard isReady(needed) else { return true }
    return sleeper.exchange(0, ordering: .sequentiallyConsistent) == 0  // a completer took it: resume is coming
  }

  /// Takes the resumption back. False if a completer was or is about to use it.
  func disarmResume() -> Bool { sleeper.exchange(0, ordering: .sequentiallyConsistent) != 0 }

  func isReady(_ needed: Int) -> Bool {
    count.load(ordering: .sequentiallyConsistent) >= needed || (wakesOnFailure && hasFailure)
  }

  /// Unhangs every node that is still linked. Waiter only; no member is touched by this group afterwards.
  /// - Complexity: O(number of futures).
  func close() {
    for (index, future) in futures.enumerated() { detach(index, future) }
  }

  /// Lets go of a member that was delivered.
  func forget(_ index: Int) {
    detach(index, futures[index])
    futures[index] = nil
  }

  private func detach(_ index: Int, _ future: AnyFuture?) {
    guard let future, node(index).pointee.signal.load(ordering: .acquiring) == WaitNode.waiting else { return }
    if !future.unregister(node(index)) { node(index).waitUntilRaised() }
  }

  private var sleeperAddress: UnsafeRawPointer {
    // SAFETY: an Atomic in a class instance has a stable address.
    withUnsafePointer(to: sleeper) { UnsafeRawPointer($0) }
  }
}

extension AnyFuture {
  /// Finished with an error: not when cancelled.
  final var hasFailed: Bool { loadWord().isFinished && storedError != nil }
}
