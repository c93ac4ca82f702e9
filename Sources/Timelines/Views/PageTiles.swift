// The lanes of the page at several zoom levels, so that a run of any length fits one small file.
//
// Level 0 covers the whole run; intervals shorter than its resolution are merged. Around some places (`PagePlan`) lie tiles
// of the next levels, each about sixteen times finer than the one before; those of the last level hold every interval. Where
// the reader zooms in, the page draws the finest tile that there is.
import SchedulerEvents

/// A stretch of a lane on the page: one interval, or several that are too short to be drawn each.
struct PageSegment: Equatable {
  var start: UInt64
  var end: UInt64
  /// What took most of it.
  var state: LaneState
  /// The task, where it is a single interval; else 0.
  var task: UInt64 = 0
  /// Intervals that were merged into it.
  var count: UInt32 = 1
  /// The two labels that ran (or, in a single interval, were awaited) most, and nanoseconds that the second one ran.
  var label: UInt32 = 0
  var second: UInt32 = 0
  var secondTime: UInt64 = 0
  /// Nanoseconds in which tasks ran; in which the lane waited or blocked.
  var busy: UInt64 = 0
  var waiting: UInt64 = 0
}

/// A lane's segments in the making.
struct PageLane {
  private(set) var segments: [PageSegment] = []
  private var open: PageSegment?
  private var times = [UInt64](repeating: 0, count: LaneState.allCases.count)
  /// Labels of the open segment. More than eight are rare in so short a stretch; then the ninth is not told apart.
  private var labels: [(label: UInt32, time: UInt64)] = []

  mutating func add(_ interval: Interval, resolution: UInt64) {
    let busy = interval.state.isBusy ? interval.length : 0
    let waiting = interval.state == .waiting || interval.state == .blocking ? interval.length : 0
    if interval.length >= resolution {
      close()
      segments.append(
        PageSegment(
          start: interval.start, end: interval.end, state: interval.state, task: interval.task, label: interval.label,
          busy: busy, waiting: waiting))
      return
    }
    if open == nil {
      open = PageSegment(
        start: interval.start, end: interval.end, state: interval.state, task: interval.task, label: interval.label)
    } else {
      open!.end = interval.end
      open!.count += 1
    }
    open!.busy += busy
    open!.waiting += waiting
    times[Int(interval.state.rawValue)] += interval.length
    if interval.state.isBusy {
      if let index = labels.firstIndex(where: { $0.label == interval.label }) {
        labels[index].time += interval.length
      } else if labels.count < 8 {
        labels.append((interval.label, interval.length))
      }
    }
    if interval.end - open!.start >= resolution { close() }
  }
  mutating func close() {
    guard var segment = open else { return }
    if segment.count > 1 {
      segment.state = LaneState(rawValue: UInt8(times.indices.max { times[$0] < times[$1] }!)) ?? .unknown
      segment.task = 0
      labels.sort { ($0.time, $1.label) > ($1.time, $0.label) }
      segment.label = labels.first?.label ?? 0
      segment.second = labels.count > 1 ? labels[1].label : 0
      segment.secondTime = labels.count > 1 ? labels[1].time : 0
    }
    segments.append(segment)
    open = nil
    labels.removeAll(keepingCapacity: true)
    for index in times.indices { times[index] = 0 }
  }
}

/// A part of the run at one resolution.
struct PageTile {
  let window: ClosedRange<UInt64>
  /// Intervals shorter than this many nanoseconds are merged; 0: none.
  let resolution: UInt64
  var lanes: [PageLane] = []
  var arrows = 0
  init(_ window: ClosedRange<UInt64>, resolution: UInt64) {
    self.window = window
    self.resolution = resolution
  }
}

/// Fills the tiles of some levels in one pass. Within a level tiles do not overlap and lie in the order of time.
struct PageSink: TimelineSink {
  private(set) var levels: [[PageTile]]
  /// Tasks that touch a tile of full detail, and arrows within them.
  private(set) var tasks: [TaskRecord] = []
  private(set) var arrows: [Arrow] = []
  private var laneOfNumber: [UInt16: Int] = [:]
  /// Larger: more cards in a larger file.
  private static let taskLimit = 12_000
  /// Arrows of a tile and kind. Larger: more ink than a reader can tell apart.
  private static let arrowLimit = 400

  init(_ levels: [[PageTile]]) { self.levels = levels }

