// Known ways in which a run goes wrong. Each finding states its evidence and what to do; each threshold its reason.
import SchedulerEvents

/// Something that deserves a look.
public struct Finding: Sendable {
  /// How much a finding matters; later cases matter more.
  public enum Severity: Int, Sendable, Comparable, CaseIterable {
    /// `info`: to know; `warning`: costs time; `error`: something is wrong.
    case info, warning, error
    /// Whether `a` matters less.
    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
    /// As views show it.
    public var name: String { "\(self)" }
  }
  /// `SERIAL-TAIL`.
  public var id: String
  /// How much it matters.
  public var severity: Severity
  /// What was seen, with numbers.
  public var evidence: String
  /// What to do.
  public var advice: String
  /// The share of workers x wall that it concerns; orders findings of the same severity.
  public var weight: Double
  /// The command that shows more.
  public var command: String
}

/// One rule: finds at most one thing in a summary.
struct LintRule: Sendable {
  let id: String
  let check: @Sendable (Summary) -> Finding?
}

/// The rules that look for known ways in which a run goes wrong.
public enum Lint {
  /// The ids of all rules.
  public static var ids: [String] { rules.map(\.id) }

  /// The findings in a run: errors first, then by weight.
  public static func findings(_ summary: Summary) -> [Finding] {
    guard !summary.workers.isEmpty, summary.wall > 0 else { return [] }
    return rules.compactMap { $0.check(summary) }.sorted {
      ($0.severity.rawValue, $0.weight, $1.id) > ($1.severity.rawValue, $1.weight, $0.id)
    }
  }

  static let rules: [LintRule] = grainRules + shapeRules + workerRules + taskRules

  static func rule(
    _ id: String, _ severity: Finding.Severity, _ advice: String, _ command: String,
    _ check: @escaping @Sendable (Summary) -> (evidence: String, weight: Double)?
  ) -> LintRule { rule(id, severity, { _ in advice }, command, check) }
  /// What to do depends on the run.
  static func rule(
    _ id: String, _ severity: Finding.Severity, _ advice: @escaping @Sendable (Summary) -> String, _ command: String,
    _ check: @escaping @Sendable (Summary) -> (evidence: String, weight: Double)?
  ) -> LintRule {
    LintRule(id: id) { summary in
      check(summary).map {
        Finding(
          id: id, severity: severity, evidence: $0.evidence, advice: advice(summary), weight: $0.weight,
          command: command)
      }
    }
  }
  static func relative(_ time: UInt64, _ summary: Summary) -> String {
    "+" + Units.duration(time - min(time, summary.model.span.lowerBound))
  }

  /// Tasks too small or too large.
  private static let grainRules = [
    // Below ten times the cost of a task more than a tenth of the time goes into scheduling. A hundred tasks: no matter.
    rule("FINE-GRAIN", .warning, "Give each task more: larger chunks (map(chunkSize:)), a coarser cut-off.", "labels") {
      summary in
      let cost = summary.costPerTask
      guard cost > 0 else { return nil }
      let fine = summary.labels.filter { $0.run.count >= 100 && $0.run.percentile(50) < 10 * cost }
      guard let worst = fine.max(by: { $0.run.count < $1.run.count }) else { return nil }
      let overhead = Units.ratio(cost * worst.run.count, of: summary.capacity)
      return (
        "\(summary.labelTable.text(worst.label)): \(Units.count(worst.run.count)) tasks run \(Units.duration(worst.run.percentile(50))) (p50), "
          + "getting at one costs \(Units.duration(cost))", overhead
      )
    },
    // One task longer than half of the ideal time leaves the others without work at the end; at least a tenth idle.
    rule("COARSE-GRAIN", .warning, "Cut the longest tasks up, or submit them first.", "tasks") { summary in
      let ideal = summary.work / UInt64(summary.workers.count)
      guard summary.workers.count > 1, let worst = summary.labels.max(by: { $0.run.max < $1.run.max }) else {
        return nil
      }
      let idle = Units.ratio(summary.idle[.noReadyWork], of: summary.capacity)
      guard worst.count >= 2, worst.run.max > ideal / 2, idle > 0.1 else { return nil }
      return (
        "\(summary.labelTable.text(worst.label)): one task ran \(Units.duration(worst.run.max)), "
          + "the whole could take \(Units.duration(ideal)) on \(summary.workers.count) workers", idle
      )
    },
  ]

