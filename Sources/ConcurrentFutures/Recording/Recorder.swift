// The one place through which every state transition is recorded: one call per event.
import CPlatform

/// Where a task was named: its label if it has one, else its submit site.
@usableFromInline struct TaskSite {
  @usableFromInline let label: StaticString?
  @usableFromInline let file: StaticString
  @usableFromInline let line: UInt
  @inlinable init(_ label: StaticString?, _ file: StaticString, _ line: UInt) {
    self.label = label
    self.file = file
    self.line = line
  }
}

@usableFromInline enum Recorder {
  /// One relaxed load. Callers test it first; everything below is cold and assumes it was true.
  @inlinable @inline(__always) static var isOn: Bool { cf_recording() != 0 }

  enum Queue: UInt8 { case local = 0, injector = 1, inline = 2 }
  enum Source: UInt8 { case local = 0, injector = 1, stolen = 2, awaited = 3, inline = 4 }
  enum WaitMode: UInt8 { case one = 0, all = 1, first = 2, exception = 3, completed = 4 }
  enum WaitOutcome: UInt8 { case done = 0, timeout = 1, cancelled = 2 }
  enum ParkReason: UInt8 { case idle = 0, wait = 1 }
  enum WakeCause: UInt8 { case work = 0, result = 1, stop = 2, timeout = 3, spurious = 4 }
  enum DependencyKind: UInt8 { case then = 0, all = 1, any = 2 }
  static let noVictim: UInt16 = 0xFFFF

  // Every call is made on the thread it is about, which is the lane of the event (field `worker`).
  @inline(never) static func taskSubmit(task: UInt64, parent: UInt64, site: TaskSite, queue: Queue, depth: Int) {}
  @inline(never) static func taskStart(task: UInt64, source: Source, victim: UInt16, depth: Int, nesting: UInt32) {}
  @inline(never) static func taskEnd(task: UInt64, failed: Bool, waiters: Int) {}
  @inline(never) static func taskCancel(task: UInt64) {}
  @inline(never) static func taskNotify(task: UInt64) {}
  @inline(never) static func taskSuspend(task: UInt64) {}
  @inline(never) static func taskResume(task: UInt64) {}
  @inline(never) static func taskDepend(from: UInt64, to: UInt64, kind: DependencyKind) {}
  @inline(never) static func waitBegin(waiter: UInt64, awaited: UInt64, mode: WaitMode, timed: Bool, count: Int) {}
  @inline(never) static func waitEnd(waiter: UInt64, awaited: UInt64, outcome: WaitOutcome, helped: Int) {}
  @inline(never) static func callbackBegin(task: UInt64, count: Int) {}
  @inline(never) static func callbackEnd(task: UInt64, count: Int) {}
  @inline(never) static func forkBegin(parent: UInt64, victim: UInt16) {}
  @inline(never) static func forkEnd(parent: UInt64, victim: UInt16) {}
  @inline(never) static func forkSplit(fork: UInt64, parent: UInt64) {}
  @inline(never) static func forkJoin(fork: UInt64, parent: UInt64) {}
  @inline(never) static func jobBegin() {}
  @inline(never) static func jobEnd() {}
  /// `began`: `Recorder.now` when the episode began.
  @inline(never) static func searchEnd(
    began: UInt64, attempts: Int, empty: Int, lostRaces: Int, found: Bool, victim: UInt16
  ) {}
  @inline(never) static func workerPark(reason: ParkReason, dequeDepth: Int, injectorDepth: Int) {}
  @inline(never) static func workerUnpark(cause: WakeCause, waker: UInt16) {}
  @inline(never) static func workerWake(target: UInt16, cause: WakeCause) {}
  @inline(never) static func blockingBegin(kind: UInt32) {}
  @inline(never) static func blockingEnd(kind: UInt32) {}
  @inline(never) static func workerStart(pool: UInt32) {}
  @inline(never) static func workerStop(pool: UInt32) {}
  @inline(never) static func queueSample(pool: UInt32, injectorDepth: Int, live: Int) {}
  @inline(never) static func poolConfig(pool: UInt32, name: String, workers: Int, policies: String) {}
  /// The task that runs on this thread; 0 = none.
  static var currentTask: UInt64 { cf_current_thread().pointee.current_task }
  /// The calling thread's lane.
  static var currentLane: UInt16 { cf_current_thread().pointee.next_task == 0 ? noVictim : cf_current_thread().pointee.lane }
  /// Nanoseconds of the trace clock.
  static var now: UInt64 { UInt64(cf_monotonic_ns()) }
}
