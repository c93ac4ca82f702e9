// What a process pool's threads share: the dispatcher behind a lock, and the thread that hears of the peers.
//
//   submit ─┐                                       ┌─> link.send (socket)
//   cancel ─┼─> transition: lock, dispatcher, unlock ┼─> future: running, done, failed
//   events ─┘   (the pool's thread)                  └─> spawn, stop, kill
//
// Roles
//   caller         any thread; changes the dispatcher under the lock and carries out what it asked for after unlocking
//   pool's thread  spawns, receives, watches deadlines, completes futures (so their callbacks run on it)
//
// Invariants
//   I1  No frame is sent, no future completed and no process signalled under `state`'s lock. (A future is claimed under
//       it: that wakes nobody, and a call that left the dispatcher can no more be cancelled then.)
//   I2  A call's offer stands on the peer's board before the lock is released, its frame follows; a frame that comes
//       after its offer was withdrawn is ignored by the worker.
import CPlatform
import Glibc
import SchedulerEvents
import Synchronization

final class RemotePool: CallOwner, Sendable {
  /// The one transport there is. Not a generic parameter: the class could not be specialised, and calls through
  /// unspecialised generics took 80 us instead of 8.
  typealias Wire = LocalTransport

  /// A call and what has to be sent for it; kept until it is done, lest it must be sent again.
  struct Submission: Sendable {
    let future: any RemoteCall
    let kind: FrameKind
    let type: RemoteTaskType?
    let body: EncodedBody
    /// How long it may run.
    let timeout: Duration?

    /// What the call is called in traces.
    var task: UInt64 { future.taskID }
    /// Its time limit counts from then, and a trace shows it.
    var reportsStart: Bool { timeout != nil || Recorder.isOn(.callStarted) }
  }

  private struct State: ~Copyable {
    var dispatcher: Dispatcher<Submission, Wire.Link.Board>
    var links: [PeerID: Wire.Link] = [:]
    var toSpawn: [PeerID] = []
    /// When running calls must have ended, and where they run.
    var deadlines: [CallID: (at: Int64, peer: PeerID)] = [:]
    var hasEnded = false
    var submitted: UInt64 = 0
    var completed: UInt64 = 0
    var failed: UInt64 = 0
    var cancelled: UInt64 = 0
  }

  private enum Effect {
    case send(Wire.Link, Submission, CallID, UInt16)
    case run(Submission, Wire.Link)
    case fail(Submission, CallFailure)
    case stop(Wire.Link)
    case kill(Wire.Link)
    case wake
    case ended
  }

  let id = PoolRegistry.makeID()
  private let transport: Wire
  private let state: Lock<State>
  /// Done once no peer and no thread is left.
  private let end = Future<Void>(owner: AnyFuture.Owner.library)
  private let threadID = Atomic<Int32>(0)
  private let hasThread = Lock(false)
  private let creator = getpid()

  init(_ policy: DispatchPolicy, _ transport: Wire) {
    self.transport = transport
    state = Lock(State(dispatcher: Dispatcher(policy)))
  }

  /// In a forked child the pool's thread does not exist, and its sockets are the parent's.
  var isForkedChild: Bool { getpid() != creator }

  // MARK: Callers

  /// - Throws: if nothing was accepted; the future is unchanged then.
  func submit<Value>(_ future: RemoteFuture<Value>, _ submission: Submission) throws(RejectedExecutionError) {
    if isForkedChild { throw RejectedExecutionError(.forkedChild) }
    if LivePools.isExiting { throw RejectedExecutionError(.processExiting) }
    try startThread()
    future.taskID = TaskID.next()
    if Recorder.isOn(.taskSubmit) {
      try checkOpen()  // what is refused should not appear, unless it closes just now
      submission.recordSubmit(depth: state.withLock { $0.dispatcher.queued })
    }
    let rejection = transition { state -> RejectedExecutionError.Reason? in
      if let rejection = state.dispatcher.rejection { return rejection }
      state.submitted += 1
      state.dispatcher.submit(submission) { future.setCall($0) }
      return nil
    }
    guard let rejection else { return }
    if Recorder.isOn(.taskCancel) { Recorder.taskCancel(task: future.taskID) }
    throw RejectedExecutionError(rejection)
  }

