import Programs

/// The lines of the report, as `sha256sum` prints them.
enum Report {
  /// A name with a backslash, a newline or a carriage return is escaped, and the line then starts with a backslash.
  static func line(_ digest: Digest, _ path: Path) -> [UInt8] {
    let needsEscape = path.bytes.contains { escapes[$0] != nil }
    let name = needsEscape ? path.bytes.flatMap { escapes[$0] ?? [$0] } : path.bytes
    return (needsEscape ? [backslash] : []) + digest.hexadecimal + Array("  ".utf8) + name + [UInt8(ascii: "\n")]
  }
  private static let backslash = UInt8(ascii: "\\")
  private static let escapes: [UInt8: [UInt8]] = [
    backslash: Array("\\\\".utf8), UInt8(ascii: "\n"): Array("\\n".utf8), UInt8(ascii: "\r"): Array("\\r".utf8),
  ]
}
