// Two runs, or two groups of runs, compared: effect sizes, and whether chance explains them.
import Foundation

/// One measure of both sides.
public struct Difference: Sendable {
  /// For people.
  public var name: String
  /// Machine-readable, with the unit.
  public var key: String
  /// Of the values.
  public var unit: Unit
  /// A value a run.
  public var before: [Double]
  /// A value a run.
  public var after: [Double]
  /// A larger value is worse.
  public var lowerIsBetter: Bool
  /// What the values count.
  public enum Unit: Sendable {
    /// Nanoseconds.
    case nanoseconds
    /// A part of one.
    case share
    /// A plain number.
    case number
  }

  /// The median of `before`.
  public var medianBefore: Double { Self.median(before) }
  /// The median of `after`.
  public var medianAfter: Double { Self.median(after) }
  /// Relative change of the medians; nil when there was nothing before.
  public var change: Double? { medianBefore == 0 ? nil : (medianAfter - medianBefore) / medianBefore }
  /// Two-sided Mann-Whitney p; nil with fewer than five runs on a side.
  public var p: Double? { before.count >= 5 && after.count >= 5 ? MannWhitney.p(before, after) : nil }
  /// Worse by more than `threshold`, and, where that can be told, not by chance.
  public func isRegression(threshold: Double) -> Bool {
    guard let change else { return false }
    let worse = lowerIsBetter ? change : -change
    return worse > threshold && (p ?? 0) < 0.05
  }
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    return sorted.count % 2 == 1
      ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
  }
}

/// The Mann-Whitney U test.
public enum MannWhitney {
  /// Two-sided p. Exact for small samples without ties, else by the normal approximation with tie correction.
  public static func p(_ a: [Double], _ b: [Double]) -> Double {
    guard !a.isEmpty, !b.isEmpty else { return 1 }
    var u = 0.0
    for x in a { for y in b { u += x < y ? 1 : x == y ? 0.5 : 0 } }
    let n = a.count
    let m = b.count
    let ties = Dictionary(grouping: a + b) { $0 }.values.map { Double($0.count) }
    if ties.allSatisfy({ $0 == 1 }) && n * m <= 400 { return exact(u, n, m) }
    let total = Double(n + m)
    let correction = ties.reduce(0) { $0 + $1 * $1 * $1 - $1 } / (total * (total - 1))
    let variance = Double(n * m) / 12 * (total + 1 - correction)
    guard variance > 0 else { return 1 }
    let z = max(0, abs(u - Double(n * m) / 2) - 0.5) / variance.squareRoot()
    return min(1, erfc(z / 2.0.squareRoot()))
  }
  /// Counts the orderings with each U: f(n, m, u) = f(n-1, m, u-m) + f(n, m-1, u).
  private static func exact(_ u: Double, _ n: Int, _ m: Int) -> Double {
    let most = n * m
    var table = [[[Double]]](
      repeating: [[Double]](repeating: [Double](repeating: 0, count: most + 1), count: m + 1), count: n + 1)
    for i in 0...n {
      for j in 0...m {
        if i == 0 || j == 0 {
          table[i][j][0] = 1
          continue
        }
        for k in 0...(i * j) { table[i][j][k] = (k >= j ? table[i - 1][j][k - j] : 0) + table[i][j - 1][k] }
      }
    }
    let counts = table[n][m]
    let all = counts.reduce(0, +)
    let extreme = min(Int(u), most - Int(u))
    let tail = counts[0...extreme].reduce(0, +)
    return min(1, 2 * tail / all)
  }
}

/// All measures of two sides.
public enum Diff {
  /// Every measure that both sides have.
  /// Besides the totals, `labels` of the labels with the most work are compared.
  public static func of(_ before: [Summary], _ after: [Summary], labels: Int = 8) -> [Difference] {
    func make(
      _ name: String, _ key: String, _ unit: Difference.Unit, lower: Bool = true, _ value: (Summary) -> Double
    ) -> Difference {
      Difference(
        name: name, key: key, unit: unit, before: before.map(value), after: after.map(value), lowerIsBetter: lower)
    }
    var result = [
      make("wall", "wall_ns", .nanoseconds) { Double($0.wall) },
      make("cores used", "cores_used", .number, lower: false) { $0.coresUsed },
      make("work T1", "work_ns", .nanoseconds) { Double($0.work) },
      make("span", "span_ns", .nanoseconds) { Double($0.criticalSpan) },
      make("idle share", "idle_share", .share) { Units.ratio($0.idle.total, of: $0.capacity) },
      make("queue p50", "queue_p50_ns", .nanoseconds) { Double($0.queue.percentile(50)) },
      make("queue p99", "queue_p99_ns", .nanoseconds) { Double($0.queue.percentile(99)) },
      make("run p50", "run_p50_ns", .nanoseconds) { Double($0.run.percentile(50)) },
      make("run p99", "run_p99_ns", .nanoseconds) { Double($0.run.percentile(99)) },
      make("stolen share", "stolen_share", .share) { Units.ratio($0.stolen, of: $0.sources.reduce(0, +)) },
    ]
    // Labels are matched by their text: ids differ between runs.
    func selfTime(_ summary: Summary, _ text: String) -> Double {
      summary.labels.reduce(0) { $0 + (summary.labelTable.text($1.label) == text ? Double($1.selfTime) : 0) }
    }
    var weights: [String: Double] = [:]
    for summary in before + after {
      for label in summary.labels {
        weights[summary.labelTable.text(label.label), default: 0] += Double(label.selfTime)
      }
    }
    for (text, _) in weights.sorted(by: { ($0.value, $1.key) > ($1.value, $0.key) }).prefix(labels) {
      result.append(make("self of \(text)", "self_ns:\(text)", .nanoseconds) { selfTime($0, text) })
    }
    return result
  }
}
