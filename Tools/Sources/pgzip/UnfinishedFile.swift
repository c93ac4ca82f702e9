import Glibc
import Programs
import Synchronization

/// The one file that is being written. It has a temporary name, and whatever ends the program first removes it:
/// an error, a signal, or the completion that gives it its real name.
enum UnfinishedFile {
  private static let current = Mutex<Path?>(nil)

  /// `directory` ends in a slash or is empty (the current one).
  static func create(in directory: [UInt8]) throws(SystemError) -> Descriptor {
    var template = directory + Array(".pgzip-XXXXXX\0".utf8)
    let outcome = current.withLock { current -> Result<Descriptor, SystemError> in
      precondition(current == nil, "one file at a time")
      let number = template.withUnsafeMutableBytes {
        // SAFETY: NUL-terminated, and writable: mkstemp fills in the Xs.
        mkstemp($0.assumingMemoryBound(to: CChar.self).baseAddress!)
      }
      guard number >= 0 else { return .failure(.last) }
      current = Path(bytes: template.dropLast())
      return .success(.owning(number))
    }
    return try outcome.get()
  }

  /// Gives the file its name: atomically, so that nobody sees half of it.
  static func publish(as final: Path, replacing: Bool) throws(SystemError) {
    let outcome = current.withLock { current -> Result<Void, SystemError> in
      guard let temporary = current else { return .failure(SystemError(ENOENT)) }
      if !replacing {
        // `link` refuses to replace; rename would not. File systems without hard links get a check and a rename.
        if named(temporary, final, link) {
          _ = temporary.withCString { unlink($0) }
          current = nil
          return .success(())
        }
        guard errno == EPERM || errno == EOPNOTSUPP || errno == EMLINK else { return .failure(.last) }
        guard final.withCString({ access($0, F_OK) }) != 0 else { return .failure(SystemError(EEXIST)) }
      }
      guard named(temporary, final, rename) else { return .failure(.last) }
      current = nil
      return .success(())
    }
    try outcome.get()
  }
  private static func named(
    _ old: Path, _ new: Path, _ call: (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
  ) -> Bool {
    old.withCString { old in new.withCString { new in call(old, new) } } == 0
  }

  /// Removes the file if it was not published.
  static func remove() { current.withLock { removeLocked(&$0) } }
  private static func removeLocked(_ current: inout Path?) {
    if let temporary = current { _ = temporary.withCString { unlink($0) } }
    current = nil
  }

  /// From here on SIGINT, SIGTERM and SIGHUP remove the file before they end the program. Call it before any
  /// other thread exists: threads inherit the mask that leaves these signals to one thread.
  static func removeOnSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    // A signal that was ignored when we started (nohup) stays ignored.
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { sigaddset(&signals, number) }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    var thread = pthread_t()
    let outcome = pthread_create(&thread, nil, waitForSignals, nil)
    // Without the thread the signals must end the program themselves.
    if outcome != 0 { pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
  }
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    // SAFETY: the handler is compared as an address, never called.
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  fileprivate static func end(by number: Int32) -> Never {
    current.withLock { current in
      removeLocked(&current)
      // Under the lock, so that no new file appears. End as the signal would have ended us: the shell must see it.
      signal(number, SIG_DFL)
      var only = sigset_t()
      sigemptyset(&only)
      sigaddset(&only, number)
      pthread_sigmask(SIG_UNBLOCK, &only, nil)
      kill(getpid(), number)
    }
    _exit(128 + number)
  }
}

private func waitForSignals(_: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  var signals = sigset_t()
  pthread_sigmask(SIG_BLOCK, nil, &signals)
  var number: Int32 = 0
  // The mask also holds what the parent blocked; those signals are not ours.
  for other in 1...64 where ![SIGINT, SIGTERM, SIGHUP].contains(Int32(other)) { sigdelset(&signals, Int32(other)) }
  while sigwait(&signals, &number) != 0 {}
  UnfinishedFile.end(by: number)
}
