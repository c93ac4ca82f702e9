// Stands in for the C library's `clock_gettime` in this program, whose own symbols come first: so each reading of a clock is seen,
// also those that are no system call.
import Glibc
import Synchronization

enum Readings {
  static let wall = Atomic(0)
  static let monotonic = Atomic(0)
  fileprivate static let original: ReadClock = {
    // The next one after this program's: `RTLD_NEXT`, a macro that Swift does not import.
    guard let address = dlsym(UnsafeMutableRawPointer(bitPattern: -1), "clock_gettime") else { preconditionFailure() }
    // SAFETY: the C library's function of that name has this type.
    return unsafeBitCast(address, to: ReadClock.self)
  }()
}

private typealias ReadClock = @convention(c) (clockid_t, UnsafeMutablePointer<timespec>?) -> Int32

@_cdecl("clock_gettime")
func readClock(_ clock: clockid_t, _ time: UnsafeMutablePointer<timespec>?) -> Int32 {
  switch clock {
  case CLOCK_REALTIME, 5: Readings.wall.add(1, ordering: .relaxed)  // 5: CLOCK_REALTIME_COARSE
  case CLOCK_MONOTONIC: Readings.monotonic.add(1, ordering: .relaxed)
  default: break
  }
  return Readings.original(clock, time)
}
