// The value format: self-describing, so that a reader can step over what it does not want.
//
//   value     := tag payload
//   keyed     := [keyed] { key value } 0          key := varint: 0 ends; (index + 1) << 1 | isNew, then text if new
//   unkeyed   := [unkeyed] { value } [end]
//   rawArray  := [rawArray] element-code varint(byte count) bytes
//   attached  := [attached] varint(attachment number)             the bytes follow the message
//
// A key's text is written once a message; later it is its number. Repeated structs cost one byte a key.

/// The first byte of every value.
enum Tag: UInt8 {
  case end = 0
  /// `nil`.
  case null = 1
  /// A value that encoded nothing.
  case void = 2
  case no = 3
  case yes = 4
  /// Zigzag varint.
  case signed = 5
  /// Varint.
  case unsigned = 6
  case float = 7
  case double = 8
  case string = 9
  case unkeyed = 10
  case keyed = 11
  case rawArray = 12
  case attached = 13
  /// A descriptor that came with the message: its number, then the byte count.
  case shared = 14
}

/// A body and what travels beside it.
// SAFETY: `bytes` is written by the message it came from and by nobody once that was finished.
struct EncodedBody: @unchecked Sendable {
  let bytes: ByteWriter
  /// Large raw arrays, sent from where they are.
  var attachments: [any RawArray]
  /// Shared memory whose descriptors are sent along.
  var shared: [SharedMemory]

  /// What crosses, attachments included.
  var byteCount: Int { attachments.reduce(bytes.count) { $0 + $1.byteCount } }
}

enum WireLimits {
  /// Raw arrays from this size on travel beside the body. Smaller: a system call and an allocation for each;
  /// larger: one more copy on each side.
  static let attachmentBytes = 64 << 10
  /// Attachments of one message; further arrays go into the body. The head counts them in 16 bits.
  static let attachments = 4096
  /// Descriptors of one message; what `cf_send` has room for.
  static let descriptors = 64
  /// Nesting the decoder follows. Larger: hostile bytes overflow the stack; smaller: honest deep trees are refused.
  static let depth = 1500
  /// One message with its attachments. Only tells a torn header from an honest one.
  static let messageBytes: UInt64 = 1 << 38
}
