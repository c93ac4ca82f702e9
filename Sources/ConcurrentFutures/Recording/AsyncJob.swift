// When async work leaves its thread and goes on, maybe elsewhere: `task_suspend` and `task_resume`.
//
// Swift tells an executor of jobs, not of tasks. But a Swift task is its own job: each time that it goes on it is enqueued as
// the same word. So the word of the job in which a task starts is noted, and a job that begins under it later is that task going on.
// What runs on a thread in another way (within an actor's job) is seen as a job only, until it ends.
//
// Nothing of this is touched while nobody records.

/// What a worker knows of the job of Swift concurrency that it runs.
struct AsyncJob {
  /// 0: none, or not recorded.
  private var word: UInt = 0
  /// The task that goes on in it; 0: none that is known.
  private var task: UInt64 = 0

  private static let lock = LogLock()
  // SAFETY: only touched with `lock` held.
  /// Tasks that have started and not ended, by their job's word.
  nonisolated(unsafe) private static var tasks: [UInt: UInt64] = [:]

  init() {}
  /// After `job_begin`.
  init(beginning word: UInt) {
    self.word = word
    task = Self.lock.withLock { Self.tasks[word] ?? 0 }
    if task != 0 { Recorder.taskResume(task: task) }
  }
  /// Before `job_end`.
  func leave() {
    if task != 0 { Recorder.taskSuspend(task: task) }
  }

  /// After `task_start`, in the task's first job: the job's word, 0 where it is not known.
  static func started(_ task: UInt64) -> UInt {
    guard let worker = Worker.current, worker.pointee.asyncJob.word != 0 else { return 0 }
    worker.pointee.asyncJob.task = task
    let word = worker.pointee.asyncJob.word
    lock.withLock { tasks[word] = task }
    return word
  }
  /// Before `task_end`, wherever that is.
  static func ends(_ task: UInt64, _ word: UInt) {
    lock.withLock { _ = tasks.removeValue(forKey: word) }
    if let worker = Worker.current, worker.pointee.asyncJob.task == task {
      worker.pointee.asyncJob.task = 0
    } else if Recorder.isOn(.taskResume) {
      Recorder.taskResume(task: task)
    }
  }

  /// In the child of a fork: the tasks are the parent's threads'.
  static func forkedChild() {
    tasks = [:]
    lock.reset()
  }
}
