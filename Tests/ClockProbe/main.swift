// A program that waits in every way with a timeout, and says which clocks were read meanwhile. For the conformance tests: the one
// on `exitProbe`'s filter sees only waits of the kernel's on the wall clock.
import ConcurrentFutures
import Glibc
import Synchronization

func timesOut(_ body: () throws -> Void) {
  do {
    try body()
    print("no timeout")
  } catch is TimeoutError {
  } catch {
    print("\(error)")
  }
}

let pending = Future<Int>()
let limit = Duration.milliseconds(20)
let executor = try ThreadPoolExecutor(maxWorkers: 2)
try executor.submit {}.result()
let before = Readings.wall.load(ordering: .relaxed)

timesOut { _ = try pending.result(timeout: limit) }
timesOut { _ = try pending.exception(timeout: limit) }
timesOut { _ = try asCompleted([pending], timeout: limit).makeCursor().next() }
wait([pending], timeout: limit)
try executor.submit { [pending, limit] in
  do { _ = try pending.result(timeout: limit) } catch is TimeoutError {}
  wait([pending], timeout: limit)
}.result()
timesOut { _ = try executor.map(0..<1, timeout: limit) { [pending] _ in try pending.result() }.next() }
if executor.shutdown(deadline: limit) { print("no timeout") }
print("wall clock: \(Readings.wall.load(ordering: .relaxed) - before)")

// The stand-in sees what the library reads, and a reading of the wall clock.
print("monotonic clock: \(Readings.monotonic.load(ordering: .relaxed) >= 7)")
var time = timespec()
clock_gettime(CLOCK_REALTIME, &time)
print("wall clock, on purpose: \(Readings.wall.load(ordering: .relaxed) - before)")

pending.cancel()
