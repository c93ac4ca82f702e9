// Lanes: the small numbers that name threads in task ids and traces.
import CPlatform
import Synchronization

enum Lanes {
  private static let nextWorker = Atomic<Int>(0)
  private static let nextOutside = Atomic<Int>(0)

  /// Makes the calling thread the owner of a worker lane (0, 1, ...; the lowest that is free).
  static func openWorker() -> UInt16 {
    open(UInt16(truncatingIfNeeded: nextWorker.wrappingAdd(1, ordering: .relaxed).oldValue))
  }
  /// Gives the calling worker's lane back.
  static func closeWorker() {}
  /// Gives the calling outside thread a lane (0x8000 upwards), given back when the thread ends.
  @inline(never) static func openOutside() {
    _ = open(0x8000 | UInt16(truncatingIfNeeded: nextOutside.wrappingAdd(1, ordering: .relaxed).oldValue))
  }
  private static func open(_ lane: UInt16) -> UInt16 {
    let thread = cf_current_thread()!
    thread.pointee.lane = lane
    thread.pointee.next_task = UInt64(lane) << 48 | 1
    return lane
  }
}
