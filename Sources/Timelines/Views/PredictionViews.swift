// Work and span, predictions, and differences in text.

/// Work and span, what-if predictions and differences between runs, as tables.
public enum PredictionView {
  /// T1, Tinf and what follows from them.
  public static func workSpan(_ summary: Summary) -> Table {
    var table = Table([
      .init("", key: "measure", number: false), .init("", key: "value"),
      .init("", key: "meaning", number: false, shrinks: true),
    ])
    func row(_ name: String, _ text: String, _ value: JSON, _ meaning: String) {
      table.rows.append([.text(name), Table.Cell(text, value, ink: .strong), .text(meaning, ink: .faint)])
    }
    row("work_ns", Units.seconds(summary.work), .unsigned(summary.work), "T1: time of all tasks on one worker")
    row(
      "span_ns", Units.seconds(summary.criticalSpan), .unsigned(summary.criticalSpan),
      "Tinf: the longest chain of tasks (submits and blocking waits), ends in \(summary.labelTable.text(summary.criticalLabel))"
    )
    row(
      "parallelism", Units.fixed(summary.parallelism, 2), .number(summary.parallelism),
      "T1 / Tinf: more workers than this cannot help")
    row(
      "edges", Units.count(summary.criticalEdges), .unsigned(UInt64(summary.criticalEdges)),
      "on that chain, at \(Units.duration(summary.costPerEdge)) each (median pickup of tasks that moved)")
    row(
      "burdened_span_ns", Units.seconds(summary.burdenedSpan), .unsigned(summary.burdenedSpan),
      "the chain with that cost")
    row(
      "burdened_parallelism", Units.fixed(summary.burdenedParallelism, 2), .number(summary.burdenedParallelism),
      "what can be had of it")
    for workers in [1, 2, 4, 8, 16, 32, 64] {
      let bound = summary.work / UInt64(workers) + summary.burdenedSpan
      row(
        "bound_\(workers)_ns", Units.seconds(bound), .unsigned(bound),
        "a greedy scheduler on \(Units.plural(workers, "worker")) takes at most this long")
    }
    row(
      "wall_ns", Units.seconds(summary.wall), .unsigned(summary.wall),
      "recorded, on \(Units.plural(summary.workers.count, "worker"))")
    return table
  }

  /// What each scenario would give, in wall time and speed-up, with the calibration error of the model.
  public static func whatIf(_ model: WhatIf, _ scenarios: [WhatIf.Scenario]) -> Table {
    var table = Table([
      .init("workers", key: "workers"), .init("predicted", key: "predicted_ns"), .init("speedup", key: "speedup"),
      .init("efficiency", key: "efficiency"),
    ])
    for scenario in scenarios {
      let time = model.predict(scenario)
      let speedup = time == 0 ? 0 : Double(model.replayed) / Double(time)
      let efficiency = speedup * Double(model.workers) / Double(scenario.workers)
      table.rows.append([
        .count(scenario.workers), .duration(time), Table.Cell(Units.fixed(speedup, 2), .number(speedup)),
        Table.Cell(Units.percent(efficiency), .number(efficiency)),
      ])
    }
    return table
  }

  /// The measures that differ between two sets of runs.
  /// `threshold` is the relative change from which one counts.
  public static func diff(_ differences: [Difference], threshold: Double) -> Table {
    var table = Table([
      .init("measure", key: "measure", number: false, shrinks: true), .init("before", key: "before"),
      .init("after", key: "after"),
      .init("change", key: "change"), .init("p", key: "p_value"), .init("", key: "verdict", number: false),
    ])
    for item in differences {
      func text(_ value: Double) -> String {
        switch item.unit {
        case .nanoseconds: Units.duration(value)
        case .share: Units.percent(value)
        case .number: Units.fixed(value, 2)
        }
      }
      let regression = item.isRegression(threshold: threshold)
      let worse = (item.change ?? 0) * (item.lowerIsBetter ? 1 : -1)
      let improved = worse < -threshold && (item.p ?? 0) < 0.05
      let verdict = regression ? "worse" : improved ? "better" : ""
      table.rows.append([
        .text(item.name), Table.Cell(text(item.medianBefore), .number(item.medianBefore)),
        Table.Cell(text(item.medianAfter), .number(item.medianAfter)),
        Table.Cell(
          item.change.map { ($0 > 0 ? "+" : "") + Units.fixed($0 * 100, 1) + " %" } ?? "-",
          item.change.map { .number($0) } ?? .null,
          ink: regression ? .bad : improved ? .good : .plain),
        Table.Cell(item.p.map { Units.fixed($0, 3) } ?? "-", item.p.map { .number($0) } ?? .null, ink: .faint),
        .text(verdict, ink: regression ? .bad : .good),
      ])
    }
    return table
  }
}
