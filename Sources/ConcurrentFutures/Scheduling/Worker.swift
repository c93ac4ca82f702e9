// One thread of a pool: its deques, its loop, and how it runs a job.
//
// The whole policy is in `find`: its own newest job, then the oldest of what it took from the injector, then another
// worker's oldest, then the injector.
import CPlatform
import Synchronization

/// Raw memory, never moved: handles are plain pointers, so that nothing counts references on the hot path.
// SAFETY: a worker's memory lives as long as its pool, which every thread that holds the pointer keeps alive.
@usableFromInline
struct Worker: ~Copyable {
  /// What its thread does, as far as others need to know before they start one more.
  enum Activity {
    static let absent: UInt32 = 0
    /// It will look at every queue before it sleeps.
    static let looking: UInt32 = 1
    static let busy: UInt32 = 2
  }
  /// What becomes of a worker that found no work.
  enum Rest {
    /// It looks again, and counts as searching.
    case goOn
    /// Its thread ends; another may be started in its place.
    case end
    /// Its thread ends, one too many since a blocked worker went on.
    case endSurplus
  }

  /// Must be the first field: `join` reaches it through the thread's slot without knowing `Worker`.
  let forks: ForkStack
  let pool: UnsafeMutablePointer<Pool>
  let index: Int
  /// What the pool's configuration says, at hand.
  let submitsFreely: Bool
  let runsAwaited: Bool
  let lifo = Deque()
  let fifo = Deque()
  let next = NextJob()
  let padding0 = CacheLinePadding()
  // Written by others.
  let parker = Parker()
  let wakeCause = Atomic<UInt8>(0)
  let waker = Atomic<UInt16>(0xFFFF)
  let padding1 = CacheLinePadding()
  // Written by the owner, some of it read by others.
  let activity = Atomic<UInt32>(Activity.absent)
  let counters = WorkerCounters()
  let lane = Atomic<UInt16>(0xFFFF)
  /// The task that runs and its future, for thieves of its forks.
  let runningTask = Atomic<UInt64>(0)
  let runningFuture = Atomic<UInt>(0)
  // Owner only.
  /// A claimed future that its thread was started for, by a worker whose stack was half used; it ends after that.
  var firstJob: Unmanaged<AnyFuture>?
  var tick: UInt32 = 0
  /// Jobs that run beneath one another on this stack.
  var depth = 0
  /// Entries of tasks that were run inline and may still lie in the deque: an upper estimate.
  var staleEntries = 0
  /// Rounds of the present search: how long victims have not answered.
  var patience = 0
  var gathering = Gathering()
  /// Of the present search.
  var probes = Probes()
  /// `Pool.passedJobs` when the present search began.
  var passedJobs: UInt = 0
  /// It has watched: a short search tells whether it must go on doing so.
  var hasWatched = false
  var victims: VictimOrder
  var helpingLimit: UInt = 0
  /// The job of Swift concurrency that runs, and the task that goes on in it; only while they are recorded.
  var asyncJob = AsyncJob()

  /// - Parameter forkMemory: from `ForkStack.reserve` for the pool's stack size.
  init(_ pool: UnsafeMutablePointer<Pool>, _ index: Int, forkMemory: UnsafeMutableRawPointer) {
    self.pool = pool
    self.index = index
    submitsFreely = pool.pointee.configuration.localOrder == .lifo && !pool.pointee.admission.isBounded
    runsAwaited = pool.pointee.configuration.waitPolicy != .block
    forks = ForkStack(
      forkMemory, stackSize: pool.pointee.configuration.stackSize, pool: UInt(bitPattern: pool))
    victims = VictimOrder(seed: UInt64(index) &+ UInt64(pool.pointee.id) << 32)
  }

  /// The worker the calling thread is, or nil outside of any pool.
  // SAFETY: only `runThread` sets the slot, to its worker, and clears it before the worker goes.
  @inline(__always)
  static var current: UnsafeMutablePointer<Worker>? {
    cf_current_thread().pointee.worker?.assumingMemoryBound(to: Worker.self)
  }
}

/// What a worker has done. The owner alone writes; `statistics` sums over the workers.
struct WorkerCounters: ~Copyable {
  let submitted = Atomic<UInt64>(0)
  let started = Atomic<UInt64>(0)
  let completed = Atomic<UInt64>(0)
  let failed = Atomic<UInt64>(0)
  let stolen = Atomic<UInt64>(0)
  let inlineRuns = Atomic<UInt64>(0)

  @inline(__always)
  func countEnd(failed: Bool) {
    if failed { WorkerCounters.bump(self.failed) } else { WorkerCounters.bump(completed) }
  }

  @inline(__always)
  static func bump(_ counter: borrowing Atomic<UInt64>) {
    counter.store(counter.load(ordering: .relaxed) &+ 1, ordering: .relaxed)  // one writer
  }
}

