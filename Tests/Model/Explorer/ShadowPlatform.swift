// Stands in for CPlatform: futexes, pauses, the fence on every thread, the clock.
import CPlatform

func cf_pause() { Explorer.run.yield() }
func cf_yield() { Explorer.run.yield() }
func cf_membarrier() { Explorer.run.fenceEverywhere() }
// The model does not reorder a thread's own steps other than by what others see of them.
@usableFromInline func cf_signal_fence() {}

func cf_prefetch(_ address: UnsafeRawPointer?) {}

/// Blocks while the word holds `expected`. A deadline may pass at any moment.
func cf_futex_wait(_ address: UnsafeRawPointer?, _ expected: UInt32, _ deadline: Int64) -> Int32 {
  let run = Explorer.run!
  let id = address!.load(as: Int.self)
  run.point()
  guard run.memory.locations[id].history.last!.bits == UInt64(expected) else { return 11 }  // EAGAIN
  let me = run.current
  run.waiters.append((id, me))
  let isTimed = deadline >= 0
  run.note("sleeps on #\(id)")
  run.block { isTimed || !run.waiters.contains { $0.thread == me } }
  if let at = run.waiters.firstIndex(where: { $0.thread == me }) {
    run.waiters.remove(at: at)
    run.timersFired.insert(me)
    run.note("time is up")
    return 110  // ETIMEDOUT
  }
  run.note("was woken")
  return 0
}

func cf_futex_wake(_ address: UnsafeRawPointer?, _ count: Int32) {
  let run = Explorer.run!
  guard run.isActive else { return }
  let id = address!.load(as: Int.self)
  run.point()
  for _ in 0..<max(0, Int(count)) {
    guard let at = run.waiters.firstIndex(where: { $0.location == id }) else { return }
    run.waiters.remove(at: at)
    run.writes += 1
  }
}

/// Late once a timer of the calling thread went off.
func cf_monotonic_ns() -> Int64 { Explorer.run.timersFired.contains(Explorer.run.current) ? .max - 1 : 0 }

/// Fork slots: each has an atomic at offset 32.
func cf_reserve(_ bytes: Int) -> UnsafeMutableRawPointer? {
  let slots = 16
  let memory = UnsafeMutableRawPointer.allocate(byteCount: slots * 64, alignment: 64)
  for slot in 0..<slots {
    (memory + slot * 64).initializeMemory(as: UInt8.self, repeating: 0, count: 64)
    (memory + slot * 64 + 32).bindMemory(to: Atomic<UInt32>.self, capacity: 1).initialize(to: Atomic(0))
  }
  return memory
}
func cf_unreserve(_ memory: UnsafeMutableRawPointer?, _ bytes: Int) { memory?.deallocate() }
