// The CTF 1.8 metadata of an event log (TSDL text), derived from the event table.
//
// Fields are found by alignment: a record begins at a multiple of 32 bytes within its packet, and a field that does not
// follow its predecessor at once is declared with the alignment that leads to it. So nothing needs padding fields.
// The largest alignment of a field is its struct's, and the payload begins at byte 10: alignments above 16 bits would
// move the payload.

public enum Metadata {
  /// What differs from trace to trace.
  public struct Trace: Sendable {
    public var uuid: TraceUUID
    /// Identifies the clock: the kernel's boot id. Traces with the same one can be merged.
    public var bootID: String
    /// CLOCK_REALTIME minus CLOCK_MONOTONIC, nanoseconds.
    public var clockOffset: Int64
    /// `env` entries: numbers as they are, everything else as text.
    public var environment: [(name: String, value: String)]
    public init(
      uuid: TraceUUID, bootID: String, clockOffset: Int64, environment: [(name: String, value: String)]
    ) {
      self.uuid = uuid
      self.bootID = bootID
      self.clockOffset = clockOffset
      self.environment = environment
    }
  }

  public static func text(_ trace: Trace) -> String {
    var text = """
      /* CTF 1.8 */

      typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
      typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
      typealias integer { size = 64; align = 8; signed = false; } := uint64_t;

      trace {
        major = 1;
        minor = 8;
        uuid = "\(trace.uuid.description)";
        byte_order = le;
        packet.header := struct {
          uint32_t magic;
          uint32_t stream_id;
          integer { size = 8; align = 8; signed = false; } uuid[16];
          uint64_t stream_instance_id;
        };
      };

      env {

      """
    for (name, value) in trace.environment {
      text += "  \(name) = " + (Int64(value) == nil ? quoted(value) : value) + ";\n"
    }
    text += """
      };

      clock {
        name = "monotonic";
        uuid = "\(trace.bootID)";
        description = "CLOCK_MONOTONIC";
        freq = 1000000000;
        offset = \(trace.clockOffset);
        absolute = true;
      };

      typealias integer {
        size = 64; align = 8; signed = false; map = clock.monotonic.value;
      } := time_t;

      """
    text += stream(.records) + stream(.definitions)
    for definition in EventTable.all { text += event(definition) }
    return text
  }

  private static func stream(_ stream: PacketHeader.Stream) -> String {
    """

    stream {
      id = \(stream.rawValue);
      packet.context := struct {
        time_t timestamp_begin;
        time_t timestamp_end;
        uint64_t content_size;
        uint64_t packet_size;
        uint64_t events_discarded;
        uint32_t tid;
        uint16_t worker;
      } align(\(PacketHeader.Offset.begin.rawValue * 8));
      event.header := struct {
        time_t timestamp;
        uint16_t id;
      } align(\(EventRecord.size * 8));
    };

    """
  }

  private static func event(_ event: EventDefinition) -> String {
    let stream: PacketHeader.Stream = event.kind.isDefinition ? .definitions : .records
    var text = """

      event {
        name = "\(EventTable.provider):\(event.name)";
        id = \(event.kind.rawValue);
        stream_id = \(stream.rawValue);
        loglevel = \(event.level.rawValue);
        fields := struct {

      """
    var position = 80  // bits: after time and id
    for field in event.fields {
      if event.kind.isDefinition {
        if case .text = field.form {
          text += "    string _\(field.name);\n"
        } else {
          text += "    uint32_t _\(field.name);\n"
        }
        continue
      }
      let alignment = alignment(from: position, to: field.place.bitOffset)!
      text += "    \(type(of: field, alignment: alignment)) _\(field.name);\n"
      position = field.place.bitEnd
    }
    return text + "  };\n};\n"
  }

  private static func type(of field: FieldDefinition, alignment: Int) -> String {
    let size = "size = \(field.place.width); align = \(alignment);"
    switch field.form {
    case .unsigned(base: 10), .text: return "integer { \(size) signed = false; }"
    case .unsigned(let base): return "integer { \(size) signed = false; base = \(base); }"
    case .signed: return "integer { \(size) signed = true; }"
    case .named(let names):
      let values = names.enumerated().map { "\"\($1)\" = \($0)" }.joined(separator: ", ")
      return "enum : integer { \(size) signed = false; } { \(values) }"
    }
  }

  /// The alignment with which a reader that stands at bit `position` of a record arrives at bit `target`; nil: none.
  static func alignment(from position: Int, to target: Int) -> Int? {
    guard target != position else { return target % 8 == 0 ? 8 : 1 }
    return [8, 16].first { (position + $0 - 1) / $0 * $0 == target }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"", "\\": result += "\\" + String(character)
      case "\n": result += "\\n"
      case _ where character.value < 32: result += "?"
      default: result.unicodeScalars.append(character)
      }
    }
    return result + "\""
  }
}
