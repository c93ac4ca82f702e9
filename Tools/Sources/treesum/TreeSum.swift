import ConcurrentFutures
import Glibc
import Programs
import Synchronization

/// Hashes every regular file below some directories on a pool, or walks on it and hashes in processes.
///
///     walk(root) --> walk(subdirectory) ...      each directory a task, submitted by its parent's task
///          \--> hash(file) ...                   each file a task, submitted by its directory's task
///
/// Nothing is collected while walking: a directory's result holds the futures of what lies in it.
final class TreeSum: Sendable {
  /// A file that was hashed or a path that could not be read.
  struct Entry: Sendable {
    let path: Path
    let outcome: Result<Digest, Failure>
  }
  /// What a directory's task leaves behind.
  struct Listing: Sendable {
    var files: [Future<Entry>] = []
    var directories: [Future<Listing>] = []
    var failures: [Failure] = []
  }

  private let pool: ThreadPoolExecutor
  private let hashers = Stock { FileHasher() }
  private let read = Atomic<Int>(0)
  /// Bytes hashed so far.
  var bytesRead: Int { read.load(ordering: .relaxed) }

  /// Where files are hashed instead, if anywhere.
  private let processes: ProcessPoolExecutor?

  init(pool: ThreadPoolExecutor, processes: ProcessPoolExecutor? = nil) {
    self.pool = pool
    self.processes = processes
  }

  /// A worker that dies costs the file it was at.
  static func processPool(maxWorkers: Int) throws -> ProcessPoolExecutor {
    var configuration = ProcessPoolExecutor.Configuration()
    configuration.maxWorkers = maxWorkers
    configuration.onWorkerDeath = .replaceWorker(retries: 0)
    configuration.prefetch = 4  // most files are small
    return try ProcessPoolExecutor(configuration)
  }

  /// Starts on an operand, which may be a file.
  func start(_ path: Path) throws -> Future<Listing> {
    try pool.submit(label: "walk") { try self.visit(path) }
  }

  private func visit(_ path: Path) throws -> Listing {
    var status = stat()
    guard path.withCString({ lstat($0, &status) }) == 0 else { return Listing(failures: [Failure(path, .last)]) }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return try walk(path)
    case S_IFREG: return Listing(files: [try submitHash(path)])
    case S_IFLNK: return Listing(failures: [Failure(path, "is a symbolic link; not followed")])
    default: return Listing(failures: [Failure(path, "is neither a directory nor a regular file")])
    }
  }

  private func walk(_ path: Path) throws -> Listing {
    do {
      let directory = try Directory(reading: path)
      // Directories first: a worker takes its own youngest task, so it hashes this directory's files, which lie
      // together on the disk, while others steal the oldest and walk on.
      let directories = try directory.directories.map { child in
        try pool.submit(label: "walk") { try self.walk(child) }
      }
      return Listing(
        files: try directory.files.map(submitHash), directories: directories, failures: directory.failures)
    } catch let error as SystemError {
      return Listing(failures: [Failure(path, error)])
    }
  }

  private func submitHash(_ path: Path) throws -> Future<Entry> {
    if let processes {
      return try processes.submit(HashFile(path: path.bytes)).map { file in
        self.read.wrappingAdd(file.bytesRead, ordering: .relaxed)
        return Entry(path: path, outcome: file.outcome(of: path))
      }.recover { error in Entry(path: path, outcome: .failure(Failure(path, "\(error)"))) }
    }
    return try pool.submit(label: "hash") { Entry(path: path, outcome: self.hash(path)) }
  }
  private func hash(_ path: Path) -> Result<Digest, Failure> {
    let hasher = hashers.take()
    defer { hashers.giveBack(hasher) }
    do throws(SystemError) {
      return .success(try hasher.hash(path) { read.wrappingAdd($0, ordering: .relaxed) })
    } catch {
      return .failure(Failure(path, error))
    }
  }
}

/// One file, in a worker process.
struct HashFile: ProcessTask {
  struct Hashed: Codable, Sendable {
    var digest: [UInt8] = []
    var bytesRead = 0
    /// The `errno`, 0 if it was read to its end.
    var code: Int32 = 0

    func outcome(of path: Path) -> Result<Digest, Failure> {
      code == 0 ? .success(Digest(bytes: digest)) : .failure(Failure(path, SystemError(code)))
    }
  }
  var path: [UInt8]
  /// A worker runs its tasks one after the other, on one thread.
  private static let hasher = FileHasher()

  func run() -> Hashed {
    var hashed = Hashed()
    do throws(SystemError) {
      hashed.digest = try Self.hasher.hash(Path(bytes: path)) { hashed.bytesRead += $0 }.bytes
    } catch {
      hashed.code = error.code
    }
    return hashed
  }
}
