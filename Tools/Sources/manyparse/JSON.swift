/// A JSON parser as one finds them: quick, and trusting. It traps where the text ends too early, and overflows its stack where
/// the text is nested deeply. It stands for the parser one cannot change: a codec, a library in C.
struct TrustingParser {
  private let text: [UInt8]
  private var at = 0
  private(set) var values = 0
  private(set) var deepest = 0

  init(_ text: [UInt8]) { self.text = text }

  struct Unexpected: Error, Codable, CustomStringConvertible {
    var byte: UInt8
    var offset: Int
    var description: String { "unexpected byte \(byte) at offset \(offset)" }
  }

  mutating func parse() throws {
    try value(depth: 1)
    skipSpace()
    if at < text.count { throw unexpected() }
  }

  private mutating func value(depth: Int) throws {
    deepest = max(deepest, depth)
    values += 1
    skipSpace()
    switch text[at] {  // no bounds check: that is the point
    case UInt8(ascii: "{"): try list(until: UInt8(ascii: "}"), depth, withKeys: true)
    case UInt8(ascii: "["): try list(until: UInt8(ascii: "]"), depth, withKeys: false)
    case UInt8(ascii: "\""): try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try number()
    }
  }

  private mutating func list(until end: UInt8, _ depth: Int, withKeys: Bool) throws {
    at += 1
    skipSpace()
    if text[at] == end {
      at += 1
      return
    }
    while true {
      if withKeys {
        skipSpace()
        guard text[at] == UInt8(ascii: "\"") else { throw unexpected() }
        try string()
        skipSpace()
        try expect(UInt8(ascii: ":"))
      }
      try value(depth: depth + 1)
      skipSpace()
      if text[at] == end { break }
      try expect(UInt8(ascii: ","))
    }
    at += 1
  }

  private mutating func string() throws {
    at += 1
    while text[at] != UInt8(ascii: "\"") { at += text[at] == UInt8(ascii: "\\") ? 2 : 1 }
    at += 1
  }
  private mutating func word(_ word: StaticString) throws {
    for offset in 0..<word.utf8CodeUnitCount { try expect(word.utf8Start[offset]) }
  }
  private mutating func number() throws {
    let start = at
    while at < text.count, "+-0123456789.eE".utf8.contains(text[at]) { at += 1 }
    if at == start { throw unexpected() }
  }
  private mutating func skipSpace() {
    while at < text.count, " \n\r\t".utf8.contains(text[at]) { at += 1 }
  }
  private mutating func expect(_ byte: UInt8) throws {
    guard text[at] == byte else { throw unexpected() }
    at += 1
  }
  private func unexpected() -> Unexpected { Unexpected(byte: text[at], offset: at) }
}
