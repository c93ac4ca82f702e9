// The end of worker processes, told by their parent: what they were doing ended with them.
import SchedulerEvents

extension Modeler where Sink: ~Copyable {
  /// A worker process is gone, or (with a call) a call that will not be tried again after its worker went.
  mutating func callWorkerDied(_ event: EventRecord, _ time: UInt64) {
    let task = event[Call.call]
    guard task == 0 else { return lose(task, time) }
    guard let process = processOfPID[UInt32(event[Call.pid])] else { return }
    for index in 0..<laneCount where machines[index].summary.process == process && machines[index].isAlive {
      guard machines[index].isWorker else { continue }
      die(machines + index, time)
    }
  }
  /// The thread ended with its process.
  mutating func die(_ lane: Lane, _ time: UInt64) {
    let end = max(time, lane.pointee.last)
    close(lane, end)
    while lane.pointee.depth > 0 {
      let frame = lane.pointee.pop()
      // Still in the table: it may begin again elsewhere, or be lost for good.
      if frame.kind == .task, frame.slot >= 0 { table.slots[Int(frame.slot)].fate = .unknown }
    }
    lane.pointee.isAlive = false
    lane.pointee.isParked = false
    lane.pointee.isStarting = false
    lane.pointee.isKnown = true
    lane.pointee.last = end
    settle(lane, end)
  }
  /// A trace that was written anew says so of each lane.
  func saysDead(_ record: EventRecord) -> Bool {
    record[WorkerStatus.depth] == WorkerStatus.exact
      && record[WorkerStatus.state] == UInt64(WorkerState.stopped.rawValue)
  }

  private mutating func lose(_ task: UInt64, _ time: UInt64) {
    let slot = table.find(task)
    guard slot >= 0 else { return }
    for index in 0..<laneCount {
      let lane = machines + index
      let position = lane.pointee.find { $0.kind == .task && $0.slot == slot }
      guard position >= 0 else { continue }
      let end = max(time, lane.pointee.last)
      close(lane, end)
      unwind(lane, to: position + 1)
      _ = lane.pointee.pop()
      settle(lane, end)
    }
    let record = table.slots + Int(slot)
    if record.pointee.start == 0, record.pointee.submit > 0 { changeReady(record.pointee.queue, -1, time) }
    record.pointee.end = max(time, record.pointee.submit, record.pointee.start)
    conclude(slot, .error)
  }
}
