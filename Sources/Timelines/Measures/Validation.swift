// Is the trace consistent? A checker that follows the protocol of events on its own, without the model's tolerance.
//
// A trace may begin in the middle of a run: `poolscope trim` cut it, a ring was overwritten, the recording was started late. Then
// lanes have things on their stacks of which no begin was seen, and tasks were submitted before. What such a trace must
// obey all the same: a task's id says whether its lane made it before the first one that is here (`isEarlier`).
//
// Where events are lost, that is said once. Of each lane nothing is known from there to its next event, and a task may lack any of its
// events: what could follow from that is no violation, what could not still is.
import SchedulerEvents

/// Checks every rule that a complete trace obeys. Complete means: from where it begins nothing is lost, no packet is missing.
public struct Validation: EventConsumer {
  /// Each distinct kind of violation is reported this often.
  private static let repeats = 5
  private var messages: [String] = []
  private var counts: [String: Int] = [:]
  private var tasks: [UInt64: Phase] = [:]
  /// Tasks that ended; an id is never used again.
  private var ended: Set<UInt64> = []
  private var lanes: [UInt16: Lane] = [:]
  private var waitsForSubmit: [UInt64: UInt64] = [:]
  private let labels: LabelTable
  private let origin: UInt64
  /// The run began before the trace.
  private var beganEarlier = false
  private let isCut: Bool
  /// The first task that each lane submitted within the trace, by the lane's own count.
  private var firstSubmitted: [UInt16: UInt64] = [:]
  private let lanesOfProcess: [UInt32: [UInt16]]

  /// Some events are not there.
  private var isLossy = false
  /// Nor is it known where exactly they were: LTTng discards an event that is too large for the rest of its buffer, and still
  /// takes a smaller one after it. Then nothing that lies on a lane's stack can be held against it.
  private let isLossVague: Bool
  private static let rulesOfStacks: Set = ["stack", "nesting", "park", "parked", "lane"]

  private enum Phase { case pending(since: UInt64), running(lane: UInt16), suspended }
  private enum Frame: Equatable {
    case task(UInt64), wait(UInt64), callback(UInt64), fork(UInt64), blocking(UInt64), job
  }
  private struct Lane {
    var stack: [Frame] = []
    var isAlive = false
    var isParked = false
    var time: UInt64 = 0
    /// No event has said anything of it yet, or none since a loss.
    var isNew = true
    /// The lane was in the middle of something when the trace began: what lies beneath `stack` is not known.
    var isOpen = false
    /// How many tasks lie there; nil: no event has said it yet.
    var tasksBeneath: Int?
    var tasks: Int { stack.reduce(0) { if case .task = $1 { $0 + 1 } else { $0 } } }
    /// Nothing lies on its stack.
    mutating func clear() {
      stack = []
      isOpen = false
    }
    /// Whatever it did, its end may be among the lost.
    mutating func forget() { self = Lane(time: time, isOpen: true) }
  }

  /// The violations found, as sentences; empty: the trace is consistent.
  public static func of(_ trace: Trace, progress: ((Int) -> Bool)? = nil) -> [String] {
    var messages = trace.problems.map { "damaged: \($0)" }
    for lane in trace.lanes where lane.lost > 0 || lane.missingPackets > 0 {
      messages.append(
        "incomplete: lane \(LaneSummary.name(of: lane.lane)) lost \(Units.count(lane.lost)) events, "
          + "\(Units.count(lane.missingPackets)) packets are missing")
    }
    for lane in trace.lanes {
      if let problem = lane.unreadable {
        messages.append("incomplete: nothing of lane \(LaneSummary.name(of: lane.lane)) can be read: \(problem)")
      }
    }
    let (discarded, missing) = (trace.lostByUnknownLanes, trace.processes.saturatingSum(\.missingPackets))
    if discarded > 0 || missing > 0 {
      messages.append(
        "incomplete: \(Units.count(discarded)) events were discarded, \(Units.count(missing)) packets are missing, of unknown lanes"
      )
    }
    var checker = Validation(trace)
    let outcome = trace.read(into: &checker, progress: progress)
    if outcome.damaged > 0 { messages.append("damaged: \(outcome.damaged) records of no plausible time") }
    messages += checker.finish()
    let summary = Summary.of(trace)
    let total = LaneState.allCases.reduce(UInt64(0)) { $0 + summary.time($1) }
    if total != summary.capacity {
      messages.append("model: states sum to \(total) ns instead of \(summary.capacity) ns")
    }
    if summary.idle.total + summary.work + summary.time(.blocking) + summary.time(.unknown) != summary.capacity {
      messages.append("model: the idle attribution does not sum to the idle time")
    }
    return messages
  }