  /// Why a submission would be refused at this moment.
  func checkOpen() throws(RejectedExecutionError) {
    if let rejection = state.withLock({ $0.dispatcher.rejection }) { throw RejectedExecutionError(rejection) }
  }

  func withdraw(_ call: CallID) -> Bool {
    if isForkedChild { return true }
    return transition { state in
      let isKnown = state.dispatcher.knows(call)
      guard state.dispatcher.cancel(call) else { return false }
      if isKnown { state.cancelled += 1 }
      return true
    }
  }

  func hasStarted(_ call: CallID) -> Bool {
    !isForkedChild && state.withLock { $0.dispatcher.hasStarted(call) }
  }

  func shutdown(cancelPending: Bool) {
    if isForkedChild { return }
    transition { $0.dispatcher.shutdown(cancelPending: cancelPending) }
  }

  /// Blocks until everything is done and all processes have been reaped. At once on the pool's own thread, which would
  /// wait for itself.
  func join() {
    if isForkedChild || threadID.load(ordering: .relaxed) == cf_gettid() { return }
    _ = try? end.block(nil)
  }

  func whenEnded(_ body: @escaping @Sendable () -> Void) {
    if isForkedChild { return body() }
    end.addAnyDoneCallback { _ in body() }
  }

  func terminate(signal: Int32) {
    if isForkedChild { return }
    let links = transition { state -> [Wire.Link] in
      state.dispatcher.terminate()
      state.deadlines = [:]
      return Array(state.links.values)
    }
    for link in links { link.signal(signal) }
  }

  var processIDs: [Int32] { state.withLock { $0.links.values.map(\.processID) }.sorted() }

  var statistics: ExecutorStatistics {
    state.withLock { state in
      ExecutorStatistics(
        workers: state.links.count, idle: state.dispatcher.idlePeers,
        queued: state.dispatcher.unfinished - state.dispatcher.running, running: state.dispatcher.running,
        submitted: state.submitted, completed: state.completed, failed: state.failed, cancelled: state.cancelled,
        stolen: 0, inlineRuns: 0)
    }
  }

  // MARK: Transitions

  /// Changes the dispatcher under the lock, then does what that asked for.
  @discardableResult
  private func transition<R: Sendable>(_ body: (inout State) -> R) -> R {
    let (result, effects) = state.withLock { state in
      let result = body(&state)
      return (result, collectEffects(&state))
    }
    for effect in effects { perform(effect) }
    return result
  }

  private func collectEffects(_ state: inout State) -> [Effect] {
    var effects: [Effect] = []
    for action in state.dispatcher.takeActions() {
      switch action {
      case .spawn(let peer):
        state.toSpawn.append(peer)
        effects.append(.wake)
      case .send(let submission, let call, let peer, let slot):
        if let link = state.links[peer] { effects.append(.send(link, submission, call, slot)) }
      case .run(let submission, let call, let peer):
        if let timeout = submission.timeout {
          state.deadlines[call] = (Deadline.after(timeout), peer)
        }
        if let link = state.links[peer] { effects.append(.run(submission, link)) }
      case .fail(let submission, let failure):
        switch failure {
        case .cancelled: state.cancelled += 1
        case .broken:
          state.failed += 1
          submission.future.callStarted()  // too late to cancel it
        }
        effects.append(.fail(submission, failure))
      case .stop(let peer): if let link = state.links[peer] { effects.append(.stop(link)) }
      case .kill(let peer): if let link = state.links[peer] { effects.append(.kill(link)) }
      case .ended:
        state.hasEnded = true
        effects.append(.ended)
      }
    }
    return effects
  }

