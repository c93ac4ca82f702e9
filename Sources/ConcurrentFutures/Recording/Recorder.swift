// The one place through which every state transition is recorded: one call per event.
//
// Two sinks, the event log and LTTng-UST: each event is packed once, into the record that both take.
import CPlatform
import CTracepoints
import SchedulerEvents

/// Where a task was named: its label if it has one, else its submit site.
@usableFromInline struct TaskSite {
  /// Identifies what the task is called (Labels). Found where the site is, where all of it is constant.
  @usableFromInline let key: UInt64
  @usableFromInline let label: StaticString?
  @usableFromInline let file: StaticString
  @usableFromInline let line: UInt
  @inlinable @inline(__always) init(_ label: StaticString?, _ file: StaticString, _ line: UInt) {
    key = label.map { TaskSite.key($0, 0) } ?? TaskSite.key(file, line)
    self.label = label
    self.file = file
    self.line = line
  }

  @inlinable @inline(__always) static func key(_ text: StaticString, _ line: UInt) -> UInt64 {
    // A StaticString of one character may be that character instead of an address.
    let identity =
      text.hasPointerRepresentation
      ? UInt64(UInt(bitPattern: text.utf8Start)) : UInt64(text.unicodeScalar.value) | 1 << 46
    // Addresses of user space have 47 bits. Lines beyond 131,071 share a label with others.
    return identity | UInt64(line) << 47 | UInt64(line) >> 17
  }
}

@usableFromInline enum Recorder {
  /// Whether anybody records the event: one comparison, `kind` being a constant. Callers test it first; everything below is
  /// cold and assumes that it was true. Of a pair of events the first decides.
  @inline(__always) static func isOn(_ kind: EventKind) -> Bool { cf_is_recorded(kind.rawValue) }

  /// `isOn(.taskSubmit)` for the caller's image.
  @inlinable @inline(__always) static var isOn: Bool { cf_submit_is_recorded() }

  typealias Queue = SubmitQueue
  typealias Source = TaskSource
  typealias WaitMode = SchedulerEvents.WaitMode
  typealias WaitOutcome = SchedulerEvents.WaitOutcome
  typealias ParkReason = SchedulerEvents.ParkReason
  typealias WakeCause = SchedulerEvents.WakeCause
  typealias DependencyKind = SchedulerEvents.DependencyKind
  static let noVictim: UInt16 = 0xFFFF

  /// Nanoseconds of the trace clock.
  static var now: UInt64 { TraceClock.now }
  /// The lane of the calling thread, 0xFFFF if it has none.
  static var currentLane: UInt16 {
    let thread = cf_current_thread()!
    return thread.pointee.next_task == 0 ? EventValue.noLane : thread.pointee.lane
  }
  /// The task that runs on the calling thread, 0 if there is none.
  static var currentTask: UInt64 { cf_current_thread()!.pointee.current_task }

  // Every call is made on the thread it is about, which is the lane of the event (field `worker`).

