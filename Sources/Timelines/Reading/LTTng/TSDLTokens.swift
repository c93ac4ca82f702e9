// The words of CTF 1.8 metadata (TSDL).

/// A word with the line it stands on.
struct TSDLToken {
  enum Kind: Equatable {
    /// Also dotted (`packet.header`).
    case word(String)
    case text(String)
    case number(Int64)
    /// One of `{ } [ ] ( ) < > ; , : =` or `:=` or `...`.
    case mark(String)
  }
  var kind: Kind
  var line: Int
}

extension TSDLToken {
  /// Splits `text` into words; what cannot be a word ends the list. Never fails: the parser finds what is missing.
  static func all(in text: [UInt8]) -> [TSDLToken] {
    var tokens: [TSDLToken] = []
    var position = 0
    var line = 1
    func byte(_ offset: Int = 0) -> UInt8 { position + offset < text.count ? text[position + offset] : 0 }
    func take(while belongs: (UInt8) -> Bool) -> String {
      let start = position
      while position < text.count, belongs(text[position]) { position += 1 }
      return String(decoding: text[start..<position], as: UTF8.self)
    }
    while position < text.count {
      let next = byte()
      switch next {
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"):
        position += 2
        while position < text.count, !(byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/")) {
          if byte() == UInt8(ascii: "\n") { line += 1 }
          position += 1
        }
        position += 2
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): _ = take { $0 != UInt8(ascii: "\n") }
      case UInt8(ascii: "\""):
        position += 1
        var bytes: [UInt8] = []
        while position < text.count, byte() != UInt8(ascii: "\"") {
          if byte() == UInt8(ascii: "\\") {
            position += 1
            bytes.append(byte() == UInt8(ascii: "n") ? 10 : byte())
          } else {
            bytes.append(byte())
          }
          position += 1
        }
        position += 1
        tokens.append(TSDLToken(kind: .text(String(decoding: bytes, as: UTF8.self)), line: line))
      case _ where isLetter(next):
        tokens.append(
          TSDLToken(
            kind: .word(take { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ".") }), line: line))
      case _ where isDigit(next) || (next == UInt8(ascii: "-") && isDigit(byte(1))):
        position += next == UInt8(ascii: "-") ? 1 : 0
        let digits = take { isDigit($0) || isLetter($0) }
        guard let number = number(digits, isNegative: next == UInt8(ascii: "-")) else { return tokens }
        tokens.append(TSDLToken(kind: .number(number), line: line))
      case UInt8(ascii: ".") where byte(1) == next && byte(2) == next:
        position += 3
        tokens.append(TSDLToken(kind: .mark("..."), line: line))
      case UInt8(ascii: ":") where byte(1) == UInt8(ascii: "="):
        position += 2
        tokens.append(TSDLToken(kind: .mark(":="), line: line))
      case _ where "{}[]()<>;,:=".utf8.contains(next):
        position += 1
        tokens.append(TSDLToken(kind: .mark(String(UnicodeScalar(next))), line: line))
      default: return tokens
      }
    }
    return tokens
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }
  /// Decimal, `0x` and `0` (octal); `u` and `l` may follow. Above `Int64.max` the bits count.
  private static func number(_ digits: String, isNegative: Bool) -> Int64? {
    var text = Substring(digits.lowercased())
    while let last = text.last, "ul".contains(last) { text = text.dropLast() }
    let value: UInt64?
    if text.hasPrefix("0x") {
      value = UInt64(text.dropFirst(2), radix: 16)
    } else if text.count > 1, text.hasPrefix("0") {
      value = UInt64(text.dropFirst(), radix: 8)
    } else {
      value = UInt64(text)
    }
    return value.map { isNegative ? 0 &- Int64(bitPattern: $0) : Int64(bitPattern: $0) }
  }
}
