import CPlatform
import Foundation
import SchedulerEvents
import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct LanesTests {
  /// Runs `body` on a thread of its own and waits for that.
  private func onThread(_ body: @escaping @Sendable () -> Void) {
    let done = DispatchSemaphore(value: 0)
    Thread {
      body()
      done.signal()
    }.start()
    done.wait()
  }

  @Test func aLanesTaskCounterGoesOnInItsNextIncarnation() {
    let seen = Mutex<[UInt16: [UInt64]]>([:])
    for _ in 0..<20 {
      onThread {
        Lanes.openOutside()
        let thread = cf_current_thread()!
        #expect(EventValue.lane(ofTask: thread.pointee.next_task) == thread.pointee.lane)
        for _ in 0..<5 {
          let task = thread.pointee.next_task
          thread.pointee.next_task += 1
          seen.withLock { $0[thread.pointee.lane, default: []].append(task) }
        }
      }
    }
    let all = seen.withLock { $0 }
    for (lane, tasks) in all {
      #expect(lane >= EventValue.firstOutsideLane)
      #expect(Set(tasks).count == tasks.count, "an id was used twice")
      #expect(tasks == tasks.sorted())
    }
  }

  @Test func workerLanesAreDistinctWhileOpen() {
    let lanes = Mutex<[UInt16]>([])
    let inside = DispatchSemaphore(value: 0)
    let leave = DispatchSemaphore(value: 0)
    let gone = DispatchSemaphore(value: 0)
    for _ in 0..<8 {
      Thread {
        let lane = Lanes.openWorker()
        lanes.withLock { $0.append(lane) }
        inside.signal()
        leave.wait()
        Lanes.closeWorker()
        #expect(cf_current_thread()!.pointee.next_task == 0)
        gone.signal()
      }.start()
    }
    for _ in 0..<8 { inside.wait() }
    #expect(Set(lanes.withLock { $0 }).count == 8)
    #expect(lanes.withLock { $0 }.allSatisfy { $0 < EventValue.firstOutsideLane })
    for _ in 0..<8 { leave.signal() }
    for _ in 0..<8 { gone.wait() }
  }
}
