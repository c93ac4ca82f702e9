// Jobs of Swift concurrency on the pool's threads: the pool as a `TaskExecutor`.
//
// A worker's own jobs go to its FIFO deque: run last-in first-out, `TaskGroup` would scan a list of its children for
// each that ends (31 us a child at 20,000 children).
import CPlatform

extension ThreadPoolExecutor: TaskExecutor {
  /// Called by Swift concurrency with a job that is to run on this pool. It is never refused: after shutdown, when no
  /// thread is left, it runs on the calling thread.
  public nonisolated func enqueue(_ job: consuming ExecutorJob) {
    let pool = pool.pointer
    let job = UnownedJob(job)
    // SAFETY: an `UnownedJob` is one word, the job's address; the concurrency runtime keeps it alive until it has run.
    let word = unsafeBitCast(job, to: UInt.self)
    if let worker = pool.currentMember {
      worker.pointee.fifo.push(Job(swift: word).word)
      pool.notifyAfterLocalPush()
      return
    }
    guard !pool.isClosed, pool.startFirstThread() == 0 else { return job.runSynchronously(on: asUnownedTaskExecutor()) }
    let executor = self
    let detached = DetachedJob(taskID: 0) {
      if let worker = Worker.current {
        worker.runSwiftJob(word)
      } else {
        job.runSynchronously(on: executor.asUnownedTaskExecutor())
      }
    }
    pool.pointee.uncounted.wrappingAdd(1, ordering: .relaxed)
    pool.push(Job(retaining: detached), nil)
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
  func runSwiftJob(_ word: UInt) {
    let recording = Recorder.isOn(.jobBegin)
    if recording { Recorder.jobBegin() }
    // SAFETY: the word came from an UnownedJob and is run once; the executor lives while tasks prefer it.
    let job = unsafeBitCast(word, to: UnownedJob.self)
    let executor = unsafeBitCast(
      pointee.pool.pointee.executor.load(ordering: .acquiring), to: Unmanaged<ThreadPoolExecutor>.self)
    pointee.depth += 1
    executor._withUnsafeGuaranteedRef { job.runSynchronously(on: $0.asUnownedTaskExecutor()) }
    pointee.depth -= 1
    if recording { Recorder.jobEnd() }
  }
}
