// Real sessions of LTTng-UST. Each test says in a few lines of shell what a person would type.
import Foundation
import Testing
import Timelines

@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: getuid() == 0, "a session daemon of one's own needs root"))
struct LTTngTests {
  @Test func aSessionHasEveryEventOfTheRun() throws {
    let run = try LTTngRun(createAndStart + "$CHILD pool $OUT stream 0 500 2" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let (lines, errors) = try run.events("trace")
    #expect(errors == "")
    for event in ["task_submit", "task_start", "task_end"] { #expect(lines.count(of: event) == 500) }
    #expect(lines.contains { $0.contains("label_def") && $0.contains(#"text = "numbered""#) })
    #expect(lines.count(of: "worker_start") == lines.count(of: "worker_stop"))
    #expect(lines.contains { $0.contains("pool_config") && $0.contains("workers = 2") })
  }

  /// Both sinks at once: the same tasks, and merged by babeltrace2 no task starts before it was submitted nor ends before it started.
  @Test func theEventLogAndTheSessionTellTheSame() throws {
    let run = try LTTngRun(
      createAndStart + "CONCURRENT_FUTURES_LOG=$OUT/log $CHILD pool $OUT stream 0 500 2" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let session = try run.events("trace").lines
    let log = try run.events("log").lines
    func facts(_ lines: [Substring], _ event: String) -> [String] {
      lines.filter { $0.contains(":\(event): ") }.map { line in
        let fields = line[line.range(of: "}, {")!.upperBound...].split(separator: ",")
        return fields.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " }")) }.sorted().joined(
          separator: " ")
      }.sorted()
    }
    for event in ["task_submit", "task_start", "task_end", "worker_start", "worker_park", "wait_begin"] {
      #expect(facts(session, event) == facts(log, event), "\(event)")
    }
    #expect(facts(log, "task_submit").count == 500)

    let (merged, errors) = try run.events("")
    #expect(errors == "")
    #expect(merged.count == session.count + log.count)
    var reached: [Substring: Int] = [:]
    for line in merged {
      guard let stage = ["task_submit", "task_start", "task_end"].firstIndex(where: { line.contains(":\($0): ") }),
        let task = line.range(of: "task = ").map({ line[$0.upperBound...].prefix { $0 != "," && $0 != " " } })
      else { continue }
      #expect(reached[task, default: 0] <= stage, "\(line)")
      reached[task] = stage
    }
  }

