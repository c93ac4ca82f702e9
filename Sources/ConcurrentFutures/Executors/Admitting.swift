// The way of a task into the pool.
//
// A refusal is decided before anything is published, with one exception: the pool may close between the look and the
// push. Then the task is taken back if no worker has claimed it yet (Pool I3).
import CPlatform
import Synchronization

extension ThreadPoolExecutor {
  /// Publishes a task that nobody records.
  @usableFromInline
  @inline(never)
  func admit(_ future: AnyFuture) throws(RejectedExecutionError) {
    let pool = pool.pointer
    let worker = pool.currentMember
    future.taskID = TaskID.next()
    // The usual submission of a worker: it is itself the thread that can run the task, and nothing limits it.
    if let worker, worker.pointee.submitsFreely, !pool.pointee.sleep.isClosed {
      WorkerCounters.bump(worker.pointee.counters.submitted)
      worker.pointee.lifo.push(Job(retainingUnshared: future).word)
      if pool.pointee.sleep.afterPush.isQuiet { return }
      try retract(future, pool)
      return
    }
    try admitWithCare(future, pool, worker)
  }

  private func admitWithCare(
    _ future: AnyFuture, _ pool: UnsafeMutablePointer<Pool>, _ worker: UnsafeMutablePointer<Worker>?
  ) throws(RejectedExecutionError) {
    if pool.needsCare {
      try prepare(pool, worker) { pool.countCallersRun(failed: future.runHere()) }
      if future.isDone { return }  // the caller ran it
    }
    push(future, pool, worker)
    try retract(future, pool)
  }

  /// Publishes a task that is recorded.
  @usableFromInline
  @inline(never)
  func admit(_ future: AnyFuture, _ site: TaskSite) throws(RejectedExecutionError) {
    let pool = pool.pointer
    let worker = pool.currentMember
    future.taskID = TaskID.next()
    if let worker, worker.pointee.submitsFreely, !pool.pointee.sleep.isClosed {
      WorkerCounters.bump(worker.pointee.counters.submitted)
      Recorder.taskSubmit(
        task: future.taskID, parent: Recorder.currentTask, site: site, queue: .local, depth: worker.backlog)
      worker.pointee.lifo.push(Job(retainingUnshared: future).word)
      if pool.pointee.sleep.afterPush.isQuiet { return }
      try retract(future, pool)
      return
    }
    try admitWithCare(future, pool, worker, site)
  }

  private func admitWithCare(
    _ future: AnyFuture, _ pool: UnsafeMutablePointer<Pool>, _ worker: UnsafeMutablePointer<Worker>?, _ site: TaskSite
  ) throws(RejectedExecutionError) {
    if pool.needsCare {
      try prepare(pool, worker) {
        Recorder.taskSubmit(
          task: future.taskID, parent: Recorder.currentTask, site: site, queue: .inline, depth: 0)
        pool.countCallersRun(failed: future.runHere())
      }
      if future.isDone { return }  // the caller ran it
    }
    Recorder.taskSubmit(
      task: future.taskID, parent: Recorder.currentTask, site: site, queue: worker == nil ? .injector : .local,
      depth: worker?.backlog ?? UInt(max(0, pool.pointee.injector.count)))
    push(future, pool, worker)
    try retract(future, pool)
  }

  func admitDetached(
    _ work: consuming sending @escaping () throws -> Void, _ site: TaskSite?
  ) throws(RejectedExecutionError) {
    let pool = pool.pointer
    let worker = pool.currentMember
    let job = DetachedJob(taskID: TaskID.next(), body: work)
    var ranHere = false
    if pool.needsCare {
      try prepare(pool, worker) {
        ranHere = true
        if let site {
          Recorder.taskSubmit(task: job.taskID, parent: Recorder.currentTask, site: site, queue: .inline, depth: 0)
        }
        pool.countCallersRun(failed: job.runHere(pool))
      }
    }
    if ranHere { return }
    if let site {
      Recorder.taskSubmit(
        task: job.taskID, parent: Recorder.currentTask, site: site, queue: worker == nil ? .injector : .local, depth: 0)
    }
    pool.push(Job(retaining: job), worker)
    pool.notify()
  }

