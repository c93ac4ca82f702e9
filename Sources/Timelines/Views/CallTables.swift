// The tables of calls to worker processes.

extension Table {
  /// A row per task type.
  public static func calls(_ calls: Calls, labels: LabelTable) -> Table {
    var table = Table([.init("task", key: "label", number: false, shrinks: true)] + callColumns)
    for (label, group) in calls.labels.sorted(by: { ($1.value.run.sum, $0.key) < ($0.value.run.sum, $1.key) }) {
      let name = labels.text(label)
      table.rows.append([.text(name, ink: .palette(Palette.terminal(name)))] + cells(group))
    }
    if calls.labels.count > 1 { table.rows.append([.text("all")] + cells(calls.all)) }
    return table
  }

  /// A row per worker process.
  public static func peers(_ calls: Calls) -> Table {
    var table = Table(
      [
        .init("process", key: "pid"), .init("spawned", key: "spawned_ns", optional: 5),
        .init("ended", key: "ended_ns", optional: 5), .init("busy %", key: "busy_ns"),
      ] + callColumns)
    func when(_ time: UInt64) -> Cell {
      guard time > 0 else { return Cell("-", .null, ink: .faint) }
      let since = time - min(time, calls.span.lowerBound)
      return Cell("+" + Units.duration(since), .unsigned(since))
    }
    let begin = { (peer: PeerSummary) in (peer.spawned, peer.pid) }
    for peer in calls.peers.values.sorted(by: { begin($0) < begin($1) }) {
      let from = max(peer.spawned, calls.span.lowerBound)
      let life = (peer.ended > 0 ? peer.ended : calls.span.upperBound) - from
      let share = Units.ratio(peer.busy, of: life)
      table.rows.append(
        [
          Cell("\(peer.pid)", .unsigned(UInt64(peer.pid))), when(peer.spawned), when(peer.ended),
          Cell(Units.percentNumber(share), .unsigned(peer.busy)),
        ] + cells(peer.group))
    }
    return table
  }

  private static let callColumns: [Column] = [
    .init("calls", key: "calls"), .init("errors", key: "errors", optional: 2), .init("lost", key: "lost", optional: 1),
    .init("again", key: "repeated", optional: 6),
    .init("queue p50", key: "queue_p50_ns"), .init("p99", key: "queue_p99_ns", optional: 3),
    .init("there p50", key: "there_p50_ns"), .init("p99", key: "there_p99_ns", optional: 4),
    .init("run p50", key: "run_p50_ns"), .init("p99", key: "run_p99_ns", optional: 3),
    .init("back p50", key: "back_p50_ns"), .init("p99", key: "back_p99_ns", optional: 4),
    .init("run", key: "run_ns"), .init("sent", key: "bytes_out", optional: 1),
    .init("back", key: "bytes_back", optional: 1),
  ]

  private static func cells(_ group: CallGroup) -> [Cell] {
    func bad(_ number: UInt64) -> Cell {
      Cell(Units.count(number), .unsigned(number), ink: number > 0 ? .bad : .faint)
    }
    func time(_ histogram: Histogram, _ percent: Double) -> Cell {
      .duration(histogram.count == 0 ? nil : histogram.percentile(percent))
    }
    func bytes(_ number: UInt64) -> Cell { Cell(Units.bytes(number), .unsigned(number)) }
    return [
      .count(group.calls), bad(group.errors), bad(group.lost), .count(group.repeated),
      time(group.queue, 50), time(group.queue, 99), time(group.there, 50), time(group.there, 99),
      time(group.run, 50), time(group.run, 99), time(group.back, 50), time(group.back, 99),
      .duration(group.run.sum), bytes(group.bytesOut), bytes(group.bytesBack),
    ]
  }
}