  init(_ trace: Trace) {
    labels = trace.labels
    origin = trace.span.lowerBound
    isCut = trace.isCut
    beganEarlier = isCut
    isLossVague = trace.lostByUnknownLanes > 0
    isLossy = trace.lost > 0 || trace.missingPackets > 0 || trace.lanes.contains { $0.unreadable != nil }
    var known: [UInt32: [UInt16]] = [:]
    for lane in trace.lanes where lane.isWorker {
      if let pid = UInt32(trace.processes[lane.process].pid) { known[pid, default: []].append(lane.lane) }
      if lane.startsLate { beganEarlier = true }
    }
    lanesOfProcess = known
    for lane in trace.lanes where lane.isShown && (lane.startsLate || !lane.isWorker && beganEarlier) {
      lanes[lane.lane] = Lane(isOpen: true)
    }
  }

  private mutating func report(_ rule: String, _ text: String, _ record: EventRecord) {
    if isLossVague && Self.rulesOfStacks.contains(rule) { return }
    counts[rule, default: 0] += 1
    guard counts[rule]! <= Self.repeats else { return }
    messages.append(
      "\(rule): \(text) at \(EventText.time(record.time, origin: origin)) on \(LaneSummary.name(of: record.worker))")
  }

  public mutating func consume(_ record: EventRecord) {
    guard let kind = record.kind else { return report("kind", "event \(record.id) is not known", record) }
    var lane = lanes.removeValue(forKey: record.worker) ?? Lane()
    defer { lanes[record.worker] = lane }
    if record.time < lane.time { report("time", "goes back by \(lane.time - record.time) ns", record) }
    let isFirst = lane.isNew
    lane.isNew = false
    lane.time = record.time
    let isWorker = record.worker < EventValue.firstOutsideLane
    if kind == .lost { return lost(&lane, record) }
    if kind == .workerStatus { return status(&lane, record, isFirst: isFirst) }
    if lane.isParked && kind != .workerUnpark {
      report("parked", "\(name(kind)) while parked", record)
    }
    // Of a lane of which nothing was known at the cut nothing is restated.
    if isFirst && isWorker && isCut && kind != .workerStart { (lane.isOpen, lane.isAlive) = (true, true) }
    if isWorker && !lane.isAlive && kind != .workerStart && !(isFirst && lane.isOpen) {
      report("lane", "\(name(kind)) before worker_start", record)
    }
    if isWorker && kind != .workerStart { lane.isAlive = true }
    switch kind {
    case .taskSubmit: submit(record)
    case .taskStart: start(&lane, record)
    case .taskEnd:
      let task = record[TaskEnd.task]
      if lane.stack.last == .job, isSuspended(task) {
        // It went on in this job, whether or not an event said so.
        if !isEarlier(task) { tasks[task] = .running(lane: record.worker) }
      } else {
        pop(&lane, .task(task), record)
      }
      if case .running? = tasks.removeValue(forKey: task) {
        ended.insert(task)
      } else if !mayLack(task) || !ended.insert(task).inserted {
        report("task", "\(EventText.task(task)) ends without running", record)
      }
    case .taskCancel:
      let task = record[TaskStep.task]
      if case .pending? = tasks.removeValue(forKey: task) {
        ended.insert(task)
      } else if !mayLack(task) || !ended.insert(task).inserted {
        report("task", "\(EventText.task(task)) is cancelled but not pending", record)
      }
    case .taskSuspend:
      pop(&lane, .task(record[TaskStep.task]), record)
      tasks[record[TaskStep.task]] = .suspended
    case .taskResume:
      lane.stack.append(.task(record[TaskStep.task]))
      tasks[record[TaskStep.task]] = .running(lane: record.worker)
    case .waitBegin: lane.stack.append(.wait(record[WaitBegin.waiter]))
    case .waitEnd: pop(&lane, .wait(record[WaitEnd.waiter]), record)
    case .callbackBegin: lane.stack.append(.callback(record[Callback.task]))
    case .callbackEnd: pop(&lane, .callback(record[Callback.task]), record)
    case .forkBegin: lane.stack.append(.fork(record[StolenFork.parent]))
    case .forkEnd: pop(&lane, .fork(record[StolenFork.parent]), record)
    case .blockingBegin: lane.stack.append(.blocking(record[Blocking.kind]))
    case .blockingEnd: pop(&lane, .blocking(record[Blocking.kind]), record)
    case .jobBegin: lane.stack.append(.job)
    case .jobEnd:
      if lane.stack.count > 1, case .task(let task)? = lane.stack.last, lane.stack[lane.stack.count - 2] == .job {
        lane.stack.removeLast()  // it leaves its thread with the job
        tasks[task] = .suspended
      }
      pop(&lane, .job, record)
    case .workerPark:
      lane.isParked = true
      let isIdle = record[WorkerPark.reason] == UInt64(ParkReason.idle.rawValue)
      if isIdle && isWorker {
        if !lane.stack.isEmpty { report("park", "idle with work on the stack", record) }
        lane.isOpen = false
      }
    case .workerUnpark:
      if !lane.isParked && !lane.isOpen { report("park", "unparks without having parked", record) }
      lane.isParked = false
    case .workerStart:
      if lane.isAlive { report("lane", "worker_start twice", record) }
      lane.isAlive = true
      lane.isOpen = false
    case .workerStop:
      if !lane.stack.isEmpty { report("lane", "worker_stop with \(lane.stack.count) activities open", record) }
      lane.isAlive = false
      lane.clear()
    case .callWorkerDied: workerDied(record)
    case .regionBegin, .regionEnd, .mark, .counter: checkLabel(UInt32(record[Region.label]), record)
    default: break
    }
  }

