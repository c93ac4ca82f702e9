// Where the fields of an LTTng trace lie, found once from its metadata, so that reading an event is loading numbers at known
// offsets.
//
// LTTng-UST packs its fields to bytes, little-endian, on the processors we run on. Only that is laid out here; whatever else metadata
// can say (other byte order, bit fields, alignment, variants among the fields) is refused with a reason.
import SchedulerEvents

/// Why a trace's layout is not one that is read here.
struct LayoutRefusal: Error {
  var reason: String
}

/// A number at a known distance from where its struct begins.
struct NumberPlace {
  var offset: Int
  var bytes: Int
  var isSigned = false

  /// SAFETY: the caller vouches for `offset + bytes` readable bytes.
  @inline(__always) func load(_ base: UnsafeRawPointer) -> UInt64 {
    let place = base + offset
    switch bytes {
    case 8: return place.loadUnaligned(as: UInt64.self)
    case 4:
      let value = place.loadUnaligned(as: UInt32.self)
      return isSigned ? UInt64(bitPattern: Int64(Int32(bitPattern: value))) : UInt64(value)
    case 2:
      let value = place.loadUnaligned(as: UInt16.self)
      return isSigned ? UInt64(bitPattern: Int64(Int16(bitPattern: value))) : UInt64(value)
    default:
      let value = place.load(as: UInt8.self)
      return isSigned ? UInt64(bitPattern: Int64(Int8(bitPattern: value))) : UInt64(value)
    }
  }
}

/// What lies one after the other in a struct.
enum LayoutItem {
  case number(name: String, bytes: Int, isSigned: Bool)
  case bytes(name: String, count: Int)
  case string(name: String)
  /// As many elements as the number named `length` before it says.
  case sequence(length: String, elementBytes: Int)

  static func all(of type: TSDLType, name: String = "") throws(LayoutRefusal) -> [LayoutItem] {
    switch type {
    case .integer(let integer), .enumeration(let integer, _):
      guard integer.align <= 8, [8, 16, 32, 64].contains(integer.bits), !integer.isBigEndian else {
        throw LayoutRefusal(reason: "field \(name) is not packed to bytes, little-endian")
      }
      return [.number(name: name, bytes: integer.bits / 8, isSigned: integer.isSigned)]
    case .float(let bits, let align):
      guard align <= 8, bits % 8 == 0 else { throw LayoutRefusal(reason: "field \(name) is not packed to bytes") }
      return [.bytes(name: name, count: bits / 8)]
    case .string: return [.string(name: name)]
    case .structure(let fields, let align):
      guard align <= 8 else { throw LayoutRefusal(reason: "struct \(name) is aligned to \(align) bits") }
      var items: [LayoutItem] = []
      for field in fields { items += try all(of: field.type, name: field.name) }
      return items
    case .array(let element, let count):
      let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: try fixedSize(of: element, name))
      guard !isTooLarge, bytes <= 1 << 24 else { throw LayoutRefusal(reason: "field \(name) is too large") }
      return [.bytes(name: name, count: bytes)]
    case .sequence(let element, let length):
      return [.sequence(length: length, elementBytes: try fixedSize(of: element, name))]
    case .variant: throw LayoutRefusal(reason: "field \(name) is a variant")
    }
  }
  private static func fixedSize(of type: TSDLType, _ name: String) throws(LayoutRefusal) -> Int {
    var size = 0
    for item in try all(of: type, name: name) {
      switch item {
      case .number(_, let bytes, _): size += bytes
      case .bytes(_, let count): size += count
      case .string, .sequence: throw LayoutRefusal(reason: "field \(name) has elements of different sizes")
      }
    }
    return size
  }
}

/// A struct of fixed size.
struct FixedLayout {
  var size = 0
  var numbers: [String: NumberPlace] = [:]
  var bytes: [String: Range<Int>] = [:]

