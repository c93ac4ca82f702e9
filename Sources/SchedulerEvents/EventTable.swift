// The event vocabulary as data: the only truth. The CTF metadata and the LTTng provider header are derived from it.

/// One field of an event.
public struct FieldDefinition: Sendable {
  public enum Form: Sendable {
    /// A number; `base` is how people like to read it.
    case unsigned(base: Int)
    case signed
    /// Value `i` is called `names[i]`.
    case named([String])
    /// Null-terminated UTF-8; only in definitions.
    case text
  }
  public let name: String
  public let form: Form
  /// Where the field lies in an `EventRecord`. Meaningless for the fields of definitions, which lie one after another.
  public let place: Place

  /// The value as the trace's reader shows it: the name of an enumeration's value, else the number.
  public func describe(_ record: EventRecord) -> String {
    let raw = record[place]
    switch form {
    case .unsigned(base: 16): return "0x" + String(raw, radix: 16)
    case .unsigned, .text: return String(raw)
    case .signed: return String(record.signed(place))
    case .named(let names): return raw < UInt64(names.count) ? names[Int(raw)] : String(raw)
    }
  }
}

/// One event: its name, its log level and its fields in the order in which they lie in memory.
public struct EventDefinition: Sendable {
  public let kind: EventKind
  /// Without the provider, e.g. `task_submit`.
  public let name: String
  public let level: LogLevel
  /// What the event says, for the documentation.
  public let summary: String
  public let fields: [FieldDefinition]

  public subscript(field name: String) -> FieldDefinition? { fields.first { $0.name == name } }
}

public enum EventTable {
  /// The prefix of event names in traces: `concurrent_futures:task_submit`.
  public static let provider = "concurrent_futures"
  /// The version of the vocabulary (`pool_config.schema`, metadata `env.schema`): grows when a field changes.
  public static let schema: UInt32 = 1