  // MARK: What is lost

  private mutating func lost(_ lane: inout Lane, _ record: EventRecord) {
    if !isLossy { report("lost", "\(record[Lost.count]) events were lost, which no packet counts", record) }
    isLossy = true
    lane.forget()
  }
  /// Earlier events of the task may not be there.
  private func mayLack(_ task: UInt64) -> Bool { isLossy || isEarlier(task) }

  // MARK: What began earlier, and what ended from outside

  /// The trace's run began before it, and so did the task.
  private func isEarlier(_ task: UInt64) -> Bool {
    guard beganEarlier, task != 0 else { return false }
    return EventValue.counter(ofTask: task) < firstSubmitted[EventValue.lane(ofTask: task)] ?? .max
  }
  private func isSuspended(_ task: UInt64) -> Bool {
    if case .suspended? = tasks[task] { return true }
    return (tasks[task] == nil && isEarlier(task) || isLossy) && !ended.contains(task)
  }
  /// As the program writes it, another thread says what this one did a moment ago: it introduces lanes, it contradicts nobody.
  /// Where a trace was cut it is exact; `stopped` then stands for the death of the lane's process.
  private mutating func status(_ lane: inout Lane, _ record: EventRecord, isFirst: Bool) {
    guard record.worker < EventValue.firstOutsideLane else {
      if isFirst { (lane.isOpen, beganEarlier) = (true, true) }
      return
    }
    let isExact = record[WorkerStatus.depth] == WorkerStatus.exact
    if isExact, record[WorkerStatus.state] == UInt64(WorkerState.stopped.rawValue) {
      die(&lane)
    } else if isFirst {
      beganEarlier = true
      lane.isAlive = true
      lane.isOpen = true
      if isExact { lane.isParked = record[WorkerStatus.state] == UInt64(WorkerState.parked.rawValue) }
      if lane.isParked { lane.isOpen = false }
    }
  }
  private mutating func workerDied(_ record: EventRecord) {
    let task = record[Call.call]
    if task != 0 {
      // It will not be tried again: that is its end.
      if case .suspended? = tasks[task], !isLossy {
        return report("task", "\(EventText.task(task)) is lost but suspended", record)
      }
      if tasks.removeValue(forKey: task) != nil { ended.insert(task) }
      for lane in lanes.keys { lanes[lane]!.stack.removeAll { $0 == .task(task) } }
      return
    }
    for number in lanesOfProcess[UInt32(record[Call.pid])] ?? [] {
      guard var lane = lanes[number] else { continue }
      die(&lane)
      lanes[number] = lane
    }
  }
  /// Its calls may be tried again elsewhere, under the same id.
  private mutating func die(_ lane: inout Lane) {
    for case .task(let task) in lane.stack {
      if case .running? = tasks[task] { tasks[task] = .pending(since: lane.time) }
    }
    lane.isAlive = false
    lane.isParked = false
    lane.clear()
  }

