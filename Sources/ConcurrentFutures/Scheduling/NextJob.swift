// The one job of Swift concurrency that a worker keeps for itself.
//
// A task that awaits a child enqueues it and suspends: the worker is about to run that child, and then the task again. Were
// each of these jobs public at once, an idle worker would take it, and the two would pass the chain to and fro, a
// line of cache a step (1,620 ns an await instead of 840, and two busy CPUs for one). So the oldest job of an otherwise empty
// queue lies here, and a thief takes it only if the owner has left it lying: it sits in a long job.
//
// Source: Go's `runnext`, which thieves leave alone for 3 us; tokio's LIFO slot. We differ: the order stays first in first
// out, and whether someone is told is part of the idle protocol (Sleep.W3).
//
// Roles
//   owner   the worker: `put`, `take`
//   thief   any other worker: `stealLeft`
//
// Invariants
//   I1  A job leaves once: by an exchange of `word`, which gives it to one thread.
//   I2  Only the owner fills `word`, and only while it is empty.
//
// Pairings
//   P1  put's exchange -> the exchange of who takes it: the job is visible
//   P2  put's exchange, then the look at the sleep word <-> a sleeper's exchange on that word, then `isFull` (Sleep.W1)
import CPlatform
import Synchronization

struct NextJob: ~Copyable {
  private let padding0 = CacheLinePadding()
  private let word = Atomic<UInt>(0)
  private let count = Atomic<UInt>(0)
  private let padding1 = CacheLinePadding()

  /// Whether the owner may `put`. Owner only.
  @inline(__always)
  var isFree: Bool { word.load(ordering: .relaxed) == 0 }  // I2

  /// Owner only, and only if it `isFree`.
  @inline(__always)
  func put(_ job: UInt) {
    count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed)  // one writer; a hint for others
    _ = word.exchange(job, ordering: .sequentiallyConsistent)  // P1, P2
  }

  /// The job, if there is one and no thief has it. Any thread; a thief uses `stealLeft`.
  @inline(__always)
  func take() -> UInt? {
    guard word.load(ordering: .relaxed) != 0 else { return nil }  // a hint; the exchange decides
    let job = word.exchange(0, ordering: .acquiring)  // I1, P1
    return job == 0 ? nil : job
  }

  /// Whether there is a job. For whoever goes to sleep (P2).
  var isFull: Bool { word.load(ordering: .sequentiallyConsistent) != 0 }

  /// How many jobs were ever put. A hint: it tells apart jobs that come and go.
  var passed: UInt { count.load(ordering: .relaxed) }

  /// Pauses for which a job must have lain here, 1 us or so. Larger: what a long job has enqueued starts later; smaller:
  /// thieves take what the owner was about to run.
  private static var pauses: Int { 64 }

  /// The job, if the owner leaves it lying.
  func stealLeft() -> UInt? {
    guard word.load(ordering: .relaxed) != 0 else { return nil }
    let before = passed
    for _ in 0..<Self.pauses { cf_pause() }
    return passed == before ? take() : nil
  }
}