  @inline(never) static func taskSubmit(task: UInt64, parent: UInt64, site: TaskSite, queue: Queue, depth: UInt) {
    guard let ring = EventRing(cf_current_thread()!.pointee.ring), ring.head.pointee.taskLabel.key == site.key
    else { return taskSubmitRelabelled(task: task, parent: parent, site: site, queue: queue, depth: depth) }
    taskSubmit(task, parent, ring.head.pointee.taskLabel.id, queue, depth)
  }
  /// A submit from another site than this thread's last one.
  @inline(never) private static func taskSubmitRelabelled(
    task: UInt64, parent: UInt64, site: TaskSite, queue: Queue, depth: UInt
  ) {
    let label = Labels.id(site)
    if let ring = EventRing(cf_current_thread()!.pointee.ring) {
      ring.head.pointee.taskLabel = Labels.Entry(key: site.key, id: label)
    }
    taskSubmit(task, parent, label, queue, depth)
  }
  @inline(__always) private static func taskSubmit(
    _ task: UInt64, _ parent: UInt64, _ label: UInt32, _ queue: Queue, _ depth: UInt
  ) {
    write(.taskSubmit) { record in
      record[TaskSubmit.label] = UInt64(label)
      record[TaskSubmit.queue] = UInt64(queue.rawValue)
      record.set(TaskSubmit.depth, saturating: depth)
      record[TaskSubmit.task] = task
      record[TaskSubmit.parent] = parent
    }
  }
  /// - Parameter followsEnd: the task lay in the worker's own deque when the one before it ended: if nothing was recorded
  ///   since, that end is this start. Anything else may have been submitted in between.
  @inline(__always) static func taskStart(
    task: UInt64, source: Source, victim: UInt16, depth: UInt, nesting: UInt32, followsEnd: Bool = false
  ) {
    write(.taskStart, followsEnd: followsEnd) { record in
      record[TaskStart.victim] = UInt64(victim)
      record[TaskStart.source] = UInt64(source.rawValue)
      record.set(TaskStart.depth, saturating: depth)
      record[TaskStart.task] = task
      record[TaskStart.nesting] = UInt64(nesting)
    }
  }
  @inline(never) static func taskEnd(_ future: AnyFuture, failed: Bool) {
    guard future.hasWaiters else { return taskEnd(future.taskID, failed, 0) }
    taskEndAwaited(future, failed)
  }
  /// Apart, so that the usual case is a leaf.
  @inline(never) private static func taskEndAwaited(_ future: AnyFuture, _ failed: Bool) {
    taskEnd(future.taskID, failed, future.waiterCount)
  }
  @inline(never) static func taskEnd(task: UInt64, failed: Bool, waiters: Int) { taskEnd(task, failed, waiters) }
  @inline(__always) private static func taskEnd(_ task: UInt64, _ failed: Bool, _ waiters: Int) {
    write(.taskEnd) { record in
      record[TaskEnd.outcome] = UInt64((failed ? TaskOutcome.error : .value).rawValue)
      record.set(TaskEnd.waiters, saturating: waiters)
      record[TaskEnd.task] = task
    }
  }
  @inline(never) static func taskCancel(task: UInt64) { step(.taskCancel, task) }
  @inline(never) static func taskNotify(task: UInt64) { step(.taskNotify, task) }
  @inline(never) static func taskSuspend(task: UInt64) { step(.taskSuspend, task) }
  @inline(never) static func taskResume(task: UInt64) { step(.taskResume, task) }
  @inline(never) static func taskDepend(from: UInt64, to: UInt64, kind: DependencyKind) {
    write(.taskDepend) { record in
      record[TaskDepend.kind] = UInt64(kind.rawValue)
      record[TaskDepend.from] = from
      record[TaskDepend.to] = to
    }
  }
  @inline(never) static func waitBegin(waiter: UInt64, awaited: UInt64, mode: WaitMode, timed: Bool, count: Int) {
    write(.waitBegin) { record in
      record[WaitBegin.mode] = UInt64(mode.rawValue)
      record[WaitBegin.timed] = timed ? 1 : 0
      record.set(WaitBegin.count, saturating: count)
      record[WaitBegin.waiter] = waiter
      record[WaitBegin.awaited] = awaited
    }
  }
  @inline(never) static func waitEnd(waiter: UInt64, awaited: UInt64, outcome: WaitOutcome, helped: Int) {
    write(.waitEnd) { record in
      record[WaitEnd.outcome] = UInt64(outcome.rawValue)
      record.set(WaitEnd.helped, saturating: helped)
      record[WaitEnd.waiter] = waiter
      record[WaitEnd.awaited] = awaited
    }
  }
  @inline(never) static func callbackBegin(task: UInt64, count: Int) { callback(.callbackBegin, task, count) }
  @inline(never) static func callbackEnd(task: UInt64, count: Int) { callback(.callbackEnd, task, count) }
  @inline(never) static func forkBegin(parent: UInt64, victim: UInt16) { stolenFork(.forkBegin, parent, victim) }
  @inline(never) static func forkEnd(parent: UInt64, victim: UInt16) { stolenFork(.forkEnd, parent, victim) }
  @inline(never) static func forkSplit(fork: UInt64, parent: UInt64) { self.fork(.forkSplit, fork, parent) }
  @inline(never) static func forkJoin(fork: UInt64, parent: UInt64) { self.fork(.forkJoin, fork, parent) }
  @inline(never) static func jobBegin() { write(.jobBegin) { _ in } }
  @inline(never) static func jobEnd() { write(.jobEnd) { _ in } }
  /// `began`: `Recorder.now` when the episode began.
  @inline(never) static func searchEnd(
    began: UInt64, attempts: Int, empty: Int, lostRaces: Int, found: Bool, victim: UInt16
  ) {
    let now = TraceClock.now
    write(.searchEnd) { record in
      record[SearchEnd.victim] = UInt64(victim)
      record[SearchEnd.found] = found ? 1 : 0
      record[SearchEnd.duration] = now > began ? now - began : 0
      record.set(SearchEnd.attempts, saturating: attempts)
      record.set(SearchEnd.empty, saturating: empty)
      record.set(SearchEnd.lostRaces, saturating: lostRaces)
    }
  }
  @inline(never) static func workerPark(reason: ParkReason, dequeDepth: Int, injectorDepth: Int) {
    write(.workerPark) { record in
      record[WorkerPark.reason] = UInt64(reason.rawValue)
      record.set(WorkerPark.dequeDepth, saturating: dequeDepth)
      record.set(WorkerPark.injectorDepth, saturating: injectorDepth)
    }
  }
  @inline(never) static func workerUnpark(cause: WakeCause, waker: UInt16) {
    write(.workerUnpark) { record in
      record[WorkerUnpark.cause] = UInt64(cause.rawValue)
      record[WorkerUnpark.waker] = UInt64(waker)
    }
  }
  @inline(never) static func workerWake(target: UInt16, cause: WakeCause) {
    write(.workerWake) { record in
      record[WorkerWake.target] = UInt64(target)
      record[WorkerWake.cause] = UInt64(cause.rawValue)
    }
  }
  @inline(never) static func blockingBegin(kind: UInt32) { blocking(.blockingBegin, kind) }
  @inline(never) static func blockingEnd(kind: UInt32) { blocking(.blockingEnd, kind) }
  /// Also called while nothing records: a recording that starts later states the worker.
  @inline(never) static func workerStart(pool: UInt32) {
    workerLife(.workerStart, pool)
    Lanes.setPool(pool)  // from now on other threads may state it
  }
  @inline(never) static func workerStop(pool: UInt32) { workerLife(.workerStop, pool) }
  @inline(never) static func queueSample(pool: UInt32, injectorDepth: Int, live: Int) {
    write(.queueSample) { record in
      record[QueueSample.pool] = UInt64(pool)
      record.set(QueueSample.injectorDepth, saturating: injectorDepth)
      record.set(QueueSample.live, saturating: live)
    }
  }
  /// Also called while nothing records: a recording that starts later states the pool.
  @inline(never) static func poolConfig(pool: UInt32, name: String, workers: Int, policies: String) {
    PoolDefinitions.add(
      .pool(
        pool: pool, workers: UInt32(clamping: workers), schema: EventTable.schema, name: name, policies: policies))
  }

