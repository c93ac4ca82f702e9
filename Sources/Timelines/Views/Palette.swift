// Colours: of states (fixed) and of labels (by a hash of the text, so that they are the same in every run and view).

/// Colours for terminals (256 colours) and for HTML and SVG.
public enum Palette {
  /// Twelve hues that stay apart on dark and on light grounds, also for most colour-blind readers, and from the yellow of searching.
  static let label: [(terminal: UInt8, web: String)] = [
    (67, "#4e79a7"), (173, "#f28e2b"), (71, "#59a14f"), (168, "#d4608a"), (73, "#499894"), (133, "#b0509e"),
    (97, "#8a6bb1"), (131, "#b6544d"), (108, "#7fa66f"), (75, "#5aa9d6"), (137, "#9c755f"), (104, "#7b84c9"),
  ]
  /// FNV-1a: stable between runs and machines.
  static func hash(_ text: String) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ (hash >> 32)
  }
  static func index(_ text: String) -> Int { Int(hash(text) % UInt64(label.count)) }
  /// A label's colour as `#rrggbb`: one of the hues, as it is, darker or lighter, so that few labels share a colour.
  public static func web(_ text: String) -> String {
    let shade = [1, 0.8, 1.2][Int(hash(text) / UInt64(label.count) % 3)]
    let hue = Int(label[index(text)].web.dropFirst(), radix: 16) ?? 0
    return stride(from: 16, through: 0, by: -8).reduce("#") { text, shift in
      let part = Double(hue >> shift & 0xFF)
      let mixed = Int(shade <= 1 ? part * shade : part + (255 - part) * (shade - 1))
      return text + (mixed < 16 ? "0" : "") + String(mixed, radix: 16)
    }
  }
  /// A label's colour in the 256-colour palette.
  public static func terminal(_ text: String) -> UInt8 { label[index(text)].terminal }

  /// Web colours of states that are not coloured by label.
  public static func web(_ state: LaneState) -> String {
    switch state {
    case .running: "#4e79a7"
    case .helping: "#59a14f"
    case .searching: "#e8c468"
    case .waiting: "#e15759"
    case .parked: "#e3e6ea"
    case .blocking: "#9b7fb8"
    case .starting: "#c9d1da"
    case .stopped: "#f6f7f9"
    case .unknown: "#b9bec5"
    case .outside: "#eef0f3"
    }
  }
  static func ink(_ state: LaneState) -> TerminalStyle.Ink {
    switch state {
    case .running: .palette(67)
    case .helping: .palette(71)
    case .searching: .palette(178)
    case .waiting: .palette(167)
    case .parked: .palette(240)
    case .blocking: .palette(97)
    case .starting: .palette(250)
    case .stopped, .outside: .palette(238)
    case .unknown: .palette(245)
    }
  }
}
