// A lock that survives fork: the child may simply open it.

/// A `LockWord` on the heap.
struct LogLock: ~Copyable, @unchecked Sendable {
  // SAFETY: never freed, because locks are static; the futex needs a fixed address. The word is atomic, which is all that
  // `Sendable` asks for.
  private let word: UnsafeMutablePointer<LockWord>

  init() {
    word = .allocate(capacity: 1)
    word.initialize(to: LockWord())
  }

  func lock() { word.pointee.lock() }
  func unlock() { word.pointee.unlock() }
  /// In the child of a fork, where no other thread exists.
  func reset() { word.pointee.reset() }

  func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }
}
