// How recordings end: each test runs a program that records, and reads what it left.
import Foundation
import SchedulerEvents
import Testing

// Serialized: each test has programs of its own, which would only slow one another down.
@Suite(.serialized, .timeLimit(.minutes(3))) struct RecordingEndsTests {
  private func child(
    _ scenario: String, _ folder: String, _ mode: String = "stream", bytes: Int = 4 << 20, count: Int = 0,
    threads: Int = 1
  ) throws -> ProgramRun {
    try runProgram(recordingChild, [scenario, folder, mode, "\(bytes)", "\(count)", "\(threads)"])
  }
  /// Values of each thread, which are thread << 32 | 0...
  private func byThread(_ values: [Int64]) -> [Int64: [Int64]] {
    Dictionary(grouping: values) { $0 >> 32 }.mapValues { $0.map { $0 & 0xFFFF_FFFF } }
  }

  @Test(arguments: ["marks", "stop"]) func everythingIsThereAfterAnOrderlyEnd(scenario: String) throws {
    try withTemporaryFolder { folder in
      let run = try child(scenario, folder, count: 30_000, threads: 3)
      #expect(run.status == 0 && run.errors == "")
      let trace = try TraceOnDisk.only(in: folder)
      let values = byThread(trace.marks("value"))
      let kept = values.values.reduce(0) { $0 + $1.count }
      let lost = trace.streams.values.reduce(0) { $0 + $1.discarded }
      #expect(values.count == 3)
      #expect(UInt64(kept) + lost == 90_000, "kept \(kept), lost \(lost)")
      for (_, values) in values { #expect(values == values.sorted() && Set(values).count == values.count) }
      let read = try babeltrace2(trace.folder)
      #expect(read.status == 0)
      if lost == 0 { #expect(read.errors == "") }
      #expect(read.lines.filter { $0.contains(":mark:") }.count == kept)
    }
  }

  @Test func aKilledProgramLeavesEveryRecordButTheOneItWasWriting() throws {
    try withTemporaryFolder { folder in
      let run = try child("killed", folder, bytes: 8 << 20, count: 20_000, threads: 3)
      #expect(run.signal == SIGKILL)
      let trace = try TraceOnDisk.only(in: folder, wasKilled: true)
      let progress = try Data(contentsOf: URL(fileURLWithPath: folder + "/progress"))
      let values = byThread(trace.marks("value"))
      for thread in 0..<3 {
        let said = progress.withUnsafeBytes { Int($0.load(fromByteOffset: thread * 8, as: UInt64.self)) }
        let kept = try #require(values[Int64(thread)])
        let lost = trace.streams.values.first {
          $0.records.contains { $0.kind == .mark && $0.signed(Annotation.value) >> 32 == thread }
        }!.discarded
        #expect((said...(said + 1)).contains(kept.count + Int(lost)), "thread \(thread)")
        if lost == 0 { #expect(kept == Array(0..<Int64(kept.count))) }
      }
      let read = try babeltrace2(trace.folder)
      #expect(read.status == 0)
      if trace.streams.values.allSatisfy({ $0.discarded == 0 }) { #expect(read.errors == "") }
      #expect(read.lines.filter { $0.contains(":mark:") }.count == trace.marks("value").count)
    }
  }

  @Test func aKilledFlightRecorderLeavesItsRings() throws {
    try withTemporaryFolder { folder in
      let run = try child("killed", folder, "overwrite", bytes: 128 << 10, count: 50_000, threads: 2)
      #expect(run.signal == SIGKILL)
      let trace = try TraceOnDisk.only(in: folder, wasKilled: true)
      let progress = try Data(contentsOf: URL(fileURLWithPath: folder + "/progress"))
      for (thread, values) in byThread(trace.marks("value")) {
        let said = progress.withUnsafeBytes { $0.load(fromByteOffset: Int(thread) * 8, as: Int64.self) }
        #expect(values.last.map { $0 + 1 == said || $0 == said } == true)
        #expect(values == Array(values[0]...values.last!), "a gap in the ring")
        #expect(values.count > 2000)
      }
      #expect(try babeltrace2(trace.folder).errors == "")
    }
  }

  @Test func overwriteKeepsTheLatestInOrder() throws {
    try withTemporaryFolder { folder in
      let count = 20_000
      let run = try child("marks", folder, "overwrite", bytes: 256 << 10, count: count, threads: 2)
      #expect(run.status == 0 && run.errors == "")
      let trace = try TraceOnDisk.only(in: folder)
      for (_, values) in byThread(trace.marks("value")) {
        #expect(values == Array(Int64(count - values.count)..<Int64(count)))
        #expect(values.count > 3 * 2000 && values.count <= 4 * 2044)
      }
      #expect(trace.streams.values.allSatisfy { $0.discarded == 0 })
      #expect(!FileManager.default.fileExists(atPath: trace.folder + "/rings"))
      let read = try babeltrace2(trace.folder)
      #expect(read.status == 0 && read.errors == "")
    }
  }

  @Test func discardKeepsTheFirstAndCountsTheRest() throws {
    try withTemporaryFolder { folder in
      let count = 20_000
      let run = try child("marks", folder, "discard", bytes: 128 << 10, count: count, threads: 2)
      #expect(run.status == 0 && run.errors == "")
      let trace = try TraceOnDisk.only(in: folder)
      for stream in trace.streams.values where stream.records.contains(where: { $0.kind == .mark }) {
        let values = stream.records.filter { $0.kind == .mark }.map { $0.signed(Annotation.value) & 0xFFFF_FFFF }
        #expect(values == Array(0..<Int64(values.count)))
        // Two packets of 2044 slots, one of them kept for `lost`.
        #expect(values.count == 2 * 2044 - 1)
        #expect(stream.discarded == UInt64(count - values.count))
        let last = try #require(stream.records.last)
        #expect(last.kind == .lost)
        #expect(last.named(Lost.cause, as: LossCause.self) == .full)
        #expect(last[Lost.count] == stream.discarded)
      }
      let read = try babeltrace2(trace.folder)
      #expect(read.status == 0)
      #expect(read.lines.contains { $0.contains("concurrent_futures:lost") })
    }
  }

  @Test func aChildOfAForkLeavesTheParentsTraceAlone() throws {
    try withTemporaryFolder { folder in
      let run = try child("fork", folder)
      #expect(run.status == 0 && run.errors == "")
      #expect(run.output == "0\n")
      let trace = try TraceOnDisk.only(in: folder)
      #expect(trace.marks("before") == [1])
      #expect(trace.marks("parent") == [1])
      #expect(!trace.labels.values.contains("child"))
    }
  }

  /// A file size limit is the full disk that needs no mount.
  @Test func aFileSizeLimitStopsTheFilesNotTheProgram() throws {
    try withTemporaryFolder { folder in
      let count = 80_000
      let command = "ulimit -f 1024; exec \"$0\" marks \"$1\" stream 1048576 \(count) 2"
      let run = try runProgram("/bin/bash", ["-c", command, recordingChild, folder])
      #expect(run.status == 0 && run.signal == nil)
      #expect(run.errors.split(separator: "\n").count == 1, "reported once")
      #expect(run.errors.contains("File too large"))
      try checkCounts(folder, count)
    }
  }

  @Test(.enabled(if: getuid() == 0, "mounting needs root")) func aFullDiskStopsTheFilesNotTheProgram() throws {
    try withTemporaryFolder { folder in
      let count = 80_000
      let mount =
        "mount -t tmpfs -o size=2m tmpfs \"$1\" || exit 77; \"$0\" marks \"$1\" stream 1048576 \(count) 2 || exit; "
      let command = mount + "cp -r \"$1\" \"$2\""
      let run = try runProgram(
        "/usr/bin/unshare", ["--mount", "/bin/bash", "-c", command, recordingChild, folder, folder + "-copy"])
      defer { try? FileManager.default.removeItem(atPath: folder + "-copy") }
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.contains("No space left on device"))
      #expect(run.errors.split(separator: "\n").count == 1, "reported once")
      try checkCounts(folder + "-copy", count)
    }
  }

  private func checkCounts(_ folder: String, _ count: Int) throws {
    let trace = try TraceOnDisk.only(in: folder)
    let kept = byThread(trace.marks("value"))
    #expect(kept.count == 2)
    var reported: UInt64 = 0
    for stream in trace.streams.values where stream.records.contains(where: { $0.kind == .mark }) {
      let marks = stream.records.filter { $0.kind == .mark }
      #expect(UInt64(marks.count) + stream.discarded == UInt64(count))
      reported += stream.records.filter { $0.kind == .lost }.reduce(0) { $0 + $1[Lost.count] }
      #expect(stream.discarded > 0)
    }
    #expect(reported == trace.streams.values.reduce(0) { $0 + $1.discarded })
    #expect(try babeltrace2(trace.folder).status == 0)
  }

  @Test func aDirectoryThatCannotBeMadeIsSaidOnce() throws {
    let run = try runProgram(recordingChild, ["marks", "/proc/nowhere", "stream", "1048576", "10"])
    #expect(run.status != 0 || run.signal != nil, "EventLog.start throws; the child does not catch it")
    #expect(run.errors.contains("/proc/nowhere"))
  }

  @Test func aSnapshotIsATraceOfItsOwn() throws {
    for mode in ["overwrite", "stream", "discard"] {
      try withTemporaryFolder { folder in
        let run = try child("snapshot", folder, mode, bytes: 256 << 10, count: 30_000, threads: 2)
        #expect(run.status == 0 && run.errors == "")
        let snapshot = run.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let trace = try TraceOnDisk(snapshot)
        for (_, values) in byThread(trace.marks("value")) {
          #expect(
            values == Array(values[0]...values.last!) || trace.streams.values.contains { $0.discarded > 0 }, "\(mode)")
        }
        let read = try babeltrace2(snapshot)
        #expect(read.status == 0, "\(mode) \(read.errors)")
        #expect(TraceOnDisk.traces(in: folder).count == 2)
      }
    }
  }

  /// The whole way without a line of code: environment, pool, trace.
  @Test(arguments: ["stream", "overwrite"]) func theEnvironmentRecordsAPool(mode: String) throws {
    try withTemporaryFolder { folder in
      let run = try runProgram(
        recordingChild, ["pool", folder, "stream", "0", "1000", "2"],
        environment: [
          "CONCURRENT_FUTURES_LOG": folder + "/new/log", "CONCURRENT_FUTURES_LOG_MODE": mode,
          "CONCURRENT_FUTURES_LOG_SIZE": "1M",
        ])
      #expect(run.status == 0 && run.errors == "")
      let trace = try TraceOnDisk.only(in: folder + "/new/log")
      let records = trace.records
      func tasks(_ kind: EventKind, _ place: Place) -> Set<UInt64> {
        Set(records.filter { $0.kind == kind }.map { $0[place] })
      }
      #expect(tasks(.taskSubmit, TaskSubmit.task).count == 1000)
      #expect(tasks(.taskStart, TaskStart.task) == tasks(.taskSubmit, TaskSubmit.task))
      #expect(tasks(.taskEnd, TaskEnd.task) == tasks(.taskSubmit, TaskSubmit.task))
      let labels = Set(records.filter { $0.kind == .taskSubmit }.map { trace.labels[UInt32($0[TaskSubmit.label])] })
      #expect(labels == ["numbered"])
      let starts = records.filter { $0.kind == .workerStart }.count
      #expect((1...2).contains(starts) && records.filter { $0.kind == .workerStop }.count == starts)
      guard case .pool(_, let workers, _, let name, let policies)? = trace.pools.first else {
        Issue.record("no pool_config")
        return
      }
      #expect(workers == 2 && !name.isEmpty && !policies.isEmpty)
      #expect(try babeltrace2(trace.folder).errors == "")
    }
  }

  @Test func aWrongEnvironmentIsSaidAndTheProgramRuns() throws {
    for (variable, value) in [("MODE", "steam"), ("SIZE", "a lot")] {
      try withTemporaryFolder { folder in
        let run = try runProgram(
          recordingChild, ["pool", folder, "stream", "0", "10", "1"],
          environment: ["CONCURRENT_FUTURES_LOG": folder, "CONCURRENT_FUTURES_LOG_\(variable)": value])
        #expect(run.status == 0)
        #expect(run.errors.contains(value) && run.errors.split(separator: "\n").count == 1)
        #expect(TraceOnDisk.traces(in: folder).isEmpty)
      }
    }
    let run = try runProgram(
      recordingChild, ["pool", "/tmp", "stream", "0", "10", "1"],
      environment: ["CONCURRENT_FUTURES_LOG": "/proc/nowhere"])
    #expect(run.status == 0)
    #expect(run.errors.split(separator: "\n").count == 1)
  }
}
