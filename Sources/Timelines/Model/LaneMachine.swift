// One lane's stack of activities, and the state that follows from it.
import SchedulerEvents

/// Something a thread is in the middle of.
struct Frame {
  /// `doubt`: events are missing; what lies above is proven by itself, what lies beneath may be there or not.
  enum Kind: UInt8 { case task, wait, blocking, callback, job, fork, doubt }
  var kind: Kind
  /// What the lane does while this lies on top, and while code of the program runs right above it. Set by `push`.
  private(set) var state = LaneState.unknown
  fileprivate(set) var stateAbove = LaneState.unknown
  /// Task: its slot in the table, -1 if its start was lost.
  var slot: Int32 = -1
  /// Task: its id (0: unknown). Wait: the awaited task. Callback, fork: the task it belongs to.
  var id: UInt64 = 0
  var label: UInt32 = 0
  /// Task: runs beneath another one's wait.
  var helps = false
  var start: UInt64
  /// Wait: nanoseconds in which nothing was helped. Job: those in which nothing above it ran.
  var ownTime: UInt64 = 0
  /// Wait: tasks that were run meanwhile. Doubt: the task frames beneath, as they were counted before.
  var helped = 0
  var waiter: UInt64 = 0
  var mode = WaitMode.one
  var isTimed = false
  /// Fork, callback: the length of the longest chain up to here.
  var span: UInt64 = 0
  var edges: UInt32 = 0

  /// Sets the states that follow from what lies beneath, nil: nothing.
  @inline(__always) fileprivate mutating func settle(on beneath: LaneState?, isWorker: Bool) {
    let code = helps && isWorker ? .helping : beneath ?? .running
    switch kind {
    case .task, .callback, .job, .fork: (state, stateAbove) = (code, code)
    case .wait: (state, stateAbove) = (.waiting, isWorker ? .helping : .running)
    case .blocking: (state, stateAbove) = (.blocking, code)
    case .doubt: state = .unknown
    }
  }
}

/// The state of one lane while events are read.
struct LaneMachine {
  var summary: LaneSummary
  let index: Int
  let isWorker: Bool
  private var flags: Flags = .known
  /// A thread exists.
  var isAlive: Bool {
    get { self[.alive] }
    set { self[.alive] = newValue }
  }
  /// False: events are missing, and nothing since has proved what the lane does.
  var isKnown: Bool {
    get { self[.known] }
    set { self[.known] = newValue }
  }
  var isParked: Bool {
    get { self[.parked] }
    set { self[.parked] = newValue }
  }
  var isStarting: Bool {
    get { self[.starting] }
    set { self[.starting] = newValue }
  }
  /// Ends before the trace does: what follows the last event is unknown.
  var isTruncated: Bool {
    get { self[.truncated] }
    set { self[.truncated] = newValue }
  }
  /// It had an event.
  var hasBegun: Bool {
    get { self[.begun] }
    set { self[.begun] = newValue }
  }
  /// In the middle of its life and awake: any event but the first, or an unexpected one, is as good as any other.
  @inline(__always) var isOrdinary: Bool {
    flags.isDisjoint(with: [.parked, .starting]) && flags.contains([.alive, .begun])
  }
  private struct Flags: OptionSet {
    let rawValue: UInt8
    static let alive = Flags(rawValue: 1)
    static let known = Flags(rawValue: 2)
    static let parked = Flags(rawValue: 4)
    static let starting = Flags(rawValue: 8)
    static let truncated = Flags(rawValue: 16)
    static let begun = Flags(rawValue: 32)
  }
  private subscript(flag: Flags) -> Bool {
    @inline(__always) get { flags.contains(flag) }
    @inline(__always) set { if newValue { flags.insert(flag) } else { flags.remove(flag) } }
  }
  /// Begin of the open interval, and the time of the last event.
  var since: UInt64
  var last: UInt64
  var state = LaneState.stopped
  var task: UInt64 = 0
  var label: UInt32 = 0
  /// SAFETY: `frames` holds `capacity` slots of which `depth` are initialized (Frame is trivial); freed by `dispose`.
  private(set) var frames: UnsafeMutablePointer<Frame>
  private(set) var depth = 0
  private var capacity = 16
  /// Task frames on the stack, as events that state a nesting count them; negative: not known.
  private(set) var tasks = 0
  /// Deep below zero, so that it stays there whatever is pushed.
  static var manyTasks: Int { -1 << 40 }
  /// When its worker last ran something.
  var freeSince: UInt64 = 0
  /// As the lane's own `lost` records count.
  var lostInRecords: UInt64 = 0
  var wakeTime: UInt64 = 0
  var wakeFrom = -1
  var wakeCause = WakeCause.work
  /// The longest chain that leads to what an outside thread does now.
  var outsideSpan: UInt64 = 0
  var outsideEdges: UInt32 = 0

  init(lane: UInt16, index: Int, time: UInt64) {
    summary = LaneSummary(lane: lane)
    self.index = index
    isWorker = lane < EventValue.firstOutsideLane
    since = time
    last = time
    frames = .allocate(capacity: capacity)
    if !isWorker { flags.insert(.alive) }
  }
  func dispose() { frames.deallocate() }

  @inline(__always) var top: UnsafeMutablePointer<Frame>? { depth > 0 ? frames + (depth &- 1) : nil }

  @inline(__always) mutating func push(_ frame: Frame) {
    if depth == capacity { grow() }
    let new = frames + depth
    new.initialize(to: frame)
    new.pointee.settle(on: depth > 0 ? (new - 1).pointee.stateAbove : nil, isWorker: isWorker)
    depth &+= 1
    if frame.kind == .task { tasks &+= 1 }
  }
  /// Takes the topmost frame off. Where a doubt lies beneath it, nothing is known any more.
  @inline(__always) mutating func pop() -> Frame {
    depth &-= 1
    let frame = frames[depth]
    if frame.kind == .task { tasks &-= 1 }
    if depth > 0, frames[depth &- 1].kind == .doubt { popDoubt() }
    return frame
  }
  /// What is pushed next is proven by its own event, what lies beneath it is not. `tasks`: how many tasks lie there,
  /// `code`: what running code above is, both if that is known.
  @inline(never) mutating func pushDoubt(tasks count: Int = Self.manyTasks, code: LaneState = .unknown) {
    var frame = Frame(kind: .doubt, start: since)
    frame.helped = tasks
    frame.stateAbove = code
    push(frame)
    tasks = count
    isKnown = true
  }
  @inline(never) private mutating func popDoubt() {
    depth -= 1
    tasks = frames[depth].helped
    isKnown = false
  }
  @inline(never) private mutating func grow() {
    let larger = UnsafeMutablePointer<Frame>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: frames, count: depth)
    frames.deallocate()
    frames = larger
    capacity *= 2
  }

  /// Position of the topmost frame that fits, -1 if there is none.
  func find(_ fits: (Frame) -> Bool) -> Int {
    var position = depth - 1
    while position >= 0, !fits(frames[position]) { position -= 1 }
    return position
  }

  /// The state that the stack and the flags amount to.
  @inline(__always) var stateNow: LaneState {
    if !isKnown { return .unknown }
    if isWorker && !isAlive { return .stopped }
    guard depth > 0 else {
      if isParked { return .parked }
      return isWorker ? (isStarting ? .starting : .searching) : .outside
    }
    let state = frames[depth - 1].state
    return isParked && state.isBusy ? .waiting : state  // asleep until the thief of its fork is done
  }
}
