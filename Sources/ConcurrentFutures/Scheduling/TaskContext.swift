// Which task the calling thread runs: set around a task, restored after it.
import CPlatform

/// What the thread's slot said before a task (or a stolen fork) began on it. A value on the stack of who runs it.
struct TaskContext {
  fileprivate let task: UInt64
  fileprivate let future: UnsafeMutableRawPointer?
  private let nesting: UInt32

  /// Tasks that run beneath this one on the thread's stack.
  var depth: UInt32 { nesting }

  /// Makes `task` the thread's current one.
  /// - Parameters:
  ///   - future: its future, borrowed until `leave`; nil for a task without one.
  ///   - isTask: false for a fork, which is a part of its task and does not nest.
  @inline(__always)
  static func enter(_ task: UInt64, _ future: UnsafeMutableRawPointer?, isTask: Bool = true) -> TaskContext {
    let thread = cf_current_thread().unsafelyUnwrapped
    let outer = TaskContext(
      task: thread.pointee.current_task, future: thread.pointee.current_future, nesting: thread.pointee.nesting)
    cf_poke(&thread.pointee.current_task, task)  // read by WorkerStatement
    thread.pointee.current_future = future
    if isTask { thread.pointee.nesting = outer.nesting &+ 1 }
    return outer
  }

  /// Tasks that run on the calling thread's stack.
  @inline(__always)
  static var depth: UInt32 { cf_current_thread().unsafelyUnwrapped.pointee.nesting }

  /// Makes the outer task the current one again.
  @inline(__always)
  func leave() {
    let thread = cf_current_thread().unsafelyUnwrapped
    cf_poke(&thread.pointee.current_task, task)
    thread.pointee.current_future = future
    thread.pointee.nesting = nesting
  }
}

extension UnsafeMutablePointer<Worker> {
  /// `TaskContext.enter` in a worker, where thieves of a fork can read it.
  @inline(__always)
  func enter(_ task: UInt64, _ future: UnsafeMutableRawPointer?, isTask: Bool = true) -> TaskContext {
    pointee.depth &+= 1
    publishRunning(task, future)
    return .enter(task, future, isTask: isTask)
  }

  @inline(__always)
  func leave(_ context: TaskContext) {
    pointee.depth &-= 1
    context.leave()
    publishRunning(context.task, context.future)
  }

  @inline(__always)
  private func publishRunning(_ task: UInt64, _ future: UnsafeMutableRawPointer?) {
    pointee.runningTask.store(task, ordering: .relaxed)  // ForkStack.R1 publishes both to the thief of a fork
    pointee.runningFuture.store(UInt(bitPattern: future), ordering: .relaxed)
  }
}
