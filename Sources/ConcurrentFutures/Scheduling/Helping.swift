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
    let policy = pointee.pool.pointee.configuration.waitPolicy
    if policy != .block, runIfPending(future) { return }
    if future.isDone { return }
    if policy == .stealAny, helpUntilDone(future) { return }
    blocking { _ = future.waitDone(deadline: nil) }
  }

  /// Claims and runs `future` on this thread if it is a pending task of this pool. True if it did.
  func runIfPending(_ future: AnyFuture) -> Bool {
    guard future.owner == pointee.pool.pointee.id, future.isTask else { return false }
    guard pointee.pool.pointee.configuration.waitPolicy != .block else { return false }
    dropStaleEntries(awaited: future)
    guard future.loadWord().phase == FutureWord.pending else { return false }
    // SAFETY: unretained: the caller, who waits for this future, holds it until this returns.
    let unmanaged = Unmanaged.passUnretained(future)
    guard stackIsDeep else {
      // Its entry is mostly our newest: take it along, else it stays behind and is dropped later.
      let isNewest = pointee.lifo.newest == Job(.future, unmanaged.toOpaque()).word
      guard future.claim() else { return false }
      if isNewest, let word = pointee.lifo.pop() { dropClaimed(word) }
      WorkerCounters.bump(pointee.counters.inlineRuns)
      runClaimed(unmanaged, .awaited)
      return true
    }
    guard future.claim() else { return false }
    carryOn(unmanaged.retain())
    return true
  }

  /// Entries at the bottom of the deque whose futures were run by someone who waited for them: an await in a loop must
  /// not leave them piling up.
  private func dropStaleEntries(awaited: AnyFuture) {
    let awaitedWord = Job(.future, Unmanaged.passUnretained(awaited).toOpaque()).word
    while let word = pointee.lifo.newest, let future = Job(word: word).future {
      // The usual case, and an object that we may look into where it is: its waiter holds it.
      if word == awaitedWord, awaited.loadWord().phase == FutureWord.pending { return }
      // SAFETY: `newest` may be stolen and freed at this moment; only the popped word is ours to look into.
      guard let popped = pointee.lifo.pop() else { return }
      guard popped == word, future._withUnsafeGuaranteedRef({ $0.loadWord().phase != FutureWord.pending }) else {
        pointee.lifo.push(popped)
        pool.notifyAfterLocalPush()  // who looked meanwhile did not see it (Sleep.W1)
        return
      }
      future._withUnsafeGuaranteedRef { $0.dropEntry() }
      future.release()
    }
  }

  private func dropClaimed(_ word: UInt) {
    let job = Job(word: word)
    if let future = job.future {
      future.release()
    } else {
      pointee.lifo.push(word)
    }
  }

  // MARK: Stack

  /// Whether half of the stack is used.
  var stackIsDeep: Bool {
    withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { UInt(bitPattern: $0.baseAddress) }
      < pointee.helpingLimit
  }

  /// Runs a claimed future on a fresh thread and waits for it. If the system refuses one, on this stack after all.
  private func carryOn(_ future: Unmanaged<AnyFuture>) {
    if pointee.pool.startThread(first: future) == 0 {
      future._withUnsafeGuaranteedRef { future in
        blocking(compensating: false) { _ = future.waitDone(deadline: nil) }
      }
    } else {
      runClaimed(future, .awaited)
      future.release()
    }
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
