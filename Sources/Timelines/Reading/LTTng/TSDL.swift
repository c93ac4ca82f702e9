// The part of CTF 1.8 metadata (TSDL) that LTTng writes: its clock, its streams, its events, and how their fields lie in memory.
//
// Metadata may be cut off (a daemon that was killed) or be damaged: what was read up to there counts, `failure` says where it ended.

/// How one value lies in memory.
indirect enum TSDLType {
  case integer(TSDLInteger)
  /// The values of each name.
  case enumeration(TSDLInteger, names: [(name: String, values: ClosedRange<Int64>)])
  case float(bits: Int, align: Int)
  /// Ends with a 0 byte.
  case string
  case structure([(name: String, type: TSDLType)], align: Int)
  case variant(tag: String, options: [(name: String, type: TSDLType)])
  case array(TSDLType, count: Int)
  /// As many as the field named `length` says.
  case sequence(TSDLType, length: String)
}

struct TSDLInteger {
  var bits = 0
  var align = 1
  var isSigned = false
  var isBigEndian = false
  /// It is a stamp of the clock.
  var isTime = false
}

/// What the metadata says.
struct TSDL {
  struct Stream {
    var header: TSDLType?
    var packetContext: TSDLType?
    var eventContext: TSDLType?
  }
  struct Event {
    var name = ""
    var id: Int64 = 0
    var stream: Int64 = 0
    var fields: TSDLType?
  }
  typealias Entries = [(name: String, value: String)]
  var trace: Entries = []
  var environment: Entries = []
  var clock: Entries = []
  var packetHeader: TSDLType?
  var streams: [Int64: Stream] = [:]
  var events: [Event] = []
  /// Why the rest was not understood.
  var failure: String?

  /// Never fails: see `failure`.
  init(_ text: [UInt8]) {
    var parser = TSDLParser(TSDLToken.all(in: text))
    do { try parser.parse(into: &self) } catch { failure = "line \(error.line): \(error.text)" }
  }
}

struct TSDLError: Error {
  var line: Int
  var text: String
}

/// Recursive descent.
private struct TSDLParser {
  private let tokens: [TSDLToken]
  private var position = 0
  private var depth = 0
  private var aliases: [String: TSDLType] = [:]
  private var isBigEndian = false
  /// Larger: more stack for hostile metadata. Smaller: honest nesting is refused; LTTng's is 4.
  private static let deepest = 40

  init(_ tokens: [TSDLToken]) { self.tokens = tokens }

  // MARK: Words

  private var next: TSDLToken.Kind? { position < tokens.count ? tokens[position].kind : nil }
  private func fail(_ text: String) -> TSDLError {
    TSDLError(line: position < tokens.count ? tokens[position].line : tokens.last?.line ?? 1, text: text)
  }
  private mutating func accept(_ mark: String) -> Bool {
    guard next == .mark(mark) else { return false }
    position += 1
    return true
  }
  private mutating func expect(_ mark: String) throws(TSDLError) {
    guard accept(mark) else { throw fail("expected '\(mark)'") }
  }
  private mutating func word() throws(TSDLError) -> String {
    guard case .word(let word) = next else { throw fail("expected a word") }
    position += 1
    return word
  }
  private mutating func number() throws(TSDLError) -> Int64 {
    guard case .number(let number) = next else { throw fail("expected a number") }
    position += 1
    return number
  }
  private mutating func number(in range: ClosedRange<Int64>) throws(TSDLError) -> Int {
    let value = try number()
    guard range.contains(value) else { throw fail("\(value) is out of range") }
    return Int(value)
  }

  // MARK: Blocks

  mutating func parse(into result: inout TSDL) throws(TSDLError) {
    while case .word(let keyword) = next {
      position += 1
      switch keyword {
      case "typealias":
        let type = try type()
        try expect(":=")
        var name = try word()
        while case .word(let more) = next {
          name += " " + more
          position += 1
        }
        aliases[name] = type
      case "trace":
        try block { (parser, name) throws(TSDLError) in
          if name == "packet.header" {
            result.packetHeader = try parser.type()
          } else {
            let value = try parser.value()
            if name == "byte_order" { parser.isBigEndian = ["be", "network"].contains(value) }
            result.trace.append((name, value))
          }
        }
      case "env":
        try block { (parser, name) throws(TSDLError) in result.environment.append((name, try parser.value())) }
      case "clock":
        try block { (parser, name) throws(TSDLError) in result.clock.append((name, try parser.value())) }
      case "stream":
        var stream = TSDL.Stream()
        var id: Int64 = 0
        try block { (parser, name) throws(TSDLError) in
          switch name {
          case "id": id = try parser.number()
          case "event.header": stream.header = try parser.type()
          case "packet.context": stream.packetContext = try parser.type()
          case "event.context": stream.eventContext = try parser.type()
          default: _ = try parser.value()
          }
        }
        result.streams[id] = stream
      case "event":
        var event = TSDL.Event()
        try block { (parser, name) throws(TSDLError) in
          switch name {
          case "name": event.name = try parser.value()
          case "id": event.id = try parser.number()
          case "stream_id": event.stream = try parser.number()
          case "fields": event.fields = try parser.type()
          default: _ = try parser.value()
          }
        }
        result.events.append(event)
      case "struct", "enum", "variant":
        position -= 1
        _ = try type()
      case "callsite":
        try block { (parser, _) throws(TSDLError) in _ = try parser.value() }
      default: throw fail("'\(keyword)' is not known")
      }
      try expect(";")
    }
    if position < tokens.count || tokens.isEmpty { throw fail("expected a declaration") }
  }

