// LTTng orders events by processor and may mix processes; the model wants a stream for each lane of each process.
//
// Losses: the tracer counts what a processor's buffer had no room for, but not whose it was. So while a gap is open no lane can be
// trusted: the next event of every lane is preceded by a `lost` record, which makes what the lane did until then unknown.
import SchedulerEvents

/// Takes a trace's events in the order of time and sorts them by process and lane.
final class LaneSplitter {
  /// What one process wrote.
  private final class Process {
    var program = ""
    var labels: [UInt32: Label] = [:]
    var pools: [UInt32: Pool] = [:]
    var lanes: [UInt16: LaneFile] = [:]
    var mixed = false
    var isNewer = false
  }
  private var processes: [Int32: Process] = [:]
  private var order: [Int32] = []
  /// The last event's: mostly the next one's too.
  private var current: (pid: Int32, process: Process)?
  private var currentLane: LaneFile?
  /// Losses that began or ended so far, and those that began and did not end.
  private var losses = 0
  private var openLosses = 0

  /// Something is lost from now on.
  func lossBegins() {
    losses += 1
    openLosses += 1
  }
  /// What follows is whole again.
  func lossEnds() {
    losses += 1
    openLosses -= 1
  }

  @inline(__always) func add(_ record: EventRecord, pid: Int32) throws(ReadingError) {
    let lane: LaneFile
    if let known = currentLane, known.lane == record.worker, current.unsafelyUnwrapped.pid == pid {
      lane = known
    } else {
      lane = try find(record.worker, pid)
    }
    if lane.knownLosses != losses { try state(lane, before: record) }
    if record.id == EventKind.workerStart.rawValue || record.id == EventKind.workerStatus.rawValue {
      introduce(lane, record)
    }
    try lane.append(record)
  }
  func add(_ definition: Definition, pid: Int32) {
    let process = process(pid)
    switch definition {
    case .label(let id, let text, let source) where id <= EventValue.maxLabel:
      let label = Label(text: printable(text), source: printable(source))
      if process.labels.updateValue(label, forKey: id).map({ $0 != label }) ?? false { process.mixed = true }
    case .label: break
    case .pool(let id, let workers, let schema, let name, let policies):
      let pool = Pool(name: printable(name), workers: workers, policies: printable(policies))
      if process.pools.updateValue(pool, forKey: id).map({ $0 != pool }) ?? false { process.mixed = true }
      if schema > EventTable.schema { process.isNewer = true }
    }
  }
  /// The program's name, where the session records it.
  func name(_ bytes: UnsafeRawBufferPointer, pid: Int32) {
    let process = process(pid)
    if process.program.isEmpty {
      process.program = printable(String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
    }
  }
  func isNamed(_ pid: Int32) -> Bool { current?.pid == pid && !current.unsafelyUnwrapped.process.program.isEmpty }

  @inline(never) private func state(_ lane: LaneFile, before record: EventRecord) throws(ReadingError) {
    if openLosses == 0 { lane.knownLosses = losses }
    guard lane.records > 0 else {
      if record.kind != .workerStart { lane.beganEarlier = true }
      return
    }
    try lane.append(Self.lost(lane.lane, at: record.time))
  }
  private static func lost(_ lane: UInt16, at time: UInt64) -> EventRecord {
    var record = EventRecord(.lost, time: time, worker: lane)
    record.b = LaneCursor.derivedMark
    return record
  }

  /// Which thread a lane is. Two threads at a time are two processes.
  @inline(never) private func introduce(_ lane: LaneFile, _ record: EventRecord) {
    let tid = UInt32(truncatingIfNeeded: record[record.kind == .workerStart ? WorkerLife.tid : WorkerStatus.tid])
    if record.kind == .workerStatus, lane.tid != 0, tid != lane.tid {
      process(current.unsafelyUnwrapped.pid).mixed = true
    }
    if tid != 0 { lane.tid = tid }
  }

  private func process(_ pid: Int32) -> Process {
    if let current, current.pid == pid { return current.process }
    let process: Process
    if let known = processes[pid] {
      process = known
    } else {
      process = Process()
      processes[pid] = process
      order.append(pid)
    }
    current = (pid, process)
    currentLane = nil
    return process
  }
  @inline(never) private func find(_ number: UInt16, _ pid: Int32) throws(ReadingError) -> LaneFile {
    let process = process(pid)
    if let known = process.lanes[number] {
      currentLane = known
      return known
    }
    let lane = try LaneFile(number)
    // A lane that begins in a gap did not lose what it had before: nothing.
    if openLosses == 0 { lane.knownLosses = losses }
    process.lanes[number] = lane
    currentLane = lane
    return lane
  }

  /// One trace for each process. `facts`: what is the same for all of them.
  func finish(
    path: String, environment: [(name: String, value: String)], clockUUID: String?, clockOffset: Int64
  ) throws(ReadingError) -> ([ProcessTrace], [ReadingProblem]) {
    var traces: [ProcessTrace] = []
    var problems: [ReadingProblem] = []
    let end = processes.values.flatMap { $0.lanes.values.map(\.last) }.max() ?? 0
    for pid in order {
      let process = processes[pid].unsafelyUnwrapped
      var entries = environment
      if pid != 0 { entries.append(("pid", "\(pid)")) }
      if !process.program.isEmpty { entries.append(("program", process.program)) }
      var trace = ProcessTrace(
        path: path, environment: entries, labels: process.labels, pools: process.pools, clockUUID: clockUUID,
        clockOffset: clockOffset, format: .lttng)
      for lane in process.lanes.values.sorted(by: { $0.lane < $1.lane }) {
        if lane.knownLosses != losses { try lane.append(Self.lost(lane.lane, at: end)) }
        trace.lanes.append(try lane.finish())
      }
      if process.mixed && pid == 0 {
        problems.append(
          ReadingProblem(
            file: path,
            text:
              "holds events of several processes that nothing tells apart: record with --buffers-pid, or add the context vpid"
          ))
      }
      if process.isNewer {
        problems.append(
          ReadingProblem(
            file: path, text: "written by a newer version than schema \(EventTable.schema), which is known here")
        )
      }
      traces.append(trace)
    }
    return (traces, problems)
  }
}
