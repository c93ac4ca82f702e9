import ArgumentParser
import Glibc

/// A file name as Linux knows it: bytes without a NUL, in no particular encoding.
public struct Path: Hashable, Sendable, Comparable {
  public let bytes: [UInt8]

  public init(bytes: [UInt8]) { self.bytes = bytes }
  public init(_ text: String) { bytes = Array(text.utf8) }

  /// The part after the last slash.
  public var name: [UInt8] {
    guard let slash = bytes.lastIndex(of: .slash) else { return bytes }
    return Array(bytes[(slash + 1)...])
  }
  /// Everything up to and including the last slash; empty where there is none.
  public var directory: [UInt8] {
    guard let slash = bytes.lastIndex(of: .slash) else { return [] }
    return Array(bytes[...slash])
  }
  /// The entry `name` of this directory, joined as `find` joins them: no slash after a slash.
  public func appending(_ name: some Sequence<UInt8>) -> Path {
    Path(bytes: bytes.last == .slash ? bytes + name : bytes + [.slash] + name)
  }

  public func withCString<R>(_ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
    var terminated = bytes
    terminated.append(0)
    return try terminated.withUnsafeBufferPointer { buffer in
      // SAFETY: UInt8 and CChar have the same layout; the array outlives the call.
      try buffer.withMemoryRebound(to: CChar.self) { try body($0.baseAddress!) }
    }
  }

  /// Byte order, that of `LC_ALL=C sort`.
  public static func < (a: Path, b: Path) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension UInt8 {
  static let slash = UInt8(ascii: "/")
}

extension Path: ExpressibleByArgument {
  public init(argument: String) { self.init(bytes: CommandWords.bytes(of: argument)) }
}

/// The command line without loss. `CommandLine.arguments` replaces what is not UTF-8, and then the file
/// is not found; here such a byte b becomes the noncharacter-plane scalar U+10FF00 + b, and `Path` turns it back.
public enum CommandWords {
  private static let escapes: ClosedRange<UInt32> = 0x10_FF00...0x10_FFFF

  /// The arguments after the program's name.
  public static func all() -> [String] {
    (1..<max(1, Int(CommandLine.argc))).map { index in
      let word = CommandLine.unsafeArgv[index]!
      // SAFETY: argv[index] is NUL-terminated and lives as long as the process.
      return string(of: Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
  }

  static func string(of bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    var rest = bytes[...]
    func escape(_ count: Int) {
      for byte in rest.prefix(count) { text.append(Unicode.Scalar(escapes.lowerBound + UInt32(byte))!) }
    }
    while !rest.isEmpty {
      var parser = Unicode.UTF8.ForwardParser()
      var iterator = rest.makeIterator()
      var used = 1
      switch parser.parseScalar(from: &iterator) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        used = encoded.count
        if escapes.contains(scalar.value) { escape(used) } else { text.append(scalar) }
      case .error(let length):
        used = length
        escape(used)
      case .emptyInput: break
      }
      rest = rest.dropFirst(used)
    }
    return String(text)
  }

  static func bytes(of text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar -> [UInt8] in
      escapes.contains(scalar.value) ? [UInt8(scalar.value & 0xFF)] : Array(String(scalar).utf8)
    }
  }
}