  // MARK: The process pool

  /// A task whose label is the name of its type.
  @inline(never) static func taskSubmit(task: UInt64, parent: UInt64, label: UInt32, depth: Int) {
    taskSubmit(task, parent, label, .injector, UInt(max(0, depth)))
  }
  /// `call`: the call's task, 0 for the events of a worker process. `peer`: the worker process's number in its pool.
  @inline(never) static func callEvent(_ kind: EventKind, call: UInt64, peer: Int, pid: Int32, bytes: Int) {
    func put(_ kind: EventKind) {
      write(kind) { record in
        record[Call.pid] = UInt64(UInt32(bitPattern: pid))
        record[Call.call] = call
        record.set(Call.peer, saturating: peer)
        record.set(Call.bytes, saturating: bytes)
      }
    }
    switch kind {
    case .callSent: put(.callSent)
    case .callStarted: put(.callStarted)
    case .callResult: put(.callResult)
    case .callWorkerSpawned: put(.callWorkerSpawned)
    case .callWorkerDied: put(.callWorkerDied)
    default: preconditionFailure("not an event of the process pool")
    }
  }

  // MARK: Annotations

  @inline(never) static func mark(_ label: StaticString, _ value: Int64) { annotate(.mark, label, value) }
  @inline(never) static func counter(_ label: StaticString, _ value: Int64) { annotate(.counter, label, value) }

