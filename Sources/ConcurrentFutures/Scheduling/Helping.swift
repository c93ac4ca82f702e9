// What a worker does while it waits for a future: run the awaited task itself, or block without stranding anything.
//
// The rule (DESIGN decision 5): a waiting worker runs the awaited task if that is still pending, and nothing else:
// any other task could need a lock that the waiter holds on this very stack. `WaitPolicy.stealAny` lifts the rule.
// What lies in a blocked worker's deques stays within reach of thieves.
import CPlatform
import Synchronization

extension UnsafeMutablePointer<Worker> {
  /// Returns once `future` is done. Without a deadline only: a task run inline cannot be interrupted.
  func await(_ future: AnyFuture) {
    if runIfPending(future) || future.isDone { return }
    if pool.pointee.configuration.waitPolicy == .stealAny, helpUntilDone(future) { return }
    blocking { _ = future.waitDone(deadline: nil) }
  }

  /// The usual case of `runIfPending`: the awaited task is the one this worker submitted last, and nobody took it.
  @inline(__always)
  func runNewest(_ future: AnyFuture) -> Bool {
    let object = Unmanaged.passUnretained(future).toOpaque()
    // SAFETY: only compared; the caller holds the future. What lies in a worker's own deque is a task of its pool.
    guard pointee.lifo.newest == Job(.future, object).word, pointee.runsAwaited, !stackIsDeep,
      let word = pointee.lifo.pop(), let claimed = QueueEntry(Job(word: word)).claim()
    else { return false }
    runInline(claimed)
    return true
  }

  /// Claims and runs `future` on this thread if it is a pending task of this pool; of a future made from others, those.
  /// True if it is done by that.
  func runIfPending(_ future: AnyFuture) -> Bool {
    guard pointee.runsAwaited else { return false }
    guard future.isTask else { return runSources(of: future) }
    guard future.owner == pool.pointee.id else { return false }
    dropStaleEntries()
    guard future.loadWord().phase == FutureWord.pending else { return false }
    guard !stackIsDeep else { return carryOn(future) }
    if runNewest(future) { return true }  // beneath stale entries
    // Its entry stays where it is.
    guard let claimed = QueueEntry(future).claimFromOutside() else { return false }
    pointee.staleEntries += 1
    runInline(claimed)
    return true
  }

  /// Runs what a future made from others waits for. True if it is done by that.
  private func runSources(of future: AnyFuture) -> Bool {
    var progress = true
    while progress, !future.isDone, !stackIsDeep {
      progress = false
      for source in future.awaitedSources where !future.isDone && !source.isDone && runIfPending(source) {
        progress = true
      }
    }
    return future.isDone
  }

  @inline(__always)
  private func runInline(_ future: Unmanaged<AnyFuture>) {
    WorkerCounters.bump(pointee.counters.inlineRuns)
    runClaimed(future, .awaited)
    future.release()
  }

  /// Takes entries off the bottom of the deque whose tasks were run inline: awaits in a loop must not leave them piling up.
  private func dropStaleEntries() {
    while pointee.staleEntries > 0, let word = pointee.lifo.newest, Job(word: word).kind == .future {
      pointee.staleEntries -= 1
      // Only a popped entry is ours to look into: `newest` may be stolen at this moment.
      guard let popped = pointee.lifo.pop() else { return }
      let entry = QueueEntry(Job(word: popped))
      if entry.isPending {
        pointee.lifo.push(popped)
        return pool.notifyAfterLocalPush()  // a thief may have looked in between
      }
      entry.discard()
    }
  }

  // MARK: Stack

  /// Whether half of the stack is used.
  var stackIsDeep: Bool {
    UInt(bitPattern: cf_frame_address()) < pointee.helpingLimit
  }

  /// Claims `future`, has a fresh thread run it, and waits for it. If the system refuses a thread, on this stack after all.
  private func carryOn(_ future: AnyFuture) -> Bool {
    guard let claimed = QueueEntry(future).claimFromOutside() else { return false }
    if pool.startThread(first: claimed) == 0 {
      blocking(compensating: false) { _ = future.waitDone(deadline: nil) }
    } else {
      runInline(claimed)
    }
    return true
  }

  // MARK: Blocking

  /// Around anything that blocks this worker: lets others take what it has queued, and where `compensation` allows it
  /// has another thread take its place meanwhile.
  func blocking<R>(compensating: Bool = true, _ body: () throws -> R) rethrows -> R {
    let pool = pointee.pool
    let substituted = compensating && startSubstitute()
    if pool.hasVisibleWork { pool.notify() }
    defer {
      if substituted { pool.pointee.surplus.wrappingAdd(1, ordering: .relaxed) }
    }
    return try body()
  }

  private func startSubstitute() -> Bool {
    let pool = pointee.pool
    let limit = pool.pointee.configuration.compensation
    guard limit > 0 else { return false }
    // One that is too many already, because another worker went on, may serve again.
    var surplus = pool.pointee.surplus.load(ordering: .relaxed)
    while surplus > 0 {
      let (exchanged, original) = pool.pointee.surplus.weakCompareExchange(
        expected: surplus, desired: surplus - 1, ordering: .relaxed)
      if exchanged { return true }
      surplus = original
    }
    guard pool.pointee.substitutes.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
      pool.pointee.substitutes.wrappingSubtract(1, ordering: .relaxed)
      return false
    }
    pool.pointee.sleep.addUnstarted()
    if pool.pointee.sleep.claimUnstarted(always: true), pool.startThread() == 0 { return true }
    pool.pointee.sleep.removeUnstarted()
    pool.pointee.substitutes.wrappingSubtract(1, ordering: .relaxed)
    return false
  }

  // MARK: stealAny

  /// Runs whatever there is until `future` is done. False if there was nothing to run for a while.
  private func helpUntilDone(_ future: AnyFuture) -> Bool {
    var idleRounds = 0
    while !future.isDone {
      if !stackIsDeep, let found = find(false) {
        run(found)
        idleRounds = 0
        continue
      }
      idleRounds += 1
      // Larger: a waiter burns CPU; smaller: it sleeps through work that comes a moment later.
      if idleRounds > 200 { return false }
      cf_pause()
    }
    return true
  }
}

extension ThreadPoolExecutor {
  /// Tells the pool that `body` blocks: what this worker has queued can be taken by others, and with
  /// `Configuration.compensation` above zero another thread takes its place meanwhile.
  ///
  /// Outside of a pool it just calls `body`. (Java: `ManagedBlocker`; tokio: `block_in_place`.)
  public static func blocking<R>(_ body: () throws -> R) rethrows -> R {
    guard let worker = Worker.current else { return try body() }
    let recording = Recorder.isOn(.blockingBegin)
    if recording { Recorder.blockingBegin(kind: 0) }
    defer { if recording { Recorder.blockingEnd(kind: 0) } }
    return try worker.blocking(body)
  }
}
