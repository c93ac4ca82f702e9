// Jobs of Swift concurrency on the pool's threads: the pool as a `TaskExecutor`.
//
// A job goes as it comes, as one word: the runtime keeps the third and fourth word of its jobs for the scheduler, and the
// injector's link lies in the third. A worker's own jobs run first in first out, the oldest from its NextJob, the others
// from its FIFO deque: run last in first out, `TaskGroup` would scan a list of its children for each that ends (31 us a
// child at 20,000 children).
import CPlatform

extension ThreadPoolExecutor: TaskExecutor {
  /// Called by Swift concurrency with a job that is to run on this pool. It is never refused: after shutdown, when no
  /// thread is left, it runs on the calling thread.
  public nonisolated func enqueue(_ job: consuming ExecutorJob) {
    let pool = pool.pointer
    let job = UnownedJob(job)
    // SAFETY: an `UnownedJob` is one word, the job's address; the concurrency runtime keeps it alive until it has run.
    let word = unsafeBitCast(job, to: UInt.self)
    if let worker = pool.currentMember { return worker.enqueue(Job(swift: word).word) }
    guard !pool.isClosed, pool.startFirstThread() == 0 else { return job.runSynchronously(on: asUnownedTaskExecutor()) }
    pool.pointee.uncounted.wrappingAdd(1, ordering: .relaxed)
    pool.push(Job(swift: word), nil)
    pool.notify()
  }
}

extension Job {
  /// A job of Swift concurrency, which is one aligned word: the address of the runtime's object.
  init(swift word: UInt) { self.init(word: word | Kind.swift.rawValue) }
  /// The runtime's word.
  var swiftWord: UInt { UInt(bitPattern: object) }
}

extension UnsafeMutablePointer<Worker> {
  /// Queues a job of this worker's own.
  @inline(__always)
  fileprivate func enqueue(_ word: UInt) {
    if pointee.next.isFree, pointee.fifo.count == 0 {
      pointee.next.put(word)
      if pool.pointee.sleep.current.wantsWatcher { pool.notifySlow() }  // Sleep.W3
    } else {
      pointee.fifo.push(word)
      pool.notifyAfterLocalPush()
    }
  }

  /// What another worker has enqueued and leaves lying.
  func stealNext(_ count: Int) -> Found? {
    for offset in pointee.victims.start(count) {
      let index = offset < count ? offset : offset - count
      guard index != pointee.index, let victim = pool.worker(index) else { continue }
      if let word = victim.pointee.next.stealLeft() {
        WorkerCounters.bump(pointee.counters.stolen)
        return Found(job: Job(word: word), source: .stolen, from: victim)
      }
    }
    return nil
  }

  func runSwiftJob(_ word: UInt) {
    if Recorder.isOn(.jobBegin) { return recordSwiftJob(word) }
    callSwiftJob(word)
  }

  private func recordSwiftJob(_ word: UInt) {
    Recorder.jobBegin()
    let outer = pointee.asyncJob
    pointee.asyncJob = AsyncJob(beginning: word)
    callSwiftJob(word)
    pointee.asyncJob.leave()
    pointee.asyncJob = outer
    Recorder.jobEnd()
  }

  @inline(__always) private func callSwiftJob(_ word: UInt) {
    // SAFETY: the word came from an UnownedJob and is run once; the executor lives while tasks prefer it.
    let job = unsafeBitCast(word, to: UnownedJob.self)
    let executor = unsafeBitCast(
      pointee.pool.pointee.executor.load(ordering: .acquiring), to: Unmanaged<ThreadPoolExecutor>.self)
    pointee.depth += 1
    executor._withUnsafeGuaranteedRef { job.runSynchronously(on: $0.asUnownedTaskExecutor()) }
    pointee.depth -= 1
  }
}

extension UnsafeMutablePointer<Pool> {
  var hasNextJob: Bool {
    for index in 0..<pointee.publishedWorkers where worker(index)?.pointee.next.isFull == true { return true }
    return false
  }

  /// How many jobs have gone through the workers' NextJobs. A hint: it tells whether some come and go.
  var passedJobs: UInt {
    var sum: UInt = 0
    for index in 0..<pointee.publishedWorkers { sum &+= worker(index)?.pointee.next.passed ?? 0 }
    return sum
  }
}