  @inline(__always) private static func annotate(_ kind: EventKind, _ label: StaticString, _ value: Int64) {
    guard let ring = EventRing(cf_current_thread()!.pointee.ring),
      ring.head.pointee.annotationLabel.key == Labels.key(label)
    else { return annotateRelabelled(kind, label, value) }
    annotate(kind, ring.head.pointee.annotationLabel.id, value)
  }
  @inline(never) private static func annotateRelabelled(_ kind: EventKind, _ label: StaticString, _ value: Int64) {
    let id = Labels.id(label)
    if let ring = EventRing(cf_current_thread()!.pointee.ring) {
      ring.head.pointee.annotationLabel = Labels.Entry(key: Labels.key(label), id: id)
    }
    if kind == .mark { annotate(.mark, id, value) } else { annotate(.counter, id, value) }
  }
  @inline(__always) private static func annotate(_ kind: EventKind, _ label: UInt32, _ value: Int64) {
    write(kind) { record in
      record[Annotation.label] = UInt64(label)
      record[Annotation.value] = UInt64(bitPattern: value)
    }
  }
  /// Returns the region's id: unique among the regions of the recording thread's lane.
  @inline(never) static func regionBegin(_ label: StaticString) -> UInt64 {
    let id = ownRing()?.nextRegion() ?? 0
    region(.regionBegin, label, id)
    return id
  }
  @inline(never) static func regionEnd(_ label: StaticString, _ id: UInt64) { region(.regionEnd, label, id) }

  // MARK: What the events share

  @inline(__always) private static func step(_ kind: EventKind, _ task: UInt64) {
    write(kind) { record in
      record[TaskStep.nesting] = UInt64(cf_current_thread()!.pointee.nesting)
      record[TaskStep.task] = task
    }
  }
  @inline(__always) private static func callback(_ kind: EventKind, _ task: UInt64, _ count: Int) {
    write(kind) { record in
      record.set(SchedulerEvents.Callback.count, saturating: count)
      record[SchedulerEvents.Callback.task] = task
    }
  }
  @inline(__always) private static func stolenFork(_ kind: EventKind, _ parent: UInt64, _ victim: UInt16) {
    write(kind) { record in
      record[StolenFork.victim] = UInt64(victim)
      record[StolenFork.parent] = parent
    }
  }
  @inline(__always) private static func fork(_ kind: EventKind, _ fork: UInt64, _ parent: UInt64) {
    write(kind) { record in
      record[Fork.nesting] = UInt64(cf_current_thread()!.pointee.nesting)
      record[Fork.fork] = fork
      record[Fork.parent] = parent
    }
  }
  @inline(__always) private static func blocking(_ kind: EventKind, _ what: UInt32) {
    write(kind) { record in record[Blocking.kind] = UInt64(what) }
  }
  @inline(__always) private static func workerLife(_ kind: EventKind, _ pool: UInt32) {
    guard isOn(kind) else { return }
    write(kind) { record in
      record[WorkerLife.pool] = UInt64(pool)
      record[WorkerLife.tid] = UInt64(UInt32(bitPattern: cf_gettid()))
      record[WorkerLife.cpu] = UInt64(UInt32(bitPattern: cf_getcpu()))
    }
  }
  @inline(__always) private static func region(_ kind: EventKind, _ label: StaticString, _ id: UInt64) {
    write(kind) { record in
      record[Region.label] = UInt64(Labels.id(label))
      record[Region.id] = id
    }
  }

  /// Fills a record and gives it to every sink that is on. `kind` is a constant at each call.
  @inline(__always) private static func write(
    _ kind: EventKind, followsEnd: Bool = false, _ fill: (inout EventRecord) -> Void
  ) {
    var record = EventRecord(kind)
    fill(&record)
    if cf_traced(kind.rawValue) != 0 { return Tracepoints.write(record, kind) }
    guard let ring = EventRing(cf_current_thread()!.pointee.ring) else { return writeFirst(record, kind) }
    record.worker = ring.lane
    ring.append(record, kind, followsEnd: followsEnd)
  }
  /// The calling thread's first event: gives it a lane. If there are more threads than lanes, the event is not kept.
  @inline(never) static func writeFirst(_ record: EventRecord, _ kind: EventKind) {
    guard let ring = ownRing() else { return }
    var record = record
    record.worker = ring.lane
    ring.append(record, kind)
  }
  private static func ownRing() -> EventRing? {
    let thread = cf_current_thread()!
    if thread.pointee.next_task == 0 { Lanes.openOutside() }
    return EventRing(thread.pointee.ring)
  }
}
