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

/// Suspends until the gate is open.
func whenOpen(_ gate: Gate) async {
  await withCheckedContinuation { continuation in
    startThread {
      try? gate.wait()
      continuation.resume()
    }
  }
}