  /// Every event, ordered by id.
  public static let all: [EventDefinition] = [
    event(
      .taskSubmit, "task_submit", .info, "A task exists and is PENDING.",
      [
        number("label", TaskSubmit.label), named("queue", TaskSubmit.queue, SubmitQueue.self),
        number("depth", TaskSubmit.depth), hex("task", TaskSubmit.task), hex("parent", TaskSubmit.parent),
      ]),
    event(
      .taskStart, "task_start", .info, "A worker begins to run the task: RUNNING.",
      [
        number("victim", TaskStart.victim), named("source", TaskStart.source, TaskSource.self),
        number("depth", TaskStart.depth), hex("task", TaskStart.task), number("nesting", TaskStart.nesting),
      ]),
    event(
      .taskEnd, "task_end", .info, "The task's result is set: FINISHED.",
      [
        named("outcome", TaskEnd.outcome, TaskOutcome.self), number("waiters", TaskEnd.waiters),
        hex("task", TaskEnd.task),
      ]),
    event(.taskCancel, "task_cancel", .info, "The task was cancelled before it ran.", step),
    event(.taskNotify, "task_notify", .info, "Waiters know of the cancellation.", step),
    event(.taskSuspend, "task_suspend", .info, "Async work leaves its thread.", step),
    event(.taskResume, "task_resume", .info, "Async work goes on, maybe elsewhere.", step),
    event(
      .taskDepend, "task_depend", .debug, "The second task needs the first.",
      [
        named("kind", TaskDepend.kind, DependencyKind.self), hex("from", TaskDepend.from), hex("to", TaskDepend.to),
      ]),
    event(
      .waitBegin, "wait_begin", .info, "A thread waits for results that are not there yet.",
      [
        named("mode", WaitBegin.mode, WaitMode.self), number("timed", WaitBegin.timed),
        number("count", WaitBegin.count), hex("waiter", WaitBegin.waiter), hex("awaited", WaitBegin.awaited),
      ]),
    event(
      .waitEnd, "wait_end", .info, "The wait is over.",
      [
        named("outcome", WaitEnd.outcome, WaitOutcome.self), number("helped", WaitEnd.helped),
        hex("waiter", WaitEnd.waiter), hex("awaited", WaitEnd.awaited),
      ]),
    event(
      .callbackBegin, "callback_begin", .debug, "The completer runs the task's callbacks.",
      [number("count", Callback.count), hex("task", Callback.task)]),
    event(
      .callbackEnd, "callback_end", .debug, "The callbacks returned.",
      [number("count", Callback.count), hex("task", Callback.task)]),
    event(
      .forkBegin, "fork_begin", .info, "A stolen half of a fork begins.",
      [number("victim", StolenFork.victim), hex("parent", StolenFork.parent)]),
    event(
      .forkEnd, "fork_end", .info, "A stolen half of a fork is done.",
      [number("victim", StolenFork.victim), hex("parent", StolenFork.parent)]),
    event(
      .forkSplit, "fork_split", .debugLine, "A fork, stolen or not.",
      [number("nesting", Fork.nesting), hex("fork", Fork.fork), hex("parent", Fork.parent)]),
    event(
      .forkJoin, "fork_join", .debugLine, "Both halves of the fork are done.",
      [number("nesting", Fork.nesting), hex("fork", Fork.fork), hex("parent", Fork.parent)]),
    event(.jobBegin, "job_begin", .info, "A Swift concurrency job begins on the worker.", []),
    event(.jobEnd, "job_end", .info, "The Swift concurrency job returned.", []),
    event(
      .searchEnd, "search_end", .debug, "One episode of looking for work is over.",
      [
        number("victim", SearchEnd.victim), number("found", SearchEnd.found), number("duration", SearchEnd.duration),
        number("attempts", SearchEnd.attempts), number("empty", SearchEnd.empty),
        number("lost_races", SearchEnd.lostRaces),
      ]),
    event(
      .workerPark, "worker_park", .info, "The worker goes to sleep.",
      [
        named("reason", WorkerPark.reason, ParkReason.self), number("deque_depth", WorkerPark.dequeDepth),
        number("injector_depth", WorkerPark.injectorDepth),
      ]),
    event(
      .workerUnpark, "worker_unpark", .info, "The worker is awake again.",
      [named("cause", WorkerUnpark.cause, WakeCause.self), number("waker", WorkerUnpark.waker)]),
    event(
      .workerWake, "worker_wake", .info, "A thread wakes a worker; stamped before the system call.",
      [number("target", WorkerWake.target), named("cause", WorkerWake.cause, WakeCause.self)]),
    event(
      .blockingBegin, "blocking_begin", .info, "Code declared as blocking begins.", [number("kind", Blocking.kind)]),
    event(.blockingEnd, "blocking_end", .info, "Code declared as blocking is done.", [number("kind", Blocking.kind)]),
    event(
      .workerStart, "worker_start", .notice, "A worker thread begins; opens a new incarnation of the lane.",
      [number("pool", WorkerLife.pool), number("tid", WorkerLife.tid), signed("cpu", WorkerLife.cpu)]),
    event(
      .workerStop, "worker_stop", .notice, "A worker thread ends.",
      [number("pool", WorkerLife.pool), number("tid", WorkerLife.tid), signed("cpu", WorkerLife.cpu)]),
    event(
      .workerStatus, "worker_status", .notice,
      "What a thread is doing, restated for readers that missed the beginning.",
      [
        number("tid", WorkerStatus.tid), hex("task", WorkerStatus.task),
        named("state", WorkerStatus.state, WorkerState.self), number("pool", WorkerStatus.pool),
        number("depth", WorkerStatus.depth),
      ]),
    event(
      .queueSample, "queue_sample", .debug, "The backlog of a pool.",
      [
        number("pool", QueueSample.pool), number("injector_depth", QueueSample.injectorDepth),
        number("live", QueueSample.live),
      ]),
    event(
      .regionBegin, "region_begin", .info, "The program entered a region of its own.",
      [number("label", Region.label), number("id", Region.id)]),
    event(
      .regionEnd, "region_end", .info, "The program left the region.",
      [number("label", Region.label), number("id", Region.id)]),
    event(
      .mark, "mark", .info, "The program marked a point.",
      [number("label", Annotation.label), signed("value", Annotation.value)]),
    event(
      .counter, "counter", .info, "The program stated a number.",
      [number("label", Annotation.label), signed("value", Annotation.value)]),
    event(
      .lost, "lost", .notice, "Events of this lane that were not kept, since the lane's last such event.",
      [named("cause", Lost.cause, LossCause.self), number("count", Lost.count)]),
    event(.callSent, "call_sent", .info, "A call was sent to another process.", call),
    event(.callStarted, "call_started", .info, "The other process began the call.", call),
    event(.callResult, "call_result", .info, "The result of a call arrived.", call),
    event(.callWorkerSpawned, "call_worker_spawned", .notice, "A worker process was started.", call),
    event(.callWorkerDied, "call_worker_died", .notice, "A worker process is gone.", call),
    definition(
      .labelDef, "label_def", .notice, "What a label id stands for.",
      [part("label", .unsigned(base: 10)), part("text", .text), part("source", .text)]),
    definition(
      .poolConfig, "pool_config", .notice, "A pool and its policies.",
      [
        part("pool", .unsigned(base: 10)), part("workers", .unsigned(base: 10)), part("schema", .unsigned(base: 10)),
        part("name", .text), part("policies", .text),
      ]),
  ]

