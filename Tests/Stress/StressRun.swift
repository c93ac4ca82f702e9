// How long a stress test runs, from which seed, and what it must leave behind: a consistent event log.
import CPlatform
import ConcurrentFutures
import Foundation
import SplitMix
import Testing
import Timelines

/// Seconds a stress test runs: STRESS_SECONDS, else 1, or 30 with LONG_TESTS=1.
let stressSeconds: Double =
  environment("STRESS_SECONDS").flatMap(Double.init) ?? (environment("LONG_TESTS") == nil ? 1 : 30)

private func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

extension SplitMix64 {
  /// A short pause of a random length: none, up to a microsecond or two, or a yield.
  mutating func pause() {
    switch next() % 8 {
    case 0..<4: break
    case 4..<7: for _ in 0..<(next() % 50) { cf_pause() }
    default: sched_yield()
    }
  }
}

/// Runs `body` for a while without recording, then for a moment with the event log on, and has the log checked.
///
/// `body` gets a seed and asks `goOn` before each of its rounds. It makes its pools itself and shuts them down.
func stress(
  _ name: String = #function, _ body: (_ seed: UInt64, _ goOn: () -> Bool) throws -> Void
) throws {
  let seed = environment("STRESS_SEED").flatMap(UInt64.init) ?? UInt64.random(in: 0 ... .max)
  print("\(name): seed \(seed), \(stressSeconds) s")
  let clock = ContinuousClock()
  let end = clock.now + .seconds(stressSeconds)
  try body(seed) { clock.now < end }

  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("stress-\(getpid())-\(seed)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  var configuration = EventLog.Configuration(directory: folder.path)
  configuration.bytesPerLane = 1 << 20
  try EventLog.start(configuration)
  let recordedEnd = clock.now + .milliseconds(150)
  do {
    defer { EventLog.stop() }
    try body(seed &+ 1) { clock.now < recordedEnd }
  }
  let violations = Validation.of(try Trace.open(folder.path))
  #expect(violations.isEmpty, "seed \(seed): \(violations.prefix(5).joined(separator: "; "))")
}