  /// `{ name = ...; ... }`, or with `:=`.
  private mutating func block(_ entry: (inout TSDLParser, String) throws(TSDLError) -> Void) throws(TSDLError) {
    try expect("{")
    while !accept("}") {
      let name = try word()
      if !accept(":=") { try expect("=") }
      try entry(&self, name)
      try expect(";")
    }
  }
  private mutating func value() throws(TSDLError) -> String {
    defer { position += 1 }
    switch next {
    case .text(let text), .word(let text): return text
    case .number(let number): return String(number)
    default: throw fail("expected a value")
    }
  }

  // MARK: Types

  private mutating func type() throws(TSDLError) -> TSDLType {
    depth += 1
    defer { depth -= 1 }
    guard depth < Self.deepest else { throw fail("types are nested too deeply") }
    switch try word() {
    case "integer": return .integer(try integer())
    case "floating_point":
      var bits = 0
      var align = 8
      try block { (parser, name) throws(TSDLError) in
        switch name {
        case "exp_dig", "mant_dig": bits += try parser.number(in: 0...128)
        case "align": align = try parser.alignment()
        default: _ = try parser.value()
        }
      }
      return .float(bits: bits, align: align)
    case "string":
      if next == .mark("{") { try block { (parser, _) throws(TSDLError) in _ = try parser.value() } }
      return .string
    case "struct": return try structure()
    case "enum": return try enumeration()
    case "variant": return try variant()
    case var name:
      // The last word of `unsigned long count;` is the field's.
      while case .word(let more) = next, position + 1 < tokens.count, case .word = tokens[position + 1].kind {
        name += " " + more
        position += 1
      }
      if aliases[name] == nil, case .word(let more) = next, aliases[name + " " + more] != nil {
        name += " " + more
        position += 1
      }
      guard let type = aliases[name] else { throw fail("the type '\(name)' is not known") }
      return type
    }
  }

  private mutating func alignment() throws(TSDLError) -> Int {
    let align = try number(in: 1...4096)
    guard align & (align - 1) == 0 else { throw fail("an alignment of \(align)") }
    return align
  }

  private mutating func integer() throws(TSDLError) -> TSDLInteger {
    var integer = TSDLInteger()
    integer.isBigEndian = isBigEndian
    try block { (parser, name) throws(TSDLError) in
      switch name {
      case "size": integer.bits = try parser.number(in: 1...64)
      case "align": integer.align = try parser.alignment()
      case "signed": integer.isSigned = ["true", "1", "TRUE"].contains(try parser.value())
      case "byte_order":
        let order = try parser.value()
        integer.isBigEndian = order == "native" ? parser.isBigEndian : order != "le"
      case "map": integer.isTime = try parser.value().hasPrefix("clock.")
      default: _ = try parser.value()
      }
    }
    guard integer.bits > 0 else { throw fail("an integer without size") }
    return integer
  }

  private mutating func structure() throws(TSDLError) -> TSDLType {
    var name: String?
    if case .word(let word) = next, word != "align" {
      name = "struct " + word
      position += 1
    }
    guard next == .mark("{") else {
      guard let name, let type = aliases[name] else { throw fail("a struct without fields") }
      return type
    }
    let fields = try fields()
    var align = 1
    if case .word("align") = next {
      position += 1
      try expect("(")
      align = try alignment()
      try expect(")")
    }
    let type = TSDLType.structure(fields, align: align)
    if let name { aliases[name] = type }
    return type
  }
  private mutating func fields() throws(TSDLError) -> [(name: String, type: TSDLType)] {
    var fields: [(name: String, type: TSDLType)] = []
    try expect("{")
    while !accept("}") {
      var type = try type()
      let name = try word()
      while accept("[") {
        if case .word(let length) = next {
          position += 1
          type = .sequence(type, length: length)
        } else {
          type = .array(type, count: try number(in: 0...1 << 20))
        }
        try expect("]")
      }
      try expect(";")
      fields.append((name, type))
    }
    return fields
  }

  private mutating func enumeration() throws(TSDLError) -> TSDLType {
    if case .word = next { position += 1 }
    var integer = TSDLInteger(bits: 32, align: 8)
    if accept(":") {
      guard case .integer(let container) = try type() else {
        throw fail("an enumeration of something else than integers")
      }
      integer = container
    }
    try expect("{")
    var names: [(name: String, values: ClosedRange<Int64>)] = []
    var following: Int64 = 0
    while !accept("}") {
      let name = try value()
      var first = following
      if accept("=") { first = try number() }
      let last = accept("...") ? try number() : first
      names.append((name, first...max(first, last)))
      following = max(first, last) &+ 1
      if !accept(",") {
        try expect("}")
        break
      }
    }
    return .enumeration(integer, names: names)
  }

  private mutating func variant() throws(TSDLError) -> TSDLType {
    if case .word = next { position += 1 }
    var tag = ""
    if accept("<") {
      tag = try word()
      try expect(">")
    }
    return .variant(tag: tag, options: try fields())
  }
}
