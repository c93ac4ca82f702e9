import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct JobTests {
  /// `Job.link` reaches the first stored property of both classes at a fixed offset.
  @Test func theLinkIsTheFirstFieldOfBothClasses() {
    let future = Future<Int>()
    let detached = DetachedJob(taskID: 1) {}
    Job.link(Job(retainingUnshared: future).word).pointee.store(11, ordering: .relaxed)
    Job.link(Job(retaining: detached).word).pointee.store(22, ordering: .relaxed)
    #expect(future.link.load(ordering: .relaxed) == 11)
    #expect(detached.link.load(ordering: .relaxed) == 22)
    Unmanaged.passUnretained(future).release()
    Unmanaged.passUnretained(detached).release()
  }

  /// A taker looks at the state by its address alone: `word` lies behind `link`.
  @Test func theStateIsTheSecondField() throws {
    let future = Future<Int>()
    #expect(QueueEntry(future).isPending)
    try future.setResult(1)
    #expect(!QueueEntry(future).isPending)
  }

  @Test func theTagTellsWhatAJobIs() {
    let future = Future<Int>()
    let job = Job(retainingUnshared: future)
    #expect(job.kind == .future)
    #expect(job.future?.takeRetainedValue() === future)
    let word = UInt(bitPattern: Unmanaged.passUnretained(future).toOpaque())
    let swift = Job(swift: word)
    #expect(swift.kind == .swift && swift.swiftWord == word && swift.future == nil)
    var slot = 0
    withUnsafeMutablePointer(to: &slot) { #expect(Job(.fork, UnsafeMutableRawPointer($0)).kind == .fork) }
  }
}
