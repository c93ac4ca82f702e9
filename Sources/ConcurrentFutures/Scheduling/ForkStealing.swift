// The thief's side of fork-join, and what an owner does whose fork was stolen.
import CPlatform
import Synchronization

extension UnsafeMutablePointer<Worker> {
  /// Rounds without an answer after which a thief publishes for the owner. Larger: a long leaf keeps what lies beneath it
  /// serial for longer; smaller: system calls for owners that would have answered.
  private static var forceAfter: Int { 24 }

  /// A published fork of `victim`; if there is none, asks for one.
  func stealFork(_ victim: UnsafeMutablePointer<Worker>, _ lost: inout Bool) -> Found? {
    switch victim.pointee.forks.steal() {
    case .slot(let slot, let isLast):
      cf_prefetch(slot.pointee.context)
      if pool.pointee.sleep.current.wantsCompany { pointee.forks.request() }  // what we fork is for others too
      WorkerCounters.bump(pointee.counters.stolen)
      return Found(job: Job(.fork, UnsafeMutableRawPointer(slot)), source: .stolen, from: victim, isLast: isLast)
    case .lost:
      pointee.probes.lost &+= 1
      lost = true
    case .empty:
      pointee.probes.empty &+= 1
      victim.pointee.forks.request()
      if pointee.patience > Self.forceAfter, pointee.patience & 15 == 0, PoolRegistry.canForce.load(ordering: .relaxed),
        victim.pointee.forks.force()
      {
        lost = true  // look again: there is something now
      }
    }
    return nil
  }

  /// Before sleeping: every other worker that forks from now on will publish and wake somebody (ForkStack.R4, R5).
  /// - Returns: whether one has forks already that cannot be stolen yet: the caller must not sleep, but ask on.
  func requestForks() -> Bool {
    let count = pool.pointee.publishedWorkers
    for index in 0..<count where index != pointee.index {
      pool.worker(index)?.pointee.forks.requestBeforeSleep()
    }
    guard count > 1, PoolRegistry.canForce.load(ordering: .relaxed) else { return false }
    cf_membarrier()  // ForkStack.R5
    for index in 0..<count where index != pointee.index {
      if pool.worker(index)?.pointee.forks.hasPrivate == true { return true }
    }
    return false
  }

  /// Runs a stolen fork, as part of the task that forked it.
  func runFork(_ found: Found) {
    // SAFETY: the job's kind is `.fork`: its object is the slot, and it came from its owner.
    let slot = ForkSlot(found.job.object.assumingMemoryBound(to: cf_fork.self))
    let victim = found.from.unsafelyUnwrapped
    // Keeps one in reserve. Here, where nothing waits for the line of `low` to arrive.
    if found.isLast { victim.pointee.forks.request() }
    let parent = victim.pointee.runningTask.load(ordering: .relaxed)
    // SAFETY: the future lives while its task runs, and the task waits for its forks.
    let future = UnsafeMutableRawPointer(bitPattern: victim.pointee.runningFuture.load(ordering: .relaxed))
    let context = enter(parent, future, isTask: false)
    let recording = Recorder.isOn(.forkBegin)
    let lane = victim.pointee.lane.load(ordering: .relaxed)
    if recording { Recorder.forkBegin(parent: parent, victim: lane) }
    cf_run_fork(slot)
    if recording { Recorder.forkEnd(parent: parent, victim: lane) }
    leave(context)
    // R2
    let old = victim.pointee.forks.state(slot).pointee.exchange(ForkStack.State.done, ordering: .sequentiallyConsistent)
    if old == ForkStack.State.awaited, pool.pointee.sleep.cancelSleeping(victim.pointee.index) { victim.wake(.result) }
  }

  // MARK: The owner of a stolen fork

  /// Rounds of helping before the owner sleeps.
  private static var waitingRounds: Int { 200 }

  /// Returns once the thief of `slot` is done. Meanwhile runs forks of others, never tasks: a task could need a lock that
  /// is held on this stack, a fork belongs to a computation like ours.
  func waitForThief(_ slot: ForkSlot) {
    let state = pointee.forks.state(slot)
    let patience = pointee.patience
    defer { pointee.patience = patience }
    var round = 0
    while state.pointee.load(ordering: .acquiring) != ForkStack.State.done {  // R2
      round += 1
      pointee.patience = round
      if !stackIsDeep, let found = findFork() {
        runFork(found)
        round = 0
      } else if round < Self.waitingRounds {
        for _ in 0..<8 where state.pointee.load(ordering: .relaxed) != ForkStack.State.done { cf_pause() }  // R2 above
        if round & 7 == 7 { cf_yield() }
      } else {
        sleepUntilThiefIsDone(state)
        round = 0
      }
    }
  }

  private func findFork() -> Found? {
    let count = pool.pointee.publishedWorkers
    var lost = false
    repeat {
      lost = false
      for offset in pointee.victims.start(count) {
        let index = offset < count ? offset : offset - count
        guard index != pointee.index, let victim = pool.worker(index) else { continue }
        if let found = stealFork(victim, &lost) { return found }
      }
    } while lost
    return nil
  }

  /// On the stack of sleepers like any idle worker, so that published forks wake it too.
  private func sleepUntilThiefIsDone(_ state: UnsafeMutablePointer<Atomic<UInt32>>) {
    let claimed = state.pointee.compareExchange(
      expected: ForkStack.State.open, desired: ForkStack.State.awaited, ordering: .sequentiallyConsistent)
    guard claimed.exchanged else { return }
    pool.pointee.sleep.beginSleeping(pointee.index, wasSearching: false)
    let someoneHides = requestForks()
    if state.pointee.load(ordering: .sequentiallyConsistent) == ForkStack.State.done || someoneHides
      || pool.hasPublishedForks
    {
      standUp()
    } else {
      if Recorder.isOn(.workerPark) {
        Recorder.workerPark(
          reason: .wait, dequeDepth: pointee.lifo.count + pointee.fifo.count, injectorDepth: pool.pointee.injector.count
        )
      }
      _ = pointee.parker.park()
      if Recorder.isOn(.workerUnpark) { recordUnpark() }
    }
    _ = state.pointee.compareExchange(
      expected: ForkStack.State.awaited, desired: ForkStack.State.open, ordering: .acquiringAndReleasing)
    // It was counted as searching, and may have been woken for work that is not for it.
    if pool.pointee.sleep.endSearching(), pool.hasVisibleWork { pool.notify() }  // Sleep.W2
  }
}

extension UnsafeMutablePointer<Pool> {
  var hasPublishedForks: Bool {
    for index in 0..<pointee.publishedWorkers where worker(index)?.pointee.forks.hasPublished == true { return true }
    return false
  }
}
