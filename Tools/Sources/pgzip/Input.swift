import Glibc
import Programs

/// What is read: a file or standard input, as it was when it was opened.
struct Input {
  let path: Path
  let descriptor: Descriptor
  let status: stat

  /// Seconds since 1970, 0 where there is no file that would have a time.
  var modified: Int { isRegular ? status.st_mtim.tv_sec : 0 }
  /// Bytes, where that is known before the input was read.
  var size: Int? { isRegular ? status.st_size : nil }
  private var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }

  static func standardInput() throws(Failure) -> Input {
    let path = Path("stdin")
    do {
      return Input(path: path, descriptor: .standardInput, status: try Descriptor.standardInput.status())
    } catch {
      throw Failure(path, error)
    }
  }

  /// Opens what may be compressed: a regular file. `lenient` (`-f`, `-c`) follows symbolic links and takes a file
  /// with several names, which replacing it would tear apart.
  static func open(_ path: Path, follow: Bool, lenient: Bool) throws(Failure) -> Input {
    do {
      // Non-blocking, so that a named pipe is refused below instead of waited for.
      let descriptor = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW))
      let input = Input(path: path, descriptor: descriptor, status: try descriptor.status())
      if input.status.st_mode & S_IFMT == S_IFDIR {
        throw Failure(path, "is a directory -- ignored", severity: .warning)
      }
      guard input.isRegular else { throw Failure(path, "is not a regular file -- ignored", severity: .warning) }
      let otherNames = input.status.st_nlink - 1
      if otherNames > 0, !lenient {
        throw Failure(path, "has \(otherNames) other link\(otherNames == 1 ? "" : "s") -- ignored", severity: .warning)
      }
      return input
    } catch let failure as Failure {
      throw failure
    } catch let error as SystemError {
      let isLink = error.code == ELOOP && !follow
      throw isLink ? Failure(path, "is a symbolic link -- ignored", severity: .warning) : Failure(path, error)
    } catch {
      throw Failure(path, "\(error)")
    }
  }
}
