// A compact binary `Encoder`: values written straight into one buffer, no tree in between.
//
// Roles
//   encoding  the state of one message: the bytes, the key numbers, the stack of open containers
//   level     one open value; it becomes keyed, unkeyed or neither by what its `encode(to:)` asks for
//
// Invariants
//   I1  Containers close in the order of a stack: writing to an outer one closes the inner ones.
//   I2  A container that was closed so and is written to again throws: the format cannot interleave.

/// Turns an `Encodable` value into bytes.
enum BinaryEncoding {
  /// Appends `value`; a message may hold several.
  static func encode<T: Encodable>(_ value: T, into message: EncodingMessage) throws { try message.encode(value) }

  static func body<T: Encodable>(of value: T) throws -> EncodedBody {
    let message = EncodingMessage()
    try message.encode(value)
    return message.finish()
  }
}

/// The state of one message while it is written. One thread.
final class EncodingMessage {
  struct Level {
    enum Kind: UInt8 { case untouched, single, keyed, unkeyed }
    var kind: Kind
    let serial: UInt32
  }

  let bytes: ByteWriter
  @exclusivity(unchecked) private(set) var attachments: [any RawArray] = []
  @exclusivity(unchecked) private(set) var shared: [SharedMemory] = []
  @exclusivity(unchecked) private var keys: [String] = []
  @exclusivity(unchecked) private var numberOfKey: [String: Int] = [:]
  /// The key after the one used last, where the same struct repeats.
  @exclusivity(unchecked) private var nextKey = 0
  @exclusivity(unchecked) private var levels: [Level] = []
  @exclusivity(unchecked) private var nextSerial: UInt32 = 0

  /// The keyed container of the last outermost value, for who asked for it (a reference cycle until he lets it go).
  @exclusivity(unchecked) var outermost: ContainerCache?
  /// Of the outermost level, in each value: nothing beside it could be written to out of turn.
  static let outermostSerial = UInt32.max

  init(_ bytes: ByteWriter = ByteWriter()) { self.bytes = bytes }

  func finish() -> EncodedBody {
    EncodedBody(bytes: bytes, attachments: attachments, shared: shared)
  }

  /// The same with a count in front, which was not known before.
  func finish(countedAs count: Int) -> EncodedBody {
    let whole = ByteWriter(capacity: bytes.count + 10)
    whole.append(varint: UInt64(count))
    whole.append(bytes.bytes)
    return EncodedBody(bytes: whole, attachments: attachments, shared: shared)
  }

  /// The state at a point between values, to return to if a value turns out not to encode.
  struct Mark {
    fileprivate let bytes: Int
    fileprivate let attachments: Int
    fileprivate let shared: Int
    fileprivate let keys: Int
  }

  func mark() -> Mark {
    Mark(bytes: bytes.count, attachments: attachments.count, shared: shared.count, keys: keys.count)
  }

  func rewind(to mark: Mark) {
    bytes.truncate(to: mark.bytes)
    attachments.removeSubrange(mark.attachments...)
    shared.removeSubrange(mark.shared...)
    for key in keys[mark.keys...] { numberOfKey[key] = nil }
    keys.removeSubrange(mark.keys...)
    nextKey = 0
    levels = []
  }

  // MARK: Values

  func encode<T: Encodable>(_ value: T) throws {
    if try encodePrimitive(value) { return }
    let depth = levels.count
    let serial = open(.untouched)
    try value.encode(to: BinaryEncoder(message: self, level: depth, serial: serial))
    close(to: depth)
  }

  /// Values the format knows by itself.
  @inline(__always)
  private func encodePrimitive<T: Encodable>(_ value: T) throws -> Bool {
    if T.self == Int.self {
      write(signed: Int64(sameType(value, as: Int.self)))
    } else if T.self == String.self {
      write(sameType(value, as: String.self))
    } else if T.self == Double.self {
      write(sameType(value, as: Double.self))
    } else if let array = RawArrays.match(value) {
      write(array)
    } else if T.self == SharedBytes.self {
      try write(sameType(value, as: SharedBytes.self))
    } else {
      return false
    }
    return true
  }

  /// Opens a value of the message for who encodes it himself; `endValue` closes it.
  func beginValue() -> BinaryEncoder {
    BinaryEncoder(message: self, level: 0, serial: open(.untouched))
  }
  func endValue() { close(to: 0) }

  func write(_ tag: Tag) { bytes.append(byte: tag.rawValue) }
  func write(_ value: Bool) { write(value ? .yes : .no) }
  func write(signed value: Int64) {
    write(.signed)
    bytes.append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
  }
  func write(unsigned value: UInt64) {
    write(.unsigned)
    bytes.append(varint: value)
  }
  func write(_ value: Double) {
    write(.double)
    bytes.append(raw: value)
  }
  func write(_ value: Float) {
    write(.float)
    bytes.append(raw: value)
  }
  func write(_ value: String) {
    write(.string)
    bytes.append(string: value)
  }

