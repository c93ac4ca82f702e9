import Glibc
import Programs

/// The names in a directory, as bytes, sorted into what treesum cares about.
struct Directory {
  private(set) var files: [Path] = []
  private(set) var directories: [Path] = []
  /// Entries whose kind could not be told.
  private(set) var failures: [Failure] = []

  /// Reads the directory at `path` itself, not what a link of that name points to.
  init(reading path: Path) throws(SystemError) {
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let number = path.withCString { open($0, flags) }
    guard number >= 0, let stream = fdopendir(number) else {
      let error = SystemError.last
      if number >= 0 { close(number) }
      throw error
    }
    defer { closedir(stream) }
    while true {
      errno = 0  // tells an error from the end
      guard let entry = readdir(stream) else { break }
      add(entry, of: path, number)
    }
    if errno != 0 { throw .last }
  }

  private mutating func add(_ entry: UnsafeMutablePointer<dirent>, of parent: Path, _ descriptor: Int32) {
    // SAFETY: d_name is NUL-terminated, and may reach beyond its declared 256 bytes; the entry is valid until the
    // next readdir. The address is taken from the entry, not from a copy of the field.
    let name = UnsafeRawPointer(entry).advanced(by: MemoryLayout<dirent>.offset(of: \.d_name)!)
      .assumingMemoryBound(to: CChar.self)
    let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
    guard !bytes.elementsEqual(".".utf8), !bytes.elementsEqual("..".utf8) else { return }
    let path = parent.appending(bytes)
    switch Int(entry.pointee.d_type) {
    case Int(DT_REG): files.append(path)
    case Int(DT_DIR): directories.append(path)
    case Int(DT_UNKNOWN):  // some file systems do not say
      var status = stat()
      guard fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
        return failures.append(Failure(path, .last))
      }
      if status.st_mode & S_IFMT == S_IFREG { files.append(path) }
      if status.st_mode & S_IFMT == S_IFDIR { directories.append(path) }
    default: break
    }
  }
}
