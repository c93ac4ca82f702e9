import Glibc
import Programs

/// Where the result goes: standard output, or a file that appears under its name only when it is complete.
final class Output {
  private let descriptor: Descriptor
  private let path: Path
  /// Whether it must be published; a stream or a device is not.
  let isFile: Bool

  static func standardOutput() -> Output { Output(.standardOutput, Path("stdout"), isFile: false) }

  static func device(_ path: Path) throws(Failure) -> Output {
    do {
      return Output(try Descriptor.open(path, O_WRONLY | O_NOCTTY), path, isFile: false)
    } catch {
      throw Failure(path, error)
    }
  }

  /// A file beside the future `path`, invisible and readable by the user alone until `publish`.
  static func file(beside path: Path) throws(Failure) -> Output {
    do {
      return Output(try UnfinishedFile.create(in: path.directory), path, isFile: true)
    } catch {
      throw Failure(path, error)
    }
  }
  private init(_ descriptor: Descriptor, _ path: Path, isFile: Bool) {
    self.descriptor = descriptor
    self.path = path
    self.isFile = isFile
  }
  deinit { if isFile { UnfinishedFile.remove() } }

  func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    do { try descriptor.write(bytes) } catch { throw Failure(path, error) }
  }
  func write(_ bytes: [UInt8]) throws(Failure) {
    do { try descriptor.write(bytes) } catch { throw Failure(path, error) }
  }

  /// Gives the file the mode, owner and times of its source and then its name. With `replacing` an existing file
  /// of that name gives way; without it is left alone and this throws.
  func publish(as final: Path, like source: stat?, modified: timespec?, replacing: Bool) throws(Failure) {
    precondition(isFile)
    do {
      if let source {
        // Owner first: changing it clears the set-user-id bits. Only root may; others keep their own.
        _ = fchown(descriptor.number, source.st_uid, source.st_gid)
        guard fchmod(descriptor.number, source.st_mode & 0o777) == 0 else { throw SystemError.last }
      } else {
        let mask = umask(0)
        umask(mask)
        guard fchmod(descriptor.number, 0o666 & ~mask) == 0 else { throw SystemError.last }
      }
      if let modified {
        let times = [source?.st_atim ?? modified, modified]
        guard futimens(descriptor.number, times) == 0 else { throw SystemError.last }
      }
      try UnfinishedFile.publish(as: final, replacing: replacing)
    } catch let error as SystemError {
      throw Failure(final, error.code == EEXIST ? "already exists; not overwritten (-f overwrites)" : "\(error)")
    } catch {
      throw Failure(final, "\(error)")
    }
  }
}