  private func write(_ array: any RawArray) {
    if array.byteCount >= WireLimits.attachmentBytes, attachments.count < WireLimits.attachments {
      write(.attached)
      bytes.append(varint: UInt64(attachments.count))
      attachments.append(array)
    } else {
      write(.rawArray)
      bytes.append(byte: Swift.type(of: array).code)
      bytes.append(varint: UInt64(array.byteCount))
      array.withRawBytes { bytes.append($0) }
    }
  }

  private func write(_ value: SharedBytes) throws {
    let number = shared.firstIndex { $0 === value.memory } ?? shared.count
    guard number < WireLimits.descriptors else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: [], debugDescription: "more than \(WireLimits.descriptors) SharedBytes in one message")
      )
    }
    write(.shared)
    bytes.append(varint: UInt64(number))
    bytes.append(varint: UInt64(value.count))
    if number == shared.count { shared.append(value.memory) }
  }

  func write(key: String) {
    let number: Int
    if nextKey < keys.count, keys[nextKey] == key {
      number = nextKey
    } else if let known = find(key) {
      number = known
    } else {
      number = keys.count
      keys.append(key)
      if keys.count > 8 { numberOfKey[key] = number }
      nextKey = keys.count
      bytes.append(varint: UInt64(number + 1) << 1 | 1)
      bytes.append(string: key)
      return
    }
    nextKey = number + 1
    bytes.append(varint: UInt64(number + 1) << 1)
  }

  private func find(_ key: String) -> Int? {
    for number in 0..<min(keys.count, 8) where keys[number] == key { return number }
    return keys.count > 8 ? numberOfKey[key] : nil
  }

  // MARK: Containers

  func open(_ kind: Level.Kind) -> UInt32 {
    nextSerial &+= 1
    let serial = levels.isEmpty ? EncodingMessage.outermostSerial : nextSerial
    levels.append(Level(kind: kind, serial: serial))
    return serial
  }

  /// Ends every level from `depth` on.
  func close(to depth: Int) {
    while levels.count > depth {
      switch levels.removeLast().kind {
      case .untouched: write(.void)
      case .single: break
      case .keyed: bytes.append(varint: 0)
      case .unkeyed: write(.end)
      }
    }
  }

  /// Makes `level` the innermost one.
  @inline(__always)
  func enter(_ level: Int, _ serial: UInt32) throws {
    guard level < levels.count, levels[level].serial == serial else { throw interleaved() }  // I2
    if levels.count > level + 1 { close(to: level + 1) }
  }

  /// Turns the level into a container of `kind`, or finds it to be one (a superclass that encodes into the same).
  func become(_ kind: Level.Kind, _ level: Int, _ serial: UInt32) {
    guard (try? enter(level, serial)) != nil else { return }  // the first write to it throws
    if levels[level].kind == kind { return }
    precondition(levels[level].kind == .untouched, "a value may encode itself in one kind of container only")
    levels[level].kind = kind
    switch kind {
    case .keyed: write(.keyed)
    case .unkeyed: write(.unkeyed)
    case .single, .untouched: break
    }
  }

  private func interleaved() -> EncodingError {
    EncodingError.invalidValue(
      (),
      .init(
        codingPath: [],
        debugDescription: "a nested container was written to after its parent; the binary format cannot interleave"))
  }
}

/// `codingPath` is always empty: keeping it would cost more than the encoding.
struct BinaryEncoder: Encoder {
  let message: EncodingMessage
  let level: Int
  let serial: UInt32
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    message.become(.keyed, level, serial)
    let isOutermost = serial == EncodingMessage.outermostSerial
    if isOutermost, let known = message.outermost?.container(Key.self, as: KeyedEncodingContainer<Key>.self) {
      return known
    }
    let made = KeyedEncodingContainer(KeyedWriter<Key>(message: message, level: level, serial: serial))
    if isOutermost { message.outermost?.keep(made, Key.self) }
    return made
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    message.become(.unkeyed, level, serial)
    return UnkeyedWriter(message: message, level: level, serial: serial)
  }
  func singleValueContainer() -> any SingleValueEncodingContainer {
    message.become(.single, level, serial)
    return SingleWriter(message: message, level: level, serial: serial)
  }
}

/// The container last made for one place, to be used again: making one looks up generic metadata for 150 ns, and a chunk
/// holds many values of one type.
struct ContainerCache {
  private var key: ObjectIdentifier?
  private var box: AnyObject?

  /// The container kept, if it is of this key type.
  // SAFETY: `box` is the one reference that a `Container` of this key consists of (`keep` compared the sizes).
  @inline(__always)
  func container<Key, Container>(_: Key.Type, as: Container.Type) -> Container? {
    guard key == ObjectIdentifier(Key.self), let box else { return nil }
    return withUnsafePointer(to: box) { UnsafeRawPointer($0).load(as: Container.self) }
  }

  mutating func keep<Key, Container>(_ container: Container, _: Key.Type) {
    guard MemoryLayout<Container>.size == MemoryLayout<AnyObject>.size else { return }
    // SAFETY: the standard library's keyed containers are structs around one strong reference to a box.
    box = withUnsafePointer(to: container) { UnsafeRawPointer($0).load(as: AnyObject.self) }
    key = ObjectIdentifier(Key.self)
  }
}
