// The connection to one worker process.
import CPlatform
import Glibc
import Synchronization

/// Roles
///   senders   any thread; under `outgoing`'s lock they append frames and send what the socket takes
///   receiver  the pool's thread; `reader` is its own
// SAFETY: descriptors and ids are constant until `close`, which happens under `outgoing`'s lock; `reader`, `hasEnded`
// and `failure` belong to the pool's thread.
final class LocalLink: PeerLink, @unchecked Sendable {
  private struct Outgoing {
    var outbox = Outbox()
    /// The numbers of the task types the worker knows.
    var defined: Set<UInt32> = []
    var isOpen = true
    /// The process's end was collected: its id may be another's from now on.
    var isReaped = false
    var waitsForRoom = false
  }

  let id: PeerID
  let processID: Int32
  let board: OfferPage
  let pidfd: Int32
  private let socket: Int32
  private let epoll: Int32
  private let outgoing = Lock(Outgoing())
  private var reader = FrameReader()
  /// The stream has ended; only the process's end is waited for.
  var hasEnded = false
  /// What went wrong on the connection before the process ended.
  var failure: String?
  /// When the worker must have said that it is ready; nil once it did.
  var readyDeadline: Int64?

  init(id: PeerID, processID: Int32, pidfd: Int32, socket: Int32, board: OfferPage, epoll: Int32, readyDeadline: Int64)
  {
    self.id = id
    self.processID = processID
    self.pidfd = pidfd
    self.socket = socket
    self.board = board
    self.epoll = epoll
    self.readyDeadline = readyDeadline
  }

  // MARK: Sending

  func send(_ call: OutgoingCall, type: RemoteTaskType?, body: EncodedBody) {
    outgoing.withLock { state in
      guard state.isOpen else { return }
      if let type, state.defined.insert(type.number).inserted {
        let bytes = ByteWriter()
        type.reference.write(to: bytes)
        state.outbox.append(
          .define, type: type.number, body: EncodedBody(bytes: bytes, attachments: [], shared: []))
      }
      state.outbox.append(
        call.kind, call: call.id, slot: call.slot, type: type?.number ?? 0, task: call.task,
        reportsStart: call.reportsStart, body: body)
      flush(&state)
    }
  }

  func stop() {
    outgoing.withLock { state in
      guard state.isOpen else { return }
      state.outbox.append(.stop)
      flush(&state)
    }
  }

  func signal(_ number: Int32) {
    // Under the lock that `reap` holds too: the id is this process's still.
    outgoing.withLock { state in
      if !state.isReaped { _ = kill(processID, number) }
    }
  }

  /// The socket takes bytes again.
  func sendMore() { outgoing.withLock { flush(&$0) } }

  private func flush(_ state: inout Outgoing) {
    guard state.isOpen else { return }
    let socket = socket
    switch state.outbox.flush({ Sockets.send(socket, $0, $1, wait: false) }) {
    case .all: if state.waitsForRoom { wait(forRoom: false, &state) }
    case .some: if !state.waitsForRoom { wait(forRoom: true, &state) }
    case .ended: state.outbox.removeAll()  // the worker is gone; its end is on the way
    }
  }

  private func wait(forRoom: Bool, _ state: inout Outgoing) {
    state.waitsForRoom = forRoom
    let interest = forRoom ? cf_readable | cf_writable : cf_readable
    _ = cf_epoll_set(epoll, socket, UInt32(interest), LocalTransport.token(id, .socket), 0)
  }

  // MARK: Receiving (the pool's thread)

  /// Hands on the frames that are there: all, or those of one look (the socket says so if there is more).
  func receive(all: Bool, _ handle: (Frame) -> Void) {
    let socket = socket
    do {
      while !hasEnded {
        switch try reader.receive({ Sockets.receive(socket, $0, &$1, wait: false) }) {
        case .empty: return
        case .ended: endStream(reader.isWithinFrame ? "the worker's last frame is torn" : nil)
        case .bytes: while let frame = try reader.next() { handle(frame) }
        }
        if !all, !reader.isWithinFrame { return }
      }
    } catch {
      endStream("\(error)")
    }
  }

  /// Listens no more. A process that ends by itself has its status set already; any other is of no use now.
  func endStream(_ reason: String?) {
    hasEnded = true
    failure = failure ?? reason
    _ = cf_epoll_remove(epoll, socket)
    if failure != nil { signal(SIGKILL) }
  }

  /// How the process ended, or nil if it runs.
  func reap() -> BrokenExecutorError.Kind? {
    var status: Int32 = 0
    var signalled: Int32 = 0
    let reaped = outgoing.withLock { state in
      let reaped = cf_reap(pidfd, &status, &signalled)
      state.isReaped = reaped != 0
      return reaped
    }
    switch reaped {
    case 0: return nil
    case 1:
      if let failure { return .transport("worker \(processID): \(failure)") }
      return .workerTerminated(pid: processID, status: signalled != 0 ? .signalled(status) : .exited(status))
    default: return .transport("worker \(processID): ended, and something else in this program collected its status")
    }
  }

  func close() {
    _ = cf_epoll_remove(epoll, pidfd)
    outgoing.withLock { state in
      state.isOpen = false
      state.outbox.removeAll()
      Glibc.close(socket)
      Glibc.close(pidfd)
    }
  }
}
