// What the workers of one executor share: queues, the idle protocol, the threads and their end.
//
// Invariants
//   I1  `lifecycle` guards slots, the phase and the counts of threads; no foreign code runs under it.
//   I2  The memory lives until the executor and every thread have released it.
//   I3  A submission is refused, or runs, or is cancelled: `admit` looks at the closed bit after it has pushed
//       (Sleep.W1), and takes back what no worker has claimed.
import CPlatform
import Synchronization

@usableFromInline
struct Pool: ~Copyable {
  enum Phase {
    case open
    case closed(RejectedExecutionError.Reason)
  }

  /// What is guarded by I1.
  struct Lifecycle {
    var phase = Phase.open
    var live = 0
    /// Workers that are inside of `shutdown(wait: true)` themselves.
    var waitingWorkers = 0
    /// Called once no thread is left: suspended `shutdown`s.
    var joiners: [@Sendable () -> Void] = []
    var freeSlots: [Int] = []
    var usedSlots = 0
  }

  let id: UInt32
  let name: String
  let maxWorkers: Int
  let slots: Int
  let configuration: ThreadPoolExecutor.Configuration
  let padding0 = CacheLinePadding()
  let sleep: Sleep
  let padding1 = CacheLinePadding()
  let injector = Injector()
  let padding2 = CacheLinePadding()
  private let workers: UnsafeMutablePointer<Atomic<UInt>>
  let published = Atomic<Int>(0)
  let lifecycle = Lock<Lifecycle>(Lifecycle())
  /// Futex word: changes whenever a thread ends or a worker begins to wait for the others.
  let ended = Atomic<UInt32>(0)
  let references = Atomic<Int>(1)
  /// Threads that stand in for blocked workers, and those of them that are one too many now.
  let substitutes = Atomic<Int>(0)
  let surplus = Atomic<Int>(0)
  /// The executor object, unretained, for jobs of Swift concurrency: who prefers it keeps it alive.
  let executor = Atomic<UInt>(0)
  /// Cancelled before they ran.
  let cancelled = Atomic<UInt64>(0)
  /// Failed before they ran, because the pool broke.
  let abandoned = Atomic<UInt64>(0)
  /// Tasks that their submitters ran (`Admission.callerRuns`), and those of them that failed.
  let callersRuns = Atomic<UInt64>(0)
  let callersFailures = Atomic<UInt64>(0)
  /// Pushes that were no submissions of tasks: jobs of Swift concurrency, jobs put back, tasks refused after their push.
  let uncounted = Atomic<UInt64>(0)
  /// Queued tasks, counted only where `admission` has a limit.
  let admission: AdmissionGate
  #if DEBUG
    let hold = IdleHold()
    let grants = ThreadGrants()
  #endif

  /// Threads beyond `maxWorkers` for chains of waits deeper than a stack. Larger: memory for the table only; smaller:
  /// a chain of 100,000 waiting tasks with large frames runs out of threads.
  static let spareSlots = 1024

  init(id: UInt32, name: String, maxWorkers: Int, configuration: ThreadPoolExecutor.Configuration) {
    self.id = id
    self.name = name
    self.maxWorkers = maxWorkers
    self.configuration = configuration
    slots = maxWorkers + configuration.compensation + Pool.spareSlots
    sleep = Sleep(workers: maxWorkers)
    admission = AdmissionGate(configuration.admission)
    workers = .allocate(capacity: slots)
    for i in 0..<slots { (workers + i).initialize(to: Atomic(0)) }
  }

  deinit {
    for i in 0..<published.load(ordering: .relaxed) {
      guard let worker = UnsafeMutablePointer<Worker>(bitPattern: workers[i].load(ordering: .relaxed)) else { continue }
      worker.deinitialize(count: 1)
      UnsafeMutableRawPointer(worker).deallocate()
    }
    workers.deallocate()
  }

  @inline(__always)
  var publishedWorkers: Int { published.load(ordering: .acquiring) }

  @inline(__always)
  func slot(_ index: Int) -> UnsafeMutablePointer<Worker>? {
    UnsafeMutablePointer(bitPattern: workers[index].load(ordering: .acquiring))
  }

  func publish(_ worker: UnsafeMutablePointer<Worker>, at index: Int) {
    workers[index].store(UInt(bitPattern: worker), ordering: .releasing)
    // under the lock
    if index >= published.load(ordering: .relaxed) { published.store(index + 1, ordering: .releasing) }
  }
}