  private func perform(_ effect: Effect) {
    switch effect {
    case .send(let link, let submission, let call, let slot):
      if Recorder.isOn(.callSent) { record(.callSent, submission.task, link, submission.body.byteCount) }
      link.send(
        OutgoingCall(
          kind: submission.kind, id: call, slot: slot, task: submission.task, reportsStart: submission.reportsStart),
        type: submission.type, body: submission.body)
    case .run(let submission, let link):
      if Recorder.isOn(.callStarted) { record(.callStarted, submission.task, link) }
      submission.future.callStarted()
    case .fail(let submission, .cancelled):
      // One that ran already does not let itself be cancelled.
      if !submission.future.cancel() { lose(submission, BrokenExecutorError(.terminated)) }
    case .fail(let submission, .broken(let kind)): lose(submission, BrokenExecutorError(kind))
    case .stop(let link): link.stop()
    case .kill(let link): link.signal(SIGKILL)
    case .wake: transport.wake()
    case .ended: if hasThread.withLock({ $0 }) { transport.wake() } else { finish() }
    }
  }

  /// The call's worker is gone or will be; the call is not tried again.
  private func lose(_ submission: Submission, _ error: any Error) {
    if Recorder.isOn(.callWorkerDied) {
      var pid: Int32 = 0
      if case .workerTerminated(let ended, _)? = (error as? BrokenExecutorError)?.kind { pid = ended }
      Recorder.callEvent(.callWorkerDied, call: submission.task, peer: 0, pid: pid, bytes: 0)
    }
    submission.future.callFailed(error)
  }

  private func record(_ event: EventKind, _ task: UInt64, _ link: Wire.Link, _ bytes: Int = 0) {
    Recorder.callEvent(event, call: task, peer: Int(link.id), pid: link.processID, bytes: bytes)
  }

  // MARK: The pool's thread

  private func startThread() throws(RejectedExecutionError) {
    let code = hasThread.withLock { hasThread -> Int32 in
      if hasThread { return 0 }
      LivePools.add(id, self)
      // SAFETY: the reference is taken exactly once: by the thread or, where it does not start, here.
      let thread = Unmanaged.passRetained(AnyThread { self.run() })
      let code = cf_start_thread(
        { Unmanaged<AnyThread>.fromOpaque($0!).takeRetainedValue().body() }, thread.toOpaque(),
        RemotePoolThread.stackBytes)
      hasThread = code == 0
      if code != 0 {
        LivePools.remove(id)
        thread.release()
      }
      return code
    }
    guard code == 0 else { throw RejectedExecutionError(.noThread(code)) }
  }

  private func run() {
    threadID.store(cf_gettid(), ordering: .relaxed)
    cf_name_thread("cf-processes")
    while true {
      let (spawns, deadline, hasEnded) = state.withLock { state in
        defer { state.toSpawn = [] }
        return (state.toSpawn, state.deadlines.values.map(\.at).min(), state.hasEnded)
      }
      if hasEnded { break }
      for peer in spawns { spawn(peer) }
      if !spawns.isEmpty { continue }
      transport.wait(until: deadline) { handle($0) }
      if deadline != nil { expire() }
    }
    transport.close()
    threadID.store(0, ordering: .relaxed)
    finish()
  }

  private func finish() {
    LivePools.remove(id)
    end.complete(with: .success(()))
  }

  private func spawn(_ peer: PeerID) {
    do {
      let link = try transport.start(peer)
      if Recorder.isOn(.callWorkerSpawned) { record(.callWorkerSpawned, 0, link) }
      transition { state in
        state.links[peer] = link
        state.dispatcher.spawned(peer, board: link.board)
      }
    } catch {
      transition { $0.dispatcher.spawnFailed(peer, "\(error)") }
    }
  }

  private func handle(_ event: TransportEvent) {
    switch event {
    case .frame(let peer, let frame): handle(frame, from: peer)
    case .ended(let peer, let reason):
      // Recorded before its calls fail or go elsewhere.
      if Recorder.isOn(.callWorkerDied), let link = state.withLock({ $0.links[peer] }) {
        record(.callWorkerDied, 0, link)
      }
      transition { state in
        // What runs again elsewhere gets its time anew.
        for call in state.deadlines.keys where state.deadlines[call]?.peer == peer { state.deadlines[call] = nil }
        state.dispatcher.ended(peer, reason)
        state.links[peer] = nil
      }
    }
  }

