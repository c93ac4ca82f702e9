// The other sink: LTTng-UST sessions.
//
// LTTng records for whoever asks, from whenever they ask; it does not tell the program. So what a session needs to
// understand events (labels, pools, workers) is restated once a second while any of it is recorded, by the thread that comes first.
// That serves sessions that start late, and snapshot sessions whose buffers have overwritten the beginning.
import CPlatform
import CTracepoints
import SchedulerEvents
import Synchronization

enum Tracepoints {
  /// Larger: late sessions wait longer for names. Smaller: more events that say nothing new.
  private static let period: Int64 = 1_000_000_000
  private static let nextStatement = Atomic<Int64>(0)
  /// When the clock is asked again, by the processor's counter, which is at hand: a twentieth to a fifth of a second. Where there is
  /// no such counter (it reads 0), each time.
  private static let nextLook = Atomic<UInt64>(0)
  private static let ticksBetweenLooks: UInt64 = 1 << 28

  /// A session records the event. The log may record it too.
  ///
  /// Calls nothing but `cf_trace` in the usual case, so that it keeps nothing across a call.
  @inline(never) static func write(_ record: EventRecord, _ kind: EventKind) {
    let thread = cf_current_thread()!
    guard thread.pointee.next_task != 0, cf_recording() & RecordingGate.log == 0, !isTimeToLook(cf_counter()) else {
      return writeSlowly(record, kind)
    }
    var record = record
    record.worker = thread.pointee.lane
    emit(record)
  }

  /// The thread's first event, or one that both sinks record, or it is time to state what exists.
  @inline(never) private static func writeSlowly(_ record: EventRecord, _ kind: EventKind) {
    let thread = cf_current_thread()!
    if thread.pointee.next_task == 0 { Lanes.openOutside() }
    let counter = cf_counter()
    if isTimeToLook(counter) { stateIfDue(counter) }
    var record = record
    record.worker = thread.pointee.lane
    emit(record)
    if cf_recording() & RecordingGate.log != 0 { Recorder.writeFirst(record, kind) }
  }

  @inline(__always) private static func isTimeToLook(_ counter: UInt64) -> Bool {
    Int64(bitPattern: counter &- nextLook.load(ordering: .relaxed)) >= 0
  }

  static func emit(_ record: EventRecord) {
    cf_trace(
      cf_record(
        time: record.time, id: record.id, worker: record.worker, aux: record.aux, a: record.a, b: record.b))
  }

  /// A label or a pool that is new, or restated.
  static func write(_ definition: Definition) {
    switch definition {
    case .label(let label, let text, let source): cf_trace_label_def(label, text, source)
    case .pool(let pool, let workers, let schema, let name, let policies):
      cf_trace_pool_config(pool, workers, schema, name, policies)
    }
  }

  @inline(never) private static func stateIfDue(_ counter: UInt64) {
    nextLook.store(counter == 0 ? 0 : counter &+ ticksBetweenLooks, ordering: .relaxed)
    let now = cf_coarse_ns()
    let due = nextStatement.load(ordering: .relaxed)
    guard now >= due,
      nextStatement.compareExchange(expected: due, desired: now + period, ordering: .relaxed).exchanged
    else { return }
    let definitions = LogSession.lock.withLock { Labels.definitions() + PoolDefinitions.definitions() }
    for definition in definitions { write(definition) }
    for record in WorkerStatement.records() { emit(record) }
  }
}
