// Lanes: the small numbers that name threads in task ids and traces.
//
// A lane belongs to one thread at a time and is used again after it; its task counter and its ring go on.
// Roles: the owning thread opens and closes its lane; the log looks at the lanes of others (under the lock).
import CPlatform
import Glibc
import SchedulerEvents
import Synchronization

/// What stays of a lane when its thread ends.
final class Lane {
  let number: UInt16
  let ring: EventRing
  // All under `Lanes.lock`.
  fileprivate(set) var thread: UnsafeMutablePointer<cf_thread>?
  fileprivate(set) var tid: Int32 = 0
  fileprivate(set) var pool: UInt32 = 0
  fileprivate var nextTask: UInt64

  fileprivate init(_ number: UInt16) {
    self.number = number
    ring = EventRing(lane: number)
    nextTask = UInt64(number) << 48 | 1
  }
}

enum Lanes {
  /// Guards everything below. Taken with the log's lock held, never the other way round.
  static let lock = LogLock()
  // SAFETY: only touched with `lock` held.
  nonisolated(unsafe) private static var workers = Rows(first: 0, limit: Int(EventValue.firstOutsideLane))
  nonisolated(unsafe) private static var outside = Rows(
    first: EventValue.firstOutsideLane, limit: Int(LogLayout.logLane - EventValue.firstOutsideLane))
  /// Blocks of task ids handed out where no lane is free.
  private static let sharedBlocks = Atomic<UInt64>(0)

  /// The lanes of one kind: those in use and those that were.
  private struct Rows {
    let first: UInt16
    let limit: Int
    var lanes: [Lane] = []
    /// No lane below this index is free.
    var lowestFree = 0

    mutating func open() -> Lane? {
      while lowestFree < lanes.count, lanes[lowestFree].thread != nil { lowestFree += 1 }
      guard lowestFree < limit else { return nil }
      if lowestFree == lanes.count { lanes.append(Lane(first + UInt16(lowestFree))) }
      return lanes[lowestFree]
    }
    mutating func close(_ number: UInt16, nextTask: UInt64) {
      let index = Int(number - first)
      lanes[index].thread = nil
      lanes[index].nextTask = nextTask
      lowestFree = min(lowestFree, index)
    }
  }

  /// Makes the calling thread the owner of a worker lane (0, 1, ...; the lowest that is free).
  static func openWorker() -> UInt16 { open(asWorker: true) }

  /// Gives the calling worker's lane back.
  static func closeWorker() {
    let thread = cf_current_thread()!
    guard thread.pointee.next_task != 0 else { return }
    if let ring = EventRing(thread.pointee.ring) { ring.ownerLeaves() }
    close(thread)
  }

  /// Gives the calling outside thread a lane (0x8000 upwards), given back when the thread ends.
  @inline(never) static func openOutside() {
    _ = open(asWorker: false)
    // Any value but null makes the key's destructor run when the thread ends.
    pthread_setspecific(threadEnd, UnsafeRawPointer(bitPattern: 1))
  }

  /// Notes the pool that the calling worker belongs to, for `worker_status`.
  static func setPool(_ pool: UInt32) {
    let number = cf_current_thread()!.pointee.lane
    lock.withLock {
      if number < EventValue.firstOutsideLane, Int(number) < workers.lanes.count {
        workers.lanes[Int(number)].pool = pool
      }
    }
  }

  /// Calls `body` for each lane that has a thread, with the lock held: the thread's slot stays valid meanwhile.
  static func forEachLive(_ body: (Lane) -> Void) {
    lock.withLock { for lane in workers.lanes + outside.lanes where lane.thread != nil { body(lane) } }
  }
  /// Calls `body` for the ring of every lane that was ever used.
  static func forEachRing(_ body: (EventRing) -> Void) {
    var rings: [EventRing] = []
    lock.withLock { visitRings { rings.append($0) } }
    for ring in rings { body(ring) }
  }

  /// The same with the lock held already.
  static func visitRings(_ body: (EventRing) -> Void) {
    for lane in workers.lanes { body(lane.ring) }
    for lane in outside.lanes { body(lane.ring) }
  }

  private static func open(asWorker: Bool) -> UInt16 {
    let thread = cf_current_thread()!
    lock.withLock {
      guard let lane = asWorker ? workers.open() : outside.open() else {
        // More threads than lanes: ids stay unique, events of this thread are counted as lost.
        thread.pointee.lane = EventValue.noLane
        thread.pointee.ring = nil
        let block = sharedBlocks.wrappingAdd(1, ordering: .relaxed).oldValue
        thread.pointee.next_task = UInt64(EventValue.noLane) << 48 | block << 32 | 1
        return
      }
      lane.thread = thread
      lane.tid = cf_gettid()
      lane.pool = 0
      lane.ring.setOwner(tid: lane.tid)
      thread.pointee.lane = lane.number
      thread.pointee.next_task = lane.nextTask
      thread.pointee.ring = lane.ring.opaque
    }
    return thread.pointee.lane
  }

  fileprivate static func close(_ thread: UnsafeMutablePointer<cf_thread>) {
    lock.withLock {
      let number = thread.pointee.lane
      if number < EventValue.firstOutsideLane {
        workers.close(number, nextTask: thread.pointee.next_task)
      } else if number != EventValue.noLane {
        outside.close(number, nextTask: thread.pointee.next_task)
      }
      thread.pointee.next_task = 0
      thread.pointee.ring = nil
    }
  }

  /// In the child of a fork only the calling thread is left.
  static func forkedChild() {
    let own = cf_current_thread()
    for lane in workers.lanes + outside.lanes where lane.thread != own { lane.thread = nil }
    workers.lowestFree = 0
    outside.lowestFree = 0
    lock.reset()
  }

  private static let threadEnd: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, outsideThreadEnds)
    return key
  }()
}

/// Runs on an outside thread that ends. A destructor that runs later and needs a lane gets one anew.
private func outsideThreadEnds(_: UnsafeMutableRawPointer?) {
  let thread = cf_current_thread()!
  guard thread.pointee.next_task != 0, thread.pointee.worker == nil else { return }
  EventRing(thread.pointee.ring)?.ownerLeaves()
  Lanes.close(thread)
}