  /// The shape of the run as a whole. A twentieth of the wall time is what one would notice.
  private static let shapeRules = [
    rule("SERIAL-TAIL", .error, "Let the last step overlap with the others, or make it parallel.", "critical-path") {
      summary in
      guard summary.workers.count > 1 else { return nil }
      let late = summary.alone.first { $0.end + summary.wall / 50 >= summary.model.span.upperBound }
      guard let tail = late, tail.length > summary.wall / 20,
        tail.start > summary.model.span.lowerBound + summary.wall / 50
      else { return nil }
      let share = Units.ratio(tail.length, of: summary.wall)
      return (
        "\(summary.labelTable.text(tail.label)) ran alone for the last \(Units.duration(tail.length)) (\(Units.percent(share)) of wall)",
        share * Double(summary.workers.count - 1) / Double(summary.workers.count)
      )
    },
    rule("SERIAL-HEAD", .warning, "Start submitting before the preparation is complete.", "critical-path") { summary in
      guard summary.workers.count > 1 else { return nil }
      let early = summary.alone.first { $0.start <= summary.model.span.lowerBound + summary.wall / 50 }
      guard let head = early, head.length > summary.wall / 20,
        head.end + summary.wall / 50 < summary.model.span.upperBound
      else { return nil }
      let share = Units.ratio(head.length, of: summary.wall)
      return (
        "\(summary.labelTable.text(head.label)) ran alone for the first \(Units.duration(head.length)) (\(Units.percent(share)) of wall)",
        share * Double(summary.workers.count - 1) / Double(summary.workers.count)
      )
    },
    rule("LOW-PARALLELISM", .warning, "More workers cannot help; shorten the longest chain of tasks.", "workspan") {
      summary in
      guard summary.workers.count > 1, summary.criticalSpan > 0, summary.tasks > 1 else { return nil }
      guard summary.parallelism < Double(summary.workers.count), summary.coverage > 0.9 else { return nil }
      return (
        "work / span is \(Units.fixed(summary.parallelism, 2)) on \(summary.workers.count) workers",
        1 - summary.parallelism / Double(summary.workers.count)
      )
    },
  ]

  /// Workers that do something else than work.
  private static let workerRules = [
    rule("BLOCKED-WORKER", .warning, "Continue with then(...) instead of result(), or allow compensation.", "idle") {
      summary in
      let share = Units.ratio(summary.idle[.blockedInResult], of: summary.capacity)
      guard share > 0.05 else { return nil }
      return ("workers were blocked in result() for \(Units.percent(share)) of the time, with nothing to help", share)
    },
    // A tenth of the workers' time, while work was there that only the injector held.
    rule("INJECTOR-BACKLOG", .warning, "Submit from tasks rather than from outside, or in larger pieces.", "queues") {
      summary in
      let share = Units.ratio(summary.idle[.injectorOnly], of: summary.capacity)
      guard share > 0.1 else { return nil }
      return (
        "for \(Units.percent(share)) of the time workers were idle although the injector held tasks (up to \(Units.count(summary.injectorDepth.max)))",
        share
      )
    },
    rule("IMBALANCE", .warning, "Cut the work of the busiest worker up; is something pinned to it?", "workers") {
      summary in
      guard summary.workers.count > 1, summary.work > 0 else { return nil }
      let busy = summary.workers.map {
        summary.states[$0][Int(LaneState.running.rawValue)] + summary.states[$0][Int(LaneState.helping.rawValue)]
      }
      guard let most = busy.max(), let index = busy.firstIndex(of: most) else { return nil }
      let mean = Double(summary.work) / Double(busy.count)
      let idle = Units.ratio(summary.idle.total, of: summary.capacity)
      guard Double(most) > mean * 1.25, idle > 0.1 else { return nil }
      let name = summary.model.lanes[summary.workers[index]].name
      return ("\(name) worked \(Units.fixed(Double(most) / mean, 2)) times the mean", idle * (1 - mean / Double(most)))
    },
    // Fewer than one in twenty episodes find something: the searching is for nothing. A thousand: not a matter of start-up.
    rule("STEAL-STORM", .warning, "There is too little to steal: fewer workers, or larger submissions.", "steals") {
      summary in
      let search = summary.searches
      guard search.episodes >= 1000, search.found * 20 < search.episodes else { return nil }
      return (
        "\(Units.percent(Units.ratio(search.found, of: search.episodes))) of \(Units.count(search.episodes)) searches found work",
        summary.share(.searching)
      )
    },
    // Parking shorter than the wake-up costs (about 50 us) saves nothing.
    rule("PARK-THRASH", .warning, "Submit in batches, so that workers stay awake.", "latency") { summary in
      let parks = summary.parks
      guard parks.count >= 1000, parks.percentile(50) < 50_000, parks.count * 4 > summary.tasks else { return nil }
      return (
        "\(Units.count(parks.count)) parks of \(Units.duration(parks.percentile(50))) (p50) for \(Units.count(summary.tasks)) tasks",
        summary.share(.parked)
      )
    },
    rule("LOST-WAKEUP", .error, "A bug of the scheduler: please report it with this trace.", "events") { summary in
      guard summary.lostWakes > 0, summary.coverage == 1, summary.problems == 0 else { return nil }
      return ("\(Units.plural(summary.lostWakes, "worker")) was woken and never unparked", 0)
    },
    rule("WAIT-CYCLE", .error, "These tasks wait for each other: break the circle with then(...).", "task") { summary in
      guard let cycle = cycle(summary.openWaits) else { return nil }
      return (cycle.map(EventText.task).joined(separator: " waits for "), 1)
    },
  ]

