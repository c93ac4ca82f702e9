// A summary in machine-readable form. Every number carries its unit in its name.
import SchedulerEvents

extension Histogram {
  /// The percentiles and the counts by power of two.
  public func distribution() -> JSON {
    guard case .object(let items) = json() else { return .null }
    let counts = octaves().map {
      JSON.object([("from_ns", .unsigned($0.low)), ("to_ns", .unsigned($0.high)), ("n", .unsigned($0.count))])
    }
    return .object(items + [("octaves", .array(counts))])
  }
  /// `{"n": .., "p50_ns": ..}`.
  func json() -> JSON {
    .object([
      ("n", .unsigned(count)), ("min_ns", .unsigned(min)), ("p50_ns", .unsigned(percentile(50))),
      ("p95_ns", .unsigned(percentile(95))), ("p99_ns", .unsigned(percentile(99))), ("max_ns", .unsigned(max)),
      ("mean_ns", .number(mean)),
    ])
  }
}

extension IdleCause {
  /// Its name in machine-readable output: `no_ready_work`.
  var key: String {
    "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }
}

extension Summary {
  /// The items of the object that `summary --json` prints.
  public func json() -> [(String, JSON)] {
    [
      ("wall_ns", .unsigned(wall)), ("workers", .unsigned(UInt64(workers.count))), ("tasks", .unsigned(tasks)),
      ("events", .unsigned(UInt64(model.events))), ("lost_events", .unsigned(model.lost)),
      ("coverage", .number(coverage)),
      (
        "unreadable",
        .array(
          model.unreadable.map {
            .object([
              ("lane", .string(LaneSummary.name(of: $0.lane))), ("file", .string($0.file)),
              ("reason", .string($0.unreadable!.text)),
            ])
          })
      ),
      (
        "unread_processes",
        .array(
          model.unreadProcesses.map { .object([("path", .string($0.file)), ("reason", .string($0.text))]) })
      ),
      ("contradictions", .unsigned(UInt64(model.contradictions))), ("repairs", .unsigned(UInt64(model.repairs))),
      ("outcomes", .object(TaskFate.allCases.map { ("\($0)", .unsigned(count($0))) })),
      ("cores_used", .number(coresUsed)),
      ("states_ns", .object(LaneState.ofWorkers.map { ($0.name, .unsigned(time($0))) })),
      ("work_ns", .unsigned(work)), ("span_ns", .unsigned(criticalSpan)), ("parallelism", .number(parallelism)),
      ("burdened_parallelism", .number(burdenedParallelism)), ("greedy_bound_ns", .unsigned(greedyBound)),
      ("queue", queue.json()), ("run", run.json()), ("wake_latency", wakeLatency.json()),
      (
        "steals",
        .object([
          ("stolen", .unsigned(stolen)), ("episodes", .unsigned(searches.episodes)),
          ("found", .unsigned(searches.found)),
          ("attempts", .unsigned(searches.attempts)), ("lost_races", .unsigned(searches.lostRaces)),
        ])
      ),
      (
        "waits",
        .object([
          ("n", .unsigned(waits.count)), ("timeouts", .unsigned(waits.timeouts)),
          ("blocked_ns", .unsigned(waits.blocked)),
          ("helped_ns", .unsigned(waits.helpedTime)),
        ])
      ),
      ("idle_ns", .object(IdleCause.allCases.map { ($0.key, .unsigned(idle[$0])) })),
      ("concurrency_ns", .array(concurrency.map { .unsigned($0) })),
      ("labels", SummaryView.labelTable(self, limit: 0).json()),
    ]
  }
}
