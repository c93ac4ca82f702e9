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

/// Accumulates the attribution while the model runs, and the time that lanes spend in each state.
struct IdleSweep: ~Copyable {
  /// Nanoseconds by `IdleCause.rawValue`.
  private var causes = PlainBuffer<UInt64>()
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
  /// Depths of the queues, times nanoseconds.
  private(set) var depthArea = 0.0
  private(set) var injectorArea = 0.0
  private var labelWeight = PlainBuffer<Double>()
  private var lanes = PlainBuffer<LaneMarks>()
  /// `[lane * stateCount + state]`
  private var stateTimes = PlainBuffer<UInt64>()
  private static var stateCount: Int { 16 }

  struct Integrals: BitwiseCopyable {
    var none: UInt64 = 0
    var injectorOnly: UInt64 = 0
    var local: UInt64 = 0
  }
  struct LaneMarks: BitwiseCopyable {
    var isWorker: Bool
    var state = LaneState.stopped
    /// At the end of the lane's last interval.
    var mark = Integrals()
    var weight = 0.0
    var woken = Integrals()
    var wokenAt: UInt64 = 0
  }

  init(start: UInt64) {
    now = start
    causes.grow(to: IdleCause.allCases.count, filling: 0)
  }

  mutating func addLane(isWorker: Bool) {
    lanes.append(LaneMarks(isWorker: isWorker))
    stateTimes.grow(to: lanes.count * Self.stateCount, filling: 0)
  }
  /// Nanoseconds by `LaneState.rawValue`.
  func times(_ lane: Int) -> [UInt64] {
    LaneState.allCases.indices.map { stateTimes[lane * Self.stateCount + $0] }
  }

  @inline(__always) private mutating func advance(_ time: UInt64) {
    guard time > now else { return }
    let length = time &- now
    now = time
    if local > 0 {
      integral.local &+= length
    } else if injector > 0 {
      integral.injectorOnly &+= length
    } else {
      integral.none &+= length
      if idle > 0 { charge(length) }
      return
    }
    // Signed: an unsigned number becomes a Double in eight instructions, not in one.
    let time = Double(Int64(truncatingIfNeeded: length))
    depthArea += time * Double(local &+ injector)
    if injector > 0 { injectorArea += time * Double(injector) }
  }
  private mutating func charge(_ length: UInt64) {
    let time = Double(Int64(truncatingIfNeeded: length))
    if busy > 0 {
      weight += time * Double(idle) / Double(busy)
    } else {
      outsideWeight += time * Double(idle)
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
    let marks = lanes.pointer(lane)
    guard marks.pointee.isWorker else { return }
    advance(time)
    let old = marks.pointee.state
    busy &+= (state.isBusy ? 1 : 0) &- (old.isBusy ? 1 : 0)
    idle &+= (Self.isIdle(state) ? 1 : 0) &- (Self.isIdle(old) ? 1 : 0)
    marks.pointee.state = state
  }

  mutating func woken(lane: Int, time: UInt64) {
    advance(time)
    guard lanes[lane].state == .parked else { return }
    lanes[lane].woken = integral
    lanes[lane].wokenAt = time
  }

  @inline(__always) mutating func interval(_ interval: Interval) {
    stateTimes[interval.lane &* Self.stateCount &+ Int(interval.state.rawValue)] &+= interval.length
    let marks = lanes.pointer(interval.lane)
    guard marks.pointee.isWorker else { return }
    advance(interval.end)
    if interval.state.isBusy {
      let label = Int(interval.label)
      if label >= labelWeight.count { labelWeight.grow(to: label + 1, filling: 0) }
      labelWeight[label] += weight - marks.pointee.weight
    } else {
      attribute(interval, marks)
    }
    marks.pointee.mark = integral
    marks.pointee.weight = weight
  }
  private mutating func attribute(_ interval: Interval, _ marks: UnsafeMutablePointer<LaneMarks>) {
    switch interval.state {
    case .searching: split(interval.length, from: marks.pointee.mark, to: integral, ready: .searching)
    case .parked:
      var length = interval.length
      var until = integral
      if marks.pointee.wokenAt > interval.start && marks.pointee.wokenAt <= interval.end {
        let latency = interval.end - marks.pointee.wokenAt
        add(latency, to: .wakeLatency)
        length -= latency
        until = marks.pointee.woken
      }
      marks.pointee.wokenAt = 0
      split(length, from: marks.pointee.mark, to: until, ready: .leftParked)
    case .waiting: add(interval.length, to: .blockedInResult)
    case .starting: add(interval.length, to: .starting)
    case .stopped: add(interval.length, to: .noThread)
    case .running, .helping, .blocking, .unknown, .outside: break
    }
  }
  @inline(__always) private mutating func add(_ length: UInt64, to cause: IdleCause) {
    causes[Int(cause.rawValue)] &+= length
  }

  /// The parts always sum to `length`, also where a gap was found only later.
  private mutating func split(_ length: UInt64, from: Integrals, to: Integrals, ready: IdleCause) {
    // Integrals only grow.
    var none = to.none &- from.none
    var injectorOnly = to.injectorOnly &- from.injectorOnly
    let total = none &+ injectorOnly &+ (to.local &- from.local)
    if total != length {
      let scale = total == 0 ? 0 : Double(length) / Double(total)
      none = min(length, UInt64(Double(none) * scale))
      injectorOnly = min(length - none, UInt64(Double(injectorOnly) * scale))
      if total == 0 { none = length }
    }
    add(none, to: .noReadyWork)
    add(injectorOnly, to: .injectorOnly)
    add(length &- none &- injectorOnly, to: ready)
  }

  /// The whole, with charges as shares.
  func finished() -> IdleAttribution {
    var whole = IdleAttribution()
    for cause in 0..<causes.count { whole.byCause[cause] = causes[cause] }
    var total = outsideWeight
    for label in 0..<labelWeight.count { total += labelWeight[label] }
    guard total > 0 else { return whole }
    for label in 0..<labelWeight.count where labelWeight[label] > 0 {
      whole.charges[UInt32(label)] = labelWeight[label] / total
    }
    whole.chargedOutside = outsideWeight / total
    return whole
  }
}
