// Why the tasks on the critical path lay in a queue: a second pass over the run that looks at the pool at these times only.
//
// At each moment the first of these that holds, among the workers of the pool whose worker took the task in the end:
//   nothing is known of the one that took it        -> queued
//   one was looking for work                        -> searched
//   one was on its way: woken, starting, to be made -> waking
//   one slept, and nobody had woken it              -> unnoticed
//   all ran or waited for something else            -> behind, charged to what ran in front on the worker that took the task
import SchedulerEvents

/// Splits the queued steps of a path, which follow each other in time.
struct QueueSweep: TimelineSink {
  static var splitsAtSubmits: Bool { false }
  private let model: ModelResult
  private let queued: [CriticalStep]
  /// By index in `queued`.
  private(set) var pieces: [[CriticalStep]]
  private var position = 0
  private var now: UInt64
  private var lanes: [Lane]
  /// The workers of each lane's pool.
  private let pools: [Pool: [Int]]

  private struct Pool: Hashable {
    var process: Int
    var number: UInt32
    init(_ lane: LaneSummary) { (process, number) = (lane.process, lane.pool) }
  }
  private struct Lane {
    var state: LaneState
    var label: UInt32 = 0
    var isWoken = false
  }

  /// `queued`: steps of the kind, in the order of time; `model`: of the pass that found them.
  init(_ queued: [CriticalStep], _ model: ModelResult) {
    self.queued = queued
    self.model = model
    now = model.span.lowerBound
    pieces = Array(repeating: [], count: queued.count)
    lanes = model.lanes.map { Lane(state: $0.hasBeginning ? .stopped : .unknown) }
    pools = Dictionary(grouping: model.lanes.indices.filter { model.lanes[$0].isWorker }) { Pool(model.lanes[$0]) }
  }

  /// Accounts the time up to `time` to what the pool did since `now`.
  private mutating func advance(_ time: UInt64) {
    guard time > now else { return }
    while position < queued.count, queued[position].start < time {
      let step = queued[position]
      let start = max(step.start, now)
      let end = min(step.end, time)
      if start < end { add(step, start, end) }
      guard step.end <= time else { break }
      position += 1
    }
    now = time
  }
  private mutating func add(_ step: CriticalStep, _ start: UInt64, _ end: UInt64) {
    var piece = step
    (piece.start, piece.end) = (start, end)
    (piece.kind, piece.label) = cause(step)
    if let last = pieces[position].last, last.kind == piece.kind, last.label == piece.label {
      pieces[position][pieces[position].count - 1].end = end
    } else {
      pieces[position].append(piece)
    }
  }
  private func cause(_ step: CriticalStep) -> (CriticalStep.Kind, label: UInt32) {
    guard step.lane >= 0, lanes[step.lane].state != .unknown else { return (.queued, step.label) }
    var sleeps = false
    var comes = false
    var works = false
    for lane in pools[Pool(model.lanes[step.lane])] ?? [step.lane] {
      switch lanes[lane].state {
      case .searching: return (.searched, step.label)
      case .starting: comes = true
      case .parked: if lanes[lane].isWoken { comes = true } else { sleeps = true }
      case .running, .helping, .waiting, .blocking: works = true
      case .stopped, .unknown, .outside: break
      }
    }
    if comes || !works && !sleeps { return (.waking, step.label) }
    if sleeps { return (.unnoticed, step.label) }
    return (.behind, inFront(step.lane))
  }
  /// The label of what a worker runs; of a worker that has no thread yet, of the first one that runs something.
  private func inFront(_ lane: Int) -> UInt32 {
    if lanes[lane].state != .stopped { return lanes[lane].label }
    let pool = pools[Pool(model.lanes[lane])] ?? []
    return pool.first { lanes[$0].state.isBusy }.map { lanes[$0].label } ?? 0
  }

  mutating func entered(_ state: LaneState, from: LaneState, lane: Int, time: UInt64, label: UInt32) {
    advance(time)
    lanes[lane].state = state
    lanes[lane].label = label
    lanes[lane].isWoken = false
  }
  mutating func woken(lane: Int, time: UInt64) {
    advance(time)
    lanes[lane].isWoken = true
  }
  mutating func finish(_ result: ModelResult) { advance(result.span.upperBound) }
}
