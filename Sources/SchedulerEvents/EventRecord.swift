// The 32 bytes that one event takes in a ring and in the log, and how fields lie in them.

/// One event as it lies in a ring and in a stream file, little-endian:
/// `{u64 time, u16 id, u16 worker, u32 aux, u64 a, u64 b}`.
@frozen public struct EventRecord: BitwiseCopyable, Equatable, Sendable {
  /// CLOCK_MONOTONIC, nanoseconds. 0 in memory that was never written. A writer stores it last, so a record with
  /// a time is whole.
  public var time: UInt64
  /// `EventKind.rawValue`; a newer writer may know kinds that this reader does not.
  public var id: UInt16
  /// The lane of the thread that recorded: workers from 0, outside threads from 0x8000.
  public var worker: UInt16
  public var aux: UInt32
  public var a: UInt64
  public var b: UInt64

  /// Bytes of a record in a ring and in a file.
  @inlinable public static var size: Int { 32 }

  @inlinable public init(_ kind: EventKind, time: UInt64 = 0, worker: UInt16 = 0) {
    self.time = time
    self.id = kind.rawValue
    self.worker = worker
    self.aux = 0
    self.a = 0
    self.b = 0
  }

  /// Reads a record from 8-byte aligned memory that holds at least `size` bytes.
  @inlinable public init(loadingFrom memory: UnsafeRawPointer) {
    // SAFETY: the caller vouches for 32 aligned bytes; EventRecord is bitwise copyable and has no padding.
    self = memory.load(as: EventRecord.self)
  }

  /// nil: a kind that this version does not know.
  @inlinable public var kind: EventKind? { EventKind(rawValue: id) }

  /// The raw bits of a field. Signed fields: see `signed`.
  @inlinable @inline(__always) public subscript(place: Place) -> UInt64 {
    get {
      switch place.word {
      case .worker: UInt64(worker)
      case .aux: UInt64(aux) >> UInt64(place.low) & place.mask
      case .a: a >> UInt64(place.low) & place.mask
      case .b: b >> UInt64(place.low) & place.mask
      }
    }
    set {
      let bits = (newValue & place.mask) << UInt64(place.low)
      let keep = ~(place.mask << UInt64(place.low))
      switch place.word {
      case .worker: worker = UInt16(truncatingIfNeeded: newValue)
      case .aux: aux = aux & UInt32(truncatingIfNeeded: keep) | UInt32(truncatingIfNeeded: bits)
      case .a: a = a & keep | bits
      case .b: b = b & keep | bits
      }
    }
  }

  /// A field that is declared signed, sign-extended.
  @inlinable public func signed(_ place: Place) -> Int64 {
    let unused = UInt64(64 - place.width)
    return Int64(bitPattern: self[place] << unused) >> Int64(unused)
  }

  /// A field that is an enumeration; nil for a value that this version does not know.
  @inlinable public func named<Value: NamedValue>(_ place: Place, as: Value.Type = Value.self) -> Value? {
    Value(rawValue: UInt8(truncatingIfNeeded: self[place]))
  }

  /// Stores `value`, or the largest value that the field holds. Negative values count as 0.
  @inlinable @inline(__always) public mutating func set(_ place: Place, saturating value: Int) {
    self[place] = min(UInt64(max(value, 0)), place.mask)
  }
  @inlinable @inline(__always) public mutating func set(_ place: Place, saturating value: UInt) {
    self[place] = min(UInt64(value), place.mask)
  }
}

/// Where a field lies: `width` bits of a word of the record, from bit `low` upwards.
@frozen public struct Place: Equatable, Sendable {
  @frozen public enum Word: UInt8, Sendable { case worker, aux, a, b }
  public let word: Word
  public let low: UInt8
  public let width: UInt8

  @inlinable @inline(__always) public init(_ word: Word, _ low: UInt8, _ width: UInt8) {
    self.word = word
    self.low = low
    self.width = width
  }
  /// The largest value that fits.
  @inlinable @inline(__always) public var mask: UInt64 { ~0 >> UInt64(64 - width) }
  /// Bits from the beginning of the record to the first bit of the field.
  @inlinable @inline(__always) public var bitOffset: Int {
    let base =
      switch word {
      case .worker: 80
      case .aux: 96
      case .a: 128
      case .b: 192
      }
    return base + Int(low)
  }
  /// Bits from the beginning of the record to the end of the field.
  @inlinable @inline(__always) public var bitEnd: Int { bitOffset + Int(width) }

  /// The field that every record has.
  @inlinable @inline(__always) public static var worker: Place { Place(.worker, 0, 16) }
  @inlinable @inline(__always) static func aux(_ low: UInt8, _ width: UInt8) -> Place { Place(.aux, low, width) }
  @inlinable @inline(__always) static func a(_ low: UInt8, _ width: UInt8) -> Place { Place(.a, low, width) }
  @inlinable @inline(__always) static func b(_ low: UInt8, _ width: UInt8) -> Place { Place(.b, low, width) }
}

/// Numbers with a meaning of their own.
public enum EventValue {
  /// No lane, or an unknown one.
  @inlinable public static var noLane: UInt16 { 0xFFFF }
  /// Lanes of threads outside of every pool begin here.
  @inlinable public static var firstOutsideLane: UInt16 { 0x8000 }
  /// The largest label id; 0 = no label.
  @inlinable public static var maxLabel: UInt32 { 0xFFFFF }
  /// In a worker process: the bit in the id of a task that the parent process made. Its lane is one of the parent's.
  @inlinable public static var taskOfParent: UInt64 { 1 << 47 }
  /// The policies of a worker process's pool: this, and the parent's process id.
  @inlinable public static var workerOf: String { "worker of " }
  /// The lane that made a task's id.
  @inlinable public static func lane(ofTask task: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: task >> 48) }
  /// The creating lane's own count in a task's id.
  @inlinable public static func counter(ofTask task: UInt64) -> UInt64 { task & 0xFFFF_FFFF_FFFF }
}
