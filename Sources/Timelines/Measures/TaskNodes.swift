// Every task of a run in 32 bytes each, found by its id: what walking through the graph of tasks needs.
import SchedulerEvents

/// Tasks by id, in chunks of 256 consecutive ids of one lane: lanes count their tasks, so chunks are full, no key is stored
/// and nothing is moved when more come.
struct TaskNodes: ~Copyable {
  /// Unpacked. Times are on the trace's clock, 0: unknown.
  struct Node {
    var task: UInt64
    var parent: UInt64
    var submit: UInt64
    var start: UInt64
    var end: UInt64
    var label: UInt32
    /// Lane index of who ran it.
    var lane: Int32
  }
  /// Three times of 48 bits, counted from 1 at the beginning of the run (three days), and 16 bits of something else.
  struct Packed: BitwiseCopyable {
    var submitAndLane: UInt64 = 0
    var startAndLabel: UInt64 = 0
    var endAndLabel: UInt64 = 0
    var parent: UInt64 = 0
  }
  private static var chunkSize: UInt64 { 256 }
  private static var timeBits: UInt64 { 48 }
  private static var timeMask: UInt64 { 1 << timeBits - 1 }

  /// SAFETY: each holds `chunkSize` initialized nodes, owned here.
  private var chunks: [UInt64: UnsafeMutablePointer<Packed>] = [:]
  private let origin: UInt64
  private(set) var count = 0

  init(origin: UInt64) { self.origin = origin }
  deinit { for chunk in chunks.values { chunk.deallocate() } }

  private func pack(_ time: UInt64, _ other: UInt64) -> UInt64 {
    let offset = time == 0 ? 0 : min(time - min(origin, time) + 1, Self.timeMask)
    return offset | other << Self.timeBits
  }
  private func time(_ packed: UInt64) -> UInt64 {
    let offset = packed & Self.timeMask
    return offset == 0 ? 0 : origin + offset - 1
  }

  /// Adds a task that has started; a second one with the same id takes the first one's place.
  mutating func insert(_ task: TaskRecord, end: UInt64) {
    let key = task.task / Self.chunkSize
    let chunk: UnsafeMutablePointer<Packed>
    if let found = chunks[key] {
      chunk = found
    } else {
      chunk = .allocate(capacity: Int(Self.chunkSize))
      chunk.initialize(repeating: Packed(), count: Int(Self.chunkSize))
      chunks[key] = chunk
    }
    let node = chunk + Int(task.task % Self.chunkSize)
    if node.pointee.startAndLabel == 0 { count += 1 }
    let lane = UInt64(UInt16(truncatingIfNeeded: task.lane))
    node.pointee = Packed(
      submitAndLane: pack(task.submit, lane), startAndLabel: pack(task.start, UInt64(task.label) & 0xFFFF),
      endAndLabel: pack(end, UInt64(task.label) >> 16), parent: task.parent)
  }

  /// nil: it has not started within the run.
  subscript(task: UInt64) -> Node? {
    guard let chunk = chunks[task / Self.chunkSize] else { return nil }
    let node = chunk[Int(task % Self.chunkSize)]
    guard node.startAndLabel != 0 else { return nil }
    let lane = Int16(truncatingIfNeeded: node.submitAndLane >> Self.timeBits)
    return Node(
      task: task, parent: node.parent, submit: time(node.submitAndLane), start: time(node.startAndLabel),
      end: time(node.endAndLabel),
      label: UInt32(node.startAndLabel >> Self.timeBits) | UInt32(node.endAndLabel >> Self.timeBits) << 16,
      lane: Int32(lane))
  }
}
