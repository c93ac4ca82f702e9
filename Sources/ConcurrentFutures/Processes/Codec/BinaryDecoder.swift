// The reading half of the binary coder. Bytes come from another process: every read is checked, nothing traps.
//
// Roles
//   message   one received body: its bytes, its attachments, the key numbers met so far
//   cursor    where an open container stands; a stack, innermost last
//
// Invariants
//   I1  Key numbers are defined in the order in which they stand in the message, and no byte is passed without having
//       been walked over: a number is known before it is used.
//   I2  When a value was decoded its cursors are popped; a container used after that throws.

/// The state of one message while it is read. One thread. The bytes must outlive it.
final class DecodingMessage {
  fileprivate enum Kind: UInt8 { case keyed, unkeyed, empty }
  fileprivate struct Cursor {
    let kind: Kind
    let serial: UInt32
    /// Where the value starts, its tag included.
    let value: Int
    /// The first entry.
    let first: Int
    /// The entry after the one read last.
    var next: Int
  }

  private let bytes: UnsafeRawBufferPointer
  private let attachments: [any RawArray]
  private let shared: [SharedMemory]
  private let owner: AnyObject?
  @exclusivity(unchecked) private var keys: [String] = []
  @exclusivity(unchecked) private var cursors: [Cursor] = []
  @exclusivity(unchecked) private var nextSerial: UInt32 = 0
  @exclusivity(unchecked) private var depth = 0
  /// As `EncodingMessage.outermost`.
  @exclusivity(unchecked) var outermost: ContainerCache?
  /// Where the next value of a message with several starts.
  @exclusivity(unchecked) private var position: Int

  /// SAFETY: the caller keeps `bytes` alive while this object is used, or hands in who does as `owner`.
  init(
    _ bytes: UnsafeRawBufferPointer, position: Int = 0, attachments: [any RawArray] = [], shared: [SharedMemory] = [],
    owner: AnyObject? = nil
  ) {
    self.bytes = bytes
    self.position = position
    self.attachments = attachments
    self.shared = shared
    self.owner = owner
  }

  convenience init(_ body: EncodedBody) {
    self.init(body.bytes.bytes, attachments: body.attachments, shared: body.shared, owner: body.bytes)
  }

