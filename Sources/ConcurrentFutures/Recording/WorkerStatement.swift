// What exists already when a recording starts: the workers, their pools, what they are doing.
import CPlatform
import SchedulerEvents

extension Recorder {
  /// What a worker is doing, asked by the log while the worker goes on: approximate, and never blocks.
  /// The argument is `cf_thread.worker` of a live thread, valid during the call.
  ///
  /// SAFETY: set once by the scheduler before its first worker starts.
  nonisolated(unsafe) static var describeWorker:
    (@Sendable (UnsafeMutableRawPointer) -> (state: WorkerState, depth: Int))?
}

extension LogSession {
  /// States every thread that has a lane, in the log's own stream. By the starting thread before the log's thread exists, then by
  /// that one.
  static func stateWorkers() {
    var records: [EventRecord] = []
    Lanes.forEachLive { lane in
      guard let thread = lane.thread else { return }
      let task = cf_peek(&thread.pointee.current_task)
      var state = (state: task == 0 ? WorkerState.searching : .running, depth: 0)
      if let worker = thread.pointee.worker {
        if let describe = Recorder.describeWorker { state = describe(worker) }
      } else {
        state.state = .outside
      }
      var record = EventRecord(.workerStatus, worker: lane.number)
      record[WorkerStatus.tid] = UInt64(UInt32(bitPattern: lane.tid))
      record[WorkerStatus.task] = task
      record[WorkerStatus.state] = UInt64(state.state.rawValue)
      record[WorkerStatus.pool] = UInt64(lane.pool)
      record.set(WorkerStatus.depth, saturating: state.depth)
      records.append(record)
    }
    for record in records { ownRing.append(record, contentBits: EventKind.workerStatus.contentBits) }
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
  }
  /// With the log's lock held.
  static func definitions() -> [Definition] { known }
}
