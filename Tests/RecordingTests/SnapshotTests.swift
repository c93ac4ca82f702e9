// Snapshots by threshold, their rate, and what a recording's limits and a full disk mean for them.
import Foundation
import Glibc
import SchedulerEvents
import Synchronization
import Testing

@testable import ConcurrentFutures

extension RecorderTests {
  /// A threshold that every task passes, and one that none does. No test waits for a task to become late.
  private static let always = Duration.nanoseconds(1)
  private static let never = Duration.seconds(3600)

  private static func recordFlight(
    in folder: String, queued: Duration?, running: Duration?, _ body: () throws -> Void
  ) throws -> TraceOnDisk {
    try record(
      {
        $0.directory = folder
        $0.mode = .overwrite
        $0.bytesPerLane = 128 << 10
        $0.snapshotWhenQueuedLongerThan = queued
        $0.snapshotWhenRunningLongerThan = running
      }, body)
  }

  private static func snapshots(in folder: String) -> [String] {
    TraceOnDisk.traces(in: folder).filter { $0.contains("-snapshot-") }
  }
  /// The log's thread takes the snapshot; the suite's time limit bounds the wait. Definitions come last.
  private static func waitForSnapshots(_ count: Int, in folder: String) {
    while snapshots(in: folder).filter({ FileManager.default.fileExists(atPath: $0 + "/definitions") }).count < count {
      sched_yield()
    }
  }

  private static var isWanted: Bool { LogWriter.snapshotWanted.load(ordering: .acquiring) }

  private static func plainTask(_ task: UInt64) {
    let site = TaskSite("plain", "F", 1)
    Recorder.taskSubmit(task: task, parent: 0, site: site, queue: .local, depth: 0)
    EventLog.mark("between")
    Recorder.taskStart(task: task, source: .local, victim: 0xFFFF, depth: 0, nesting: 0)
    EventLog.mark("between")
    Recorder.taskEnd(task: task, failed: false, waiters: 0)
  }

  @Test(arguments: [nil, always, never] as [Duration?], [nil, always, never] as [Duration?])
  func aSnapshotIsTakenIfEitherThresholdIsPassed(queued: Duration?, running: Duration?) throws {
    try withTemporaryFolder { folder in
      let isExpected = queued == Self.always || running == Self.always
      _ = try Self.recordFlight(in: folder, queued: queued, running: running) {
        Self.plainTask(77)
        if isExpected { Self.waitForSnapshots(1, in: folder) }
        #expect(!Self.isWanted)
      }
      #expect(Self.snapshots(in: folder).count == (isExpected ? 1 : 0))
    }
  }

  /// The queue threshold is passed at the start, the run threshold at the end: nothing later is in the snapshot's way, and the
  /// event itself is in it.
  @Test(arguments: [true, false]) func theSnapshotHasTheEventThatAskedForIt(isQueue: Bool) throws {
    try withTemporaryFolder { folder in
      _ = try Self.recordFlight(
        in: folder, queued: isQueue ? Self.always : nil, running: isQueue ? nil : Self.always
      ) {
        let pool = try ThreadPoolExecutor(maxWorkers: 1)
        #expect(try pool.submit(label: "late") { 7 }.result() == 7)
        Self.waitForSnapshots(1, in: folder)
        pool.shutdown()
      }
      let snapshot = try TraceOnDisk(try #require(Self.snapshots(in: folder).first))
      let task = try #require(
        snapshot.records.first {
          $0.kind == .taskSubmit && snapshot.labels[UInt32($0[TaskSubmit.label])] == "late"
        }?[TaskSubmit.task])
      #expect(snapshot.records.contains { $0.kind == .taskStart && $0[TaskStart.task] == task })
      if !isQueue { #expect(snapshot.records.contains { $0.kind == .taskEnd && $0[TaskEnd.task] == task }) }
      #expect(try babeltrace2(snapshot.folder).errors == "")
    }
  }

  @Test func manyLateTasksTakeOneSnapshotUntilThePauseIsOver() throws {
    try withTemporaryFolder { folder in
      let pause = SnapshotTrigger.pause.load(ordering: .relaxed)
      defer { SnapshotTrigger.pause.store(pause, ordering: .relaxed) }
      #expect(pause == 10_000_000_000)
      SnapshotTrigger.pause.store(.max / 2, ordering: .relaxed)
      _ = try Self.recordFlight(in: folder, queued: Self.always, running: Self.always) {
        for task in 1...1000 as ClosedRange<UInt64> { Self.plainTask(task) }
        Self.waitForSnapshots(1, in: folder)
        for task in 1001...2000 as ClosedRange<UInt64> { Self.plainTask(task) }
        #expect(!Self.isWanted, "asked again within the pause")
        SnapshotTrigger.pause.store(0, ordering: .relaxed)
        Self.plainTask(3000)
        Self.waitForSnapshots(2, in: folder)
        SnapshotTrigger.pause.store(.max / 2, ordering: .relaxed)
      }
      // Tasks that were late while the pause was 0 may have asked once more.
      #expect((2...3).contains(Self.snapshots(in: folder).count))
    }
  }

  @Test func aTaskThatNeverStartsIsFoundByAnotherOfItsSlot() throws {
    try withTemporaryFolder { folder in
      let other = try #require((2...1_000_000).first { SnapshotTrigger.slotIndex($0) == SnapshotTrigger.slotIndex(1) })
      _ = try Self.recordFlight(in: folder, queued: Self.always, running: nil) {
        let site = TaskSite("waits", "F", 2)
        Recorder.taskSubmit(task: 1, parent: 0, site: site, queue: .local, depth: 0)
        #expect(!Self.isWanted)
        Recorder.taskSubmit(task: other, parent: 0, site: site, queue: .local, depth: 0)
        Self.waitForSnapshots(1, in: folder)
      }
    }
  }

  @Test func aFlightRecorderReachesItsDuration() throws {
    try withTemporaryFolder { folder in
      let trace = try Self.record({
        $0.directory = folder
        $0.mode = .overwrite
        $0.bytesPerLane = 128 << 10
        $0.maximumDuration = .milliseconds(50)
      }) {
        while EventLog.isRecording { EventLog.mark("until the end") }
        #expect(throws: EventLogError.self) {
          // The thread that ended the recording may still close its files: a snapshot waits for that.
          while true { _ = try EventLog.snapshot() }
        }
      }
      #expect(trace.marks("until the end").count > 0)
      #expect(!FileManager.default.fileExists(atPath: trace.folder + "/rings"))
    }
  }

