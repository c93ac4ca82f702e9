import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct FutureWordTests {
  private static let phases = [
    FutureWord.pending, FutureWord.running, FutureWord.completing, FutureWord.cancelled, FutureWord.notified,
    FutureWord.finished,
  ]
  /// An address as `WaitNode.allocate` gives it.
  private static var node: UnsafeMutablePointer<WaitNode>? { UnsafeMutablePointer(bitPattern: 0x7f00_1234_5660) }

  @Test func phasesReadAsPythonsStates() {
    let states = Self.phases.map { FutureWord(raw: $0).state }
    #expect(states == [.pending, .running, .running, .cancelled, .cancelledAndNotified, .finished])
    #expect(Self.phases.map { FutureWord(raw: $0).isDone } == [false, false, false, true, true, true])
    #expect(Self.phases.map { FutureWord(raw: $0).isFinished } == [false, false, false, false, false, true])
  }

  /// Phase, flags and list are independent of one another.
  @Test(arguments: phases) func partsDoNotDisturbOneAnother(_ phase: UInt) {
    let plain = FutureWord(raw: phase)
    let full = plain.locked.requestingCancellation.with(head: Self.node)
    #expect(full.phase == phase && full.isLocked && full.isCancellationRequested && full.head == Self.node)
    #expect(full.unlocked.phase == phase && !full.unlocked.isLocked && full.unlocked.head == Self.node)
    for other in Self.phases {
      let moved = full.to(other)
      #expect(moved.phase == other && moved.isLocked && moved.isCancellationRequested && moved.head == Self.node)
      let detached = full.detached(other)
      #expect(detached.phase == other && !detached.isLocked && detached.head == nil)
      #expect(detached.isCancellationRequested, "a request outlives the completion")
    }
    #expect(full.with(head: nil).head == nil && full.with(head: nil).isLocked)
    #expect(!plain.detached(phase).isCancellationRequested)
  }

  @Test(arguments: phases) func onlyAPendingFutureIsClaimed(_ phase: UInt) {
    let word = Atomic<UInt>(FutureWord(raw: phase).requestingCancellation.raw)
    let isClaimed = FutureWord.claim(word, to: FutureWord.running)
    #expect(isClaimed == (phase == FutureWord.pending))
    let after = FutureWord(raw: word.load(ordering: .relaxed))
    #expect(after.phase == (isClaimed ? FutureWord.running : phase) && after.isCancellationRequested)
  }

  @Test(arguments: phases) func onlyAPendingFutureIsCancelled(_ phase: UInt) {
    let before = FutureWord(raw: phase).with(head: Self.node)
    let word = Atomic<UInt>(before.raw)
    let taken = FutureWord.cancel(word)
    let after = FutureWord(raw: word.load(ordering: .relaxed))
    if phase == FutureWord.pending {
      #expect(taken == before && after.phase == FutureWord.cancelled && after.head == nil)
    } else {
      #expect(taken == nil && after == before)
    }
  }

  /// The list stays when the task starts: who waits, waits on.
  @Test func claimingKeepsTheList() {
    let word = Atomic<UInt>(FutureWord(raw: FutureWord.pending).with(head: Self.node).raw)
    holds(FutureWord.claim(word, to: FutureWord.completing))
    #expect(FutureWord(raw: word.load(ordering: .relaxed)).head == Self.node)
  }

  @Test func nodesAreAlignedForTheFlags() {
    for count in [1, 2, 7] {
      let memory = WaitNode.allocate(count)
      defer { memory.deallocate() }
      for index in 0..<count {
        let node = UInt(bitPattern: memory) + UInt(index * WaitNode.stride)
        #expect(node % 32 == 0, "bits 0 to 4 belong to FutureWord")
      }
    }
    #expect(WaitNode.stride >= MemoryLayout<WaitNode>.size)
  }
}