  /// Reads the next value of the message.
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    do {
      var reader = reader(at: position)
      let value = try decode(type, &reader)
      position = reader.position
      return value
    } catch let malformed as MalformedBytes {
      throw malformed.decodingError(type)
    }
  }

  /// Reads what was written between values.
  func custom<T>(_ body: (inout ByteReader) throws -> T) rethrows -> T {
    var reader = reader(at: position)
    defer { position = reader.position }
    return try body(&reader)
  }

  /// True once every value was read.
  var isAtEnd: Bool { position >= bytes.count }

  func reader(at position: Int) -> ByteReader { ByteReader(bytes, position: position) }

  // MARK: Values

  func decode<T: Decodable>(_ type: T.Type, _ reader: inout ByteReader) throws -> T {
    if T.self == Int.self { return sameType(try integer(&reader, as: Int.self), as: T.self) }
    if T.self == String.self { return sameType(try string(&reader), as: T.self) }
    if T.self == Double.self { return sameType(try double(&reader), as: T.self) }
    if RawArrays.isRaw(T.self), let array = try rawArray(&reader) {
      guard let array = array as? T else { throw MalformedBytes.invalid("an array of another type", reader.position) }
      return array
    }
    if T.self == SharedBytes.self { return sameType(try sharedBytes(&reader), as: T.self) }
    return try decodeGeneric(type, &reader)
  }

  private func decodeGeneric<T: Decodable>(_ type: T.Type, _ reader: inout ByteReader) throws -> T {
    guard depth < WireLimits.depth else { throw MalformedBytes.invalid("nested too deeply", reader.position) }
    let start = reader.position
    let outer = cursors.count
    depth += 1
    defer {
      depth -= 1
      while cursors.count > outer { cursors.removeLast() }  // I2
    }
    let value = try T(from: BinaryDecoder(message: self, position: start))
    try passValue(from: start, outer, &reader)
    return value
  }

  /// Moves from the start of a value that was decoded behind its end.
  private func passValue(from start: Int, _ outer: Int, _ reader: inout ByteReader) throws {
    if cursors.count > outer, cursors[outer].value == start, cursors[outer].kind != .empty {
      reader.position = cursors[outer].next
      try finish(cursors[outer].kind, &reader)
    } else {
      try skip(&reader)
    }
  }

  /// The next value of the message for who decodes it himself; `endValue` moves past it.
  func beginValue() -> BinaryDecoder { BinaryDecoder(message: self, position: position) }
  func endValue() throws {
    var reader = reader(at: position)
    try passValue(from: position, 0, &reader)
    position = reader.position
    while !cursors.isEmpty { cursors.removeLast() }
  }

  private func tag(_ reader: inout ByteReader) throws -> Tag {
    let position = reader.position
    guard let tag = Tag(rawValue: try reader.byte()) else { throw MalformedBytes.invalid("unknown tag", position) }
    return tag
  }

  private func mismatch(_ wanted: Any.Type, _ found: Tag) -> DecodingError {
    .typeMismatch(wanted, .init(codingPath: [], debugDescription: "expected \(wanted), found \(found)"))
  }

  func isNull(_ reader: inout ByteReader) -> Bool {
    guard reader.remaining > 0, reader.bytes[reader.position] == Tag.null.rawValue else { return false }
    reader.position += 1
    return true
  }

  func bool(_ reader: inout ByteReader) throws -> Bool {
    switch try tag(&reader) {
    case .yes: return true
    case .no: return false
    case let other: throw mismatch(Bool.self, other)
    }
  }

  @inline(__always)
  func integer<T: FixedWidthInteger>(_ reader: inout ByteReader, as type: T.Type) throws -> T {
    let value: T?
    switch try tag(&reader) {
    case .signed:
      let zigzag = try reader.varint()
      value = T(exactly: Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1))
    case .unsigned: value = T(exactly: try reader.varint())
    case let other: throw mismatch(type, other)
    }
    guard let value else { throw MalformedBytes.invalid("the number does not fit in \(type)", reader.position) }
    return value
  }

  func double(_ reader: inout ByteReader) throws -> Double {
    switch try tag(&reader) {
    case .double: return try reader.raw(Double.self)
    case .float: return Double(try reader.raw(Float.self))
    case let other: throw mismatch(Double.self, other)
    }
  }

  func float(_ reader: inout ByteReader) throws -> Float {
    switch try tag(&reader) {
    case .float: return try reader.raw(Float.self)
    case .double: return Float(try reader.raw(Double.self))
    case let other: throw mismatch(Float.self, other)
    }
  }

  func string(_ reader: inout ByteReader) throws -> String {
    let tag = try tag(&reader)
    guard tag == .string else { throw mismatch(String.self, tag) }
    return try reader.string()
  }

  /// The raw array at `reader`, or nil (and `reader` where it was) if the value is not one.
  private func rawArray(_ reader: inout ByteReader) throws -> (any RawArray)? {
    var ahead = reader
    switch try tag(&ahead) {
    case .attached:
      let number = try ahead.varint()
      guard number < attachments.count else { throw MalformedBytes.invalid("no such attachment", ahead.position) }
      reader = ahead
      return attachments[Int(number)]
    case .rawArray:
      let type = try rawArrayHead(&ahead)
      let bytes = try ahead.slice(ahead.count(of: 1))
      guard bytes.count % type.elementSize == 0 else {
        throw MalformedBytes.invalid("an array ends within an element", ahead.position)
      }
      reader = ahead
      return type.init(copying: bytes)
    default: return nil
    }
  }

  private func rawArrayHead(_ reader: inout ByteReader) throws -> any RawArray.Type {
    let code = try reader.byte()
    guard let type = RawArrays.type(of: code) else {
      throw MalformedBytes.invalid("unknown element type", reader.position)
    }
    return type
  }

  private func sharedBytes(_ reader: inout ByteReader) throws -> SharedBytes {
    let tag = try tag(&reader)
    guard tag == .shared else { throw mismatch(SharedBytes.self, tag) }
    let number = try reader.varint()
    let count = try reader.varint()
    guard number < shared.count, count <= UInt64(shared[Int(number)].count) else {
      throw MalformedBytes.invalid("no such shared memory", reader.position)
    }
    return SharedBytes(shared[Int(number)], count: Int(count))
  }

  // MARK: Stepping over

  /// Moves past one value, whatever it is. Does not recurse.
  func skip(_ reader: inout ByteReader) throws {
    var open: [Kind] = []
    repeat {
      if open.last == .keyed, try readKey(&reader) == nil {
        open.removeLast()
        continue
      }
      switch try tag(&reader) {
      case .end:
        guard open.last == .unkeyed else { throw MalformedBytes.invalid("unexpected end", reader.position) }
        open.removeLast()
      case .null, .void, .no, .yes: break
      case .signed, .unsigned, .attached: _ = try reader.varint()
      case .shared:
        _ = try reader.varint()
        _ = try reader.varint()
      case .float: _ = try reader.raw(Float.self)
      case .double: _ = try reader.raw(Double.self)
      case .string: _ = try reader.slice(reader.count(of: 1))
      case .rawArray:
        _ = try rawArrayHead(&reader)
        _ = try reader.slice(reader.count(of: 1))
      case .unkeyed: open.append(.unkeyed)
      case .keyed: open.append(.keyed)
      }
    } while !open.isEmpty
  }

  /// Moves from an entry to behind the end of its container.
  private func finish(_ kind: Kind, _ reader: inout ByteReader) throws {
    switch kind {
    case .empty: break
    case .keyed: while try readKey(&reader) != nil { try skip(&reader) }
    case .unkeyed: while try !atEnd(&reader) { try skip(&reader) }
    }
  }

  private func atEnd(_ reader: inout ByteReader) throws -> Bool {
    guard reader.remaining > 0 else { throw MalformedBytes.truncated(reader.position) }
    guard reader.bytes[reader.position] == Tag.end.rawValue else { return false }
    reader.position += 1
    return true
  }

  /// The number of the next key, or nil at the end of the container.
  @inline(__always)
  private func readKey(_ reader: inout ByteReader) throws(MalformedBytes) -> Int? {
    let word = try reader.varint()
    if word == 0 { return nil }
    guard word >= 2, word >> 1 <= UInt64(Int32.max) else { throw .invalid("invalid key", reader.position) }
    let number = Int(word >> 1) - 1
    if word & 1 != 0 {
      if number == keys.count {
        keys.append(try reader.string())
      } else {
        _ = try reader.slice(reader.count(of: 1))  // walked over before
      }
    }
    guard number < keys.count else { throw .invalid("unknown key", reader.position) }
    return number
  }

  // MARK: Containers

  fileprivate func openKeyed(at position: Int) throws -> (cursor: Int, serial: UInt32) {
    var reader = reader(at: position)
    switch try tag(&reader) {
    case .keyed: return push(.keyed, position, reader.position)
    case .void: return push(.empty, position, reader.position)
    case let other: throw mismatch([String: Any].self, other)
    }
  }

  fileprivate func openUnkeyed(at position: Int) throws -> UnkeyedReader {
    var reader = reader(at: position)
    let kind: Kind
    switch try tag(&reader) {
    case .unkeyed: kind = .unkeyed
    case .void: kind = .empty
    case .rawArray, .attached:
      reader.position = position
      return try elementwise(try rawArray(&reader)!)
    case let other: throw mismatch([Any].self, other)
    }
    let (cursor, serial) = push(kind, position, reader.position)
    return UnkeyedReader(message: self, cursor: cursor, serial: serial)
  }

  /// A raw array for a type that wants its elements one by one.
  private func elementwise(_ array: any RawArray) throws -> UnkeyedReader {
    let message = EncodingMessage()
    message.write(.unkeyed)
    for index in 0..<array.byteCount / type(of: array).elementSize {
      switch array.number(at: index) {
      case let value as Float: message.write(value)
      case let value as Double: message.write(value)
      case let value as any UnsignedInteger: message.write(unsigned: UInt64(value))
      case let value as any SignedInteger: message.write(signed: Int64(value))
      default: preconditionFailure("a raw element is a number")
      }
    }
    message.write(.end)
    return try DecodingMessage(message.finish()).openUnkeyed(at: 0)
  }

  private func push(_ kind: Kind, _ value: Int, _ first: Int) -> (cursor: Int, serial: UInt32) {
    nextSerial &+= 1
    let serial = cursors.isEmpty ? EncodingMessage.outermostSerial : nextSerial
    cursors.append(Cursor(kind: kind, serial: serial, value: value, first: first, next: first))
    return (cursors.count - 1, serial)
  }

  private func isOpen(_ cursor: Int, _ serial: UInt32) -> Bool {
    cursor < cursors.count && cursors[cursor].serial == serial
  }

  func advance(_ cursor: Int, _ serial: UInt32, to position: Int) {
    if isOpen(cursor, serial) { cursors[cursor].next = position }
  }

  /// A reader at the value of `key`, or nil if there is none.
  @inline(__always)
  func find(_ key: String, _ cursor: Int, _ serial: UInt32) -> ByteReader? {
    guard isOpen(cursor, serial), cursors[cursor].kind == .keyed else { return nil }
    var reader = reader(at: cursors[cursor].next)
    guard let number = try? readKey(&reader), keys[number] == key else { return search(key, cursor) }
    return reader
  }

  /// From the present entry on to the end, then from the first one.
  @inline(never)
  private func search(_ key: String, _ cursor: Int) -> ByteReader? {
    let (first, next) = (cursors[cursor].first, cursors[cursor].next)
    do {
      var reader = reader(at: next)
      while let number = try readKey(&reader) {
        if keys[number] == key { return reader }
        try skip(&reader)
      }
      reader.position = first
      while reader.position < next, let number = try readKey(&reader) {
        if keys[number] == key { return reader }
        try skip(&reader)
      }
    } catch {}  // malformed beyond this point: the key is not there
    return nil
  }

  func allKeys(_ cursor: Int, _ serial: UInt32) -> [String] {
    guard isOpen(cursor, serial), cursors[cursor].kind == .keyed else { return [] }
    var found: [String] = []
    var reader = reader(at: cursors[cursor].first)
    while let number = try? readKey(&reader) {
      found.append(keys[number])
      guard (try? skip(&reader)) != nil else { break }
    }
    return found
  }

  func isAtEnd(_ cursor: Int, _ serial: UInt32) -> Bool {
    guard isOpen(cursor, serial), cursors[cursor].kind == .unkeyed else { return true }
    let next = cursors[cursor].next
    return next >= bytes.count || bytes[next] == Tag.end.rawValue
  }

  /// A reader at the next element.
  func element(_ cursor: Int, _ serial: UInt32) throws -> ByteReader {
    guard !isAtEnd(cursor, serial) else {
      throw DecodingError.valueNotFound(
        Any.self, .init(codingPath: [], debugDescription: "the container has no more elements"))
    }
    return reader(at: cursors[cursor].next)
  }
}

/// `codingPath` is always empty, as in `BinaryEncoder`; errors name the byte instead.
struct BinaryDecoder: Decoder {
  let message: DecodingMessage
  let position: Int
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    let (cursor, serial) = try message.openKeyed(at: position)
    if cursor == 0, let known = message.outermost?.container(Key.self, as: KeyedDecodingContainer<Key>.self) {
      return known
    }
    let made = KeyedDecodingContainer(KeyedReader<Key>(message: message, cursor: cursor, serial: serial))
    if cursor == 0 { message.outermost?.keep(made, Key.self) }
    return made
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try message.openUnkeyed(at: position) }
  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    SingleReader(message: message, position: position)
  }
}
