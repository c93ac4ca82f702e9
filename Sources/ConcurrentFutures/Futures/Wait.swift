// wait: block until some of several futures are done.
//
// Source: CPython Lib/concurrent/futures/_base.py, `wait`.

/// When `wait` returns.
public enum ReturnCondition: String, Sendable, CaseIterable {
  /// As soon as any future finishes or is cancelled.
  case firstCompleted = "FIRST_COMPLETED"
  /// As soon as any future finishes with an error; if none does, when all are done. A cancellation is no error.
  case firstException = "FIRST_EXCEPTION"
  /// When all futures are finished or cancelled.
  case allCompleted = "ALL_COMPLETED"
}

/// What `wait` returns: every future it was given, in one of two sets.
public struct DoneAndNotDone<F: AnyFuture>: Sendable {
  /// Those that were finished or cancelled when `wait` returned.
  public let done: Set<F>
  /// The rest.
  public let notDone: Set<F>
}

/// Blocks until the condition holds for `futures`, or the timeout has passed.
///
/// Does not change, cancel or consume the futures, and leaves nothing behind in them. They may belong to different
/// executors. In a worker a call without a timeout runs awaited tasks of its own pool that are still pending.
/// - Parameters:
///   - futures: read once; duplicates count once.
///   - timeout: how long to wait at most; nil: without limit; zero or less: not at all.
///   - returnWhen: what to wait for.
/// - Returns: what was done when it returned, and the rest. A timeout is not an error.
/// - Complexity: O(n) for n futures; one allocation for all nodes.
@available(*, noasync, message: "use the async overload")
@discardableResult
public func wait<F: AnyFuture>(
  _ futures: some Sequence<F>, timeout: Duration? = nil, returnWhen: ReturnCondition = .allCompleted
) -> DoneAndNotDone<F> {
  let waiting = Waiting(futures, returnWhen)
  if waiting.isSatisfied { return waiting.split }
  let deadline = timeout.map(Deadline.after)
  if deadline == nil, let worker = Worker.current { waiting.help(worker) }
  waiting.block(deadline)
  return waiting.split
}

/// The parts of a `wait` that the blocking and the suspending form share.
struct Waiting<F: AnyFuture> {
  let unique: Set<F>
  let pending: [AnyFuture]
  let condition: ReturnCondition
  private let hasFailed: Bool

  init(_ futures: some Sequence<F>, _ condition: ReturnCondition) {
    unique = Set(futures)
    var pending: [AnyFuture] = []
    var failed = false
    for future in unique {
      if !future.countsAsDone(future.loadWord()) { pending.append(future) } else if future.hasFailed { failed = true }
    }
    self.pending = pending
    self.condition = condition
    hasFailed = failed
  }

  /// Whether there is nothing to wait for.
  var isSatisfied: Bool {
    switch condition {
    case .firstCompleted: pending.isEmpty || pending.count < unique.count
    case .firstException: pending.isEmpty || hasFailed
    case .allCompleted: pending.isEmpty
    }
  }

  /// How many of `pending` must be done.
  var needed: Int { condition == .firstCompleted ? 1 : pending.count }

  /// Runs pending tasks of the worker's pool until the condition holds or there are none.
  func help(_ worker: UnsafeMutablePointer<Worker>) {
    // One that runs already may be all that is needed: do not start on a long one meanwhile.
    if condition != .allCompleted, pending.contains(where: \.isRunning) { return }
    var missing = needed
    for future in pending where missing > 0 {
      _ = worker.runIfPending(future)
      guard future.countsAsDone(future.loadWord()) else { continue }
      missing -= 1
      if condition == .firstException, future.hasFailed { return }
    }
  }

  func block(_ deadline: Int64?) {
    // In a forked child, whoever would complete them is in the parent.
    if PoolRegistry.isForked, pending.contains(where: { PoolRegistry.isForkedChild($0.owner) }) { return }
    let group = WaitGroup(pending, wakesOnFailure: condition == .firstException)
    group.open()
    let worker = Worker.current
    if group.doneCount < needed {
      let recording = Recorder.isOn(.waitBegin)
      if recording {
        let mode: Recorder.WaitMode =
          switch condition {
          case .firstCompleted: .first
          case .firstException: .exception
          case .allCompleted: .all
          }
        Recorder.waitBegin(
          waiter: Recorder.currentTask, awaited: pending[0].taskID, mode: mode, timed: deadline != nil,
          count: pending.count)
      }
      let inTime =
        worker?.blocking { group.sleep(needed: needed, deadline: deadline) }
        ?? group.sleep(needed: needed, deadline: deadline)
      if recording {
        Recorder.waitEnd(
          waiter: Recorder.currentTask, awaited: pending[0].taskID, outcome: inTime ? .done : .timeout, helped: 0)
      }
    }
    group.close()
  }

  var split: DoneAndNotDone<F> {
    var done = Set<F>(minimumCapacity: unique.count)
    var notDone = Set<F>()
    for future in unique {
      if future.countsAsDone(future.loadWord()) { done.insert(future) } else { notDone.insert(future) }
    }
    return DoneAndNotDone(done: done, notDone: notDone)
  }
}
