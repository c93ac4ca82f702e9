// The three kinds of container a value may decode itself from.

struct KeyedReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let message: DecodingMessage
  let cursor: Int
  let serial: UInt32
  var codingPath: [any CodingKey] { [] }

  var allKeys: [Key] { message.allKeys(cursor, serial).compactMap(Key.init(stringValue:)) }
  func contains(_ key: Key) -> Bool { message.find(key.stringValue, cursor, serial) != nil }

  /// Reads the value of `key` with `body`, which must move past it.
  @inline(__always)
  private func value<T>(_ key: some CodingKey, _ body: (inout ByteReader) throws -> T) throws -> T {
    guard var reader = message.find(key.stringValue, cursor, serial) else { throw missing(key) }
    let value = try body(&reader)
    message.advance(cursor, serial, to: reader.position)
    return value
  }
  private func missing(_ key: some CodingKey) -> DecodingError {
    .keyNotFound(key, .init(codingPath: [], debugDescription: "no value for the key \"\(key.stringValue)\""))
  }

  func decodeNil(forKey key: Key) throws -> Bool {
    guard var reader = message.find(key.stringValue, cursor, serial) else { throw missing(key) }
    guard message.isNull(&reader) else { return false }
    message.advance(cursor, serial, to: reader.position)
    return true
  }
  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
    try value(key) { reader in try message.bool(&reader) }
  }
  func decode(_ type: String.Type, forKey key: Key) throws -> String {
    try value(key) { reader in try message.string(&reader) }
  }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
    try value(key) { reader in try message.double(&reader) }
  }
  func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
    try value(key) { reader in try message.float(&reader) }
  }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
    try value(key) { reader in try message.integer(&reader, as: Int.self) }
  }
  func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
    try value(key) { reader in try message.integer(&reader, as: Int8.self) }
  }
  func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
    try value(key) { reader in try message.integer(&reader, as: Int16.self) }
  }
  func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
    try value(key) { reader in try message.integer(&reader, as: Int32.self) }
  }
  func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
    try value(key) { reader in try message.integer(&reader, as: Int64.self) }
  }
  func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
    try value(key) { reader in try message.integer(&reader, as: UInt.self) }
  }
  func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
    try value(key) { reader in try message.integer(&reader, as: UInt8.self) }
  }
  func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
    try value(key) { reader in try message.integer(&reader, as: UInt16.self) }
  }
  func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
    try value(key) { reader in try message.integer(&reader, as: UInt32.self) }
  }
  func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
    try value(key) { reader in try message.integer(&reader, as: UInt64.self) }
  }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try value(key) { try message.decode(type, &$0) }
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try nestedDecoder(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try nestedDecoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { try nestedDecoder(SuperKey()) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try nestedDecoder(key) }

  private func nestedDecoder(_ key: some CodingKey) throws -> BinaryDecoder {
    try value(key) { reader in
      let start = reader.position
      try message.skip(&reader)
      return BinaryDecoder(message: message, position: start)
    }
  }
}

struct UnkeyedReader: UnkeyedDecodingContainer {
  let message: DecodingMessage
  let cursor: Int
  let serial: UInt32
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { nil }
  var isAtEnd: Bool { message.isAtEnd(cursor, serial) }

  init(message: DecodingMessage, cursor: Int, serial: UInt32) {
    self.message = message
    self.cursor = cursor
    self.serial = serial
  }

  @inline(__always)
  private mutating func value<T>(_ body: (inout ByteReader) throws -> T) throws -> T {
    var reader = try message.element(cursor, serial)
    let value = try body(&reader)
    message.advance(cursor, serial, to: reader.position)
    currentIndex += 1
    return value
  }