/// A job with where it came from.
struct Found {
  let job: Job
  let source: Recorder.Source
  /// Whom it was stolen from.
  var from: UnsafeMutablePointer<Worker>?
  /// It lay in the worker's own deque.
  var isOwn = false
  /// A stolen fork, and nothing else that its owner has published.
  var isLast = false
  var victim: UInt16 { from?.pointee.lane.load(ordering: .relaxed) ?? Recorder.noVictim }
}

extension UnsafeMutablePointer<Worker> {
  // MARK: The loop

  /// What the thread does until the pool ends or no longer needs it.
  /// - Parameter error: of the thread's initializer; no task may run here then.
  func loop(failing error: BrokenExecutorError?) {
    if let first = pointee.firstJob {
      pointee.firstJob = nil
      if let error { pool.fail(claimed: first, error) } else { runClaimed(first, .awaited) }
      first.release()
      while let found = findLocal() { run(found) }
      pointee.activity.store(Worker.Activity.absent, ordering: .sequentiallyConsistent)
      return
    }
    var searching = true  // who started the thread counted it so
    while true {
      if let found = find(searching) ?? search(&searching) {
        if searching {
          searching = false
          if pool.pointee.sleep.endSearching(), pool.hasVisibleWork { pool.notify() }  // Sleep.W2
        }
        if let error, pool.fail(found.job, error) { continue }  // submitted while the pool broke
        run(found)
        continue
      }
      switch rest(&searching) {
      case .goOn: break
      case .end: if leave() { return }
      case .endSurplus:
        pointee.activity.store(Worker.Activity.absent, ordering: .sequentiallyConsistent)
        if searching { _ = pool.pointee.sleep.endSearching() }
        if pool.hasVisibleWork { pool.notify() }  // what arrived while it still counted as searching
        return
      }
    }
  }

  var pool: UnsafeMutablePointer<Pool> { pointee.pool }

  /// The policy: own newest, own oldest, another's oldest, injected.
  func find(_ searching: Bool) -> Found? {
    pointee.tick &+= 1
    // Larger: outside work starves longer behind a worker that feeds itself; smaller: the shared line is read more.
    if pointee.tick % 61 == 0, let found = findOutside(searching) { return found }
    return findLocal() ?? steal() ?? takeInjected(searching)
  }

  func findLocal() -> Found? {
    if let word = pointee.lifo.pop() ?? pointee.next.take() {
      return Found(job: Job(word: word), source: .local, isOwn: true)
    }
    return findQueued()
  }

  private func findQueued() -> Found? {
    while true {
      switch pointee.fifo.steal() {
      case .item(let word): return Found(job: Job(word: word), source: .injector, isOwn: true)
      case .empty: return nil
      case .lost: continue
      }
    }
  }

  /// Injected work before the worker's own. What it took earlier is older than what lies in the injector: the new
  /// one queues up behind that, so that tasks start in the order in which they were submitted.
  private func findOutside(_ searching: Bool) -> Found? {
    guard pointee.fifo.count > 0 else { return takeInjected(searching) }
    if pool.pointee.injector.isNonEmpty { _ = pool.pointee.injector.take(1) { pointee.fifo.push($0) } }
    return findQueued()
  }

  private func steal() -> Found? {
    let count = pool.pointee.publishedWorkers
    guard count > 1 else { return nil }
    var lost = false
    repeat {
      lost = false
      for offset in pointee.victims.start(count) {
        let index = offset < count ? offset : offset - count
        guard index != pointee.index, let victim = pool.worker(index) else { continue }
        if let found = stealFork(victim, &lost) { return found }
        for attempt in 0..<2 {
          switch attempt == 0 ? victim.pointee.fifo.steal() : victim.pointee.lifo.steal() {
          case .item(let word):
            WorkerCounters.bump(pointee.counters.stolen)
            return Found(job: Job(word: word), source: .stolen, from: victim)
          case .empty: pointee.probes.empty &+= 1
          case .lost:
            pointee.probes.lost &+= 1
            lost = true
          }
        }
      }
    } while lost
    // Rarely: the owner writes that line at every job.
    return pointee.patience & 7 == 7 ? stealNext(count) : nil
  }

  /// How many injected jobs a busy worker takes at once. Larger: less fair, and thieves must fetch them again; smaller:
  /// the shared queue is touched more often.
  private static var batch: Int { 32 }

  private func takeInjected(_ searching: Bool) -> Found? {
    var limit = pointee.gathering.take(Self.batch)
    if limit == 0 {
      guard pool.pointee.injector.isNonEmpty else { return nil }
      // On one CPU nothing gathers while this thread pauses.
      while !UsableCPUs.isOne, pointee.gathering.shouldPause(backlog: pool.pointee.injector.count) {
        for _ in 0..<Gathering.pauses { cf_pause() }
      }
      limit = pointee.gathering.take(Self.batch)
      // While another could run them, take one: tasks start in the order in which they were submitted.
      if limit == 0 { limit = othersIdle(searching) ? 1 : Self.batch }
    }
    var first: UInt?
    _ = pool.pointee.injector.take(limit) { item in
      if first == nil { first = item } else { pointee.fifo.push(item) }
    }
    guard let first else {
      pointee.gathering.endBurst()
      return nil
    }
    return Found(job: Job(word: first), source: .injector)
  }

