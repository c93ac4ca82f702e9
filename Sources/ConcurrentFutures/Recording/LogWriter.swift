// The log's own thread: prepares windows before the lanes need them, keeps the clock's line, restates the workers,
// takes the snapshots that thresholds ask for.
//
// Pairings: P1  ring: request (release), then the bell  |  this thread: bell, then request (acquire).
import CPlatform
import Glibc
import Synchronization

enum LogWriter {
  /// How soon a refused window is tried again, and workers are restated in overwrite mode. Larger: longer gaps after a full
  /// disk, more of a trimmed trace without state. Smaller: more work while nothing happens.
  private static let tick: Int64 = 100_000_000

  // SAFETY: allocated once, never freed: futexes.
  nonisolated(unsafe) private static let bell = word()
  nonisolated(unsafe) private static let life = word()
  private enum Life { static let none: UInt32 = 0, running: UInt32 = 1, stopping: UInt32 = 2 }
  /// Serialises start and stop.
  private static let control = LogLock()
  static let snapshotWanted = Atomic<Bool>(false)

  private static func word() -> UnsafeMutablePointer<Atomic<UInt32>> {
    let word = UnsafeMutablePointer<Atomic<UInt32>>.allocate(capacity: 1)
    word.initialize(to: Atomic(0))
    return word
  }

  /// Makes the thread look at the rings. One system call at most, and only if it sleeps.
  static func wake() {
    if bell.pointee.exchange(1, ordering: .acquiringAndReleasing) == 0 { cf_futex_wake(bell, 1) }
  }

  /// Returns 0 or an errno.
  static func start() -> Int32 {
    control.withLock {
      life.pointee.store(Life.running, ordering: .releasing)
      let code = cf_start_thread({ _ in LogWriter.run() }, nil, 256 << 10)
      if code != 0 { life.pointee.store(Life.none, ordering: .releasing) }
      return code
    }
  }

  /// Returns when the thread has ended its work.
  static func stop() {
    control.withLock {
      let (wasRunning, _) = life.pointee.compareExchange(
        expected: Life.running, desired: Life.stopping, ordering: .acquiringAndReleasing)
      guard wasRunning else { return }
      wake()
      while life.pointee.load(ordering: .acquiring) == Life.stopping { _ = cf_futex_wait(life, Life.stopping, -1) }
    }
  }

  static func forkedChild() {
    life.pointee.store(Life.none, ordering: .relaxed)
    control.reset()
  }

  private static func run() {
    // The program's signals are for the program's threads.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    cf_name_thread("event-log")
    var calibration = calibrate()
    var nextTick = cf_monotonic_ns() + tick
    while life.pointee.load(ordering: .acquiring) == Life.running {
      _ = bell.pointee.exchange(0, ordering: .acquiringAndReleasing)  // P1
      let allServed = serveRings()
      let now = cf_monotonic_ns()
      if let due = calibration, now >= due { calibration = calibrate() }
      if snapshotWanted.exchange(false, ordering: .acquiringAndReleasing) { SnapshotTrigger.fire() }
      if now >= nextTick {
        nextTick = now + tick
        if !LogSession.keepHouse() { break }
      }
      let isTicking = !allServed || LogSession.needsTicks
      _ = cf_futex_wait(bell, 0, min(calibration ?? .max, isTicking ? nextTick : .max))
    }
    let isOver = life.pointee.exchange(Life.none, ordering: .acquiringAndReleasing) == Life.running
    cf_futex_wake(life, .max)
    // Nobody stopped the recording, so it has reached its duration.
    if isOver { LogSession.stop() }
  }

  /// Returns when to do it again.
  private static func calibrate() -> Int64? {
    let interval = TraceClock.calibrate()
    LogSession.lock.withLock { RecordingGate.chooseWay() }
    return interval.map { cf_monotonic_ns() + Int64($0) }
  }

  /// False if some request has to be tried again.
  private static func serveRings() -> Bool {
    var allServed = serve(LogSession.ownRing)
    Lanes.forEachRing { if !serve($0) { allServed = false } }
    return allServed
  }

  private static func serve(_ ring: EventRing) -> Bool {
    let request = ring.head.pointee.request.load(ordering: .acquiring)  // P1
    guard request == EventRing.Request.wanted || request == EventRing.Request.populate,
      ring.head.pointee.request.compareExchange(
        expected: request, desired: EventRing.Request.preparing, ordering: .acquiringAndReleasing
      ).exchanged
    else { return true }
    if request == EventRing.Request.populate {
      if let window = ring.head.pointee.window { LogFile.populate(window) }
    } else {
      if let retired = ring.head.pointee.retired { LogFile.unmap(retired) }
      ring.head.pointee.retired = nil
      guard LogSession.prepareNext(ring) else { return false }
    }
    ring.head.pointee.request.store(EventRing.Request.none, ordering: .releasing)
    return true
  }
}