  /// Tasks that should not be, or should be otherwise.
  private static let taskRules = [
    // Ten times the work's own length: most of a task's life is queueing. A millisecond: users notice.
    rule("QUEUE-DELAY", .info, "More workers, or fewer tasks in flight.", "latency") { summary in
      let delay = summary.queue.percentile(99)
      guard summary.queue.count >= 100, delay > 1_000_000, delay > 10 * max(1, summary.run.percentile(99)) else {
        return nil
      }
      return (
        "one task in a hundred waited \(Units.duration(delay)) or longer before it ran (run p99 \(Units.duration(summary.run.percentile(99))))",
        0
      )
    },
    rule("FUTURE-LEAK", .warning, "Await or cancel what was submitted before the pool is shut down.", "tasks") {
      summary in
      let pending = summary.count(.pending)
      let stopped = summary.workers.allSatisfy { summary.model.lanes[$0].isStopped }
      guard pending > 0, stopped, summary.coverage == 1, summary.problems == 0 else { return nil }
      return ("\(Units.plural(pending, "task")) never ran although every worker has stopped", 0)
    },
    // A fifth of everything: cancelling is the rule then, and submitting was for nothing.
    rule("CANCEL-WASTE", .info, "Submit later, when it is known that the result is needed.", "labels") { summary in
      let share = Units.ratio(summary.count(.cancelled), of: summary.tasks)
      guard summary.tasks >= 20, share > 0.2 else { return nil }
      return ("\(Units.percent(share)) of \(Units.count(summary.tasks)) tasks were cancelled before they ran", 0)
    },
    rule(
      "CALLBACK-HEAVY", .warning, "Callbacks hold up the worker that completes: submit their work as tasks.", "labels"
    ) { summary in
      let share = Units.ratio(summary.callbackTime, of: summary.work)
      guard share > 0.05 else { return nil }
      return ("\(Units.percent(share)) of the work was done in callbacks", share)
    },
    // Half as much again, over at least fifty tasks each way: memory bandwidth, false sharing, a lock.
    rule(
      "WORK-INFLATION", .warning,
      "The same work takes longer when the machine is full: look for locks and shared memory.", "labels"
    ) { summary in
      guard summary.workers.count > 1 else { return nil }
      var worst: (label: UInt32, factor: Double, share: Double)?
      for label in summary.labels where label.quietTasks >= 50 && label.crowdedTasks >= 50 && label.quietSelf > 0 {
        let factor =
          (Double(label.crowdedSelf) / Double(label.crowdedTasks))
          / (Double(label.quietSelf) / Double(label.quietTasks))
        if factor > 1.5 && factor > worst?.factor ?? 0 {
          worst = (label.label, factor, Units.ratio(label.crowdedSelf, of: summary.capacity) * (1 - 1 / factor))
        }
      }
      guard let worst else { return nil }
      return (
        "\(summary.labelTable.text(worst.label)) takes \(Units.fixed(worst.factor, 2)) times as long when the workers are busy",
        worst.share
      )
    },
    rule("LABEL-MISSING", .info, "submit(label:) or the submit site names tasks; these have neither.", "labels") {
      summary in
      let missing = summary.labels.first { $0.label == 0 }?.count ?? 0
      let share = Units.ratio(missing, of: summary.tasks)
      guard share > 0.1, summary.coverage > 0.9 else { return nil }
      return ("\(Units.percent(share)) of the tasks have no name", 0)
    },
    rule("DATA-LOSS", .warning, roomForEvents, "info") { summary in
      let unread = summary.model.unreadProcesses
      guard summary.model.lost > 0 || summary.coverage < 1 || !unread.isEmpty else { return nil }
      let unreadable =
        unread.map { "; nothing of the process in \($0.file) can be read" }
        + summary.model.unreadable.map { "; the file of \(LaneSummary.name(of: $0.lane)) cannot be read" }
      return (
        "\(Units.count(summary.model.lost)) events were lost; nothing is known of \(Units.percent(1 - summary.coverage)) of the workers' time"
          + unreadable.prefix(3).joined(),
        1 - summary.coverage
      )
    },
  ]

  /// How its recorder would have kept more.
  @Sendable private static func roomForEvents(_ summary: Summary) -> String {
    summary.model.formats.sorted { "\($0)" < "\($1)" }.map {
      switch $0 {
      case .eventLog: "A larger CONCURRENT_FUTURES_LOG_SIZE, or mode stream on a faster disk."
      case .lttng:
        "More room in LTTng's channel (lttng enable-channel -u --subbuf-size=4M --num-subbuf=16; poolscope record --lttng takes 8 of 1M), or fewer events (lttng enable-event --loglevel=INFO)."
      }
    }.joined(separator: " ")
  }

  /// A circle among open waits, beginning and ending with the same task; nil: there is none.
  static func cycle(_ waits: [WaitRecord]) -> [UInt64]? {
    let next = Dictionary(waits.filter { $0.waiter != 0 && $0.awaited != 0 }.map { ($0.waiter, $0.awaited) }) {
      first, _ in first
    }
    for start in next.keys.sorted() {
      var path = [start]
      var seen: Set<UInt64> = [start]
      var task = start
      while let following = next[task] {
        path.append(following)
        if following == start { return path }
        if !seen.insert(following).inserted { break }
        task = following
      }
    }
    return nil
  }
}