  private func name(_ kind: EventKind) -> String { EventTable[kind].name }
  private mutating func checkLabel(_ label: UInt32, _ record: EventRecord) {
    guard label > 0, !isLossy else { return }
    if label >= labels.all.count || labels.all[Int(label)].text.isEmpty {
      report("label", "label \(label) was never defined", record)
    }
  }
  private mutating func submit(_ record: EventRecord) {
    let task = record[TaskSubmit.task]
    let maker = EventValue.lane(ofTask: task)
    firstSubmitted[maker] = min(firstSubmitted[maker] ?? .max, EventValue.counter(ofTask: task))
    checkLabel(UInt32(record[TaskSubmit.label]), record)
    if task == 0 { return report("task", "0 is no task", record) }
    if maker != record.worker {
      report("task", "\(EventText.task(task)) is submitted by another lane than made it", record)
    }
    if let started = waitsForSubmit.removeValue(forKey: task) {
      report(
        "order", "\(EventText.task(task)) starts \(record.time - min(started, record.time)) ns before its submit",
        record)
    } else if tasks[task] != nil || ended.contains(task) {
      report("task", "\(EventText.task(task)) is submitted twice", record)
    } else {
      tasks[task] = .pending(since: record.time)
    }
  }
  private mutating func start(_ lane: inout Lane, _ record: EventRecord) {
    let task = record[TaskStart.task]
    switch tasks[task] {
    case .pending: break
    case .running where isLossy, .suspended where isLossy: break  // another worker process died, and tried it again
    case nil where !ended.contains(task): waitsForSubmit[task] = record.time
    default: report("task", "\(EventText.task(task)) starts twice", record)
    }
    tasks[task] = .running(lane: record.worker)
    let nesting = Int(record[TaskStart.nesting])
    if lane.isOpen && lane.tasksBeneath == nil && nesting >= lane.tasks { lane.tasksBeneath = nesting - lane.tasks }
    let beneath = lane.isOpen ? lane.tasksBeneath ?? 0 : 0
    if nesting != lane.tasks + beneath {
      report("nesting", "is stated as \(nesting), \(lane.tasks + beneath) tasks are on the stack", record)
    }
    lane.stack.append(.task(task))
  }
  private mutating func pop(_ lane: inout Lane, _ frame: Frame, _ record: EventRecord) {
    if lane.stack.last == frame {
      lane.stack.removeLast()
    } else if lane.stack.isEmpty && lane.isOpen {
      guard case .task = frame, let beneath = lane.tasksBeneath else { return }
      if beneath == 0 { report("stack", "\(name(record.kind!)) ends what cannot have begun before the trace", record) }
      lane.tasksBeneath = max(0, beneath - 1)
    } else {
      report("stack", "\(name(record.kind!)) does not end what began last", record)
      if let position = lane.stack.lastIndex(of: frame) { lane.stack.removeSubrange(position...) }
    }
  }

  private mutating func finish() -> [String] {
    let unknown = waitsForSubmit.filter { !mayLack($0.key) }
    for (task, _) in unknown.sorted(by: { $0.value < $1.value }).prefix(Self.repeats) {
      messages.append("task: \(EventText.task(task)) ran but was never submitted")
    }
    for (number, lane) in lanes.sorted(by: { $0.key < $1.key })
    where number < EventValue.firstOutsideLane && !lane.isAlive && !lane.stack.isEmpty && !isLossVague {
      messages.append("lane: \(LaneSummary.name(of: number)) stopped with activities open")
    }
    // After all workers have stopped nothing can be running.
    let workers = lanes.filter { $0.key < EventValue.firstOutsideLane }
    if !workers.isEmpty && !isLossy && workers.values.allSatisfy({ !$0.isAlive }) {
      let running = tasks.filter { if case .running = $0.value { true } else { false } }.keys.sorted()
      for task in running.prefix(Self.repeats) {
        messages.append("task: \(EventText.task(task)) runs although every worker has stopped")
      }
    }
    for (rule, count) in counts.sorted(by: { $0.key < $1.key }) where count > Self.repeats {
      messages.append("\(rule): \(Units.count(count - Self.repeats)) more like these")
    }
    return messages
  }
}
