// What the symlinked product files name and the models do not need: recording, pools, the async bridge.
import CPlatform

enum Recorder {
  enum Event { case taskCancel, taskNotify, callbackBegin }
  static func isOn(_ event: Event) -> Bool { false }
  static func taskCancel(task: UInt64) {}
  static func taskNotify(task: UInt64) {}
  static func callbackBegin(task: UInt64, count: Int) {}
  static func callbackEnd(task: UInt64, count: Int) {}
}

enum PoolRegistry {
  static func countCancelled(_ owner: UInt32) {}
  static func errorHandler(of owner: UInt32) -> (@Sendable (any Error, AnyFuture?) -> Void)? { nil }
  static func currentErrorHandler() -> (@Sendable (any Error, AnyFuture?) -> Void)? { nil }
}

enum ThreadPoolExecutor {
  enum Admission {
    case unbounded
    case block(limit: Int)
    case reject(limit: Int)
    case callerRuns(limit: Int)
  }
}

/// A queued object is a block of memory with its link where the product's objects have it.
enum Job {
  static let linkOffset = 16
  static func link(_ word: UInt) -> UnsafeMutablePointer<Atomic<UInt>> {
    UnsafeMutableRawPointer(bitPattern: word & ~7)!.advanced(by: linkOffset).assumingMemoryBound(to: Atomic<UInt>.self)
  }

  /// A new item. Its number is written by whoever pushes it, relaxed: the queue must make it visible.
  static func make() -> UInt {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 48, alignment: 16)
    for offset in [linkOffset, 32] {
      (memory + offset).bindMemory(to: Atomic<UInt>.self, capacity: 1).initialize(to: Atomic(0))
    }
    return UInt(bitPattern: memory)
  }
  static func number(_ word: UInt) -> UnsafeMutablePointer<Atomic<UInt>> {
    UnsafeMutableRawPointer(bitPattern: word)!.advanced(by: 32).assumingMemoryBound(to: Atomic<UInt>.self)
  }
}

enum Suspension { case done, timeout, cancelled }

/// Who waits without a thread: here it only counts.
final class Resumption {
  let count = Atomic<Int>(0)
  func renew() {}
  func resume(_ end: Suspension) { count.wrappingAdd(1, ordering: .acquiringAndReleasing) }
}