  mutating func decodeNil() throws -> Bool {
    var reader = try message.element(cursor, serial)
    guard message.isNull(&reader) else { return false }
    message.advance(cursor, serial, to: reader.position)
    currentIndex += 1
    return true
  }
  mutating func decode(_ type: Bool.Type) throws -> Bool {
    let message = message
    return try value { reader in try message.bool(&reader) }
  }
  mutating func decode(_ type: String.Type) throws -> String {
    let message = message
    return try value { reader in try message.string(&reader) }
  }
  mutating func decode(_ type: Double.Type) throws -> Double {
    let message = message
    return try value { reader in try message.double(&reader) }
  }
  mutating func decode(_ type: Float.Type) throws -> Float {
    let message = message
    return try value { reader in try message.float(&reader) }
  }
  mutating func decode(_ type: Int.Type) throws -> Int {
    let message = message
    return try value { reader in try message.integer(&reader, as: Int.self) }
  }
  mutating func decode(_ type: Int8.Type) throws -> Int8 {
    let message = message
    return try value { reader in try message.integer(&reader, as: Int8.self) }
  }
  mutating func decode(_ type: Int16.Type) throws -> Int16 {
    let message = message
    return try value { reader in try message.integer(&reader, as: Int16.self) }
  }
  mutating func decode(_ type: Int32.Type) throws -> Int32 {
    let message = message
    return try value { reader in try message.integer(&reader, as: Int32.self) }
  }
  mutating func decode(_ type: Int64.Type) throws -> Int64 {
    let message = message
    return try value { reader in try message.integer(&reader, as: Int64.self) }
  }
  mutating func decode(_ type: UInt.Type) throws -> UInt {
    let message = message
    return try value { reader in try message.integer(&reader, as: UInt.self) }
  }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
    let message = message
    return try value { reader in try message.integer(&reader, as: UInt8.self) }
  }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
    let message = message
    return try value { reader in try message.integer(&reader, as: UInt16.self) }
  }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
    let message = message
    return try value { reader in try message.integer(&reader, as: UInt32.self) }
  }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    let message = message
    return try value { reader in try message.integer(&reader, as: UInt64.self) }
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let message = message
    return try value { try message.decode(type, &$0) }
  }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try nestedDecoder().container(keyedBy: type)
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try nestedDecoder().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try nestedDecoder() }

  private mutating func nestedDecoder() throws -> BinaryDecoder {
    let message = message
    return try value { reader in
      let start = reader.position
      try message.skip(&reader)
      return BinaryDecoder(message: message, position: start)
    }
  }
}

struct SingleReader: SingleValueDecodingContainer {
  let message: DecodingMessage
  let position: Int
  var codingPath: [any CodingKey] { [] }

  @inline(__always)
  private func value<T>(_ body: (inout ByteReader) throws -> T) throws -> T {
    var reader = message.reader(at: position)
    return try body(&reader)
  }

  func decodeNil() -> Bool {
    var reader = message.reader(at: position)
    return message.isNull(&reader)
  }
  func decode(_ type: Bool.Type) throws -> Bool { try value { reader in try message.bool(&reader) } }
  func decode(_ type: String.Type) throws -> String { try value { reader in try message.string(&reader) } }
  func decode(_ type: Double.Type) throws -> Double { try value { reader in try message.double(&reader) } }
  func decode(_ type: Float.Type) throws -> Float { try value { reader in try message.float(&reader) } }
  func decode(_ type: Int.Type) throws -> Int { try value { reader in try message.integer(&reader, as: Int.self) } }
  func decode(_ type: Int8.Type) throws -> Int8 { try value { reader in try message.integer(&reader, as: Int8.self) } }
  func decode(_ type: Int16.Type) throws -> Int16 {
    try value { reader in try message.integer(&reader, as: Int16.self) }
  }
  func decode(_ type: Int32.Type) throws -> Int32 {
    try value { reader in try message.integer(&reader, as: Int32.self) }
  }
  func decode(_ type: Int64.Type) throws -> Int64 {
    try value { reader in try message.integer(&reader, as: Int64.self) }
  }
  func decode(_ type: UInt.Type) throws -> UInt { try value { reader in try message.integer(&reader, as: UInt.self) } }
  func decode(_ type: UInt8.Type) throws -> UInt8 {
    try value { reader in try message.integer(&reader, as: UInt8.self) }
  }
  func decode(_ type: UInt16.Type) throws -> UInt16 {
    try value { reader in try message.integer(&reader, as: UInt16.self) }
  }
  func decode(_ type: UInt32.Type) throws -> UInt32 {
    try value { reader in try message.integer(&reader, as: UInt32.self) }
  }
  func decode(_ type: UInt64.Type) throws -> UInt64 {
    try value { reader in try message.integer(&reader, as: UInt64.self) }
  }
  func decode<T: Decodable>(_ type: T.Type) throws -> T { try value { try message.decode(type, &$0) } }
}
