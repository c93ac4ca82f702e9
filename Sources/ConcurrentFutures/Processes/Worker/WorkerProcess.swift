// The life of a worker process: takes calls from its socket one at a time until it is told to stop or the parent is gone.
//
// Everything runs on the main thread. One more thread only waits for the parent's end, so that a busy worker dies with it.
import CPlatform
import Glibc
import SchedulerEvents

final class WorkerProcess {
  private let socket = Int32(cf_worker_socket)
  private let parent: Int32
  private let board: TakenOffers
  private var reader = FrameReader()
  private var outbox = Outbox()
  private var handlers: [UInt32: Result<any CallHandler, any Error>] = [:]
  private let trace = WorkerTrace()
  private var wait = ShortWait()
  /// Why the worker ends instead of taking calls.
  private var isUsable = true

  init(parent: Int32) {
    self.parent = parent
    let descriptor = Int32(cf_worker_board)
    guard let board = TakenOffers(descriptor: descriptor) else { _exit(71) }
    close(descriptor)
    self.board = board
  }

  func run() -> Never {
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    cf_name_thread("cf-worker")
    watchParent()
    ThrowSite.install()
    EventLog.startFromEnvironmentOnce()
    trace.begin(parent: parent)
    do {
      while true { try step() }
    } catch {
      // The stream is out of step: nothing the parent sends can be understood any more.
      var line = "ConcurrentFutures: worker \(getpid()): \(error)\n"
      line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
      _exit(72)
    }
  }

  private func watchParent() {
    let pidfd = cf_pidfd_open(parent)
    if getppid() != parent { _exit(0) }
    let watched = UnsafeMutableRawPointer(bitPattern: UInt(socket) | UInt(UInt32(bitPattern: pidfd)) << 32)
    _ = cf_start_thread(
      { watched in
        let bits = UInt(bitPattern: watched)
        cf_wait_for_end(Int32(truncatingIfNeeded: bits & 0xFFFF_FFFF), Int32(truncatingIfNeeded: bits >> 32))
        _exit(0)
      }, watched, 64 << 10)
  }

  /// Handles what is there, else waits for more.
  private func step() throws {
    while let frame = try reader.next() { try handle(frame) }
    flush()
    var wait = wait
    let received = try wait.until(
      {
        let received = try receive(wait: false)
        return received == .empty ? nil : received
      }, else: { try trace.asleep { try receive(wait: true) } })
    self.wait = wait
    if received == .ended { _exit(0) }
  }

  private func receive(wait: Bool) throws -> FrameReader.Received {
    let socket = socket
    return try reader.receive { memory, descriptors in Sockets.receive(socket, memory, &descriptors, wait: wait) }
  }

  private func flush() {
    let socket = socket
    if outbox.flush({ Sockets.send(socket, $0, $1, wait: true) }) == .ended { _exit(0) }
  }

  private func handle(_ frame: Frame) throws {
    switch frame.head.kind {
    case .define:
      var reader = ByteReader(frame.body)
      handlers[frame.head.type] = CallHandlers.make(try TypeReference(from: &reader))
    case .setup: setUp(frame)
    case .call, .chunk, .function: take(frame)
    case .stop:
      flush()
      trace.end()
      exit(0)
    default: throw MalformedBytes.invalid("a frame that only the parent understands", 0)
    }
  }

  private func setUp(_ frame: Frame) {
    do {
      try WorkerSetup.apply(frame.message)
      outbox.append(.ready)
    } catch {
      let body = RemoteErrors.body(of: error, backtrace: ThrowSite.describe())
      outbox.append(.initializerFailed, body: body)
      isUsable = false
    }
    flush()
  }

  private func take(_ frame: Frame) {
    let call = frame.head.call
    guard isUsable, board.take(call, frame.head.slot) else { return }  // withdrawn
    if frame.head.reportsStart { outbox.append(.started, call: call) }
    flush()  // also the result of the call before: this one may take its time
    let outcome = trace.run(frame) { run(frame) }
    outbox.append(outcome.kind, call: call, body: outcome.body)
    fflush(nil)  // what the task printed; a worker may be killed at any time
  }

  private func run(_ frame: Frame) -> CallOutcome {
    if frame.head.kind == .function { return RemoteFunction.call(frame.message) }
    switch handlers[frame.head.type] {
    case .success(let handler):
      return frame.head.kind == .chunk ? handler.chunk(frame.message) : handler.call(frame.message)
    case .failure(let error): return .failure(error)
    case nil: return .failure(MalformedBytes.invalid("task type \(frame.head.type) was not defined", 0))
    }
  }
}

/// What a worker does before its first call.
enum WorkerSetup {
  static func body(initializer: (any ProcessInitializer)?, limits: [Int32: UInt64]) throws -> EncodedBody {
    let message = EncodingMessage()
    message.bytes.append(varint: UInt64(limits.count))
    for (resource, limit) in limits {
      message.bytes.append(raw: resource)
      message.bytes.append(raw: limit)
    }
    guard let initializer else {
      message.bytes.append(byte: 0)
      return message.finish()
    }
    guard let reference = TypeReference(type(of: initializer)) else {
      throw InvalidArgumentError(message: "another process cannot find \(type(of: initializer)) by name")
    }
    message.bytes.append(byte: 1)
    reference.write(to: message.bytes)
    try message.encode(initializer)
    return message.finish()
  }

  static func apply(_ message: DecodingMessage) throws {
    let reference = try message.custom { reader -> TypeReference? in
      for _ in 0..<(try reader.count(of: 12)) {
        let resource = try reader.raw(Int32.self)
        let code = cf_set_resource_limit(resource, try reader.raw(UInt64.self))
        guard code == 0 else {
          throw InvalidArgumentError(message: "resource limit \(resource) was refused (errno \(code))")
        }
      }
      return try reader.byte() == 0 ? nil : try TypeReference(from: &reader)
    }
    guard let reference else { return }
    guard let type = reference.resolve() as? any ProcessInitializer.Type else {
      throw MalformedBytes.invalid("the worker process has no initializer type \(reference)", 0)
    }
    try message.decode(type).initialize()
  }
}