  /// The lane that finds no bytes left has no ring; the snapshot has those of the others.
  @Test func aFlightRecorderReachesItsSize() throws {
    try withTemporaryFolder { folder in
      _ = try Self.record({
        $0.directory = folder
        $0.mode = .overwrite
        $0.bytesPerLane = 256 << 10
        $0.maximumBytes = 600 << 10  // the log's own ring takes 256 KiB
      }) {
        EventLog.mark("first")
        let thread = Thread { EventLog.mark("second") }
        thread.start()
        while !thread.isFinished { sched_yield() }
        EventLog.mark("first")
        let trace = try TraceOnDisk(try EventLog.snapshot())
        #expect(trace.marks("first").count == 2)
        #expect(trace.marks("second").isEmpty)
        #expect(try babeltrace2(trace.folder).errors == "")
      }
    }
  }

  /// `unshare`, which Glibc's overlay hides.
  private static func unshareMounts() -> Bool {
    typealias Unshare = @convention(c) (Int32) -> Int32
    guard let symbol = dlsym(nil, "unshare") else { return false }
    // SAFETY: the C function of that name and type.
    return unsafeBitCast(symbol, to: Unshare.self)(0x20000) == 0  // CLONE_NEWNS
  }

  /// On a thread with file systems of its own, one of which is full.
  @Test(.enabled(if: getuid() == 0, "mounting needs root")) func aFullDiskLeavesNothingOfASnapshot() throws {
    try withTemporaryFolder { folder in
      let full = folder + "/full"
      try FileManager.default.createDirectory(atPath: full, withIntermediateDirectories: true)
      let trace = try Self.record({
        $0.mode = .overwrite
        $0.bytesPerLane = 4 << 20
      }) {
        for value in 0..<100_000 { EventLog.mark("before", Int64(value)) }
        let outcome = Mutex<(text: String, left: [String])>(("not mounted", []))
        let thread = Thread {
          // Then nothing spreads: MS_REC | MS_PRIVATE.
          guard Self.unshareMounts(), mount("none", "/", nil, 0x4000 | 0x40000, nil) == 0,
            mount("tmpfs", full, "tmpfs", 0, "size=1m") == 0
          else { return }
          var text = "written"
          do { _ = try EventLog.snapshot(to: full) } catch { text = "\(error)" }
          let left = (try? FileManager.default.contentsOfDirectory(atPath: full)) ?? ["unreadable"]
          outcome.withLock { $0 = (text, left) }
        }
        thread.start()
        while !thread.isFinished { sched_yield() }
        let (text, left) = outcome.withLock { $0 }
        #expect(text.contains("No space left on device"))
        #expect(left == [])
        EventLog.mark("after")
        let later = try EventLog.snapshot()
        #expect(try TraceOnDisk(later).marks("before").count > 50_000)
        #expect(try babeltrace2(later).errors == "")
        try FileManager.default.removeItem(atPath: later)
      }
      #expect(trace.marks("after").count == 1)
    }
  }
}