  /// Read by `Timelines`, the two recordings of one run are one model: the same tasks, states and edges. And put together, an event
  /// that a thread recorded twice (first in the session, then in the log) is never found in the other order.
  @Test func bothRecordingsGiveTheSameModel() throws {
    let run = try LTTngRun(
      createAndStart + "CONCURRENT_FUTURES_LOG=$OUT/log $CHILD mixed $OUT stream 0 400 3" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let session = try Trace.open(run.folder + "/trace")
    let log = try Trace.open(run.folder + "/log")
    #expect(session.problems == [] && log.problems == [])
    #expect(session.lost == 0 && log.lost == 0)
    #expect(session.labels.all.map(\.text).sorted() == log.labels.all.map(\.text).sorted())
    let facts = RunFacts(log)
    #expect(facts.tasks.count >= 400)
    #expect(RunFacts(session).differences(from: facts) == [])
    #expect(Validation.of(session) == [] && Validation.of(log) == [])
    if SessionReader.babeltrace2.isAvailable {
      let again = try Trace.open(run.folder + "/trace", reader: .babeltrace2)
      #expect(again.problems == [] && again.lost == 0 && again.recordCount == session.recordCount)
      #expect(RunFacts(again).differences(from: facts) == [])
    }

    let merged = try Trace.merging([run.folder + "/trace", run.folder + "/log"])
    var order = TwiceRecorded(merged)
    merged.read(into: &order)
    #expect(order.pairs > 900)
    #expect(order.inversions == [])
  }

  /// Buffers that are far too small: both readers count the same losses, and call the same time unknown.
  @Test(.enabled(if: SessionReader.babeltrace2.isAvailable, "Tools/setup installs libbabeltrace2-dev"))
  func bothReadersKnowTheSameOfALossySession() throws {
    let small = createAndStart.replacing("--subbuf-size=1M --num-subbuf=8", with: "--subbuf-size=4K --num-subbuf=2")
    let run = try LTTngRun(small + "$CHILD mixed $OUT stream 0 4000 3" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let native = try Trace.open(run.folder + "/trace")
    let other = try Trace.open(run.folder + "/trace", reader: .babeltrace2)
    #expect(native.lost > 0 && native.problems == [] && other.problems == [])
    #expect(native.lost == other.lost && native.recordCount == other.recordCount)
    #expect(RunFacts(native).differences(from: RunFacts(other)) == [])
    #expect(Summary.of(native).coverage == Summary.of(other).coverage)
    for trace in [native, other] {
      let violations = Validation.of(trace)
      #expect(violations.count == 1 && violations[0].hasPrefix("incomplete"), "\(violations)")
    }
  }

  @Test func withoutASessionDaemonTheProgramRuns() throws {
    let run = try LTTngRun("kill -KILL $daemon; LTTNG_UST_REGISTER_TIMEOUT=0 $CHILD pool $OUT stream 0 100 2")
    #expect(run.status == 0 && run.errors == "", "\(run.errors)")
  }

  @Test func aSessionThatStartsLateIsToldWhatExists() throws {
    let run = try LTTngRun(
      """
      mkfifo $OUT/in
      $CHILD live $OUT stream 0 0 2 < $OUT/in > $OUT/said &
      program=$!
      exec 3> $OUT/in
      echo >&3
      until grep -q 1 $OUT/said; do sleep 0.01; done

      """ + createAndStart + """
        echo >&3
        until grep -q 2 $OUT/said; do sleep 0.01; done
        exec 3>&-
        wait $program
        """ + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let (lines, errors) = try run.events("trace")
    #expect(errors == "")
    #expect(lines.contains { $0.contains("label_def") && $0.contains(#"text = "live""#) })
    #expect(lines.contains { $0.contains("pool_config") })
    #expect(lines.contains { $0.contains("worker_status") && $0.contains(#"state = ( "outside""#) })
    #expect(lines.filter { $0.contains("worker_status") && $0.contains("pool = 1") }.count >= 1)
    #expect(lines.count(of: "task_submit") == 100)
  }

  /// A process that SIGKILL ends inside a tracepoint leaves a hole in the sub-buffer of that processor: what lies behind the hole
  /// is lost, and LTTng 2.13 waits for ever for it when the session is destroyed. What was written before is there: of 40,000 marks
  /// all but one sub-buffer's for each processor.
  @Test func aKilledProgramsEventsAreThere() throws {
    let small = createAndStart.replacing("--subbuf-size=1M --num-subbuf=8", with: "--subbuf-size=16K --num-subbuf=512")
    let run = try LTTngRun(
      small + "CONCURRENT_FUTURES_LOG= $CHILD killed-later $OUT discard 131072 20000 2 || true"
        + "\nlttng stop\nlttng destroy --no-wait")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("Killed"))
    let (lines, errors) = try run.events("trace")
    #expect(errors == "")
    let processors = sysconf(Int32(_SC_NPROCESSORS_CONF))
    #expect(lines.count(of: "mark") >= 40_000 - processors * (16 << 10) / 16)
  }

  @Test func discardedEventsAreCounted() throws {
    let small = createAndStart.replacing("--subbuf-size=1M --num-subbuf=8", with: "--subbuf-size=4K --num-subbuf=2")
    let run = try LTTngRun(small + "$CHILD marks $OUT discard 131072 200000 2" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let (lines, errors) = try run.events("trace")
    let kept = lines.count(of: "mark")
    #expect(kept < 400_000)
    #expect(errors.contains("Tracer discarded"))
  }

  @Test func aSnapshotSessionHasTheEnd() throws {
    let run = try LTTngRun(
      """
      lttng create test --snapshot --output=$OUT/trace
      lttng enable-channel -u c --subbuf-size=64K --num-subbuf=4
      lttng enable-event -u -c c 'concurrent_futures:*'
      lttng start
      $CHILD marks $OUT discard 131072 50000 1
      lttng snapshot record
      lttng destroy
      """)
    #expect(run.status == 0, "\(run.errors)")
    let (lines, _) = try run.events("trace")
    let marks = lines.filter { $0.contains(":mark: ") }
    #expect(marks.count > 1000 && marks.count < 50_000)
    #expect(marks.last?.contains("value = 49999 ") == true)
  }

  @Test func aRotatedSessionLosesNothingBetweenItsChunks() throws {
    let run = try LTTngRun(
      createAndStart + """
        $CHILD marks $OUT discard 131072 1000 1
        lttng rotate
        $CHILD marks $OUT discard 131072 1000 1
        """ + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let chunks = try FileManager.default.contentsOfDirectory(atPath: run.folder + "/trace/archives").sorted()
    #expect(chunks.count == 2)
    for chunk in chunks { #expect(try run.events("trace/archives/" + chunk).lines.count(of: "mark") == 1000) }
  }

  @Test func aLiveSessionIsReadWhileTheProgramRuns() throws {
    let run = try LTTngRun(
      """
      lttng-relayd --output=$OUT/relay > $OUT/relayd.out 2>&1 &
      until lttng create test --live=100000 --set-url=net://localhost 2> /dev/null; do sleep 0.05; done
      lttng enable-channel -u c --subbuf-size=64K --num-subbuf=8
      lttng enable-event -u -c c 'concurrent_futures:*'
      lttng start
      mkfifo $OUT/in
      $CHILD live $OUT stream 0 0 2 < $OUT/in > $OUT/said &
      program=$!
      exec 3> $OUT/in
      echo >&3
      until grep -q 1 $OUT/said; do sleep 0.01; done
      url=net://localhost/host/$(hostname)/test
      babeltrace2 --input-format=lttng-live $url > $OUT/live.txt 2> $OUT/live.err &
      reader=$!
      until [ $(grep -c task_end: $OUT/live.txt) = 100 ]; do
        kill -0 $reader || { cat $OUT/live.err >&2; exit 3; }
        sleep 0.05
      done
      exec 3>&-
      lttng stop
      lttng destroy
      wait $reader || true
      """)
    #expect(run.status == 0, "\(run.errors)")
    let live = try String(contentsOfFile: run.folder + "/live.txt", encoding: .utf8).split(separator: "\n")
    #expect(live.count(of: "task_submit") == 100)
  }

  @Test func logLevelsAreTheVolumeDial() throws {
    let run = try LTTngRun(
      """
      lttng create test --output=$OUT/trace
      lttng enable-event -u 'concurrent_futures:*' --loglevel=NOTICE
      lttng start
      $CHILD pool $OUT stream 0 100 2
      """ + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let lines = try run.events("trace").lines
    #expect(lines.count(of: "worker_start") > 0)
    #expect(lines.count(of: "task_submit") == 0)
  }
}
