// Snapshots: a copy of what the log holds, while it goes on.
import CPlatform
import Glibc
import SchedulerEvents
import Synchronization

enum Snapshot {
  /// One snapshot at a time, and none while a recording's files are closed. Taken before the log's lock, which is not held while
  /// packets are copied: a thread that opens its lane or names a label meanwhile does not wait for that.
  static let lock = LogLock()

  /// Copies the current recording to a new folder and returns its path. If that fails, nothing of it stays.
  static func take(to directory: String?) throws(EventLogError) -> String {
    try lock.withLock { () throws(EventLogError) -> String in
      let plan = try LogSession.lock.withLock { () throws(EventLogError) in try Plan(directory) }
      do throws(SystemError) { try plan.carryOut() } catch {
        plan.undo()
        throw EventLogError("\(plan.target.path): \(SystemError(error.code, nil))")
      }
      return plan.target.path
    }
  }

  /// What is to be copied.
  private struct Plan {
    let source: String
    let target: TraceFolder
    let lanes: [(name: String, kept: EventRing.Kept)]

    /// With both locks held.
    init(_ directory: String?) throws(EventLogError) {
      guard let session = LogSession.current else { throw EventLogError("nothing is recorded") }
      session.snapshots += 1
      source = session.folder.path
      target = try TraceFolder.create(
        in: directory ?? session.configuration.directory,
        name: "\(session.folder.name)-snapshot-\(session.snapshots)", start: session.folder.start)
      var lanes: [(name: String, kept: EventRing.Kept)] = []
      func add(_ ring: EventRing) { lanes.append((LogLayout.fileName(lane: ring.lane), ring.head.pointee.kept)) }
      add(LogSession.ownRing)
      Lanes.forEachRing(add)
      self.lanes = lanes
    }

    func carryOut() throws(SystemError) {
      try RingCopy.copyFile(from: path(LogLayout.metadataFile), to: copy(LogLayout.metadataFile))
      for lane in lanes {
        switch lane.kept {
        case .nothing: break
        case .file: try RingCopy.copyStream(from: path(lane.name), to: copy(lane.name))
        case .ring(let window): try RingCopy.copy(window, to: copy(lane.name))
        }
      }
      // Last, so that it has every label that a copied event may use.
      try RingCopy.copyFile(from: path(LogLayout.definitionsFile), to: copy(LogLayout.definitionsFile))
    }

    func undo() {
      for name in lanes.map(\.name) + [LogLayout.metadataFile, LogLayout.definitionsFile] { unlink(copy(name)) }
      rmdir(target.path)
    }

    private func path(_ name: String) -> String { source + "/" + name }
    private func copy(_ name: String) -> String { target.path + "/" + name }
  }
}

/// Snapshots by threshold: remembers when tasks were submitted and began, where a threshold is set.
///
/// Submit times lie in a table with a slot per task id modulo its size. A slot that is taken stays with its task until that starts, so
/// with a longer backlog a sample of the tasks is watched; a task that waits too long without ever starting is found when
/// another one looks at its slot.
enum SnapshotTrigger {
  /// At most one snapshot in that time, whatever the tasks do. Tests make it shorter.
  static let pause = Atomic<Int64>(10_000_000_000)
  private static let slotCount = 1 << 14