  /// nil has size 0.
  init(_ type: TSDLType?) throws(LayoutRefusal) {
    guard let type else { return }
    for item in try LayoutItem.all(of: type) {
      switch item {
      case .number(let name, let bytes, let isSigned):
        numbers[name] = NumberPlace(offset: size, bytes: bytes, isSigned: isSigned)
        size += bytes
      case .bytes(let name, let count):
        bytes[name] = size..<size + count
        size += count
      case .string, .sequence: throw LayoutRefusal(reason: "a header or context of variable size")
      }
    }
  }
  func required(_ name: String) throws(LayoutRefusal) -> NumberPlace {
    guard let place = numbers[name] else { throw LayoutRefusal(reason: "there is no field \(name)") }
    return place
  }
}

/// How one kind of event is read: numbers at fixed offsets, then (rarely) parts of variable size.
struct EventPlan {
  struct Field {
    var source: NumberPlace
    var place: Place
  }
  /// What follows the fixed part.
  enum Tail {
    case skip(Int)
    case string(name: String)
    /// The length lies that many bytes before the elements.
    case sequence(lengthBytes: Int, elementBytes: Int)
  }
  /// nil: not one of ours.
  var kind: EventKind?
  var fields: [Field] = []
  /// Of a definition: by name.
  var numbers: [String: NumberPlace] = [:]
  var fixedBytes: Int
  var tail: [Tail] = []

  /// `start`: bytes of the context before the fields.
  init(_ event: TSDL.Event, start: Int) throws(LayoutRefusal) {
    let prefix = EventTable.provider + ":"
    let definition =
      event.name.hasPrefix(prefix)
      ? EventTable.all.first { $0.name == event.name.dropFirst(prefix.utf8.count) } : nil
    kind = definition?.kind
    fixedBytes = start
    var previous: (name: String, bytes: Int)?
    for item in try LayoutItem.all(of: event.fields ?? .structure([], align: 1)) {
      switch item {
      case .number(var name, let bytes, let isSigned):
        previous = (name, bytes)
        guard tail.isEmpty else {
          tail.append(.skip(bytes))
          continue
        }
        if name.hasPrefix("_") { name.removeFirst() }  // LTTng's and our own metadata alike
        let source = NumberPlace(offset: fixedBytes, bytes: bytes, isSigned: isSigned)
        if let definition, !definition.kind.isDefinition, let field = definition[field: name] {
          fields.append(Field(source: source, place: field.place))
        }
        numbers[name] = source
        fixedBytes += bytes
      case .bytes(_, let count):
        if tail.isEmpty { fixedBytes += count } else { tail.append(.skip(count)) }
      case .string(let name): tail.append(.string(name: name.hasPrefix("_") ? String(name.dropFirst()) : name))
      case .sequence(let length, let elementBytes):
        guard let previous, previous.name == length else {
          throw LayoutRefusal(reason: "\(event.name): the length of a sequence does not lie before it")
        }
        tail.append(.sequence(lengthBytes: previous.bytes, elementBytes: elementBytes))
      }
    }
  }
}

/// The header of an event: a short id with the low bits of the time, or where these do not suffice both in full.
enum EventHeader {
  /// 5 and 27 bits; both in full: 32 and 64 bits from the next byte on.
  case compact
  /// 16 and 32 bits; both in full: 32 and 64 bits.
  case large