  /// nil: an id that this version does not know.
  public static subscript(id: UInt16) -> EventDefinition? { id < byID.count ? byID[Int(id)] : nil }
  public static subscript(kind: EventKind) -> EventDefinition { byID[Int(kind.rawValue)]! }

  private static let byID: [EventDefinition?] = {
    var table = [EventDefinition?](repeating: nil, count: Int(all.map(\.kind.rawValue).max()!) + 1)
    for event in all { table[Int(event.kind.rawValue)] = event }
    return table
  }()

  // The words the table is written in.

  /// `nesting`: tasks that run beneath one another on the recording thread.
  private static let step = [number("nesting", TaskStep.nesting), hex("task", TaskStep.task)]
  private static let call = [
    number("pid", Call.pid), number("call", Call.call), number("peer", Call.peer), number("bytes", Call.bytes),
  ]

  private static func event(
    _ kind: EventKind, _ name: String, _ level: LogLevel, _ summary: String, _ fields: [FieldDefinition]
  ) -> EventDefinition {
    EventDefinition(
      kind: kind, name: name, level: level, summary: summary, fields: [number("worker", .worker)] + fields
    )
  }
  private static func definition(
    _ kind: EventKind, _ name: String, _ level: LogLevel, _ summary: String, _ fields: [FieldDefinition]
  ) -> EventDefinition {
    EventDefinition(kind: kind, name: name, level: level, summary: summary, fields: fields)
  }
  private static func number(_ name: String, _ place: Place) -> FieldDefinition {
    FieldDefinition(name: name, form: .unsigned(base: 10), place: place)
  }
  private static func hex(_ name: String, _ place: Place) -> FieldDefinition {
    FieldDefinition(name: name, form: .unsigned(base: 16), place: place)
  }
  private static func signed(_ name: String, _ place: Place) -> FieldDefinition {
    FieldDefinition(name: name, form: .signed, place: place)
  }
  private static func named<Value: NamedValue>(_ name: String, _ place: Place, _: Value.Type) -> FieldDefinition {
    FieldDefinition(name: name, form: .named(Value.allCases.map { "\($0)" }), place: place)
  }
  /// Numbers in definitions are 32 bits wide.
  private static func part(_ name: String, _ form: FieldDefinition.Form) -> FieldDefinition {
    FieldDefinition(name: name, form: form, place: Place(.a, 0, 32))
  }
}
