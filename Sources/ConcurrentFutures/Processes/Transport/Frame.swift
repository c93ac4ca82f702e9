// What crosses a connection: a head of 40 bytes, a body, the lengths of the attachments, the attachments.

/// What a frame is for.
enum FrameKind: UInt8 {
  // To a worker.
  /// The body names a task type by the number in `type`.
  case define = 1
  /// The initializer, its type and the resource limits.
  case setup = 2
  /// One task.
  case call = 3
  /// Several tasks of one type: a count, then each.
  case chunk = 4
  /// A function without captures and its argument.
  case function = 5
  /// No more calls come: end.
  case stop = 6

  // To the parent.
  /// The worker is up and its initializer has run.
  case ready = 16
  /// The initializer threw; the body is the error.
  case initializerFailed = 17
  /// The worker took the call.
  case started = 18
  /// The call's value, or one outcome an element of a chunk.
  case value = 19
  /// The call threw; the body is the error.
  case failure = 20
}

/// The head of a frame. Fixed size, little-endian, with a check word: after a torn frame nothing can be trusted.
struct FrameHead: Equatable {
  static let size = 40

  var kind: FrameKind
  /// How many raw arrays follow the body.
  var attachments: UInt16 = 0
  /// How many descriptors came with it.
  var descriptors: UInt16 = 0
  /// The task type's number.
  var type: UInt32 = 0
  /// The call, 0 for none.
  var call: UInt64 = 0
  /// The call's place on the board of offers.
  var slot: UInt16 = 0
  var bodyBytes: UInt64 = 0
  /// What the call is called in the parent's trace, 0 for none: the worker's events name it too.
  var task: UInt64 = 0
  /// The worker is to say when it starts the call.
  var reportsStart = false

  //  0 kind, 1 whether it reports its start, 2 attachments, 4 type, 8 call, 16 body bytes, 24 task, 32 slot, 34 descriptors, 36 check
  func write(to bytes: ByteWriter) {
    bytes.append(raw: UInt16(kind.rawValue) | (reportsStart ? 256 : 0))
    bytes.append(raw: attachments)
    bytes.append(raw: type)
    bytes.append(raw: call)
    bytes.append(raw: bodyBytes)
    bytes.append(raw: task)
    bytes.append(raw: slot)
    bytes.append(raw: descriptors)
    bytes.append(raw: check)
  }

  init(
    _ kind: FrameKind, call: UInt64 = 0, slot: UInt16 = 0, type: UInt32 = 0, bodyBytes: Int = 0, attachments: Int = 0,
    descriptors: Int = 0, task: UInt64 = 0, reportsStart: Bool = false
  ) {
    self.kind = kind
    self.call = call
    self.slot = slot
    self.type = type
    self.bodyBytes = UInt64(bodyBytes)
    self.attachments = UInt16(attachments)
    self.descriptors = UInt16(descriptors)
    self.task = task
    self.reportsStart = reportsStart
  }

  init(_ bytes: UnsafeRawBufferPointer) throws(MalformedBytes) {
    var reader = ByteReader(bytes)
    let word = try reader.raw(UInt16.self)
    guard word < 512, let kind = FrameKind(rawValue: UInt8(truncatingIfNeeded: word)) else {
      throw .invalid("unknown frame kind", 0)
    }
    self.kind = kind
    reportsStart = word >= 256
    attachments = try reader.raw(UInt16.self)
    type = try reader.raw(UInt32.self)
    call = try reader.raw(UInt64.self)
    bodyBytes = try reader.raw(UInt64.self)
    task = try reader.raw(UInt64.self)
    slot = try reader.raw(UInt16.self)
    descriptors = try reader.raw(UInt16.self)
    guard try reader.raw(UInt32.self) == check else { throw .invalid("torn frame", 36) }
    guard bodyBytes <= WireLimits.messageBytes else { throw .invalid("frame too large", 16) }
  }

  private var check: UInt32 {
    var mix = UInt64(kind.rawValue) | (reportsStart ? 256 : 0) | UInt64(attachments) << 16 | UInt64(type) << 32
    mix = (mix ^ 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    mix = (mix ^ mix >> 31 ^ call) &* 0x94D0_49BB_1331_11EB
    mix = (mix ^ mix >> 29 ^ bodyBytes ^ task &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
    mix = (mix ^ mix >> 32 ^ UInt64(slot) ^ UInt64(descriptors) << 16) &* 0x94D0_49BB_1331_11EB
    return UInt32(truncatingIfNeeded: mix >> 32)
  }
}

/// A received frame. `body` is valid until the reader that made it receives again.
struct Frame {
  let head: FrameHead
  let body: UnsafeRawBufferPointer
  let attachments: [any RawArray]
  let shared: [SharedMemory]

  /// What crossed, attachments included.
  var byteCount: Int { attachments.reduce(body.count) { $0 + $1.byteCount } }
  /// A message to decode the body from.
  var message: DecodingMessage { DecodingMessage(body, attachments: attachments, shared: shared) }
}
