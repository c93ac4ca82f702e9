// Staying awake for a moment before going to sleep.
//
// A thread that sleeps is woken through the scheduler, and on an idle CPU of a virtual machine that takes 20 to 30 us; three such
// wakes lay on the way of a call and its result. Where the last waits were short the thread looks again instead,
// and yields between two looks: whoever else can run does.
import CPlatform

struct ShortWait {
  /// How long to look. Larger: more CPU time spent in vain before each pause; smaller: more calls meet sleepers.
  private static let awakeNanoseconds: Int64 = 50_000
  /// Waits up to this length are short: one more may follow. A few times the above, since waking up takes its time too.
  private static let shortNanoseconds: Int64 = 200_000

  private var isShort = false

  /// Waits until `look` finds something, or else in `sleep`.
  mutating func until<Found>(_ look: () throws -> Found?, else sleep: () throws -> Found) rethrows -> Found {
    let began = cf_monotonic_ns()
    if isShort {
      repeat {
        if let found = try look() { return found }
        cf_yield()
      } while cf_monotonic_ns() - began < ShortWait.awakeNanoseconds
    }
    let found = try sleep()
    isShort = cf_monotonic_ns() - began < ShortWait.shortNanoseconds
    return found
  }
}
