// Starts the threads of workers; where a test injects the system's refusal.
import CPlatform
import Synchronization

enum ThreadStarter {
  /// - Returns: 0, or the `errno` of the refusal.
  static func start(_ worker: UnsafeMutablePointer<Worker>, stackSize: Int) -> Int32 {
    #if DEBUG
      if !worker.pool.pointee.grants.take() { return 11 }  // EAGAIN
    #endif
    return cf_start_thread(enter, UnsafeMutableRawPointer(worker), stackSize)
  }

  // SAFETY: `raw` is the worker that `start` passed; the pool keeps it until its thread has ended.
  private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> Void = { raw in
    let worker = raw.unsafelyUnwrapped.assumingMemoryBound(to: Worker.self)
    worker.pointee.pool.runThread(worker)
  }
}

extension Worker {
  /// Helping stops when the stack is used beyond this address: half of it.
  mutating func setStackLimit() {
    var low: UInt = 0
    var high: UInt = 0
    cf_stack_bounds(&low, &high)
    helpingLimit = low + (high - low) / 2
  }
}

extension UnsafeMutablePointer<Worker> {
  /// `<prefix>_<n>`; the system keeps 15 bytes, of which the tail tells workers apart.
  func nameThread() {
    cf_name_thread(String(name.utf8.suffix(15)) ?? name)
  }

  var name: String { "\(pointee.pool.pointee.name)_\(pointee.index)" }
}

#if DEBUG
  /// How many threads the system still grants a pool; a test says so. Debug builds only.
  struct ThreadGrants: ~Copyable {
    /// Negative: no limit.
    private let left = Atomic<Int>(-1)

    /// From now on that many; nil: without limit.
    func set(_ count: Int?) { left.store(count ?? -1, ordering: .sequentiallyConsistent) }

    func take() -> Bool {
      var count = left.load(ordering: .relaxed)
      while count > 0 {
        let (exchanged, original) = left.compareExchange(expected: count, desired: count - 1, ordering: .relaxed)
        if exchanged { return true }
        count = original
      }
      return count < 0
    }
  }
#endif
