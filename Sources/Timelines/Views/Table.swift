// Tables that fit the width of the terminal: numbers to the right, one column that gives way.

/// A plain text table; also the source of CSV output.
public struct Table: Sendable {
  /// A column's heading, and how it behaves.
  public struct Column: Sendable {
    /// The heading.
    public var title: String
    /// Whether it is set to the right.
    public var isNumber: Bool
    /// Gives way (down to 12 columns) when the table is too wide.
    public var shrinks: Bool
    /// Left out first (higher first) when shrinking is not enough; 0: always shown.
    public var optional: Int
    /// The machine-readable name, with its unit (`queue_p99_ns`).
    public var key: String
    /// A column with these parts.
    public init(_ title: String, key: String, number: Bool = true, shrinks: Bool = false, optional: Int = 0) {
      self.title = title
      self.key = key
      isNumber = number
      self.shrinks = shrinks
      self.optional = optional
    }
  }
  /// What stands in one place.
  public struct Cell: Sendable {
    /// What is shown.
    public var text: String
    /// Its colour.
    public var ink: TerminalStyle.Ink
    /// The exact value for CSV and JSON.
    public var value: JSON
    /// A cell with a text and an exact value.
    public init(_ text: String, _ value: JSON, ink: TerminalStyle.Ink = .plain) {
      self.text = text
      self.value = value
      self.ink = ink
    }
    /// A text that is its own value.
    public static func text(_ text: String, ink: TerminalStyle.Ink = .plain) -> Cell {
      Cell(text, .string(text), ink: ink)
    }
    /// A number of things.
    public static func count<Number: BinaryInteger>(_ number: Number) -> Cell {
      Cell(Units.count(number), .integer(Int64(clamping: number)), ink: number == 0 ? .faint : .plain)
    }
    /// Nanoseconds, shown with a fitting unit; nil: "-".
    public static func duration(_ nanoseconds: UInt64) -> Cell {
      Cell(Units.duration(nanoseconds), .unsigned(nanoseconds))
    }
    /// Nanoseconds, shown with a fitting unit; nil: "-".
    public static func duration(_ nanoseconds: UInt64?) -> Cell {
      nanoseconds.map { .duration($0) } ?? Cell("-", .null, ink: .faint)
    }
    /// A share from 0 to 1, shown in percent.
    public static func share(_ share: Double) -> Cell {
      Cell(Units.percentNumber(share), .number(share), ink: share == 0 ? .faint : .plain)
    }
  }
  /// From left to right.
  public var columns: [Column]
  /// A cell for each column.
  public var rows: [[Cell]] = []
  /// Left out of `rows`, said below the table.
  public var omitted = 0
  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// The table as lines of at most `style.width` columns where that is possible.
  public func lines(_ style: TerminalStyle, indent: Int = 1) -> [String] {
    var shown = Array(columns.indices)
    var widths = columns.indices.map { index in
      max(Columns.width(columns[index].title), rows.map { Columns.width($0[index].text) }.max() ?? 0)
    }
    func total() -> Int { shown.reduce(indent - 2) { $0 + widths[$1] + 2 } }
    func shrink() {
      for index in shown where columns[index].shrinks && total() > style.width {
        widths[index] = max(12, widths[index] - (total() - style.width))
      }
    }
    shrink()
    while total() > style.width,
      let worst = shown.filter({ columns[$0].optional > 0 }).max(by: {
        columns[$0].optional < columns[$1].optional
      })
    {
      shown.removeAll { $0 == worst }
      for index in columns.indices where columns[index].shrinks {
        widths[index] = max(
          Columns.width(columns[index].title), rows.map { Columns.width($0[index].text) }.max() ?? 0)
      }
      shrink()
    }
    func line(_ cell: (Int) -> (String, TerminalStyle.Ink)) -> String {
      var parts: [String] = []
      for index in shown {
        let (text, ink) = cell(index)
        let cut = Columns.cut(text, to: widths[index], ascii: style.ascii)
        let padded =
          columns[index].isNumber
          ? Columns.right(cut, widths[index])
          : index == shown.last ? cut : Columns.left(cut, widths[index])
        parts.append(style.paint(padded, ink))
      }
      // A last column that is empty here leaves the padding of the one before it.
      while parts.last == "" { parts.removeLast() }
      if let last = parts.last, let end = last.lastIndex(where: { $0 != " " }) {
        parts[parts.count - 1] = String(last[...end])
      }
      return String(repeating: " ", count: indent) + parts.joined(separator: "  ")
    }
    var result = [line { (columns[$0].title, .faint) }]
    for row in rows { result.append(line { (row[$0].text, row[$0].ink) }) }
    if omitted > 0 {
      result.append(
        String(repeating: " ", count: indent)
          + style.paint("\(Units.count(omitted)) more (--limit 0 shows all)", .faint))
    }
    return result
  }

  /// RFC 4180, with the machine-readable names as header.
  public func csv() -> String {
    var text = columns.map { Self.field($0.key) }.joined(separator: ",") + "\n"
    for row in rows { text += row.map { Self.field(Self.plain($0.value)) }.joined(separator: ",") + "\n" }
    return text
  }
  /// An array of objects.
  public func json() -> JSON {
    .array(rows.map { row in .object(zip(columns, row).map { ($0.key, $1.value) }) })
  }
  private static func plain(_ value: JSON) -> String {
    switch value {
    case .string(let text): text
    case .null: ""
    default: value.text(indent: nil)
    }
  }
  static func field(_ text: String) -> String {
    // A cell that begins like a formula is defused, so that a spreadsheet does not run a label.
    let risky = text.first.map { "=@+".contains($0) } == true || (text.hasPrefix("-") && Double(text) == nil)
    let safe = risky ? "'" + text : text
    guard safe.contains(where: { ",\"\n\r".contains($0) }) else { return safe }
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }
}