  private func handle(_ frame: Frame, from peer: PeerID) {
    let call = frame.head.call
    switch frame.head.kind {
    case .ready: transition { $0.dispatcher.ready(peer) }
    case .started: transition { $0.dispatcher.started(call, on: peer) }
    case .value, .failure:
      var recorded: Wire.Link?
      let submission = transition { state -> Submission? in
        state.deadlines[call] = nil
        let submission = state.dispatcher.finished(call, on: peer)
        submission?.future.callStarted()  // whether anybody looked or not: too late to cancel it
        if Recorder.isOn(.callResult) { recorded = state.links[peer] }
        if submission != nil {
          if frame.head.kind == .value { state.completed += 1 } else { state.failed += 1 }
        }
        return submission
      }
      if let recorded, let submission { record(.callResult, submission.task, recorded, frame.byteCount) }
      submission?.future.callFinished(frame)
    case .initializerFailed:
      let error = RemoteErrors.read(from: frame.message)
      let remote =
        error as? RemoteError
        ?? RemoteError(
          typeName: _typeName(type(of: error), qualified: true), description: "\(error)", backtrace: nil,
          pid: processID(of: peer))
      ErrorSink.standardError("ConcurrentFutures: exception in initializer of worker \(remote.pid): \(error)\n")
      transition { $0.dispatcher.breakPool(.processInitializerFailed(remote)) }
    case .define, .setup, .call, .chunk, .function, .stop:
      let pid = processID(of: peer)
      transition { $0.dispatcher.breakPool(.transport("worker \(pid): sent a frame that only workers understand")) }
    }
  }

  private func processID(of peer: PeerID) -> Int32 { state.withLock { $0.links[peer]?.processID ?? 0 } }

  /// Kills the workers whose calls ran for too long.
  private func expire() {
    let late = transition { state -> [Submission] in
      let now = cf_monotonic_ns()
      let calls = state.deadlines.filter { $0.value.at <= now }.keys.sorted()
      return calls.compactMap { call in
        state.deadlines[call] = nil
        state.failed += 1
        return state.dispatcher.timedOut(call)
      }
    }
    for submission in late { lose(submission, TimeoutError()) }
  }
}

private enum RemotePoolThread {
  /// Decodes results and runs callbacks. Larger: only address space; smaller: deep results overflow (WireLimits.depth).
  static let stackBytes = 8 << 20
}

/// What a thread is to run, in one pointer.
private final class AnyThread {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

/// Pools with a thread: joined when the process exits.
enum LivePools {
  private struct State {
    var pools: [UInt32: any JoinablePool] = [:]
    var isHooked = false
  }
  private static let state = Lock(State())
  private static let exiting = Atomic<Bool>(false)
  /// Whose pools they are.
  private static let process = Atomic<pid_t>(0)

  static var isExiting: Bool { exiting.load(ordering: .relaxed) }

  static func add(_ id: UInt32, _ pool: any JoinablePool) {
    process.store(getpid(), ordering: .relaxed)
    let hook = state.withLock { state in
      state.pools[id] = pool
      defer { state.isHooked = true }
      return !state.isHooked
    }
    if hook { atexit { LivePools.joinAtExit() } }
  }

  static func remove(_ id: UInt32) { state.withLock { _ = $0.pools.removeValue(forKey: id) } }

  private static func joinAtExit() {
    // A forked child has no pools but its parent's, and what it looked up for them in the runtime could need a lock that
    // died with its holder.
    guard process.load(ordering: .relaxed) == getpid() else { return }
    exiting.store(true, ordering: .relaxed)
    let pools = state.withLock { Array($0.pools.values) }
    for pool in pools { pool.shutdown(cancelPending: false) }
    for pool in pools { pool.join() }
  }
}

protocol JoinablePool: Sendable {
  func shutdown(cancelPending: Bool)
  func join()
}
extension RemotePool: JoinablePool {}
