// Worker processes on this machine: spawning, socket pairs, and one epoll set for the pool's thread.
//
//   submitter ──frame──> socket ──> worker          any thread sends; nothing blocks
//   pool's thread <──frames── socket                also woken by: pidfd (the process ended), eventfd (`wake`)
//
// A process's end is seen on its pidfd, not by the stream's end alone: a child that the worker forked may hold the socket.
import CPlatform
import Glibc
import Synchronization

// SAFETY: `epoll` is constant until `close`, when no link is left to use it; `links` and `pause` belong to the pool's thread.
final class LocalTransport: Transport, @unchecked Sendable {
  enum Source: UInt64 { case wake = 0, socket = 1, process = 2 }
  struct Options: Sendable {
    var environment: [String: String] = [:]
    /// A worker that has not run its initializer by then is given up. Larger: a hang is seen later; smaller: a slow
    /// initializer is taken for one.
    var readyWithinSeconds: Int64 = 300
    /// What the worker does first.
    var setup: EncodedBody
  }

  private let options: Options
  private let epoll: Int32
  /// Nil once closed.
  private let waker: Lock<Int32?>
  private var links: [PeerID: LocalLink] = [:]
  private var pause = ShortWait()

  static func token(_ id: PeerID, _ source: Source) -> UInt64 { UInt64(id) << 2 | source.rawValue }

  init(_ options: Options) throws(InvalidArgumentError) {
    self.options = options
    epoll = cf_epoll()
    let event = cf_eventfd()
    waker = Lock(event)
    guard epoll >= 0, event >= 0, cf_epoll_set(epoll, event, UInt32(cf_readable), 0, 1) == 0 else {
      throw InvalidArgumentError(message: "the system refuses descriptors (errno \(errno))")
    }
  }

  deinit { close() }

  func wake() {
    waker.withLock { waker in
      var one: UInt64 = 1
      if let waker { _ = write(waker, &one, MemoryLayout<UInt64>.size) }  // a counter: never full, never blocks
    }
  }

  private func takeWake() {
    waker.withLock { waker in
      var count: UInt64 = 0
      if let waker { _ = read(waker, &count, MemoryLayout<UInt64>.size) }
    }
  }

  func close() {
    waker.withLock { waker in
      guard let open = waker else { return }
      Glibc.close(open)
      Glibc.close(epoll)
      waker = nil
    }
  }

  // MARK: Waiting

