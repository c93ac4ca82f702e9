// How a process becomes a worker: before `main`, or when the program asks for it.
//
// `cf_spawn_worker` starts this executable with a variable in its environment. A C constructor (CPlatform, processes.c)
// sees it and calls in here; the user's `main` never runs. A program that wants to run something first defines
// `concurrent_futures_manual_worker_entry` and calls `ProcessPoolExecutor.runWorkerIfRequested()` itself.
import CPlatform
import Glibc

enum WorkerEntry {
  // SAFETY: written before `main` or at the start of it, while the process has one thread; read after.
  nonisolated(unsafe) private(set) static var isWorker = false

  /// True in a process that was started as a worker and has not become one yet.
  static var isRequested: Bool { getenv(CF_WORKER_VARIABLE) != nil }

  /// Becomes the worker; does not return then. Returns at once in any other process.
  static func enterIfRequested() {
    guard let value = getenv(CF_WORKER_VARIABLE) else { return }
    // A variable that was left over in some shell must not turn programs into workers of nobody, nor may a worker run
    // the user's `main`: so it is checked, and a wrong one ends the process.
    guard let parent = Int32(String(cString: value)), parent > 0, cf_socket_peer(Int32(cf_worker_socket)) == parent
    else { refuse("\(CF_WORKER_VARIABLE) is set, but no pool started this process") }
    unsetenv(CF_WORKER_VARIABLE)
    isWorker = true
    WorkerProcess(parent: parent).run()
  }

  /// Called where a child that was meant to be a worker has come to run the user's program: creating processes there
  /// would never end.
  static func refuseToRunProgram() {
    guard isRequested else { return }
    refuse("this process was started as a worker but did not call ProcessPoolExecutor.runWorkerIfRequested()")
  }

  private static func refuse(_ reason: String) -> Never {
    var line = "ConcurrentFutures: \(reason)\n"
    line.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    _exit(70)
  }
}

@_cdecl("concurrent_futures_worker_entry")
func enterWorkerBeforeMain() { WorkerEntry.enterIfRequested() }
