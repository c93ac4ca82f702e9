// Arrays of integers and floating-point numbers cross as their memory; large ones without being copied.
//
// SAFETY (whole file): each cast follows a comparison that found both types to be the same one.

/// A number whose memory is its value: little-endian, no padding. `code` names it on the wire.
protocol RawElement: BitwiseCopyable, Sendable {
  static var code: UInt8 { get }
}
extension UInt8: RawElement { static var code: UInt8 { 1 } }
extension Int8: RawElement { static var code: UInt8 { 2 } }
extension UInt16: RawElement { static var code: UInt8 { 3 } }
extension Int16: RawElement { static var code: UInt8 { 4 } }
extension UInt32: RawElement { static var code: UInt8 { 5 } }
extension Int32: RawElement { static var code: UInt8 { 6 } }
extension UInt64: RawElement { static var code: UInt8 { 7 } }
extension Int64: RawElement { static var code: UInt8 { 8 } }
extension UInt: RawElement { static var code: UInt8 { 9 } }
extension Int: RawElement { static var code: UInt8 { 10 } }
extension Float: RawElement { static var code: UInt8 { 11 } }
extension Double: RawElement { static var code: UInt8 { 12 } }

/// An array of `RawElement`, its type forgotten.
protocol RawArray: Sendable {
  static var code: UInt8 { get }
  static var elementSize: Int { get }
  init(byteCount: Int)
  init(copying bytes: UnsafeRawBufferPointer)
  var byteCount: Int { get }
  func withRawBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R
  mutating func withMutableRawBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R
  /// The element at `index`, checked by the caller, as an `Encodable` number.
  func number(at index: Int) -> any RawElement
}

extension Array: RawArray where Element: RawElement {
  static var code: UInt8 { Element.code }
  static var elementSize: Int { MemoryLayout<Element>.stride }

  /// Contents are unspecified: the receiver overwrites them all.
  init(byteCount: Int) {
    let count = byteCount / MemoryLayout<Element>.stride
    // SAFETY: every bit pattern is a value of a RawElement, so that memory never written is a valid element.
    self.init(unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
  }

  init(copying bytes: UnsafeRawBufferPointer) {
    self.init(byteCount: bytes.count)
    withUnsafeMutableBytes { $0.copyMemory(from: bytes) }
  }

  var byteCount: Int { count * MemoryLayout<Element>.stride }
  func withRawBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R { try withUnsafeBytes(body) }
  mutating func withMutableRawBytes<R>(_ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeMutableBytes(body)
  }
  func number(at index: Int) -> any RawElement { self[index] }
}

@usableFromInline enum RawArrays {
  /// The array type of an element code, or nil for an unknown one.
  static func type(of code: UInt8) -> (any RawArray.Type)? {
    switch code {
    case UInt8.code: [UInt8].self
    case Int8.code: [Int8].self
    case UInt16.code: [UInt16].self
    case Int16.code: [Int16].self
    case UInt32.code: [UInt32].self
    case Int32.code: [Int32].self
    case UInt64.code: [UInt64].self
    case Int64.code: [Int64].self
    case UInt.code: [UInt].self
    case Int.code: [Int].self
    case Float.code: [Float].self
    case Double.code: [Double].self
    default: nil
    }
  }

  /// `value` as a raw array if its static type is one. A chain of pointer compares: a dynamic cast costs ten times more.
  @inline(__always)
  static func match<T>(_ value: T) -> (any RawArray)? {
    if T.self == [UInt8].self { return sameType(value, as: [UInt8].self) }
    if T.self == [Int].self { return sameType(value, as: [Int].self) }
    if T.self == [Double].self { return sameType(value, as: [Double].self) }
    if T.self == [Float].self { return sameType(value, as: [Float].self) }
    if T.self == [Int32].self { return sameType(value, as: [Int32].self) }
    if T.self == [UInt32].self { return sameType(value, as: [UInt32].self) }
    if T.self == [Int64].self { return sameType(value, as: [Int64].self) }
    if T.self == [UInt64].self { return sameType(value, as: [UInt64].self) }
    if T.self == [UInt].self { return sameType(value, as: [UInt].self) }
    if T.self == [Int16].self { return sameType(value, as: [Int16].self) }
    if T.self == [UInt16].self { return sameType(value, as: [UInt16].self) }
    if T.self == [Int8].self { return sameType(value, as: [Int8].self) }
    return nil
  }

  /// Whether values of `type` cross as raw arrays.
  @inlinable @inline(__always)
  static func isRaw<T>(_ type: T.Type) -> Bool {
    T.self == [UInt8].self || T.self == [Int].self || T.self == [Double].self || T.self == [Float].self
      || T.self == [Int32].self || T.self == [UInt32].self || T.self == [Int64].self || T.self == [UInt64].self
      || T.self == [UInt].self || T.self == [Int16].self || T.self == [UInt16].self || T.self == [Int8].self
  }

}

/// `value` as what it is: for code that compared the types, where a dynamic cast would cost ten times more.
// SAFETY: called only where the caller compared T with U: the same type.
@inlinable @inline(__always)
func sameType<T, U>(_ value: T, as type: U.Type) -> U {
  withUnsafePointer(to: value) { UnsafeRawPointer($0).assumingMemoryBound(to: U.self).pointee }
}
