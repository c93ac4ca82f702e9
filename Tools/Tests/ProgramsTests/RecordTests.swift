// `poolscope record` and `poolscope snapshot` as a person runs them, on a real program (treesum).
import Foundation
import Testing

@Suite(.timeLimit(.minutes(3))) struct RecordTests {

  private func withFiles(_ body: (borrowing Shell) throws -> Void) throws {
    let shell = try Shell()
    for number in 0..<20 { try shell.write("file\(number)", count: 20_000, seed: UInt64(number)) }
    try shell.run("mkdir tree && mv file* tree")
    try body(shell)
  }

  @Test func theEventLogOfAProgram() throws {
    try withFiles { shell in
      let plain = try shell.run("treesum tree")
      let run = try shell.run("poolscope record -o trace -- treesum tree")
      #expect(run.status == 0, "\(run.messages)")
      #expect(run.text == plain.text, "stdout is the program's")
      #expect(run.messages.contains("the trace is in \(shell.folder.path)/trace"))
      #expect(run.messages.contains("tasks"), "the summary: \(run.messages)")
      let events = try shell.run("babeltrace2 trace | grep -c task_end:")
      let ended = try #require(Int(events.text.trimmingCharacters(in: .whitespacesAndNewlines)))
      #expect(ended > 0)
      let tasks = try shell.run("poolscope tasks --csv --limit 0 trace | tail -n +2 | wc -l")
      #expect(Int(tasks.text.trimmingCharacters(in: .whitespacesAndNewlines)) == ended, "\(tasks.messages)")
    }
  }

  @Test func theOptionsReachTheProgram() throws {
    try withFiles { shell in
      let run = try shell.run("poolscope record --mode overwrite --size 256K --quiet -o trace -- treesum tree")
      #expect(run.status == 0)
      #expect(run.messages.split(separator: "\n").count == 1, "no summary: \(run.messages)")
      let metadata = try shell.run("grep -h mode trace/*/metadata")
      #expect(metadata.text.contains("overwrite"))
      let variables = try shell.run("poolscope record --size 3M -o other -- env")
      #expect(variables.text.contains("CONCURRENT_FUTURES_LOG_SIZE=3M\n"))
      #expect(variables.text.contains("CONCURRENT_FUTURES_LOG=\(shell.folder.path)/other\n"))
    }
  }

  @Test(arguments: [("exit 7", 7), ("kill -TERM $$", 128 + 15), ("kill -KILL $$", 128 + 9), ("true", 0)])
  func theExitStatusIsTheProgramsOwn(script: String, status: Int32) throws {
    let shell = try Shell()
    let run = try shell.run("poolscope record --quiet -o trace -- bash -c '\(script)'")
    #expect(run.status == status)
  }

  @Test func whatCannotBeRunIsSaid() throws {
    let shell = try Shell()
    let missing = try shell.run("poolscope record --quiet -o trace -- ./no-such-program")
    #expect(missing.status == 127 && missing.messages.contains("no-such-program"))
    let folder = try shell.run("poolscope record --quiet -o trace -- /tmp")
    #expect(folder.status == 126)
    #expect(try shell.run("poolscope record").status != 0)
    #expect(try shell.run("poolscope record --mode steam -- true").status != 0)
  }

  @Test func interruptingReachesTheProgramAndRecordFinishes() throws {
    let shell = try Shell()
    // A process group of its own, as a terminal would make it.
    let run = try shell.run(
      """
      set -m
      poolscope record --quiet -o trace -- bash -c 'trap "exit 5" INT; touch ready; while :; do sleep 0.05; done' &
      until [ -e ready ]; do sleep 0.01; done
      kill -INT -- -$!
      wait $!
      """)
    #expect(run.status == 5, "\(run.messages)")
    #expect(run.messages.contains("the trace is in"))
  }

  /// Mounts and processes of its own, so that no daemon outside is seen or disturbed.
  @Test(.enabled(if: getuid() == 0, "a session daemon of one's own needs root")) func anLTTngSession() throws {
    try withFiles { shell in
      let isolated = """
        mount -t tmpfs tmpfs /run
        mkdir /run/lttng
        mount -t tmpfs tmpfs /dev/shm
        export LTTNG_HOME=/run
        poolscope record --lttng -o trace -- treesum tree
        echo "status $?"
        poolscope record --lttng --quiet -o other -- bash -c "exit 7"
        echo "status $?"
        # An interrupt at the terminal reaches the program, not the daemon: the trace is completed.
        set -m
        poolscope record --lttng --quiet -o interrupted -- bash -c 'trap "exit 5" INT; treesum tree; touch ready; while :; do sleep 0.05; done' &
        until [ -e ready ]; do sleep 0.01; done
        kill -INT -- -$!
        wait $!
        echo "interrupted $?"
        rm ready
        poolscope record --lttng --quiet -o terminated -- bash -c 'trap "exit 6" TERM; touch ready; while :; do sleep 0.05; done' &
        until [ -e ready ]; do sleep 0.01; done
        kill -TERM $!
        wait $!
        echo "terminated $?"
        # Killed while it records: if that was inside a tracepoint, LTTng would wait for ever for the event's end.
        poolscope record --lttng --quiet -o killed -- \
          bash -c 'pgzip -c < /dev/zero > /dev/null & sleep 0.5; kill -KILL $! $$'
        echo "killed $?"
        poolscope info killed > /dev/null
        echo "readable $?"
        pgrep lttng-sessiond && echo "a daemon is left"
        true
        """
      try isolated.write(to: shell.folder.appendingPathComponent("isolated"), atomically: true, encoding: .utf8)
      let run = try shell.run(
        "timeout --signal=KILL 90 unshare --mount --pid --fork --mount-proc --kill-child bash isolated")
      #expect(run.status == 0, "\(run.messages)")
      #expect(run.text.contains("status 0") && run.text.contains("status 7"), "\(run.text)\n\(run.messages)")
      #expect(run.text.contains("interrupted 5") && run.text.contains("terminated 6"), "\(run.text)\n\(run.messages)")
      #expect(run.text.contains("killed 137\nreadable 0"), "\(run.text)\n\(run.messages)")
      #expect(run.messages.contains("killed: LTTng loses"), "\(run.messages)")
      #expect(!run.text.contains("a daemon is left"))
      #expect(run.messages.contains("tasks   lost 0   coverage 100 %"), "the summary: \(run.messages)")
      #expect(try shell.run("poolscope info interrupted").status == 0)
      let read = try shell.run("babeltrace2 trace 2>complaints; cat complaints >&2")
      #expect(read.messages == "", "nothing was lost")
      let lines = read.text.split(separator: "\n")
      let submitted = lines.count { $0.contains("concurrent_futures:task_submit:") }
      #expect(submitted > 0)
      #expect(lines.count { $0.contains("concurrent_futures:task_end:") } == submitted)
      let tasks = try shell.run("poolscope tasks --csv --limit 0 trace | tail -n +2 | wc -l")
      #expect(Int(tasks.text.trimmingCharacters(in: .whitespacesAndNewlines)) == submitted, "\(tasks.messages)")
      #expect(try shell.run("poolscope validate trace").status == 0)
      try readThroughBabeltrace(shell)
    }
  }
  /// Both readers say the same, in words and in status; the library ends at the first damage, ours steps over it.
  private func readThroughBabeltrace(_ shell: borrowing Shell) throws {
    for command in ["summary --json", "tasks --csv", "validate", "lint --json", "merge -o merged-$RANDOM trace"] {
      let native = try shell.run("poolscope \(command) trace")
      let other = try shell.run("poolscope \(command) trace --reader babeltrace2")
      #expect(native.status == 0 && other.status == 0, "\(other.messages)")
      #expect(native.text == other.text, "\(command)")
    }
    #expect(try shell.run("poolscope diff trace trace --reader babeltrace2").status == 0)
    #expect(try shell.run("poolscope summary trace --reader babeltrace3").status == 2)
    #expect(try shell.run("printf 'no packet' >> \"$(find trace -name 'pool_*' -size +0 | head -n 1)\"").status == 0)
    #expect(try shell.run("poolscope info trace --strict").status == 4)
    let ended = try shell.run("poolscope info trace --reader babeltrace2")
    #expect(ended.status == 3, "\(ended.text)")
    #expect(ended.messages.contains("libbabeltrace2 gave up") && ended.messages.contains("native"), "\(ended.messages)")
  }

  @Test func aSnapshotOfARunningProgram() throws {
    try withFiles { shell in
      // pgzip waits for more of its input while its pool is up.
      let run = try shell.run(
        """
        mkfifo input
        cat tree/* tree/* tree/* > data
        export CONCURRENT_FUTURES_LOG=$PWD/log CONCURRENT_FUTURES_LOG_MODE=overwrite
        pgzip < input > output &
        program=$!
        exec 3> input
        cat data >&3
        until ls log/*/rings/worker-* > /dev/null 2>&1; do kill -0 $program || exit 9; sleep 0.01; done
        poolscope snapshot $program -o copies > folders || exit 8
        exec 3>&-
        wait $program || exit 7
        zcat output | cmp - data || exit 4
        unset CONCURRENT_FUTURES_LOG CONCURRENT_FUTURES_LOG_MODE
        [ $(wc -l < folders) = 1 ] || exit 6
        poolscope validate "$(cat folders)" >&2 || exit 5
        babeltrace2 "$(cat folders)" | grep -c 'worker_start\\|worker_status'
        """)
      #expect(run.status == 0, "\(run.messages)")
      #expect(Int(run.text.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 > 0 } == true)
    }
  }

  @Test func aProcessWithoutALogHasNoSnapshot() throws {
    let shell = try Shell()
    let run = try shell.run("poolscope snapshot $$")
    #expect(run.status == 3 && run.messages.contains("writes no event log"), "\(run.status) \(run.messages)")
    #expect(try shell.run("poolscope snapshot 999999999").status == 3)
  }
}
