// The three kinds of container a value may encode itself in.

struct KeyedWriter<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let message: EncodingMessage
  let level: Int
  let serial: UInt32
  var codingPath: [any CodingKey] { [] }

  @inline(__always)
  private func begin(_ key: some CodingKey) throws {
    try message.enter(level, serial)
    message.write(key: key.stringValue)
  }

  func encodeNil(forKey key: Key) throws {
    try begin(key)
    message.write(.null)
  }
  func encode(_ value: Bool, forKey key: Key) throws {
    try begin(key)
    message.write(value)
  }
  func encode(_ value: String, forKey key: Key) throws {
    try begin(key)
    message.write(value)
  }
  func encode(_ value: Double, forKey key: Key) throws {
    try begin(key)
    message.write(value)
  }
  func encode(_ value: Float, forKey key: Key) throws {
    try begin(key)
    message.write(value)
  }
  func encode(_ value: Int, forKey key: Key) throws {
    try begin(key)
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int8, forKey key: Key) throws {
    try begin(key)
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int16, forKey key: Key) throws {
    try begin(key)
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int32, forKey key: Key) throws {
    try begin(key)
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int64, forKey key: Key) throws {
    try begin(key)
    message.write(signed: Int64(value))
  }
  func encode(_ value: UInt, forKey key: Key) throws {
    try begin(key)
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt8, forKey key: Key) throws {
    try begin(key)
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt16, forKey key: Key) throws {
    try begin(key)
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt32, forKey key: Key) throws {
    try begin(key)
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt64, forKey key: Key) throws {
    try begin(key)
    message.write(unsigned: UInt64(value))
  }
  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    try begin(key)
    try message.encode(value)
  }

  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    let (level, serial) = nest(.keyed, key)
    return KeyedEncodingContainer(KeyedWriter<Nested>(message: message, level: level, serial: serial))
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    let (level, serial) = nest(.unkeyed, key)
    return UnkeyedWriter(message: message, level: level, serial: serial)
  }
  func superEncoder() -> any Encoder { nestedEncoder(SuperKey()) }
  func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key) }

  private func nestedEncoder(_ key: some CodingKey) -> BinaryEncoder {
    let (level, serial) = nest(.untouched, key)
    return BinaryEncoder(message: message, level: level, serial: serial)
  }
  /// Serial 0 belongs to no level: the first write to such a container throws.
  private func nest(_ kind: EncodingMessage.Level.Kind, _ key: some CodingKey) -> (Int, UInt32) {
    guard (try? begin(key)) != nil else { return (level, 0) }
    switch kind {
    case .keyed: message.write(.keyed)
    case .unkeyed: message.write(.unkeyed)
    case .single, .untouched: break
    }
    return (level + 1, message.open(kind))
  }
}

/// "super", the key of a superclass's part.
struct SuperKey: CodingKey {
  var stringValue: String { "super" }
  var intValue: Int? { nil }
  init() {}
  init?(stringValue: String) { nil }
  init?(intValue: Int) { nil }
}

struct UnkeyedWriter: UnkeyedEncodingContainer {
  let message: EncodingMessage
  let level: Int
  let serial: UInt32
  private(set) var count = 0
  var codingPath: [any CodingKey] { [] }

  init(message: EncodingMessage, level: Int, serial: UInt32) {
    self.message = message
    self.level = level
    self.serial = serial
  }

  @inline(__always)
  private mutating func begin() throws {
    try message.enter(level, serial)
    count += 1
  }

  mutating func encodeNil() throws {
    try begin()
    message.write(.null)
  }
  mutating func encode(_ value: Bool) throws {
    try begin()
    message.write(value)
  }
  mutating func encode(_ value: String) throws {
    try begin()
    message.write(value)
  }
  mutating func encode(_ value: Double) throws {
    try begin()
    message.write(value)
  }
  mutating func encode(_ value: Float) throws {
    try begin()
    message.write(value)
  }
  mutating func encode(_ value: Int) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  mutating func encode(_ value: Int8) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  mutating func encode(_ value: Int16) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  mutating func encode(_ value: Int32) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  mutating func encode(_ value: Int64) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  mutating func encode(_ value: UInt) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  mutating func encode(_ value: UInt8) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  mutating func encode(_ value: UInt16) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  mutating func encode(_ value: UInt32) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  mutating func encode(_ value: UInt64) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  mutating func encode<T: Encodable>(_ value: T) throws {
    try begin()
    try message.encode(value)
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    let (level, serial) = nest(.keyed)
    return KeyedEncodingContainer(KeyedWriter<Nested>(message: message, level: level, serial: serial))
  }
  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let (level, serial) = nest(.unkeyed)
    return UnkeyedWriter(message: message, level: level, serial: serial)
  }
  mutating func superEncoder() -> any Encoder {
    let (level, serial) = nest(.untouched)
    return BinaryEncoder(message: message, level: level, serial: serial)
  }
  private mutating func nest(_ kind: EncodingMessage.Level.Kind) -> (Int, UInt32) {
    guard (try? begin()) != nil else { return (level, 0) }
    switch kind {
    case .keyed: message.write(.keyed)
    case .unkeyed: message.write(.unkeyed)
    case .single, .untouched: break
    }
    return (level + 1, message.open(kind))
  }
}

struct SingleWriter: SingleValueEncodingContainer {
  let message: EncodingMessage
  let level: Int
  let serial: UInt32
  var codingPath: [any CodingKey] { [] }

  @inline(__always)
  private func begin() throws { try message.enter(level, serial) }

  func encodeNil() throws {
    try begin()
    message.write(.null)
  }
  func encode(_ value: Bool) throws {
    try begin()
    message.write(value)
  }
  func encode(_ value: String) throws {
    try begin()
    message.write(value)
  }
  func encode(_ value: Double) throws {
    try begin()
    message.write(value)
  }
  func encode(_ value: Float) throws {
    try begin()
    message.write(value)
  }
  func encode(_ value: Int) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int8) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int16) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int32) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  func encode(_ value: Int64) throws {
    try begin()
    message.write(signed: Int64(value))
  }
  func encode(_ value: UInt) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt8) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt16) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt32) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  func encode(_ value: UInt64) throws {
    try begin()
    message.write(unsigned: UInt64(value))
  }
  func encode<T: Encodable>(_ value: T) throws {
    try begin()
    try message.encode(value)
  }
}
