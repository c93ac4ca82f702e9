import Testing

@testable import ConcurrentFutures

/// The texts are CPython's where it has one.
@Suite(.timeLimit(.minutes(1))) struct ErrorsTests {
  struct Cause: Error, CustomStringConvertible { let description = "the cause" }

  @Test func textsAsPythonPrintsThem() {
    #expect("\(TimeoutError(unfinished: 2, total: 4))" == "2 (of 4) futures unfinished")
    #expect("\(RejectedExecutionError(.shutdown))" == "cannot schedule new futures after shutdown")
    #expect("\(RejectedExecutionError(.processExiting))" == "cannot schedule new futures after interpreter shutdown")
    let thread = BrokenExecutorError(.threadInitializerFailed(Cause()))
    #expect("\(thread)".hasPrefix("A thread initializer failed, the thread pool is not usable anymore"))
    let process = BrokenExecutorError(.workerTerminated(pid: 17, status: .signalled(9)))
    #expect("\(process)".hasPrefix("A child process terminated abruptly, the process pool is not usable anymore"))
    #expect("\(RejectedExecutionError(.broken(thread)))" == "\(thread)", "what a later submit is told")
  }

  @Test func textsSayWhatIsKnown() {
    #expect("\(CancelledError())" == "future was cancelled")
    #expect("\(TimeoutError())" == "timed out")
    #expect("\(TimeoutError(unfinished: 1))" == "timed out")
    #expect("\(BrokenExecutorError(.threadInitializerFailed(Cause())))".hasSuffix(": the cause"))
    let remote = RemoteError(typeName: "App.Failure", description: "no disk", backtrace: nil, pid: 5)
    #expect("\(BrokenExecutorError(.processInitializerFailed(remote)))".contains("no disk"))
    #expect(
      "\(BrokenExecutorError(.workerTerminated(pid: 17, status: .exited(3))))".hasSuffix("(pid 17, exit status 3)"))
    #expect("\(BrokenExecutorError(.workerTerminated(pid: 17, status: .signalled(9))))".hasSuffix("(pid 17, signal 9)"))
    #expect("\(BrokenExecutorError(.transport("torn frame")))".contains("torn frame"))
    #expect("\(RejectedExecutionError(.noThread(11)))".contains("errno 11"))
    #expect("\(RejectedExecutionError(.queueFull))".contains("the queue is full"))
    #expect("\(InvalidArgumentError(message: "x must be y"))" == "x must be y")
    #expect("\(BrokenPromiseError())" == "the promise was dropped without being completed")
  }

  @Test func equalErrorsAreEqual() {
    #expect(Set([CancelledError(), CancelledError()]).count == 1)
    #expect(
      Set([TimeoutError(), TimeoutError(unfinished: 1, total: 2), TimeoutError(unfinished: 1, total: 2)]).count == 2)
  }

  /// CPython: "FINISHED: <Future at 0x… state=finished returned int>".
  @Test func anInvalidStateNamesStateAndFuture() throws {
    func text(_ future: Future<[Int]>) -> String {
      let error = #expect(throws: InvalidStateError.self) { try future.setResult([]) }
      let words = (error?.description ?? "").split(separator: " ")
      guard words.count > 3 else { return error?.description ?? "" }
      return (words[..<3] + words[4...]).joined(separator: " ")  // without the address
    }
    let finished = Future<[Int]>()
    try finished.setResult([1])
    #expect(text(finished) == "FINISHED: <Future at state=finished returned Array<Int>>")
    #expect(text(.failed(Cause())) == "FINISHED: <Future at state=finished raised Cause>")
    let cancelled = Future<[Int]>()
    cancelled.cancel()
    #expect(text(cancelled) == "CANCELLED: <Future at state=cancelled>")
    try cancelled.setRunningOrNotifyCancel()
    #expect(text(cancelled) == "CANCELLED_AND_NOTIFIED: <Future at state=cancelled>")
  }
}