extension UnsafeMutablePointer<Pool> {
  static func make(
    id: UInt32, name: String, maxWorkers: Int, configuration: ThreadPoolExecutor.Configuration
  ) -> UnsafeMutablePointer<Pool> {
    let raw = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<Pool>.size, alignment: 128)
    // SAFETY: fresh memory of `Pool`'s size, initialised in the next line; freed by the pool's last reference.
    let pool = raw.assumingMemoryBound(to: Pool.self)
    pool.initialize(to: Pool(id: id, name: name, maxWorkers: maxWorkers, configuration: configuration))
    return pool
  }

  func retain() { pointee.references.wrappingAdd(1, ordering: .relaxed) }

  func release() {
    guard pointee.references.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
    PoolRegistry.remove(self)
    discardQueued()
    deinitialize(count: 1)
    UnsafeMutableRawPointer(self).deallocate()
  }

  // MARK: Work

  @inline(__always)
  func worker(_ index: Int) -> UnsafeMutablePointer<Worker>? { pointee.slot(index) }

  @inline(__always)
  var isClosed: Bool { pointee.sleep.current.isClosed }

  /// Whether a submission could start a thread, now or later: then workers say what they do (`Worker.activity`).
  @inline(__always)
  var threadsMayStart: Bool { pointee.sleep.hasUnstarted || pointee.configuration.keepAlive != nil }

  /// Whether any queue has work that nobody has taken. For whoever is about to stop looking.
  var hasVisibleWork: Bool { hasWorkToSteal || hasNextJob }

  /// The same without jobs that their workers keep for themselves while they can (NextJob).
  var hasWorkToSteal: Bool {
    if pointee.injector.isNonEmpty { return true }
    for index in 0..<pointee.publishedWorkers {
      guard let worker = worker(index) else { continue }
      if worker.pointee.fifo.isNonEmpty || worker.pointee.lifo.isNonEmpty || worker.pointee.forks.hasPublished {
        return true
      }
    }
    return false
  }

  /// After work became visible: wakes or starts one worker, if one could and nobody searches.
  @inline(__always)
  func notify() {
    if pointee.sleep.current.wantsWaking { notifySlow() }
  }

  @inline(never)
  func notifySlow() {
    if let index = pointee.sleep.takeSleeper() {
      worker(index).unsafelyUnwrapped.wake(.work)
      return
    }
    let word = pointee.sleep.current
    guard word.sleeping == 0, word.unstarted > 0, word.searching == 0, !someoneIsAboutToLook else { return }
    if pointee.sleep.claimUnstarted() { _ = startThread() }
  }

  /// A worker that has finished its task and has not looked at the queues since.
  private var someoneIsAboutToLook: Bool {
    for index in 0..<pointee.publishedWorkers {
      guard let worker = worker(index) else { continue }
      if worker.pointee.activity.load(ordering: .sequentiallyConsistent) == Worker.Activity.looking { return true }
    }
    return false
  }

  /// A worker that runs something and may still fork.
  var someoneIsBusy: Bool {
    for index in 0..<pointee.publishedWorkers {
      guard let worker = worker(index) else { continue }
      if worker.pointee.activity.load(ordering: .relaxed) == Worker.Activity.busy { return true }
    }
    return false
  }

  // MARK: Threads

  /// Under the lock. False without address space for its forks.
  private func makeWorker(_ index: Int) -> Bool {
    guard let memory = ForkStack.reserve(stackSize: pointee.configuration.stackSize) else { return false }
    let raw = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<Worker>.size, alignment: 128)
    // SAFETY: fresh memory of `Worker`'s size, initialised in the next line; it lives as long as the pool.
    let new = raw.assumingMemoryBound(to: Worker.self)
    new.initialize(to: Worker(self, index, forkMemory: memory))
    pointee.publish(new, at: index)
    return true
  }

  /// Makes a pool with a worker and no thread, and frees it: see `PoolRegistry.prepareFork`.
  static func rehearse() {
    let pool = make(id: 0, name: "", maxWorkers: 1, configuration: ThreadPoolExecutor.Configuration())
    _ = pool.makeWorker(0)
    pool.close(.shutdown)
    pool.release()
  }

  /// Starts a thread that was counted as searching (or, with `first`, one that runs that future and ends).
  /// - Returns: 0, or the `errno` of the refusal, after which nothing has changed.
  func startThread(first: Unmanaged<AnyFuture>? = nil) -> Int32 {
    let index = pointee.lifecycle.withLock { state -> Int? in
      guard let index = state.freeSlots.last ?? (state.usedSlots < pointee.slots ? state.usedSlots : nil) else {
        return nil
      }
      guard pointee.slot(index) != nil || makeWorker(index) else { return nil }
      if index == state.usedSlots { state.usedSlots += 1 } else { state.freeSlots.removeLast() }
      state.live += 1
      return index
    }
    var code: Int32 = 12  // ENOMEM: no slot left, or no address space for its forks
    if let index, let worker = worker(index) {
      retain()
      worker.pointee.firstJob = first
      worker.pointee.activity.store(first == nil ? Worker.Activity.looking : Worker.Activity.busy, ordering: .relaxed)
      code = ThreadStarter.start(worker, stackSize: pointee.configuration.stackSize)
      if code == 0 { return 0 }
      worker.pointee.firstJob = nil
      worker.pointee.activity.store(Worker.Activity.absent, ordering: .relaxed)
      threadEnded(worker)
      release()
    }
    if first == nil { pointee.sleep.returnToUnstarted() }
    return code
  }

  /// The body of a worker's thread.
  func runThread(_ worker: UnsafeMutablePointer<Worker>) {
    let thread = cf_current_thread().unsafelyUnwrapped
    thread.pointee.worker = UnsafeMutableRawPointer(worker)
    // SAFETY: `forks` is the first field of `Worker`.
    thread.pointee.forks = ForkConvention.isDirect ? UnsafeMutableRawPointer(worker) : nil
    worker.pointee.lane.store(Lanes.openWorker(), ordering: .relaxed)
    worker.pointee.setStackLimit()
    worker.nameThread()
    Recorder.workerStart(pool: pointee.id)
    var failure: BrokenExecutorError?
    if let initializer = pointee.configuration.initializer {
      do { try initializer() } catch { failure = breakDown(.threadInitializerFailed(error)) }
    }
    worker.loop(failing: failure)
    Recorder.workerStop(pool: pointee.id)
    Lanes.closeWorker()
    thread.pointee.worker = nil
    thread.pointee.forks = nil
    threadEnded(worker)
    release()
  }

  private func threadEnded(_ worker: UnsafeMutablePointer<Worker>) {
    let joiners = pointee.lifecycle.withLock { state -> [@Sendable () -> Void] in
      state.live -= 1
      state.freeSlots.append(worker.pointee.index)
      guard state.live == 0 else { return [] }
      defer { state.joiners = [] }
      return state.joiners
    }
    signalEnded()
    for joiner in joiners { joiner() }
  }

  private func signalEnded() {
    pointee.ended.wrappingAdd(1, ordering: .releasing)
    cf_futex_wake(endedAddress, .max)
  }

  private var endedAddress: UnsafeRawPointer {
    // SAFETY: an Atomic in the pool's memory, which does not move.
    withUnsafePointer(to: pointee.ended) { UnsafeRawPointer($0) }
  }

  /// The thread exists once more than the pool needs since a blocked worker went on: true if the caller must leave.
  func takeSurplus() -> Bool {
    var count = pointee.surplus.load(ordering: .relaxed)
    while count > 0 {
      let (exchanged, original) = pointee.surplus.weakCompareExchange(
        expected: count, desired: count - 1, ordering: .relaxed)
      if exchanged {
        pointee.substitutes.wrappingSubtract(1, ordering: .relaxed)
        return true
      }
      count = original
    }
    return false
  }

  // MARK: The end

  /// Refuses submissions from now on. The first reason stays.
  func close(_ reason: RejectedExecutionError.Reason) {
    if isForkedChild { return }
    pointee.lifecycle.withLock { state in
      guard case .open = state.phase else { return }
      state.phase = .closed(reason)
    }
    pointee.sleep.close()
    for index in pointee.sleep.takeAllSleepers() { worker(index)?.wake(.stop) }
    pointee.admission.wakeAll()
  }

  /// Whether this process is a fork of the pool's: its threads are not here.
  var isForkedChild: Bool { PoolRegistry.isForkedChild(pointee.id) }

  /// Why submissions are refused; nil while they are not.
  var closedReason: RejectedExecutionError.Reason? {
    if isForkedChild { return .forkedChild }
    return pointee.lifecycle.withLock { state in
      if case .closed(let reason) = state.phase { reason } else { nil }
    }
  }

  /// Blocks until every thread has ended; a worker of this pool does not wait for itself, nor for others that wait so.
  /// False when the deadline passed first.
  func join(deadline: Int64? = nil) -> Bool {
    if isForkedChild { return true }
    let isMember = Worker.current?.pointee.pool == self
    if isMember {
      pointee.lifecycle.withLock { $0.waitingWorkers += 1 }
      signalEnded()
    }
    defer { if isMember { pointee.lifecycle.withLock { $0.waitingWorkers -= 1 } } }
    while true {
      let seen = pointee.ended.load(ordering: .acquiring)
      let over = pointee.lifecycle.withLock { $0.live <= (isMember ? $0.waitingWorkers : 0) }
      if over { return true }
      if let deadline, cf_monotonic_ns() >= deadline { return false }
      _ = cf_futex_wait(endedAddress, seen, deadline ?? -1)
    }
  }

  /// Calls `body` once no thread is left: at once, or on the thread that ends last.
  func whenEnded(_ body: @escaping @Sendable () -> Void) {
    let isOver =
      isForkedChild
      || pointee.lifecycle.withLock { state in
        if state.live > 0 { state.joiners.append(body) }
        return state.live == 0
      }
    if isOver { body() }
  }

  /// Takes every queued job out. Futures go to `body`, which may call foreign code; returns the others.
  private func drain(_ body: (QueueEntry) -> Void) -> [Job] {
    var words: [UInt] = []
    var spin = SpinWait()
    while pointee.injector.isNonEmpty {
      if case .busy = pointee.injector.take(.max, { words.append($0) }) { spin.once() }
    }
    for index in 0..<pointee.publishedWorkers {
      guard let worker = worker(index) else { continue }
      for isFifo in [true, false] {
        stealing: while true {
          switch isFifo ? worker.pointee.fifo.steal() : worker.pointee.lifo.steal() {
          case .item(let word): words.append(word)
          case .empty: break stealing
          case .lost: continue
          }
        }
      }
      if let word = worker.pointee.next.take() { words.append(word) }
    }
    var others: [Job] = []
    for job in words.lazy.map(Job.init(word:)) {
      if job.kind == .future { body(QueueEntry(job)) } else { others.append(job) }
    }
    return others
  }

  /// Back to the queue with what must run even so: jobs of Swift concurrency and, unless the pool broke, of `execute`.
  private func putBack(_ jobs: [Job]) {
    pointee.uncounted.wrappingAdd(UInt64(jobs.count), ordering: .relaxed)
    for job in jobs { pointee.injector.push(job.word) }
    if !jobs.isEmpty { notify() }
  }

  /// Cancels every future that has not started.
  func cancelQueued() {
    if isForkedChild { return }
    putBack(drain { $0.cancel() })
  }

  /// Frees what is left when the last reference goes: entries that were cancelled or taken back, and what no thread
  /// could be started for.
  private func discardQueued() {
    for job in drain({ $0.cancel() }) where job.kind == .detached { job.detached.release() }
  }

  /// Makes the pool unusable: what is queued fails with the error, every later submit is refused with it.
  func breakDown(_ kind: BrokenExecutorError.Kind) -> BrokenExecutorError {
    let error = BrokenExecutorError(kind)
    ErrorSink.report(error, "the thread pool \(pointee.name) broke", nil, to: pointee.configuration.errorHandler)
    close(.broken(error))
    var others = drain { fail($0, error) }
    others.removeAll { fail($0, error) }
    putBack(others)
    return error
  }

  /// Fails a task of a broken pool. False: the job is no task of the pool's, and must run all the same.
  func fail(_ job: Job, _ error: BrokenExecutorError) -> Bool {
    switch job.kind {
    case .future: fail(QueueEntry(job), error)
    case .detached:
      pointee.abandoned.wrappingAdd(1, ordering: .relaxed)
      ErrorSink.report(error, "a task without a future was dropped", nil, to: pointee.configuration.errorHandler)
      job.detached.release()
    case .swift, .fork: return false
    }
    return true
  }

  private func fail(_ entry: QueueEntry, _ error: BrokenExecutorError) {
    guard let future = entry.claim(to: FutureWord.completing) else { return }
    fail(claimed: future, error)
    future.release()
  }

  func fail(claimed future: Unmanaged<AnyFuture>, _ error: BrokenExecutorError) {
    pointee.abandoned.wrappingAdd(1, ordering: .relaxed)
    future._withUnsafeGuaranteedRef { $0.failClaimed(error) }
  }
}

extension AnyFuture {
  /// Fails a task that was claimed and that no worker will run.
  final func failClaimed(_ error: any Error) {
    dropWork()
    storedError = error
    fire(publish())
  }
}