  init(_ type: TSDLType?) throws(LayoutRefusal) {
    guard case .structure(let fields, let align) = type, align <= 8, fields.count == 2,
      case .enumeration(let id, let names) = fields[0].type, fields[0].name == "id", !id.isBigEndian, id.align <= 8,
      case .variant("id", let options) = fields[1].type,
      let short = options.first(where: { $0.name == "compact" }),
      let full = options.first(where: { $0.name == "extended" }),
      case .structure(let shortFields, 1...8) = short.type, shortFields.count == 1,
      case .integer(let stamp) = shortFields[0].type, stamp.isTime,
      case .structure(let fullFields, 1...8) = full.type, fullFields.count == 2,
      case .integer(let fullID) = fullFields[0].type, fullID.bits == 32, fullID.align == 8,
      case .integer(let fullStamp) = fullFields[1].type, fullStamp.isTime, fullStamp.bits == 64, fullStamp.align <= 8,
      let escape = names.first(where: { $0.name == "extended" })?.values, escape.count == 1
    else { throw LayoutRefusal(reason: "the event header is not LTTng's") }
    switch (id.bits, stamp.bits, escape.lowerBound) {
    case (5, 27, 31) where stamp.align == 1: self = .compact
    case (16, 32, 65535) where stamp.align <= 8: self = .large
    default: throw LayoutRefusal(reason: "the event header is not LTTng's")
    }
  }
}

/// Everything about one stream class (a channel).
struct StreamLayout {
  let header: EventHeader
  /// The packet context, behind the packet header.
  let begin, end, contentBits, packetBits: NumberPlace
  let sequence, discarded, cpu: NumberPlace?
  /// Bytes of packet header and context.
  let prologue: Int
  /// The process of an event, if the session has that context.
  let pid: NumberPlace?
  let program: Range<Int>?
  let table: DecodingTable

  init(_ stream: TSDL.Stream, id: Int64, headerBytes: Int, events: [TSDL.Event]) throws(LayoutRefusal) {
    header = try EventHeader(stream.header)
    let packet = try FixedLayout(stream.packetContext)
    func shifted(_ place: NumberPlace?) -> NumberPlace? {
      place.map { NumberPlace(offset: $0.offset + headerBytes, bytes: $0.bytes) }
    }
    begin = shifted(try packet.required("timestamp_begin"))!
    end = shifted(try packet.required("timestamp_end"))!
    contentBits = shifted(try packet.required("content_size"))!
    packetBits = shifted(try packet.required("packet_size"))!
    sequence = shifted(packet.numbers["packet_seq_num"])
    discarded = shifted(packet.numbers["events_discarded"])
    cpu = shifted(packet.numbers["cpu_id"])
    prologue = headerBytes + packet.size
    let context = try FixedLayout(stream.eventContext)
    pid = context.numbers["_vpid"] ?? context.numbers["vpid"]
    program = context.bytes["_procname"] ?? context.bytes["procname"]
    var plans: [EventPlan?] = []
    for event in events where event.stream == id {
      guard (0...1 << 20).contains(event.id) else { throw LayoutRefusal(reason: "event id \(event.id)") }
      while plans.count <= event.id { plans.append(nil) }
      plans[Int(event.id)] = try EventPlan(event, start: context.size)
    }
    table = DecodingTable(plans)
  }
}

/// A whole trace's layout.
struct LTTngLayout {
  var uuid: TraceUUID?
  let headerBytes: Int
  let magic: NumberPlace
  let uuidBytes: Range<Int>?
  let streamID, instance: NumberPlace?
  var streams: [UInt64: StreamLayout] = [:]

  init(_ metadata: TSDL) throws(LayoutRefusal) {
    if let order = metadata.trace.first(where: { $0.name == "byte_order" })?.value, order != "le" {
      throw LayoutRefusal(reason: "byte order \(order)")
    }
    let packet = try FixedLayout(metadata.packetHeader)
    headerBytes = packet.size
    magic = try packet.required("magic")
    uuidBytes = packet.bytes["uuid"].flatMap { $0.count == 16 ? $0 : nil }
    streamID = packet.numbers["stream_id"]
    instance = packet.numbers["stream_instance_id"]
    uuid = metadata.trace.first { $0.name == "uuid" }.flatMap { TraceUUID($0.value) }
    for (id, stream) in metadata.streams {
      streams[UInt64(bitPattern: id)] = try StreamLayout(
        stream, id: id, headerBytes: headerBytes, events: metadata.events)
    }
    guard !streams.isEmpty else { throw LayoutRefusal(reason: metadata.failure ?? "it declares no stream") }
  }
}