  /// - Parameter searching: whether the caller counts as searching itself.
  private func othersIdle(_ searching: Bool) -> Bool {
    let word = pool.pointee.sleep.current
    return word.searching - (searching ? 1 : 0) + word.sleeping + word.unstarted > 0
  }

  // MARK: Running

  func run(_ found: Found) {
    switch found.job.kind {
    case .future:
      guard let future = QueueEntry(found.job).claim() else { break }
      becomeBusy()
      runClaimed(future, found.source, found.from, isOwn: found.isOwn)
      future.release()
    case .detached:
      becomeBusy()
      let job = found.job.detached.takeRetainedValue()
      runDetached(job, found.source, found.from)
    case .swift:
      becomeBusy()
      runSwiftJob(found.job.swiftWord)
    case .fork:
      becomeBusy()
      runFork(found)
    }
    if pointee.depth == 0 { pointee.activity.store(Worker.Activity.looking, ordering: .relaxed) }
  }

  /// Tells submitters that this worker will not look at the queues for a while; if it was the one they relied on,
  /// starts or wakes another. Its exchange and the look at the queues pair with the submitter's push and its look at
  /// `activity`: one sees the other.
  @inline(__always)
  private func becomeBusy() {
    if pool.threadsMayStart {
      becomeBusySlow()
    } else {
      pointee.activity.store(Worker.Activity.busy, ordering: .relaxed)  // nobody asks before threads may start again
    }
  }

  @inline(never)
  private func becomeBusySlow() {
    pointee.activity.store(Worker.Activity.busy, ordering: .sequentiallyConsistent)
    if pool.hasVisibleWork { pool.notify() }
  }

  /// Runs a future that was claimed, and completes it. `future` stays retained by the caller.
  func runClaimed(
    _ unmanaged: Unmanaged<AnyFuture>, _ source: Recorder.Source, _ from: UnsafeMutablePointer<Worker>? = nil,
    isOwn: Bool = false
  ) {
    unmanaged._withUnsafeGuaranteedRef { future in
      // First, while what it tells is at hand.
      if Recorder.isOn(.taskStart) { recordStart(future.taskID, source, from, isOwn) }
      let context = enter(future.taskID, unmanaged.toOpaque())
      WorkerCounters.bump(pointee.counters.started)
      if pool.pointee.admission.isBounded { pool.pointee.admission.leave() }
      let failed = future.operations(future, .run)
      leave(context)
      pointee.counters.countEnd(failed: failed)
      if Recorder.isOn(.taskEnd) { Recorder.taskEnd(future, failed: failed) }
      // Before the result is out: who sees it and submits again must find this worker on its way to the queues. The
      // exchange of `publish` makes it visible.
      if pointee.depth == 0 { pointee.activity.store(Worker.Activity.looking, ordering: .relaxed) }
      if let nodes = future.publish() { fire(future, nodes) }
    }
  }

  /// Out of line: mostly nobody waits yet.
  @inline(never)
  private func fire(_ future: AnyFuture, _ nodes: UnsafeMutablePointer<WaitNode>) {
    if pointee.depth == 0, pool.threadsMayStart { becomeBusySlow() }  // callbacks may take long
    future.fire(nodes)
  }

  /// How many jobs lie in the worker's deques. Owner only.
  @inline(__always)
  var backlog: UInt { pointee.lifo.ownCount &+ pointee.fifo.ownCount }

  /// A task begins: `TaskContext` still speaks of the one beneath it.
  @inline(never)
  private func recordStart(
    _ task: UInt64, _ source: Recorder.Source, _ from: UnsafeMutablePointer<Worker>?, _ isOwn: Bool
  ) {
    Recorder.taskStart(
      task: task, source: source, victim: from?.pointee.lane.load(ordering: .relaxed) ?? Recorder.noVictim,
      depth: backlog, nesting: TaskContext.depth, followsEnd: isOwn)
  }

  private func runDetached(_ job: DetachedJob, _ source: Recorder.Source, _ from: UnsafeMutablePointer<Worker>?) {
    if Recorder.isOn(.taskStart) { recordStart(job.taskID, source, from, false) }
    WorkerCounters.bump(pointee.counters.started)
    let context = enter(job.taskID, nil)
    if pool.pointee.admission.isBounded { pool.pointee.admission.leave() }
    let failed = job.call(pool)
    leave(context)
    pointee.counters.countEnd(failed: failed)
    if Recorder.isOn(.taskEnd) { Recorder.taskEnd(task: job.taskID, failed: failed, waiters: 0) }
  }
}