  private struct Slot: ~Copyable {
    let task = Atomic<UInt64>(0)
    let submitted = Atomic<UInt64>(0)
  }
  // SAFETY: allocated once, never freed; slots are atomics.
  nonisolated(unsafe) private static let slots: UnsafeMutablePointer<Slot> = {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)
    for index in 0..<slotCount { (slots + index).initialize(to: Slot()) }
    return slots
  }()
  /// Nanoseconds; 0: no threshold.
  private static let queueLimit = Atomic<UInt64>(0)
  private static let runLimit = Atomic<UInt64>(0)
  private static let last = Atomic<Int64>(.min)
  private static let hasComplained = Atomic<Bool>(false)

  /// Sets the thresholds of a recording. Before the gate opens; returns what to add to it.
  static func arm(_ configuration: EventLog.Configuration) -> UInt32 {
    func limit(_ duration: Duration?) -> UInt64 { duration.map { UInt64(max(1, $0.nanoseconds)) } ?? 0 }
    let queue = limit(configuration.snapshotWhenQueuedLongerThan)
    let run = limit(configuration.snapshotWhenRunningLongerThan)
    queueLimit.store(queue, ordering: .relaxed)
    runLimit.store(run, ordering: .relaxed)
    last.store(.min, ordering: .relaxed)
    hasComplained.store(false, ordering: .relaxed)
    guard queue | run != 0 else { return 0 }
    for index in 0..<slotCount { slots[index].task.store(0, ordering: .relaxed) }
    return RecordingGate.thresholds
  }

  /// Looks at an event that was just recorded in `ring`, by the ring's owner.
  static func watch(_ record: EventRecord, _ ring: EventRing) {
    switch record.kind {
    case .taskSubmit: noteSubmit(record[TaskSubmit.task])
    case .taskStart: noteStart(record[TaskStart.task], Int(record[TaskStart.nesting]), ring)
    case .taskEnd: noteEnd(record[TaskEnd.task], ring)
    default: break
    }
  }

  static func slotIndex(_ task: UInt64) -> Int { Int((task &* 0x9E37_79B9_7F4A_7C15) >> 50) }
  private static func slot(_ task: UInt64) -> UnsafeMutablePointer<Slot> { slots + slotIndex(task) }

  private static func noteSubmit(_ task: UInt64) {
    guard queueLimit.load(ordering: .relaxed) != 0 else { return }
    let slot = slot(task)
    let now = TraceClock.now
    if slot.pointee.task.compareExchange(expected: 0, desired: task, ordering: .relaxed).exchanged {
      slot.pointee.submitted.store(now, ordering: .relaxed)
    } else if isLate(now, slot.pointee.submitted.load(ordering: .relaxed), queueLimit.load(ordering: .relaxed)) {
      slot.pointee.task.store(0, ordering: .relaxed)
      ask()
    }
  }

  private static func noteStart(_ task: UInt64, _ nesting: Int, _ ring: EventRing) {
    let now = TraceClock.now
    let slot = slot(task)
    if queueLimit.load(ordering: .relaxed) != 0, slot.pointee.task.load(ordering: .relaxed) == task {
      let since = slot.pointee.submitted.load(ordering: .relaxed)
      slot.pointee.task.store(0, ordering: .relaxed)
      if isLate(now, since, queueLimit.load(ordering: .relaxed)) { ask() }
    }
    if runLimit.load(ordering: .relaxed) != 0 { ring.noteStart(of: task, at: now, nesting) }
  }

  private static func noteEnd(_ task: UInt64, _ ring: EventRing) {
    guard runLimit.load(ordering: .relaxed) != 0, let began = ring.startTime(of: task) else { return }
    if isLate(TraceClock.now, began, runLimit.load(ordering: .relaxed)) { ask() }
  }

  /// `since` may be of another task, or not stored yet (0): then nothing is late.
  private static func isLate(_ now: UInt64, _ since: UInt64, _ limit: UInt64) -> Bool {
    since != 0 && now > since && now - since > limit
  }

  private static func ask() {
    let now = cf_monotonic_ns()
    let previous = last.load(ordering: .relaxed)
    guard previous == .min || now - previous > pause.load(ordering: .relaxed),
      last.compareExchange(expected: previous, desired: now, ordering: .relaxed).exchanged
    else { return }
    LogWriter.snapshotWanted.store(true, ordering: .releasing)
    LogWriter.wake()
  }

  /// On the log's thread. What goes wrong is said once in a recording.
  static func fire() {
    do { _ = try Snapshot.take(to: nil) } catch {
      if !hasComplained.exchange(true, ordering: .relaxed) { EventLog.complain("snapshot: \(error)") }
    }
  }
}