  @inline(__always)
  private func push(_ future: AnyFuture, _ pool: UnsafeMutablePointer<Pool>, _ worker: UnsafeMutablePointer<Worker>?) {
    pool.push(Job(retainingUnshared: future), worker)
  }

  /// After the push: wakes a worker; if the pool was closed meanwhile, takes the task back and throws.
  @inline(__always)
  private func retract(_ future: AnyFuture, _ pool: UnsafeMutablePointer<Pool>) throws(RejectedExecutionError) {
    let word = pool.pointee.sleep.current
    if word.wantsWaking {
      pool.notifySlow()
      // The last thread ended between `prepare` and the push, or the first one was refused to another submitter.
      if pool.hasNoThread, case let code = pool.startFirstThread(), code != 0 {
        return try takeBack(future, pool, .noThread(code))
      }
    }
    if word.isClosed { try takeBack(future, pool, pool.closedReason ?? .shutdown) }
  }

  /// Refuses a task after its push, unless a worker was faster: then it runs.
  @inline(never)
  private func takeBack(
    _ future: AnyFuture, _ pool: UnsafeMutablePointer<Pool>, _ reason: RejectedExecutionError.Reason
  ) throws(RejectedExecutionError) {
    guard let entry = QueueEntry(future).claimFromOutside(to: FutureWord.completing) else { return }
    pool.pointee.uncounted.wrappingAdd(1, ordering: .relaxed)
    future.failClaimed(CancelledError())
    entry.release()
    throw RejectedExecutionError(reason)
  }

  /// The rare cases: closed, no thread yet, bounded admission. `runHere` runs the task on this thread.
  @inline(never)
  private func prepare(
    _ pool: UnsafeMutablePointer<Pool>, _ worker: UnsafeMutablePointer<Worker>?, runHere: () -> Void
  ) throws(RejectedExecutionError) {
    if let reason = pool.closedReason { throw RejectedExecutionError(reason) }
    if pool.pointee.admission.isBounded {
      if worker == nil {
        switch pool.pointee.admission.enter(isClosed: { pool.isClosed }) {
        case .admitted: break
        case .rejected: throw RejectedExecutionError(.queueFull)
        case .callerRuns: return runHere()
        }
      } else {
        pool.pointee.admission.enterAlways()
      }
      if let reason = pool.closedReason {
        pool.pointee.admission.leave()
        throw RejectedExecutionError(reason)
      }
    }
    // An accepted task must have a thread: start the first one before anything is published.
    let code = pool.startFirstThread()
    if code != 0 {
      if pool.pointee.admission.isBounded { pool.pointee.admission.leave() }
      throw RejectedExecutionError(.noThread(code))
    }
  }
}

extension UnsafeMutablePointer<Pool> {
  /// The calling thread's worker, if it is one of this pool.
  @inline(__always)
  var currentMember: UnsafeMutablePointer<Worker>? {
    guard let worker = Worker.current, worker.pointee.pool == self else { return nil }
    return worker
  }

  /// Whether a submission must look closer before it is published.
  @inline(__always)
  var needsCare: Bool {
    let word = pointee.sleep.current
    return word.isClosed || word.unstarted >= pointee.maxWorkers || pointee.admission.isBounded
  }

  var hasNoThread: Bool { pointee.sleep.current.unstarted >= pointee.maxWorkers }

  /// Starts a thread if there is none. 0, or the `errno` of the refusal.
  func startFirstThread() -> Int32 {
    while hasNoThread {
      guard pointee.sleep.claimUnstarted() else {
        cf_pause()  // another submitter is at it
        continue
      }
      let code = startThread()
      if code != 0, hasNoThread { return code }
    }
    return 0
  }

  /// Queues a job: a worker's own in its deque, any other in the injector.
  @inline(__always)
  func push(_ job: Job, _ worker: UnsafeMutablePointer<Worker>?) {
    guard let worker else { return pointee.injector.push(job.word) }
    WorkerCounters.bump(worker.pointee.counters.submitted)
    if pointee.configuration.localOrder == .lifo {
      worker.pointee.lifo.push(job.word)
    } else {
      worker.pointee.fifo.push(job.word)
    }
    atomicMemoryFence(ordering: .sequentiallyConsistent)  // Sleep.W1: the push before the look at the word
  }

