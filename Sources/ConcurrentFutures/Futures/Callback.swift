// Done callbacks: kept in the future's list, run first-in first-out by the thread that completes it.
//
// Source: CPython Lib/concurrent/futures/_base.py, `add_done_callback`, `_invoke_callbacks`.
import CPlatform

/// One callback; the payload of a heap-allocated `WaitNode`.
final class Callback {
  private let body: @Sendable (AnyFuture) throws -> Void
  init(_ body: @escaping @Sendable (AnyFuture) throws -> Void) { self.body = body }

  /// Runs the callbacks from `first` on, in order, and frees each node and its captures as it goes.
  static func run(_ first: UnsafeMutablePointer<WaitNode>, _ future: AnyFuture) {
    let count = Recorder.isOn(.callbackBegin) ? length(first) : 0
    if count > 0 { Recorder.callbackBegin(task: future.taskID, count: count) }
    var node: UnsafeMutablePointer<WaitNode>? = first
    while let at = node {
      node = at.pointee.next
      // SAFETY: the nodes of a callback list carry callbacks; `Callback` alone makes such nodes.
      let callback = unsafeDowncast(at.pointee.payload!.takeRetainedValue(), to: Callback.self)
      at.deinitialize(count: 1)
      UnsafeMutableRawPointer(at).deallocate()
      callback.invoke(future)
    }
    if count > 0 { Recorder.callbackEnd(task: future.taskID, count: count) }
  }

  private func invoke(_ future: AnyFuture) {
    do {
      try body(future)
    } catch {
      ErrorSink.report(error, "exception calling callback for \(future.debugDescription)", future)
    }
  }

  private static func length(_ first: UnsafeMutablePointer<WaitNode>) -> Int {
    var count = 0
    var node: UnsafeMutablePointer<WaitNode>? = first
    while let at = node {
      count += 1
      node = at.pointee.next
    }
    return count
  }
}

extension AnyFuture {
  /// Calls `body` with this future once it is done.
  ///
  /// Runs on the thread that completes or cancels the future, after everyone who waits was released, in the order in
  /// which callbacks were added; at once and on the calling thread if the future is done already. No lock is held
  /// meanwhile: it may call anything. An error it throws goes to the pool's `errorHandler` (default: a line on
  /// standard error). It and its captures are freed as soon as it has run.
  /// - Complexity: O(1), two allocations.
  /// - Source: CPython `_base.py`, `add_done_callback`.
  public final func addAnyDoneCallback(_ body: @escaping @Sendable (AnyFuture) throws -> Void) {
    let node = WaitNode.allocate().bindMemory(to: WaitNode.self, capacity: 1)
    node.initialize(to: WaitNode(.callback, payload: .passRetained(Callback(body))))
    if !register(node) { Callback.run(node, self) }  // `next` is nil
  }
}

/// Where errors go that nobody waits for.
enum ErrorSink {
  /// To the handler of the pool that owns `future`, if it has one, else one line on standard error.
  static func report(_ error: any Error, _ what: String, _ future: AnyFuture?) {
    let handler = future.flatMap { PoolRegistry.errorHandler(of: $0.owner) } ?? PoolRegistry.currentErrorHandler()
    report(error, what, future, to: handler)
  }

  static func report(
    _ error: any Error, _ what: String, _ future: AnyFuture?, to handler: (@Sendable (any Error, AnyFuture?) -> Void)?
  ) {
    if let handler {
      handler(error, future)
    } else {
      standardError("ConcurrentFutures: \(what): \(error)\n")
    }
  }

  static func standardError(_ line: String) {
    var line = line
    line.withUTF8 { cf_write_stderr($0.baseAddress, $0.count) }
  }
}
