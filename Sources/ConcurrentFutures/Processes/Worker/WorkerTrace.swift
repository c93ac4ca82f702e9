// What a worker process records: itself as a worker with a lane of its own, each call as a task of its parent's.
//
//   parent   task_submit  call_sent ·············································· call_result
//   worker   ··························· call_started task_start  task_end call_result
//
// Both processes stamp with one clock, so that between call_sent and the worker's call_started lies the way there, and between
// the two call_results the way back. The task's id is the parent's, marked as such (`EventValue.taskOfParent`).
import CPlatform
import Glibc
import SchedulerEvents

/// The recording side of a worker process. The main thread's.
struct WorkerTrace {
  private let pool = PoolRegistry.makeID()

  /// What the pool of a worker process says of itself; a reader finds the parent by it.
  static func policies(parent: Int32) -> String { "\(EventValue.workerOf)\(parent)" }

  func begin(parent: Int32) {
    _ = Lanes.openWorker()
    Recorder.poolConfig(
      pool: pool, name: "ProcessPoolExecutor", workers: 1, policies: WorkerTrace.policies(parent: parent))
    Recorder.workerStart(pool: pool)
  }

  func end() { Recorder.workerStop(pool: pool) }

  /// Runs a call as a task.
  func run(_ frame: Frame, _ body: () -> CallOutcome) -> CallOutcome {
    let task = frame.head.task | EventValue.taskOfParent
    let context = TaskContext.enter(task, nil)
    defer { context.leave() }
    if Recorder.isOn(.callStarted) { record(.callStarted, task, frame.byteCount) }
    if Recorder.isOn(.taskStart) {
      Recorder.taskStart(task: task, source: .injector, victim: Recorder.noVictim, depth: 0, nesting: context.depth)
    }
    let outcome = body()
    if Recorder.isOn(.taskEnd) { Recorder.taskEnd(task: task, failed: outcome.kind == .failure, waiters: 0) }
    if Recorder.isOn(.callResult) { record(.callResult, task, outcome.body.byteCount) }
    return outcome
  }

  private func record(_ kind: EventKind, _ task: UInt64, _ bytes: Int) {
    Recorder.callEvent(kind, call: task, peer: 0, pid: getpid(), bytes: bytes)
  }

  /// Sleeps in `body`.
  func asleep(_ body: () throws -> FrameReader.Received) rethrows -> FrameReader.Received {
    guard Recorder.isOn(.workerPark) else { return try body() }
    Recorder.workerPark(reason: .idle, dequeDepth: 0, injectorDepth: 0)
    defer { Recorder.workerUnpark(cause: .work, waker: Recorder.noVictim) }
    return try body()
  }
}

extension RemotePool.Submission {
  /// The parent's side: a task whose label is its type's name.
  func recordSubmit(depth: Int) {
    let label: UInt32
    switch (type, kind) {
    case (let type?, .chunk): label = Labels.id(type.type, suffix: " (chunk)")
    case (let type?, _): label = Labels.id(type.type)
    case (nil, _): label = Labels.id("function")
    }
    Recorder.taskSubmit(task: task, parent: Recorder.currentTask, label: label, depth: depth)
  }
}