  /// `notify` after a push into the caller's own deque.
  func notifyAfterLocalPush() {
    if pointee.sleep.afterPush.wantsWaking { notifySlow() }
  }

  func countCallersRun(failed: Bool) {
    pointee.callersRuns.wrappingAdd(1, ordering: .relaxed)
    if failed { pointee.callersFailures.wrappingAdd(1, ordering: .relaxed) }
  }

  var statistics: ExecutorStatistics {
    var sum = ExecutorStatistics(
      workers: 0, idle: 0, queued: 0, running: 0, submitted: 0, completed: 0, failed: 0,
      cancelled: pointee.cancelled.load(ordering: .relaxed), stolen: 0, inlineRuns: 0)
    // Each is counted before its push.
    let uncounted = pointee.uncounted.load(ordering: .relaxed)
    let pushed = UInt64(pointee.injector.pushedCount)
    sum.workers = pointee.lifecycle.withLock { $0.live }
    let word = pointee.sleep.current
    sum.idle = Swift.min(sum.workers, word.sleeping + word.searching)
    var started: UInt64 = 0
    for index in 0..<pointee.publishedWorkers {
      guard let worker = worker(index) else { continue }
      // Ends before starts before submissions: read so, no difference is ever negative by more than the reading took.
      sum.completed += worker.pointee.counters.completed.load(ordering: .relaxed)
      sum.failed += worker.pointee.counters.failed.load(ordering: .relaxed)
      started += worker.pointee.counters.started.load(ordering: .relaxed)
      sum.submitted += worker.pointee.counters.submitted.load(ordering: .relaxed)
      sum.stolen += worker.pointee.counters.stolen.load(ordering: .relaxed)
      sum.inlineRuns += worker.pointee.counters.inlineRuns.load(ordering: .relaxed)
    }
    sum.submitted += pushed
    sum.submitted -= Swift.min(uncounted, sum.submitted)
    sum.running = Swift.max(0, Int(started) - Int(sum.completed) - Int(sum.failed))
    let abandoned = pointee.abandoned.load(ordering: .relaxed)
    sum.failed += abandoned
    let callersFailures = pointee.callersFailures.load(ordering: .relaxed)
    let callersRuns = pointee.callersRuns.load(ordering: .relaxed)
    sum.queued = Swift.max(0, Int(sum.submitted) - Int(started) - Int(sum.cancelled) - Int(abandoned))
    sum.submitted += callersRuns
    sum.failed += callersFailures
    sum.completed += callersRuns - Swift.min(callersFailures, callersRuns)
    return sum
  }
}

extension AnyFuture {
  /// Runs an unpublished task on the submitting thread (`Admission.callerRuns`).
  /// - Returns: whether it failed.
  final func runHere() -> Bool {
    guard claim() else { return false }
    // SAFETY: unretained: this call holds the future until the context is left.
    let context = TaskContext.enter(taskID, Unmanaged.passUnretained(self).toOpaque())
    if Recorder.isOn(.taskStart) {
      Recorder.taskStart(task: taskID, source: .inline, victim: Recorder.noVictim, depth: 0, nesting: context.depth)
    }
    let failed = operations(self, .run)
    context.leave()
    if Recorder.isOn(.taskEnd) { Recorder.taskEnd(self, failed: failed) }
    fire(publish())
    return failed
  }
}

extension DetachedJob {
  /// The same for a task without a future.
  func runHere(_ pool: UnsafeMutablePointer<Pool>) -> Bool {
    let context = TaskContext.enter(taskID, nil)
    if Recorder.isOn(.taskStart) {
      Recorder.taskStart(task: taskID, source: .inline, victim: Recorder.noVictim, depth: 0, nesting: context.depth)
    }
    let failed = call(pool)
    context.leave()
    if Recorder.isOn(.taskEnd) { Recorder.taskEnd(task: taskID, failed: failed, waiters: 0) }
    return failed
  }
}

/// Task ids: the creating lane, and the lane's own counter. No shared state.
enum TaskID {
  @inline(__always)
  static func next() -> UInt64 {
    let thread = cf_current_thread().unsafelyUnwrapped
    if thread.pointee.next_task == 0 { Lanes.openOutside() }
    let id = thread.pointee.next_task
    thread.pointee.next_task = id + 1
    return id
  }
}
