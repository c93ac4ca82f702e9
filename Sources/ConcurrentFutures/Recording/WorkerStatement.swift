// What exists already when a recording starts: the workers, their pools, what they are doing.
import CPlatform
import SchedulerEvents
import Synchronization

extension LogSession {
  /// States every thread that has a lane, in the log's own stream. By the starting thread before the log's thread exists, then by
  /// that one.
  static func stateWorkers() {
    for record in WorkerStatement.records() { ownRing.append(record, .workerStatus) }
  }
}

enum WorkerStatement {
  /// A `worker_status` for every thread that has a lane.
  static func records() -> [EventRecord] {
    var records: [EventRecord] = []
    Lanes.forEachLive { lane in
      // A worker without a pool has not said yet that it begins.
      guard let thread = lane.thread, lane.pool != 0 || lane.number >= EventValue.firstOutsideLane else { return }
      let task = cf_peek(&thread.pointee.current_task)
      // The thread's end closes its lane, under the lock that is held here, before it gives its worker up.
      // SAFETY: the slot holds a `Worker` or nil, and what it points to cannot go away meanwhile:
      let worker = thread.pointee.worker?.assumingMemoryBound(to: Worker.self)
      var record = EventRecord(.workerStatus, worker: lane.number)
      record[WorkerStatus.tid] = UInt64(UInt32(bitPattern: lane.tid))
      record[WorkerStatus.task] = task
      record[WorkerStatus.state] = UInt64(state(of: worker, task, lane.number).rawValue)
      record[WorkerStatus.pool] = UInt64(lane.pool)
      record.set(
        WorkerStatus.depth,
        saturating: worker.map { $0.pointee.lifo.count + $0.pointee.fifo.count } ?? 0)
      records.append(record)
    }
    return records
  }

  /// What a thread is doing, as far as others can see: approximate.
  private static func state(of worker: UnsafeMutablePointer<Worker>?, _ task: UInt64, _ lane: UInt16) -> WorkerState {
    guard let worker else {
      guard lane < EventValue.firstOutsideLane else { return .outside }
      return task == 0 ? .parked : .running  // the main thread of a worker process
    }
    guard task == 0 else { return .running }
    return switch worker.pointee.activity.load(ordering: .relaxed) {
    case Worker.Activity.looking: .searching
    case Worker.Activity.busy: .running
    default: .parked
    }
  }
}

/// The definitions of pools, kept for recordings that start later.
enum PoolDefinitions {
  /// More pools than that at a time are unlikely; a program that makes and drops pools for ever must not grow.
  private static let limit = 1024
  // SAFETY: only touched with the log's lock held.
  nonisolated(unsafe) private static var known: [Definition] = []

  static func add(_ definition: Definition) {
    LogSession.lock.withLock {
      if known.count == limit { known.removeFirst() }
      known.append(definition)
      LogSession.current?.write(definition)
    }
    Tracepoints.write(definition)
  }
  /// With the log's lock held.
  static func definitions() -> [Definition] { known }
}
