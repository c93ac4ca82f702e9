// What a user writes to have work done in another process.

/// Work for a `ProcessPoolExecutor`: a value that crosses to another process, runs there, and whose output comes back.
///
///     struct Parse: ProcessTask {
///       var path: String
///       func run() throws -> Summary { try Summary(parsing: path) }
///     }
///     let summary = try pool.submit(Parse(path: path)).result()
///
/// The worker is another process of the same executable. It shares no memory with the parent: globals have their initial
/// values, and top-level variables of `main.swift` are not initialised at all (a worker never runs `main`). What the task
/// needs travels as its stored properties. `[UInt8]` and arrays of integers and floating-point numbers cross as memory.
///
/// Any struct or enum will do, also a private or local one unless it is generic as well; of classes, those that are
/// not private.
public protocol ProcessTask: Codable, Sendable {
  /// What `run` returns.
  associatedtype Output: Codable & Sendable
  /// Called once, on the worker process's main thread. A thrown error that is `Codable` reaches the future as itself,
  /// any other as a `RemoteError`. A trap ends the worker, never the parent.
  func run() throws -> Output
  /// Runs the tasks of a chunk. A requirement only so that the compiler makes one for each type; leave it alone.
  @_documentation(visibility: internal)
  static func _run(_ chunk: _RemoteChunk) throws
}

/// Prepares each worker process of a pool before its first task.
public protocol ProcessInitializer: Codable, Sendable {
  /// Called once a process. If it throws, the pool breaks.
  func initialize() throws
}
