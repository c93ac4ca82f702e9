import Glibc
import Synchronization
import Testing

/// Starts a thread, which the caller must join or detach.
private func startJoinable(_ body: @escaping @Sendable () -> Void) -> pthread_t {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(body))
  let result = pthread_create(
    &thread, nil,
    { argument in
      Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, box.toOpaque())
  precondition(result == 0, "pthread_create: \(result)")
  return thread
}

/// Starts a detached thread.
func startThread(_ body: @escaping @Sendable () -> Void) {
  pthread_detach(startJoinable(body))
}

/// The kernel's id of the calling thread (Glibc's overlay has no `gettid`).
func currentThread() -> pid_t {
  var target = [CChar](repeating: 0, count: 64)
  let length = readlink("/proc/thread-self", &target, target.count)
  let path = String(decoding: target[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
  return pid_t(path.split(separator: "/").last!)!
}

/// A thread that runs `body`; its value or error is read by `join`.
final class TestThread<Value: Sendable>: Sendable {
  private let identity = Atomic<pid_t>(0)
  private let thread = Mutex<pthread_t?>(nil)
  private let outcome = Mutex<Result<Value, any Error>?>(nil)
  private let ended = Gate()

  init(_ body: @escaping @Sendable () throws -> Value) {
    let started = startJoinable { [self] in
      admitInterrupts()
      identity.store(currentThread(), ordering: .releasing)
      let result = Result { try body() }
      outcome.withLock { $0 = result }
      ended.open()
    }
    thread.withLock { $0 = started }
  }
  deinit {
    // Only here: `interrupt` needs a handle that is valid as long as this object lives.
    let thread = thread.withLock { $0! }
    if pthread_equal(thread, pthread_self()) != 0 { pthread_detach(thread) } else { pthread_join(thread, nil) }
  }

  var hasEnded: Bool { ended.isOpen }

  @discardableResult
  func join(limit: Duration = .seconds(30)) throws -> Value {
    try ended.wait(limit: limit)
    return try outcome.withLock { $0! }.get()
  }

  func result(limit: Duration = .seconds(30)) throws -> Result<Value, any Error> {
    try ended.wait(limit: limit)
    return outcome.withLock { $0! }
  }

  /// Returns once the thread sleeps in the kernel (or has ended): it has reached the call that blocks. No fixed pause.
  func untilBlocked() throws {
    var sightings = 0
    try eventually {
      if hasEnded { return true }
      let id = identity.load(ordering: .acquiring)
      sightings = id != 0 && threadState(id) == "S" ? sightings + 1 : 0
      return sightings >= 3
    }
  }

  /// Whether the thread sleeps although something happened that must not wake it. The call that wakes a thread makes it
  /// runnable before it returns: one that was woken is seen running, or has ended.
  func staysBlocked() throws -> Bool {
    try untilBlocked()
    return !hasEnded
  }

  /// Sends a signal whose handler only counts: whatever the thread sleeps in returns EINTR.
  func interrupt() {
    installCountingHandler
    thread.withLock { _ = pthread_kill($0!, SIGUSR2) }
  }
}

/// Returns once that thread of this process sleeps in the kernel, or `isOver` says that it will not.
func untilSleeping(_ id: pid_t, or isOver: () -> Bool = { false }) throws {
  var sightings = 0
  try eventually {
    if isOver() { return true }
    sightings = threadState(id) == "S" ? sightings + 1 : 0
    return sightings >= 3
  }
}

/// How many signals of `interrupt` were delivered.
let interrupts = Atomic<Int>(0)

private let installCountingHandler: Void = {
  var action = sigaction()
  action.__sigaction_handler.sa_handler = { _ in interrupts.wrappingAdd(1, ordering: .relaxed) }
  sigaction(SIGUSR2, &action, nil)
}()

/// Threads inherit the mask of those of Dispatch, which block all signals.
private func admitInterrupts() {
  _ = interrupts.load(ordering: .relaxed)  // made here, not in the handler
  var signals = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGUSR2)
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}

/// 'R' running, 'S' sleeping, nil when there is no such thread.
private func threadState(_ id: pid_t) -> Character? {
  guard let line = readFile("/proc/self/task/\(id)/stat"), let end = line.lastIndex(of: ")") else { return nil }
  return line[end...].dropFirst(2).first
}

/// Names of this process's threads that start with `prefix` (the kernel keeps 15 bytes of a name).
func threadNames(prefix: String) -> [String] {
  guard let folder = opendir("/proc/self/task") else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let id = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard let name = readFile("/proc/self/task/\(id)/comm"), name.hasPrefix(prefix) else { continue }
    names.append(String(name.dropLast()))
  }
  return names
}

func readFile(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
  return String(decoding: bytes, as: UTF8.self)
}
