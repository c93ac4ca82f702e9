import CZlib

/// The bytes around a deflate stream that make it a gzip member (RFC 1952).
enum GzipFormat {
  static let suffix = Array(".gz".utf8)
  static let magic: [UInt8] = [0x1F, 0x8B]

  static func header(level: Int32, name: [UInt8]?, modified seconds: Int) -> [UInt8] {
    let hasName: UInt8 = name == nil ? 0 : 8
    let effort: UInt8 = level == 9 ? 2 : level == 1 ? 4 : 0
    let unix: UInt8 = 3
    // Times outside of 32 bits are not representable: 0 means unknown.
    let time = littleEndian(UInt32(exactly: seconds) ?? 0)
    return magic + [UInt8(Z_DEFLATED), hasName] + time + [effort, unix] + (name.map { $0 + [0] } ?? [])
  }
  static func trailer(checksum: UInt, count: Int) -> [UInt8] {
    littleEndian(UInt32(truncatingIfNeeded: checksum)) + littleEndian(UInt32(truncatingIfNeeded: count))
  }
  private static func littleEndian(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