  func wait(until deadline: Int64?, _ handle: (TransportEvent) -> Void) {
    let deadline = [deadline, links.values.compactMap(\.readyDeadline).min()].compactMap { $0 }.min()
    var timeout: Int32 = -1
    if let deadline { timeout = Int32(clamping: max(0, (deadline - cf_monotonic_ns() + 999_999) / 1_000_000)) }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 64) { tokens in
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { states in
        func look(_ timeout: Int32) -> Int32 {
          cf_epoll_wait(epoll, tokens.baseAddress, states.baseAddress, 64, timeout)
        }
        var pause = pause
        let count = pause.until(
          {
            let count = look(0)
            return count == 0 ? nil : count
          }, else: { look(timeout) })
        self.pause = pause
        for index in 0..<Int(max(0, count)) { dispatch(tokens[index], states[index], handle) }
      }
    }
    giveUpLateWorkers()
  }

  private func dispatch(_ token: UInt64, _ state: UInt32, _ handle: (TransportEvent) -> Void) {
    guard let link = links[PeerID(token >> 2)] else {
      if token == 0 { takeWake() }
      return  // else: it ended earlier in this round
    }
    switch Source(rawValue: token & 3) {
    case .process:
      receive(link, all: true, handle)  // what it sent before it ended
      guard let reason = link.reap() else { return }
      links[link.id] = nil
      link.endStream(nil)
      link.close()
      handle(.ended(link.id, reason))
    case .socket:
      if state & UInt32(cf_writable) != 0 { link.sendMore() }
      if state & UInt32(cf_readable | cf_hung_up) != 0 { receive(link, all: false, handle) }
    case .wake, nil: break
    }
  }

  private func receive(_ link: LocalLink, all: Bool, _ handle: (TransportEvent) -> Void) {
    link.receive(all: all) { frame in
      if frame.head.kind == .ready { link.readyDeadline = nil }
      handle(.frame(link.id, frame))
    }
  }

  private func giveUpLateWorkers() {
    for link in links.values {
      guard let deadline = link.readyDeadline, deadline <= cf_monotonic_ns() else { continue }
      link.readyDeadline = nil
      link.failure = "it was not ready within \(options.readyWithinSeconds) s of its start"
      link.signal(SIGKILL)
    }
  }

  // MARK: Starting

  func start(_ id: PeerID) throws -> LocalLink {
    var ends: [Int32] = [-1, -1]
    guard cf_socket_pair(&ends) == 0 else { throw SpawnError("socketpair", errno) }
    guard let board = OfferPage() else {
      ends.forEach { _ = Glibc.close($0) }
      throw SpawnError("memfd_create", errno)
    }
    let theirs = cf_move_high(ends[1])
    var processID: Int32 = 0
    let code = theirs < 0 ? errno : spawn(socket: theirs, board: board.descriptor, &processID)
    Glibc.close(theirs)
    board.closeDescriptor()
    let pidfd = code == 0 ? cf_pidfd_open(processID) : -1
    guard code == 0, pidfd >= 0 else {
      let code = code == 0 ? errno : code
      Glibc.close(ends[0])  // a worker that did start ends with its socket
      throw SpawnError("starting a process", code)
    }
    _ = cf_set_nonblocking(ends[0])
    let link = LocalLink(
      id: id, processID: processID, pidfd: pidfd, socket: ends[0], board: board, epoll: epoll,
      readyDeadline: cf_monotonic_ns() + options.readyWithinSeconds * 1_000_000_000)
    links[id] = link
    _ = cf_epoll_set(epoll, ends[0], UInt32(cf_readable), LocalTransport.token(id, .socket), 1)
    _ = cf_epoll_set(epoll, pidfd, UInt32(cf_readable), LocalTransport.token(id, .process), 1)
    link.send(
      OutgoingCall(kind: .setup, id: 0, slot: 0, task: 0, reportsStart: false), type: nil, body: options.setup)
    return link
  }

  private func spawn(socket: Int32, board: Int32, _ processID: inout Int32) -> Int32 {
    withCStrings(CommandLine.arguments) { arguments in
      withCStrings(environmentOfWorker()) { environment in
        cf_spawn_worker(arguments, environment, socket, board, &processID)
      }
    }
  }

  /// The parent's, the configuration's over it, and what makes the child a worker.
  private func environmentOfWorker() -> [String] {
    var merged: [String: String] = [
      // A worker that traps ends at once; the runtime's own backtrace would take another 20 ms and write to stderr.
      "SWIFT_BACKTRACE": "enable=no"
    ]
    var at = cf_environment()
    while let entry = at?.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "=") {
        merged[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      at = at.map { $0 + 1 }
    }
    if merged["CONCURRENT_FUTURES_LOG"] == nil {
      for (name, value) in EventLog.environmentOfRecording { merged[name] = value }
    }
    for (name, value) in options.environment { merged[name] = value }
    merged[CF_WORKER_VARIABLE] = "\(getpid())"
    return merged.map { "\($0.key)=\($0.value)" }
  }

  private func withCStrings<R>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    copies.append(nil)
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}

struct SpawnError: Error, CustomStringConvertible {
  let what: String
  let code: Int32
  init(_ what: String, _ code: Int32) {
    self.what = what
    self.code = code
  }
  var description: String { "a worker process could not be started: \(what) failed (errno \(code))" }
}
