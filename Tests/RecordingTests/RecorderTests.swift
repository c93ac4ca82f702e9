// Every function of the recorder, in this process: what is written is what was said.
import CPlatform
import Foundation
import SchedulerEvents
import Testing
import Timelines

@testable import ConcurrentFutures

/// One test of this process records at a time; other suites may record too, so starting is tried again.
@Suite(.serialized, .timeLimit(.minutes(1))) struct RecorderTests {
  static func record(
    _ configure: (inout EventLog.Configuration) -> Void = { _ in }, _ body: () throws -> Void
  ) throws -> TraceOnDisk {
    try withTemporaryFolder { folder in
      var configuration = EventLog.Configuration(directory: folder)
      configure(&configuration)
      let deadline = Date().addingTimeInterval(30)
      while true {
        do {
          try EventLog.start(configuration)
          break
        } catch let error as EventLogError where error.description.contains("already") && Date() < deadline {
          sched_yield()
        }
      }
      do { try body() } catch {
        EventLog.stop()
        throw error
      }
      EventLog.stop()
      let own = TraceOnDisk.traces(in: configuration.directory).filter { !$0.contains("-snapshot-") }
      return try TraceOnDisk(own[0])
    }
  }

  /// The records of the calling thread's lane, each as text.
  private func onThisLane(_ body: () throws -> Void) throws -> [String] {
    var lane: UInt16 = 0
    let trace = try Self.record {
      try body()
      lane = cf_current_thread()!.pointee.lane
    }
    return (trace.streams[lane]?.records ?? []).map { record in
      let event = EventTable[record.kind!]
      return ([event.name] + event.fields.dropFirst().map { "\($0.name)=\($0.describe(record))" }).joined(
        separator: " ")
    }
  }

  @Test func everyEventIsWrittenAsItWasSaid() throws {
    let tid = cf_gettid()
    let site = TaskSite("a task", "File.swift", 7)
    let lines = try onThisLane {
      Recorder.taskSubmit(task: 1, parent: 2, site: site, queue: .injector, depth: 5000)
      Recorder.taskStart(task: 1, source: .stolen, victim: 3, depth: 4, nesting: 5)
      Recorder.taskEnd(task: 1, failed: true, waiters: 6)
      Recorder.taskCancel(task: 7)
      Recorder.taskNotify(task: 8)
      Recorder.taskSuspend(task: 9)
      Recorder.taskResume(task: 10)
      Recorder.taskDepend(from: 11, to: 12, kind: .any)
      Recorder.waitBegin(waiter: 13, awaited: 14, mode: .completed, timed: true, count: 100_000)
      Recorder.waitEnd(waiter: 13, awaited: 14, outcome: .cancelled, helped: 15)
      Recorder.callbackBegin(task: 16, count: 17)
      Recorder.callbackEnd(task: 16, count: 18)
      Recorder.forkBegin(parent: 19, victim: 20)
      Recorder.forkEnd(parent: 19, victim: 0xFFFF)
      Recorder.forkSplit(fork: 21, parent: 22)
      Recorder.forkJoin(fork: 21, parent: 22)
      Recorder.jobBegin()
      Recorder.jobEnd()
      Recorder.workerPark(reason: .wait, dequeDepth: 23, injectorDepth: 24)
      Recorder.workerUnpark(cause: .spurious, waker: 25)
      Recorder.workerWake(target: 26, cause: .stop)
      Recorder.blockingBegin(kind: 27)
      Recorder.blockingEnd(kind: 28)
      Recorder.queueSample(pool: 29, injectorDepth: 30, live: 31)
      for kind in [EventKind.callSent, .callStarted, .callResult, .callWorkerSpawned, .callWorkerDied] {
        Recorder.callEvent(kind, call: 32, peer: 33, pid: 34, bytes: 35)
      }
      EventLog.counter("a counter", -36)
    }
    let label = lines[0].split(separator: " ")[1]
    let counter = lines.last!.split(separator: " ")[1]
    #expect(
      lines == [
        "task_submit \(label) queue=injector depth=1023 task=0x1 parent=0x2",
        "task_start victim=3 source=stolen depth=4 task=0x1 nesting=5", "task_end outcome=error waiters=6 task=0x1",
        "task_cancel nesting=0 task=0x7", "task_notify nesting=0 task=0x8", "task_suspend nesting=0 task=0x9",
        "task_resume nesting=0 task=0xa", "task_depend kind=any from=0xb to=0xc",
        "wait_begin mode=completed timed=1 count=65535 waiter=0xd awaited=0xe",
        "wait_end outcome=cancelled helped=15 waiter=0xd awaited=0xe", "callback_begin count=17 task=0x10",
        "callback_end count=18 task=0x10", "fork_begin victim=20 parent=0x13", "fork_end victim=65535 parent=0x13",
        "fork_split nesting=0 fork=0x15 parent=0x16", "fork_join nesting=0 fork=0x15 parent=0x16", "job_begin",
        "job_end", "worker_park reason=wait deque_depth=23 injector_depth=24", "worker_unpark cause=spurious waker=25",
        "worker_wake target=26 cause=stop", "blocking_begin kind=27", "blocking_end kind=28",
        "queue_sample pool=29 injector_depth=30 live=31", "call_sent pid=34 call=32 peer=33 bytes=35",
        "call_started pid=34 call=32 peer=33 bytes=35", "call_result pid=34 call=32 peer=33 bytes=35",
        "call_worker_spawned pid=34 call=32 peer=33 bytes=35", "call_worker_died pid=34 call=32 peer=33 bytes=35",
        "counter \(counter) value=-36",
      ])
    #expect(tid == cf_gettid())
  }

  @Test func workersAndSearches() throws {
    let lines = try onThisLane {
      Recorder.workerStart(pool: 3)
      let began = Recorder.now
      Recorder.searchEnd(began: began, attempts: 1 << 40, empty: 2, lostRaces: 3, found: true, victim: 4)
      Recorder.searchEnd(began: .max, attempts: -1, empty: 2, lostRaces: 3, found: false, victim: 0xFFFF)
      Recorder.workerStop(pool: 3)
    }
    #expect(lines.count == 4)
    #expect(lines[0].hasPrefix("worker_start pool=3 tid=\(cf_gettid()) cpu="))
    #expect(lines[1].hasSuffix("attempts=\((1 << 22) - 1) empty=2 lost_races=3"))
    #expect(lines[1].hasPrefix("search_end victim=4 found=1 duration="))
    #expect(lines[2] == "search_end victim=65535 found=0 duration=0 attempts=0 empty=2 lost_races=3")
  }

  @Test func aTaskOfTheOwnDequeThatStartsRightAfterAnotherEndedStartsAtItsEnd() throws {
    var lane: UInt16 = 0
    let trace = try Self.record {
      func start(_ task: UInt64, followsEnd: Bool) {
        Recorder.taskStart(
          task: task, source: .local, victim: 0xFFFF, depth: 0, nesting: 0, followsEnd: followsEnd)
      }
      Recorder.taskEnd(task: 1, failed: false, waiters: 0)
      usleep(1000)
      start(2, followsEnd: true)
      Recorder.taskEnd(task: 2, failed: false, waiters: 0)
      EventLog.mark("between")
      start(3, followsEnd: true)
      Recorder.taskEnd(task: 3, failed: false, waiters: 0)
      usleep(1000)
      start(4, followsEnd: false)  // it may have been submitted in between
      lane = cf_current_thread()!.pointee.lane
    }
    let times = trace.streams[lane]!.records.map(\.time)
    #expect(times.count == 7)
    #expect(times[0] == times[1])
    #expect(times[4] > times[2])
    #expect(times[6] > times[5])
  }

  @Test func labelsAreDefinedOnceAndAgainForTheNextRecording() throws {
    for round in 0..<2 {
      var lane: UInt16 = 0
      let trace = try Self.record {
        lane = Recorder.currentLane
        for _ in 0..<3 {
          EventLog.mark("one label")
          Recorder.taskSubmit(
            task: 1, parent: 0, site: TaskSite(nil, "Dir/File.swift", 42), queue: .local, depth: 0)
          Recorder.taskSubmit(
            task: 1, parent: 0, site: TaskSite(nil, "Dir/File.swift", 43), queue: .local, depth: 0)
        }
        lane = Recorder.currentLane
      }
      let records = trace.streams[lane]!.records
      let names = records.map { record in
        trace.labels[UInt32(record[record.kind == .mark ? Annotation.label : TaskSubmit.label])] ?? "?"
      }
      #expect(Array(names.prefix(3)) == ["one label", "Dir/File.swift:42", "Dir/File.swift:43"], "round \(round)")
      #expect(names.count == 9)
    }
  }

  @Test func regionsNestAndSayTheirNumbers() throws {
    let lines = try onThisLane {
      try #require(EventLog.isRecording)
      let value = EventLog.region("outer") { EventLog.region("inner") { 5 } }
      #expect(value == 5)
    }
    #expect(
      lines.map { $0.prefix(while: { $0 != " " }) } == ["region_begin", "region_begin", "region_end", "region_end"])
    let ids = lines.map { $0.split(separator: "=").last! }
    #expect(ids[0] == ids[3] && ids[1] == ids[2] && ids[0] != ids[1])
  }

  @Test func nothingIsRecordedBeforeOrAfter() throws {
    EventLog.mark("before")
    let trace = try Self.record { EventLog.mark("during") }
    EventLog.mark("after")
    #expect(!trace.labels.values.contains("after"))
    #expect(trace.marks("during") == [0])
    #expect(trace.marks("before").isEmpty)
  }

  @Test func startingTwiceIsAnError() throws {
    _ = try Self.record {
      #expect(throws: EventLogError.self) { try EventLog.start(.init(directory: "/tmp")) }
    }
    EventLog.stop()
    #expect(throws: EventLogError.self) { try EventLog.start(.init(directory: "")) }
    #expect(throws: EventLogError.self) { try EventLog.start(.init(directory: "/proc/nowhere")) }
  }

  /// Work for which a bounded pool has no room is a task like any other: its submitter runs it.
  @Test func whatTheCallerRunsIsRecorded() throws {
    try withTemporaryFolder { folder in try checkCallerRuns(folder) }
  }
  private func checkCallerRuns(_ folder: String) throws {
    let trace = try Self.record({ $0.directory = folder }) {
      var configuration = ThreadPoolExecutor.Configuration()
      configuration.maxWorkers = 1
      configuration.admission = .callerRuns(limit: 1)
      configuration.errorHandler = { _, _ in }
      let pool = try ThreadPoolExecutor(configuration)
      let gate = Future<Void>()
      let running = try pool.submit(label: "fills the pool") { try gate.result() }
      while !running.isRunning { sched_yield() }
      let queued = try pool.submit(label: "fills the queue") {}
      try pool.execute(label: "executed here") { EventLog.mark("executing") }
      try pool.execute(label: "fails here") { throw CancellationError() }
      _ = try pool.submit(label: "submitted here") {}
      try gate.setResult(())
      try running.result()
      try queued.result()
      pool.shutdown()
    }
    let outside = trace.streams.filter { $0.key >= EventValue.firstOutsideLane }.flatMap(\.value.records)
    for (label, outcome) in [("executed here", TaskOutcome.value), ("fails here", .error), ("submitted here", .value)] {
      let submits = outside.filter {
        $0.kind == .taskSubmit && trace.labels[UInt32($0[TaskSubmit.label])] == label
          && $0[TaskSubmit.queue] == UInt64(SubmitQueue.inline.rawValue)
      }
      let task = try #require(submits.first)[TaskSubmit.task]
      #expect(submits.count == 1)
      let start = try #require(outside.first { $0.kind == .taskStart && $0[TaskStart.task] == task })
      #expect(start[TaskStart.source] == UInt64(TaskSource.inline.rawValue) && start[TaskStart.nesting] == 0)
      let end = try #require(outside.first { $0.kind == .taskEnd && $0[TaskEnd.task] == task })
      #expect(end[TaskEnd.outcome] == UInt64(outcome.rawValue))
    }
    #expect(Validation.of(try Trace.open(trace.folder)) == [])
  }

  @Test func aRecordingReachesItsDuration() throws {
    _ = try Self.record({ $0.maximumDuration = .milliseconds(10) }) {
      while EventLog.isRecording { EventLog.mark("until the end") }
    }
  }

  @Test func aRecordingReachesItsSize() throws {
    let trace = try Self.record({ $0.maximumBytes = 5 << 18 }) {
      for value in 0..<50_000 { EventLog.mark("too many", Int64(value)) }
    }
    let kept = trace.marks("too many").count
    #expect(kept < 50_000 && kept > 30_000)
    #expect(trace.streams.values.contains { $0.discarded == UInt64(50_000 - kept) })
  }

  /// A thread for which nothing is left of the size: how much it lost stands in the trace, and in what is read from it.
  @Test(arguments: [EventLog.Mode.stream, .discard, .overwrite])
  func aLaneWithoutRoomSaysWhatItLost(mode: EventLog.Mode) throws {
    try withTemporaryFolder { folder in
      let trace = try Self.record({
        $0.directory = folder
        $0.mode = mode
        $0.bytesPerLane = 256 << 10
        $0.maximumBytes = (mode == .stream ? 300 : 600) << 10  // two rings fit: the log's own and this thread's
      }) {
        EventLog.mark("kept")
        for _ in 0..<4 {
          let thread = Thread { for value in 0..<100 { EventLog.mark("lost", Int64(value)) } }
          thread.start()
          while !thread.isFinished { sched_yield() }
        }
        for _ in 0..<20 { EventLog.mark("kept") }
      }
      #expect(trace.marks("kept").count == 21)
      let read = try Trace.open(trace.folder)
      #expect(read.lost == UInt64(400 - trace.marks("lost").count))
      #expect(read.lost > 0, "\(mode)")
      #expect(read.problems == [])
      // A thread may begin before the one before it has given its lane back.
      let lanes = read.lanes.filter { $0.lost > 0 }
      #expect((1...4).contains(lanes.count) && lanes.allSatisfy { $0.records == 1 && $0.tid > 0 })
      #expect(try babeltrace2(trace.folder).status == 0)
    }
  }
}
