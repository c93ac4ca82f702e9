// Events that carry text. They lie in a stream of their own (file `definitions`), each in a packet of its own:
// 128 bytes of PacketHeader, then {u64 time, u16 id, fields without padding}. Numbers are u32, text ends with a 0 byte.

public enum Definition: Equatable, Sendable {
  /// What label id `label` stands for. `source`: "file:line" of the first use; equal to `text` where no label was given.
  case label(label: UInt32, text: String, source: String)
  case pool(pool: UInt32, workers: UInt32, schema: UInt32, name: String, policies: String)

  public var kind: EventKind {
    switch self {
    case .label: .labelDef
    case .pool: .poolConfig
    }
  }

  /// The event's bytes, without packet header. A 0 byte within a text ends the text.
  public func encode(time: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    func number<Number: FixedWidthInteger>(_ value: Number) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    func text(_ value: String) {
      bytes.append(contentsOf: value.utf8.prefix { $0 != 0 })
      bytes.append(0)
    }
    number(time)
    number(kind.rawValue)
    switch self {
    case .label(let label, let name, let source):
      number(label)
      text(name)
      text(source)
    case .pool(let pool, let workers, let schema, let name, let policies):
      number(pool)
      number(workers)
      number(schema)
      text(name)
      text(policies)
    }
    return bytes
  }

  /// Reads the event at the beginning of `bytes` and says how many bytes it took; nil if it is cut short or unknown.
  public static func decode(_ bytes: UnsafeRawBufferPointer) -> (time: UInt64, definition: Definition, size: Int)? {
    var position = 0
    var whole = true
    func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) -> Number {
      let size = MemoryLayout<Number>.size
      guard whole, bytes.count - position >= size else {
        whole = false
        return 0
      }
      defer { position += size }
      return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
    }
    func text() -> String {
      guard whole, let end = bytes[position...].firstIndex(of: 0) else {
        whole = false
        return ""
      }
      defer { position = end + 1 }
      return String(decoding: bytes[position..<end], as: UTF8.self)
    }
    let time = number(UInt64.self)
    let definition: Definition
    switch EventKind(rawValue: number(UInt16.self)) {
    case .labelDef: definition = .label(label: number(UInt32.self), text: text(), source: text())
    case .poolConfig:
      definition = .pool(
        pool: number(UInt32.self), workers: number(UInt32.self), schema: number(UInt32.self), name: text(),
        policies: text())
    default: return nil
    }
    return whole ? (time, definition, position) : nil
  }
}
