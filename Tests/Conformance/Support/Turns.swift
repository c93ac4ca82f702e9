/// A trait for tests that block, and that must not disturb each other.
import Glibc
import Synchronization
import Testing

extension Trait where Self == TurnsTrait {
  /// Runs tests one at a time, each on a thread of its own (a test may block), each no longer than `limit`.
  static func turns(limit: Duration) -> Self { TurnsTrait(limit: limit) }
}

/// A blocked test must neither hold a thread of Swift's own pool (its timers would stop: no time limit would ever fire) nor keep
/// the other statements from being reported. So every test runs on its own thread; one that overruns its limit is
/// reported and left behind, and the process ends once the others are through.
struct TurnsTrait: SuiteTrait, TestTrait, TestScoping {
  let limit: Duration
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    await Turns.shared.begin()
    let turn = Turn(name: test.name)
    async let _: Void = turn.limit(to: limit)
    defer { turn.end() }
    // The end of this scope cancels the timer.
    try await withTaskExecutorPreference(ThreadPerJob.shared) { try await function() }
  }
}

/// One test's turn: ends with the test or when its time is up, whichever is first.
private final class Turn: Sendable {
  private let name: String
  private let hasEnded = Atomic(false)
  init(name: String) { self.name = name }

  func end() {
    if !hasEnded.exchange(true, ordering: .relaxed) { Turns.shared.end() }
  }

  func limit(to limit: Duration) async {
    guard (try? await Task.sleep(for: limit)) != nil, !hasEnded.exchange(true, ordering: .relaxed) else { return }
    Issue.record("\(name) ran longer than \(limit)")
    Turns.shared.abandon(name)
  }
}

/// Whose turn it is, first come first served. Counts the tests that never came back.
private final class Turns: Sendable {
  static let shared = Turns()
  private struct State {
    var running = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    var abandoned: [String] = []
  }
  private let state = Mutex(State())

  func begin() async {
    await withCheckedContinuation { continuation in
      let now = state.withLock { state in
        if state.running == 0 {
          state.running = 1
          return true
        }
        state.waiting.append(continuation)
        return false
      }
      if now { continuation.resume() }
    }
  }

  func end() {
    let (next, hung) = state.withLock { state -> (CheckedContinuation<Void, Never>?, [String]) in
      if state.waiting.isEmpty {
        state.running = 0
        return (nil, state.abandoned)
      }
      return (state.waiting.removeFirst(), [])
    }
    next?.resume()
    if next == nil && !hung.isEmpty { leave(hung) }
  }

  func abandon(_ name: String) {
    state.withLock { $0.abandoned.append(name) }
    end()
  }

  /// The runner would wait for the hung tests for ever. The pause lets it report the last one that ended.
  private func leave(_ hung: [String]) {
    startThread {
      usleep(2_000_000)
      guard Turns.shared.state.withLock({ $0.running == 0 }) else { return }
      print("✘ Hung: \(hung.joined(separator: ", "))")
      fflush(nil)
      _exit(1)
    }
  }
}

/// A thread for each job: a test that blocks blocks nobody else, and keeps its task's identity (issues find their test).
private final class ThreadPerJob: TaskExecutor {
  static let shared = ThreadPerJob()
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    startThread { job.runSynchronously(on: ThreadPerJob.shared.asUnownedTaskExecutor()) }
  }
}
