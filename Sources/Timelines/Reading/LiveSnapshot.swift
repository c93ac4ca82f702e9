// A snapshot of a program's event log from outside: the program is neither asked nor stopped.
//
// The log is mapped files, so what the program has recorded is what the files hold. A ring's slot may be used again while it is
// copied: a slot whose header changed meanwhile is dropped (PacketHeader I4).
import Foundation
import SchedulerEvents

/// Copies what a running program has recorded, from its mapped files.
public enum LiveSnapshot {
  /// The folders of the event logs that a process is writing. Throws `ReadingError` if the process cannot be looked into.
  public static func folders(ofProcess pid: Int32) throws(ReadingError) -> [String] {
    let descriptors = "/proc/\(pid)/fd"
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: descriptors) else {
      throw ReadingError(
        path: descriptors, reason: "cannot be read: \(String(cString: strerror(errno)))",
        advice: "Does the process exist, and is it yours?")
    }
    let open = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: descriptors + "/" + $0) }
    return Set(open).compactMap { path -> String? in
      guard path.hasSuffix("/" + LogLayout.definitionsFile) else { return nil }
      let folder = String(path.dropLast(LogLayout.definitionsFile.utf8.count + 1))
      return access(folder + "/" + LogLayout.metadataFile, R_OK) == 0 ? folder : nil
    }.sorted()
  }

  /// Copies the log in `folder` to a new folder in `directory` (nil: next to it) and returns that. Throws `ReadingError`.
  public static func take(_ folder: String, to directory: String? = nil) throws(ReadingError) -> String {
    let source = URL(fileURLWithPath: folder)
    let parent = directory.map { URL(fileURLWithPath: $0) } ?? source.deletingLastPathComponent()
    let copy = try makeFolder(parent, source.lastPathComponent)
    for name in [LogLayout.metadataFile, LogLayout.definitionsFile] {
      try write(try MappedFile(path: folder + "/" + name).bytes, to: copy + "/" + name)
    }
    for (part, isRing) in [("", false), ("/" + LogLayout.ringsFolder, true)] {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder + part)) ?? []
      for name in names
      where ![LogLayout.metadataFile, LogLayout.definitionsFile, LogLayout.ringsFolder].contains(name) {
        let data = try packets(of: folder + part + "/" + name, isRing: isRing)
        if !data.isEmpty { try write(data, to: copy + "/" + name) }
      }
    }
    return copy
  }

  private static func makeFolder(_ parent: URL, _ name: String) throws(ReadingError) -> String {
    try? FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    for number in 1...1000 {
      let path = parent.appending(path: "\(name)-outside-\(number)").path
      if mkdir(path, 0o755) == 0 { return path }
      guard errno == EEXIST else { break }
    }
    throw ReadingError(
      path: parent.path, reason: "cannot be written: \(String(cString: strerror(errno)))",
      advice: "Name another directory with -o.")
  }

  private static func write(_ data: Data, to path: String) throws(ReadingError) {
    do { try data.write(to: URL(fileURLWithPath: path)) } catch {
      throw ReadingError(
        path: path, reason: "cannot be written: \(error.localizedDescription)", advice: "Is the disk full?")
    }
  }

  /// The used packets of a stream file or a ring, as far as they are filled, the oldest first.
  private static func packets(of path: String, isRing: Bool) throws(ReadingError) -> Data {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return Data() }  // a lane that came and went
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: PacketHeader.packetBytes)
    func read(_ count: Int, at offset: Int) -> PacketHeader? {
      let got = pread(descriptor, &buffer, count, off_t(offset))
      guard got >= PacketHeader.size else { return nil }
      return buffer.withUnsafeBytes { PacketHeader(loadingFrom: $0.baseAddress!) }
    }
    var found: [(sequence: UInt64, bytes: Data)] = []
    var offset = 0
    while let header = read(buffer.count, at: offset) {
      let size = Int(clamping: header.packetBits / 8)
      guard size >= PacketHeader.size else { break }
      if header.begin != PacketHeader.unused, header.revision % 2 == 0 {
        let used = min(PacketHeader.size + header.recordCount * EventRecord.size, buffer.count)
        var bytes = Data(buffer.prefix(used))
        // An open packet may claim the rest of its window; in the copy it ends with its records.
        withUnsafeBytes(of: (UInt64(used) * 8).littleEndian) {
          bytes.replaceSubrange(
            PacketHeader.Offset.packetBits.rawValue..<PacketHeader.Offset.packetBits.rawValue + 8, with: $0)
        }
        let after = isRing ? read(PacketHeader.size, at: offset) : header
        if after?.revision == header.revision { found.append((header.sequence, bytes)) }
      }
      offset += size
    }
    if isRing { found.sort { $0.sequence < $1.sequence } }
    return found.reduce(into: Data()) { $0.append($1.bytes) }
  }
}

extension MappedFile {
  fileprivate var bytes: Data { mappedSize == 0 ? Data() : Data(bytes: base, count: readableSize) }
}
