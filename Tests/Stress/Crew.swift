import SplitMix
import Synchronization

/// Threads that all do the same piece of work, again and again, without being started anew.
final class Crew: Sendable {
  typealias Work = @Sendable (inout SplitMix64) -> Void
  private struct State {
    var work: Work?
    var round = 0
    var ended = false
  }
  private let state = Mutex(State())
  private let begun = Counter()
  private let finished = Counter()
  private let size: Int

  init(_ size: Int, _ seed: UInt64) {
    self.size = size
    for number in 0..<size { startThread { [self] in loop(SplitMix64(seed: seed &+ UInt64(number) &* 7919)) } }
  }

  func start(_ work: @escaping Work) {
    state.withLock {
      $0.work = work
      $0.round += 1
    }
    begun.add()
  }

  /// Until all have done the piece that was started last.
  func wait() throws {
    let round = state.withLock { $0.round }
    try finished.wait(for: round * size)
    state.withLock { $0.work = nil }
  }

  func end() {
    state.withLock { $0.ended = true }
    begun.add()
  }

  private func loop(_ seeded: SplitMix64) {
    var random = seeded
    var round = 0
    while (try? begun.wait(for: round + 1, limit: .seconds(600))) != nil {
      round += 1
      guard let work = state.withLock({ $0.ended ? nil : $0.work }) else { return }
      work(&random)
      finished.add()
    }
  }
}