  /// Index of the first tile of a level that ends after `time`.
  private func first(_ level: Int, after time: UInt64) -> Int {
    var low = 0
    var high = levels[level].count
    while low < high {
      let middle = (low + high) / 2
      if levels[level][middle].window.upperBound <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }
  /// The tile of full detail at a time, with its level.
  private func exact(_ time: UInt64) -> (level: Int, tile: Int)? {
    guard let level = levels.indices.last, let tile = levels[level].first, tile.resolution == 0 else { return nil }
    let index = first(level, after: time)
    return index < levels[level].count && levels[level][index].window.contains(time) ? (level, index) : nil
  }

  mutating func laneAppeared(_ lane: LaneSummary, index: Int) {
    laneOfNumber[lane.lane] = index
    for level in levels.indices {
      for tile in levels[level].indices { levels[level][tile].lanes.append(PageLane()) }
    }
  }
  mutating func interval(_ interval: Interval) {
    for level in levels.indices {
      var index = first(level, after: interval.start)
      while index < levels[level].count, levels[level][index].window.lowerBound < interval.end {
        var part = interval
        part.start = max(part.start, levels[level][index].window.lowerBound)
        part.end = min(part.end, levels[level][index].window.upperBound)
        if part.start < part.end {
          levels[level][index].lanes[interval.lane].add(part, resolution: levels[level][index].resolution)
        }
        index += 1
      }
    }
  }
  mutating func task(_ task: TaskRecord) {
    guard tasks.count < Self.taskLimit, task.start > 0 else { return }
    let end = task.end > 0 ? task.end : task.start
    guard let level = levels.indices.last, levels[level].first?.resolution == 0 else { return }
    let index = first(level, after: task.start)
    if index < levels[level].count, levels[level][index].window.lowerBound <= end { tasks.append(task) }
  }
  mutating func started(_ task: TaskRecord) {
    guard task.source == .stolen, let victim = laneOfNumber[task.victim] else { return }
    keep(
      Arrow(
        kind: .steal, from: victim, to: Int(task.lane), start: task.start, end: task.start, task: task.task))
  }
  mutating func wake(_ wake: WakeRecord) {
    guard wake.unpark > 0, wake.from >= 0 else { return }
    keep(Arrow(kind: .wake, from: wake.from, to: wake.to, start: wake.wake, end: wake.unpark, task: 0))
  }
  private mutating func keep(_ arrow: Arrow) {
    guard let (level, tile) = exact(arrow.end), levels[level][tile].arrows < Self.arrowLimit else { return }
    levels[level][tile].arrows += 1
    arrows.append(arrow)
  }
  mutating func finish(_ result: ModelResult) {
    for level in levels.indices {
      for tile in levels[level].indices {
        for lane in levels[level][tile].lanes.indices { levels[level][tile].lanes[lane].close() }
      }
    }
  }
}

/// How much a page holds.
struct PageBudget {
  /// Runs with fewer events are drawn whole in full detail.
  var wholeBelow = 120_000
  /// Segments of level 0, of all lanes together. Larger: finer, and a larger file; at 100,000 all levels and cards stay
  /// below 5 MB. Smaller: coarser where there is no tile.
  var baseSegments = 100_000
  /// Segments of a tile. Larger: wider tiles, a larger file; smaller: less to see in each.
  var tileSegments = 1600
  /// Tiles of a level: half of them evenly over the run, half where something happens.
  var places = 20
}

/// Which parts of a long run get finer tiles.
struct PagePlan {
  /// Intervals that one segment of a level stands for, as a multiple of the next level's.
  static let step = 16.0

  /// Intervals (of all lanes) until the beginning of each column.
  private var sums: [Double]
  private let span: ClosedRange<UInt64>
  private let lanes: Int
  private let budget: PageBudget
  private static let columns = 8192

  /// Counts the intervals that the segments of level 0 stand for.
  init(_ base: PageTile, _ budget: PageBudget) {
    self.budget = budget
    span = base.window
    lanes = max(1, base.lanes.count)
    var counts = [Double](repeating: 0, count: Self.columns)
    let width = max(1, Double(span.upperBound - span.lowerBound)) / Double(Self.columns)
    for segment in base.lanes.flatMap(\.segments) {
      let first = Int(Double(segment.start - span.lowerBound) / width)
      let last = max(first, Int(Double(segment.end - 1 - span.lowerBound) / width))
      let share = Double(segment.count) / Double(last - first + 1)
      for column in first...last { counts[min(Self.columns - 1, column)] += share }
    }
    sums = [0]
    for count in counts { sums.append(sums[sums.count - 1] + count) }
  }

  private var wall: Double { Double(span.upperBound - span.lowerBound) }
  /// Intervals before a time (from the beginning, in nanoseconds).
  private func intervals(before time: Double) -> Double {
    let position = min(max(0, time / max(1, wall)), 1) * Double(Self.columns)
    let column = min(Self.columns - 1, Int(position))
    return sums[column] + (sums[column + 1] - sums[column]) * (position - Double(column))
  }
  /// A window around `centre` with about `count` intervals.
  private func window(around centre: UInt64, intervals count: Double) -> ClosedRange<UInt64> {
    let middle = Double(centre - span.lowerBound)
    var low = 0.0
    var high = wall
    for _ in 0..<50 {
      let half = (low + high) / 2
      if intervals(before: middle + half) - intervals(before: middle - half) < count { low = half } else { high = half }
    }
    let from = span.lowerBound + UInt64(max(0, middle - high))
    return from...max(from + 1, min(span.upperBound, span.lowerBound + UInt64(middle + high)))
  }

  /// Levels 1, 2, ... `interesting`: times where a reader is likely to look, the most likely first.
  func levels(interesting: [UInt64]) -> [[PageTile]] {
    let all = sums[Self.columns]
    var ratios: [Double] = []  // intervals of a segment: 1 at the last level
    var ratio = 1.0
    while ratio < all / Double(budget.baseSegments) {
      ratios.append(ratio)
      ratio *= Self.step
    }
    let even = (0..<budget.places / 2).map { number in
      span.lowerBound + UInt64(wall * (Double(number) + 0.5) / Double(budget.places / 2))
    }
    let wanted = Array(interesting.filter(span.contains).prefix(200)) + even
    return ratios.reversed().map { ratio in
      var windows: [ClosedRange<UInt64>] = []
      func add(_ centres: [UInt64], upTo limit: Int) {
        for centre in centres where windows.count < limit {
          let window = window(around: centre, intervals: Double(budget.tileSegments) * ratio)
          if windows.allSatisfy({ $0.upperBound <= window.lowerBound || window.upperBound <= $0.lowerBound }) {
            windows.append(window)
          }
        }
      }
      add(even, upTo: budget.places / 2)
      add(wanted, upTo: budget.places)
      return windows.sorted { $0.lowerBound < $1.lowerBound }.map { window in
        let length = window.upperBound - window.lowerBound
        let resolution = ratio == 1 ? 0 : max(1, length * UInt64(lanes) * 2 / UInt64(budget.tileSegments))
        return PageTile(window, resolution: resolution)
      }
    }
  }
}
