// What the scenarios share.
import Glibc
import Synchronization

/// Not main.swift's: closures there belong to the main actor.
typealias Scenario = @Sendable ([String]) throws -> Void

struct ProbeFailure: Error { var what: String }
struct CallbackFailure: Error {}

/// Writes a line at once, past any buffer: what is said before `_exit` counts.
func say(_ line: String) { writeLine(line, to: 1) }
func complain(_ line: String) { writeLine(line, to: 2) }

private func writeLine(_ line: String, to descriptor: Int32) {
  var line = line + "\n"
  line.withUTF8 { bytes in _ = write(descriptor, bytes.baseAddress, bytes.count) }
}

/// Closed, then open for good. Polls: nothing here is timed, and a forked child may use it too.
final class Gate: Sendable {
  private let opened = Atomic(false)
  var isOpen: Bool { opened.load(ordering: .acquiring) }
  func open() { opened.store(true, ordering: .releasing) }
  func wait() throws { try until { isOpen } }
}

final class Calls: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .acquiring) }
  @discardableResult func add() -> Int { count.add(1, ordering: .acquiringAndReleasing).newValue }
}

/// Polls for at most 20 seconds, times `TEST_PATIENCE`.
func until(_ isTrue: () throws -> Bool) throws {
  let patience = getenv("TEST_PATIENCE").flatMap { Int(String(cString: $0)) } ?? 1
  for _ in 0..<20_000 * patience {
    if try isTrue() { return }
    usleep(1000)
  }
  throw ProbeFailure(what: "not in \(20 * patience) s")
}

func startThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  var thread = pthread_t()
  let result = pthread_create(
    &thread, nil,
    { argument in
      Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
      return nil
    }, Unmanaged.passRetained(Box(body)).toOpaque())
  precondition(result == 0)
  pthread_detach(thread)
}

/// Pages of address space and of memory in use.
func pages() -> (virtual: Int, resident: Int) {
  let file = open("/proc/self/statm", O_RDONLY)
  defer { close(file) }
  var buffer = [UInt8](repeating: 0, count: 256)
  let count = read(file, &buffer, 256)
  let numbers = String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ").map { Int($0) ?? 0 }
  return (numbers[0], numbers[1])
}

func threadCount() -> Int {
  guard let folder = opendir("/proc/self/task") else { return 0 }
  defer { closedir(folder) }
  var count = -2  // "." and ".."
  while readdir(folder) != nil { count += 1 }
  return count
}

/// A function of the C library that Glibc's overlay hides.
func hidden<Function>(_ name: String, as: Function.Type) -> Function {
  guard let address = dlsym(nil, name) else { preconditionFailure("no \(name)") }
  return unsafeBitCast(address, to: Function.self)
}
