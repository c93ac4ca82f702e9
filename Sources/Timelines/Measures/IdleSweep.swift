// Why workers were idle: every idle nanosecond is charged to exactly one cause, in one pass.
//
// Three indicators partition time: no task was ready anywhere; tasks were ready in the injector only; tasks were ready in a
// deque. Their integrals up to now are kept, so that an idle interval of any length is split by three subtractions.

/// Why a worker did not run tasks.
public enum IdleCause: UInt8, CaseIterable, Sendable {
  /// Nothing could be started anywhere; charged to what ran meanwhile.
  case noReadyWork
  /// Tasks lay in a deque and the worker was looking for them.
  case searching
  /// The worker was being woken: from the wake to its unpark.
  case wakeLatency
  /// Blocked in `result()` or another wait, with nothing to help.
  case blockedInResult
  /// Tasks were ready in the injector only.
  case injectorOnly
  /// Tasks were ready, but the worker slept and nobody woke it.
  case leftParked
  /// The thread was starting.
  case starting
  /// There was no thread: not yet started, or stopped.
  case noThread

  /// In words, as views show it.
  public var text: String {
    switch self {
    case .noReadyWork: "no ready work anywhere"
    case .searching: "ready work, being searched"
    case .wakeLatency: "wake-up latency"
    case .blockedInResult: "blocked in result(), nothing to help"
    case .injectorOnly: "ready only in the injector"
    case .leftParked: "ready work, but left parked"
    case .starting: "thread starting"
    case .noThread: "thread not started, or stopped"
    }
  }
}

/// Idle time of all workers by cause, and whom "no ready work" is charged to.
public struct IdleAttribution: Sendable {
  /// Nanoseconds by `IdleCause.rawValue`.
  public var byCause = [UInt64](repeating: 0, count: IdleCause.allCases.count)
  /// Shares of `noReadyWork` by the label that ran meanwhile; they sum to 1 with `chargedOutside`.
  public var charges: [UInt32: Double] = [:]
  /// The share in which no worker ran anything: the pool waited for code outside of it.
  public var chargedOutside = 0.0
  /// Nanoseconds of all causes.
  public var total: UInt64 { byCause.reduce(0, +) }
  /// Nanoseconds of one cause.
  public subscript(cause: IdleCause) -> UInt64 { byCause[Int(cause.rawValue)] }
  /// No idle time yet.
  public init() {}
}

/// Accumulates the attribution while the model runs.
struct IdleSweep {
  private(set) var result = IdleAttribution()
  private var now: UInt64
  private var local = 0
  private var injector = 0
  private(set) var busy = 0
  private var idle = 0
  /// Integrals of the indicators up to `now`.
  private var integral = Integrals()
  /// Integral of (idle workers / busy workers) over the time without ready work.
  private var weight = 0.0
  private var outsideWeight = 0.0
  private var labelWeight: [Double] = []
  private var lanes: [LaneMarks] = []

  struct Integrals {
    var none: UInt64 = 0
    var injectorOnly: UInt64 = 0
    var local: UInt64 = 0
  }
  private struct LaneMarks {
    var isWorker: Bool
    var mark = Integrals()
    var weight = 0.0
    var woken = Integrals()
    var wokenAt: UInt64 = 0
    var state = LaneState.stopped
  }

  init(start: UInt64) { now = start }

  mutating func addLane(isWorker: Bool) { lanes.append(LaneMarks(isWorker: isWorker)) }

  @inline(__always) mutating func advance(_ time: UInt64) {
    guard time > now else { return }
    let length = time - now
    now = time
    if local > 0 {
      integral.local += length
    } else if injector > 0 {
      integral.injectorOnly += length
    } else {
      integral.none += length
      if idle > 0 {
        if busy > 0 {
          weight += Double(length) * Double(idle) / Double(busy)
        } else {
          outsideWeight += Double(length) * Double(idle)
        }
      }
    }
  }

  @inline(__always) mutating func ready(local: Int, injector: Int, time: UInt64) {
    advance(time)
    self.local = local
    self.injector = injector
  }

  @inline(__always) private static func isIdle(_ state: LaneState) -> Bool {
    state == .searching || state == .parked
  }

  @inline(__always) mutating func entered(_ state: LaneState, lane: Int, time: UInt64) {
    guard lanes[lane].isWorker else { return }
    advance(time)
    let old = lanes[lane].state
    guard old != state else { return }
    busy += (state.isBusy ? 1 : 0) - (old.isBusy ? 1 : 0)
    idle += (Self.isIdle(state) ? 1 : 0) - (Self.isIdle(old) ? 1 : 0)
    lanes[lane].state = state
  }

  mutating func woken(lane: Int, time: UInt64) {
    advance(time)
    guard lanes[lane].state == .parked else { return }
    lanes[lane].woken = integral
    lanes[lane].wokenAt = time
  }

  @inline(__always) mutating func interval(_ interval: Interval) {
    guard lanes[interval.lane].isWorker else { return }
    advance(interval.end)
    let marks = lanes[interval.lane]
    lanes[interval.lane].mark = integral
    lanes[interval.lane].weight = weight
    switch interval.state {
    case .running, .helping:
      let label = Int(interval.label)
      if label >= labelWeight.count { labelWeight += [Double](repeating: 0, count: label + 1 - labelWeight.count) }
      labelWeight[label] += weight - marks.weight
    case .searching: split(interval.length, from: marks.mark, to: integral, ready: .searching)
    case .parked:
      var length = interval.length
      var until = integral
      if marks.wokenAt > interval.start && marks.wokenAt <= interval.end {
        let latency = interval.end - marks.wokenAt
        result.byCause[Int(IdleCause.wakeLatency.rawValue)] += latency
        length -= latency
        until = marks.woken
      }
      lanes[interval.lane].wokenAt = 0
      split(length, from: marks.mark, to: until, ready: .leftParked)
    case .waiting: result.byCause[Int(IdleCause.blockedInResult.rawValue)] += interval.length
    case .starting: result.byCause[Int(IdleCause.starting.rawValue)] += interval.length
    case .stopped: result.byCause[Int(IdleCause.noThread.rawValue)] += interval.length
    case .blocking, .unknown, .outside: break
    }
  }

  /// The parts always sum to `length`, also where a gap was found only later.
  @inline(__always) private mutating func split(
    _ length: UInt64, from: Integrals, to: Integrals, ready: IdleCause
  ) {
    var none = to.none - from.none
    var injectorOnly = to.injectorOnly - from.injectorOnly
    let total = none + injectorOnly + (to.local - from.local)
    if total != length {
      let scale = total == 0 ? 0 : Double(length) / Double(total)
      none = min(length, UInt64(Double(none) * scale))
      injectorOnly = min(length - none, UInt64(Double(injectorOnly) * scale))
      if total == 0 { none = length }
    }
    result.byCause[Int(IdleCause.noReadyWork.rawValue)] += none
    result.byCause[Int(IdleCause.injectorOnly.rawValue)] += injectorOnly
    result.byCause[Int(ready.rawValue)] += length - none - injectorOnly
  }

  /// The whole, with charges as shares.
  func finished() -> IdleAttribution {
    var whole = result
    let total = labelWeight.reduce(0, +) + outsideWeight
    guard total > 0 else { return whole }
    for (label, value) in labelWeight.enumerated() where value > 0 { whole.charges[UInt32(label)] = value / total }
    whole.chargedOutside = outsideWeight / total
    return whole
  }
}
