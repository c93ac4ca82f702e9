import Glibc
import Synchronization

/// Runs its jobs on one thread, one after the other.
final class SingleThread: TaskExecutor, SerialExecutor {
  private let jobs = Mutex<[UnownedJob]>([])
  private let queued = Counter()

  init() {
    startThread { [weak self, queued] in
      var taken = 0
      while (try? queued.wait(for: taken + 1, limit: .seconds(60))) != nil {
        guard let self else { return }
        taken += 1
        let job = jobs.withLock { $0.removeFirst() }
        job.runSynchronously(on: asUnownedTaskExecutor())
      }
    }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
    queued.add()
  }
}

/// A task that has begun with `body` and is suspended in it.
struct SuspendedTask {
  let task: Task<Void, any Error>
  private let executor = SingleThread()

  init(_ body: sending @escaping () async throws -> Void) throws {
    let thread = Journal<pid_t>()
    task = Task(executorPreference: executor) {
      thread.note(currentThread())
      try await body()
    }
    try eventually { !thread.entries.isEmpty }
    // Its thread has nothing else to run: it sleeps once the task is suspended.
    try untilSleeping(thread.entries[0])
  }
}

/// Suspends until the gate is open.
func whenOpen(_ gate: Gate) async {
  await withCheckedContinuation { continuation in
    startThread {
      try? gate.wait()
      continuation.resume()
    }
  }
}

/// Suspends until the counter is there.
func whenReached(_ counter: Counter, _ target: Int) async {
  await withCheckedContinuation { continuation in
    startThread {
      try? counter.wait(for: target)
      continuation.resume()
    }
  }
}
