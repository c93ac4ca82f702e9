// What a terminal can show: colour, width, and text cut to a number of columns.

/// How a text view may draw.
public struct TerminalStyle: Sendable {
  /// Escape sequences for colour are allowed.
  public var color: Bool
  /// Only ASCII characters; otherwise block elements and arrows.
  public var ascii: Bool
  /// Columns to fill.
  public var width: Int
  /// By default what suits a file: no colour, ASCII, 100 columns.
  public init(color: Bool = false, ascii: Bool = true, width: Int = 100) {
    self.color = color
    self.ascii = ascii
    self.width = width
  }

  /// Colours by meaning. The numbers are of the 256-colour palette, chosen to be readable on dark and light grounds.
  public enum Ink: Sendable, Equatable {
    /// By what is said: as it is, more or less important, good, to be looked at, wrong, or a heading.
    case plain, strong, faint, good, warning, bad, accent
    /// A colour of the 256-colour palette.
    case palette(UInt8)
    /// A background of the 256-colour palette with a foreground on it.
    case block(foreground: UInt8, background: UInt8)
    var code: String {
      switch self {
      case .plain: return ""
      case .strong: return "1"
      case .faint: return "38;5;245"
      case .good: return "38;5;35"
      case .warning: return "38;5;172"
      case .bad: return "1;38;5;167"
      case .accent: return "38;5;74"
      case .palette(let number): return "38;5;\(number)"
      case .block(let foreground, let background): return "38;5;\(foreground);48;5;\(background)"
      }
    }
  }

  /// `text` in a colour, or plain where colour is off.
  public func paint(_ text: String, _ ink: Ink) -> String {
    guard color, ink != .plain, !text.isEmpty else { return text }
    return "\u{1B}[\(ink.code)m\(text)\u{1B}[0m"
  }
}

/// Columns a text takes on a terminal, and cutting and padding by columns.
enum Columns {
  /// East Asian wide characters take two columns, combining marks none, escape sequences are not counted.
  static func width(_ text: String) -> Int {
    var total = 0
    var escaping = false
    for character in text {
      if escaping {
        if character.isLetter { escaping = false }
        continue
      }
      if character == "\u{1B}" {
        escaping = true
        continue
      }
      total += width(of: character)
    }
    return total
  }
  static func width(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    case 0..<0x20, 0x7F, 0x300...0x36F, 0x200B...0x200F: return 0
    default: return 1
    }
  }
  /// Cuts plain text (no escapes) to a width, marking the cut.
  static func cut(_ text: String, to width: Int, ascii: Bool) -> String {
    guard self.width(text) > width else { return text }
    let mark = ascii ? ".." : "…"
    let room = Swift.max(0, width - (ascii ? 2 : 1))
    // Of a place (`Folder/File.swift:12`) the end tells more than the beginning.
    if text.contains("/"), let colon = text.lastIndex(of: ":"), text[colon...].dropFirst().allSatisfy(\.isNumber) {
      var rest = text[...]
      while self.width(String(rest)) > room { rest = rest.dropFirst() }
      return width <= 0 ? "" : String(mark.prefix(width)) + rest
    }
    var result = ""
    var used = 0
    for character in text {
      let next = self.width(of: character)
      if used + next > room { break }
      result.append(character)
      used += next
    }
    return width <= 0 ? "" : result + String(mark.prefix(width))
  }
  static func left(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: Swift.max(0, width - self.width(text)))
  }
  static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: Swift.max(0, width - self.width(text))) + text
  }
}

/// Text from a trace, safe to print: control characters (a label may hold anything) become visible.
public func printable(_ text: String) -> String {
  guard
    text.unicodeScalars.contains(where: {
      $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x2028 || $0.value == 0x202E
    })
  else { return text }
  return text.unicodeScalars.map { scalar in
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value == 0x2028 || scalar.value == 0x202E
      ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
  }.joined()
}
