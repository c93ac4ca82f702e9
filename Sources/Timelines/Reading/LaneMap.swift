// Several processes in one trace: their lanes, tasks and labels get numbers that are unique among all of them.
import SchedulerEvents

/// All label texts of a trace, by id.
public struct LabelTable: Sendable {
  /// By label id.
  public internal(set) var all: [Label] = [Label(text: "", source: "")]
  /// The text of a label; `(no label)` for 0 and `label 7` for one that was never defined.
  public func text(_ label: UInt32) -> String {
    guard label > 0 else { return "(no label)" }
    guard label < all.count, !all[Int(label)].text.isEmpty else { return "label \(label)" }
    return all[Int(label)].text
  }
  /// `file:line` of a label's first use, empty if unknown.
  public func source(_ label: UInt32) -> String { label < all.count ? all[Int(label)].source : "" }
  /// The ids whose text is, or contains, `name`.
  public func find(_ name: String) -> [UInt32] {
    let exact = all.indices.filter { $0 > 0 && all[$0].text == name }
    return (exact.isEmpty ? all.indices.filter { $0 > 0 && all[$0].text.contains(name) } : exact).map(UInt32.init)
  }
}

/// How one process's numbers become the trace's. With a single process nothing changes.
struct LaneMap: Sendable {
  var identity = true
  var lanes: [UInt16: UInt16] = [:]
  var labels: [UInt32: UInt32] = [:]
  var process = 0
  /// The lanes of the process that this one is a worker of.
  var parentLanes: [UInt16: UInt16] = [:]

  private func lane(_ lane: UInt64) -> UInt64 { UInt64(lanes[UInt16(truncatingIfNeeded: lane)] ?? EventValue.noLane) }
  private func task(_ task: UInt64) -> UInt64 {
    if task & EventValue.taskOfParent != 0 {
      let lane = parentLanes[EventValue.lane(ofTask: task)] ?? EventValue.noLane
      return UInt64(lane) << 48 | EventValue.counter(ofTask: task) & ~EventValue.taskOfParent
    }
    return task == 0 ? 0 : lane(task >> 48) << 48 | EventValue.counter(ofTask: task)
  }

  /// Rewrites every id in a record.
  func apply(to record: inout EventRecord) {
    guard !identity, let kind = record.kind else { return }
    record.worker = lanes[record.worker] ?? record.worker
    func task(_ place: Place) { record[place] = self.task(record[place]) }
    func lane(_ place: Place) { record[place] = self.lane(record[place]) }
    func label(_ place: Place) { record[place] = UInt64(labels[UInt32(record[place])] ?? 0) }
    switch kind {
    case .taskSubmit:
      task(TaskSubmit.task)
      task(TaskSubmit.parent)
      label(TaskSubmit.label)
    case .taskStart:
      task(TaskStart.task)
      lane(TaskStart.victim)
    case .taskEnd, .taskCancel, .taskNotify, .taskSuspend, .taskResume, .callbackBegin, .callbackEnd:
      task(TaskEnd.task)
    case .taskDepend, .waitBegin, .waitEnd, .forkSplit, .forkJoin:
      task(WaitBegin.waiter)
      task(WaitBegin.awaited)
    case .forkBegin, .forkEnd:
      task(StolenFork.parent)
      lane(StolenFork.victim)
    case .searchEnd: lane(SearchEnd.victim)
    case .workerUnpark: lane(WorkerUnpark.waker)
    case .workerWake: lane(WorkerWake.target)
    case .workerStatus: task(WorkerStatus.task)
    case .callSent, .callStarted, .callResult, .callWorkerDied: task(Call.call)
    case .regionBegin, .regionEnd, .mark, .counter: label(Region.label)
    default: break
    }
  }
}

/// Hands out the numbers.
struct LaneMapBuilder {
  var maps: [LaneMap]
  var labels = LabelTable()

  init(_ processes: [ProcessTrace]) {
    maps = processes.indices.map { LaneMap(identity: processes.count == 1, process: $0) }
    var nextWorker: UInt16 = 0
    var nextOutside = EventValue.firstOutsideLane
    var known: [String: UInt32] = [:]
    for (number, process) in processes.enumerated() {
      for lane in Set(process.lanes.map(\.lane) + process.unreadable.map(\.lane)).sorted()
      where lane != LogLayout.logLane {
        if lane < EventValue.firstOutsideLane {
          maps[number].lanes[lane] = nextWorker
          nextWorker &+= 1
        } else {
          maps[number].lanes[lane] = nextOutside
          nextOutside &+= nextOutside < EventValue.noLane - 1 ? 1 : 0
        }
      }
      for (id, label) in process.labels.sorted(by: { $0.key < $1.key }) {
        if processes.count == 1 {
          let index = Int(min(id, EventValue.maxLabel))
          while labels.all.count <= index { labels.all.append(Label(text: "", source: "")) }
          labels.all[index] = label
        } else {
          let key = label.text + "\0" + label.source
          if known[key] == nil {
            known[key] = UInt32(labels.all.count)
            labels.all.append(label)
          }
          maps[number].labels[id] = known[key]
        }
      }
    }
    for (number, process) in processes.enumerated() {
      if let parent = process.parent, let index = processes.firstIndex(where: { $0.pid == parent }) {
        maps[number].parentLanes = maps[index].lanes
      }
    }
  }
  func global(lane: UInt16, process: Int) -> UInt16 {
    if lane == LogLayout.logLane { return lane }
    return maps[process].identity ? lane : maps[process].lanes[lane] ?? EventValue.noLane
  }
}
