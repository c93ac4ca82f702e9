// Blocking until one future is done.
//
// A thread outside of any pool spins for a moment, then sleeps on a node on its own stack. A worker first looks
// whether it can run the awaited task itself (Scheduling/Helping.swift).
import CPlatform

/// A point in time on CLOCK_MONOTONIC, in nanoseconds.
enum Deadline {
  static func after(_ timeout: Duration) -> Int64 {
    let (seconds, attoseconds) = timeout.components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? 0 : .max }
    let nanoseconds = scaled.addingReportingOverflow(attoseconds / 1_000_000_000)
    if nanoseconds.overflow { return .max }
    let sum = cf_monotonic_ns().addingReportingOverflow(nanoseconds.partialValue)
    return sum.overflow ? .max : max(sum.partialValue, 0)
  }

  /// Suspends until then. A day at a time: `Task.sleep` traps on a time that its clock cannot represent.
  static func sleep(until deadline: Int64) async throws {
    while case let left = deadline - cf_monotonic_ns(), left > 0 {
      try await Task.sleep(for: .nanoseconds(min(left, 86_400_000_000_000)))
    }
  }
}

extension AnyFuture {
  /// Blocks until the future is done, as ``Future/result(timeout:)`` does. Does not throw the task's error.
  /// - Parameter timeout: how long to wait at most; nil: without limit; zero or less: not at all.
  /// - Throws: `CancelledError` if it was cancelled, `TimeoutError` if it was not done in time.
  @available(*, noasync)
  public final func waitUntilDone(timeout: Duration? = nil) throws { try block(timeout) }

  /// Blocks until the future is done, as ``Future/result(timeout:)`` does; the error it finished with, nil if it has a
  /// value.
  /// - Parameter timeout: how long to wait at most; nil: without limit; zero or less: not at all.
  /// - Throws: `CancelledError` if it was cancelled, `TimeoutError` if it was not done in time.
  @available(*, noasync, message: "use 'outcome' or 'await future.value'")
  public final func exception(timeout: Duration? = nil) throws -> (any Error)? {
    try block(timeout)
    return storedError
  }

  /// Returns once FINISHED was seen.
  @usableFromInline @inline(never)
  final func block(_ timeout: Duration?) throws {
    if timeout == nil, let worker = Worker.current, worker.runNewest(self) { return }
    try blockSlowly(timeout)
  }

  @inline(never)
  private final func blockSlowly(_ timeout: Duration?) throws {
    var word = loadWord()
    if !word.isDone {
      if let timeout {
        guard waitDoneAsMember(deadline: Deadline.after(timeout)) || PoolRegistry.isForkedChild(owner) else {
          throw TimeoutError()
        }
      } else if let worker = Worker.current {
        #if DEBUG
          let wait = WaitGraph.begin(self)
          defer { WaitGraph.end(wait) }
        #endif
        worker.await(self)
      } else {
        _ = waitDone(deadline: nil)
      }
      word = loadWord()
    }
    if !word.isDone, PoolRegistry.isForkedChild(owner) { throw BrokenExecutorError(.forkedChild) }
    guard word.isFinished else { throw CancelledError() }
  }

  /// Rounds that an outside thread spins before it sleeps. Larger: burns CPU that a worker may need; smaller: every
  /// short task costs its waiter two context switches.
  private static let spinRounds = 100

  /// Blocks the thread until done, without helping. False when the deadline passed first.
  final func waitDone(deadline: Int64?) -> Bool {
    if let deadline, cf_monotonic_ns() >= deadline { return loadWord().isDone }
    if spinUntilDone() { return true }
    let recording = Recorder.isOn(.waitBegin)
    if recording {
      Recorder.waitBegin(waiter: Recorder.currentTask, awaited: taskID, mode: .one, timed: deadline != nil, count: 1)
    }
    let done = sleepUntilDone(deadline)
    if recording {
      let outcome: Recorder.WaitOutcome = !done ? .timeout : isCancelled ? .cancelled : .done
      Recorder.waitEnd(waiter: Recorder.currentTask, awaited: taskID, outcome: outcome, helped: 0)
    }
    return done
  }

  private func spinUntilDone() -> Bool {
    for _ in 0..<(UsableCPUs.isOne ? UsableCPUs.yields : AnyFuture.spinRounds) {
      if loadWord().isDone { return true }
      if UsableCPUs.isOne { cf_yield() } else { cf_pause() }
    }
    return false
  }

  private func sleepUntilDone(_ deadline: Int64?) -> Bool {
    if PoolRegistry.isForkedChild(owner) { return loadWord().isDone }  // whoever would complete it is in the parent
    return withUnsafeTemporaryAllocation(byteCount: WaitNode.stride, alignment: WaitNode.alignment) { raw in
      let node = raw.baseAddress!.bindMemory(to: WaitNode.self, capacity: 1)
      node.initialize(to: WaitNode(.blocker))
      defer { node.deinitialize(count: 1) }
      guard register(node) else { return true }
      if node.sleep(deadline: deadline) { return true }
      if unregister(node) { return false }
      node.waitUntilRaised()  // done in the last moment; the completer still has the node
      return true
    }
  }
}
