// Writes LTTng sessions as LTTng-UST lays them out, without LTTng: for tests that need exact contents, or damage.
import Foundation
import SchedulerEvents
import SplitMix

@testable import Timelines

/// A session's user-space trace. Events go to the processor they happened on, in the order of time.
struct SessionWriter {
  var isLarge = true
  var packetBytes = 8192
  /// Contexts of every event.
  var hasPID = false
  var hasProgram = false
  /// A sequence's and a string's worth of another provider's event, now and then.
  var hasForeignEvents = false
  var uuid = "01234567-89ab-cdef-0123-456789abcdef"
  private var streams: [Int: Stream] = [:]

  private struct Stream {
    var files: [[UInt8]] = [[]]
    var events: [UInt8] = []
    var begin: UInt64 = 0
    var last: UInt64 = 0
    var sequence: UInt64 = 0
    var discarded: UInt64 = 0
    /// Something was discarded: the first event that has room again begins a packet, as in the tracer.
    var isFull = false
  }
  private static let prologue = 32 + 52
  private static let foreign = EventTable.all.count

  init() {}

  mutating func add(_ record: EventRecord, cpu: Int, pid: Int32 = 1) {
    if streams[cpu]?.isFull == true { flush(cpu) }
    guard let id = EventTable.all.firstIndex(where: { $0.kind.rawValue == record.id }) else { return }
    var payload: [UInt8] = []
    for field in EventTable.all[id].fields { payload += Self.bytes(record[field.place], Self.size(field)) }
    append(id, record.time, payload, cpu, pid)
    if hasForeignEvents && record.time % 3 == 0 {
      append(
        Self.foreign, record.time, Self.bytes(7, 2) + Self.bytes(3, 4) + [1, 2, 3] + Array("text".utf8) + [0], cpu, pid)
    }
  }
  mutating func add(_ definition: Definition, time: UInt64, cpu: Int, pid: Int32 = 1) {
    // The definition's own form has the same fields, after 10 bytes of time and id.
    append(
      EventTable.all.firstIndex { $0.kind == definition.kind }!, time,
      Array(definition.encode(time: time).dropFirst(10)),
      cpu, pid)
  }
  /// An event for which that processor's buffer had no room.
  mutating func discard(cpu: Int) {
    streams[cpu, default: Stream()].discarded += 1
    streams[cpu]!.isFull = true
  }

  /// Writes records of two processors. From the record `first` on a processor's buffer is full for a while, now and then.
  /// - Returns: how many were discarded.
  mutating func add(
    _ records: [EventRecord], discardingFrom first: Int = 0, using random: inout SplitMix64
  ) -> UInt64 {
    var discarded: UInt64 = 0
    var fullUntil = [0, 0]
    for (number, record) in records.enumerated() {
      let cpu = Int(record.worker) % 2
      if number >= first, Int.random(in: 0..<150, using: &random) == 0 {
        fullUntil[cpu] = number + Int.random(in: 1..<40, using: &random)
      }
      if number < fullUntil[cpu] {
        discard(cpu: cpu)
        discarded += 1
      } else {
        add(record, cpu: cpu)
      }
    }
    return discarded
  }
  /// What follows goes into other files (a rotation).
  mutating func rotate() {
    for cpu in streams.keys {
      flush(cpu)
      streams[cpu]!.files.append([])
    }
  }

  /// Writes `directory` (one folder a rotation).
  mutating func write(to directory: String, session: String = "test") throws {
    for cpu in streams.keys { flush(cpu) }
    let chunks = streams.values.map(\.files.count).max() ?? 1
    for chunk in 0..<chunks {
      let folder = directory + (chunks > 1 ? "/archives/chunk-\(chunk)" : "") + "/ust/uid/0/64-bit"
      try FileManager.default.createDirectory(atPath: folder + "/index", withIntermediateDirectories: true)
      try Data("index".utf8).write(to: URL(fileURLWithPath: folder + "/index/c_0.idx"))
      try Data(packetized(metadata(session))).write(to: URL(fileURLWithPath: folder + "/metadata"))
      for (cpu, stream) in streams where chunk < stream.files.count {
        try Data(stream.files[chunk]).write(to: URL(fileURLWithPath: folder + "/c_\(cpu)"))
      }
    }
  }

  // MARK: Packets

  private mutating func append(_ id: Int, _ time: UInt64, _ payload: [UInt8], _ cpu: Int, _ pid: Int32) {
    var context: [UInt8] = hasPID ? Self.bytes(UInt64(UInt32(bitPattern: pid)), 4) : []
    if hasProgram { context += (Array("program-\(pid)".utf8) + [UInt8](repeating: 0, count: 17)).prefix(17) }
    if streams[cpu, default: Stream()].events.count + 14 + context.count + payload.count > packetBytes - Self.prologue {
      flush(cpu)
    }
    var stream = streams[cpu, default: Stream()]
    if stream.events.isEmpty {
      stream.begin = time
      stream.last = time
    }
    let isNear = time - stream.last < (isLarge ? 1 << 32 : 1 << 27)
    if isLarge {
      stream.events +=
        isNear && id < 65535
        ? Self.bytes(UInt64(id), 2) + Self.bytes(time & 0xFFFF_FFFF, 4)
        : Self.bytes(65535, 2) + Self.bytes(UInt64(id), 4) + Self.bytes(time, 8)
    } else {
      stream.events +=
        isNear && id < 31
        ? Self.bytes(UInt64(id) | (time & 0x7FF_FFFF) << 5, 4)
        : [31] + Self.bytes(UInt64(id), 4) + Self.bytes(time, 8)
    }
    stream.events += context + payload
    stream.last = time
    streams[cpu] = stream
  }

  private mutating func flush(_ cpu: Int) {
    guard var stream = streams[cpu], !stream.events.isEmpty else { return }
    let content = Self.prologue + stream.events.count
    var packet = Self.bytes(UInt64(PacketHeader.magic), 4)
    var name = [UInt8](repeating: 0, count: 16)
    name.withUnsafeMutableBytes { TraceUUID(uuid)!.store(to: $0.baseAddress!) }
    packet += name + Self.bytes(0, 4) + Self.bytes(UInt64(cpu), 8)
    for number in [
      stream.begin, stream.last, UInt64(content * 8), UInt64(packetBytes * 8), stream.sequence, stream.discarded,
    ] { packet += Self.bytes(number, 8) }
    packet += Self.bytes(UInt64(cpu), 4) + stream.events
    packet += [UInt8](repeating: 0, count: packetBytes - content)
    stream.files[stream.files.count - 1] += packet
    stream.events = []
    stream.isFull = false
    stream.sequence += 1
    streams[cpu] = stream
  }
  private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
  }
  /// Bytes of a field, as the provider's header has it.
  private static func size(_ field: FieldDefinition) -> Int {
    [1, 2, 4].first { Int(field.place.width) <= $0 * 8 } ?? 8
  }

  // MARK: Metadata

  /// In packets of 4096 bytes, as the session daemon writes it.
  private func packetized(_ text: String) -> [UInt8] {
    var rest = Array(text.utf8)[...]
    var result: [UInt8] = []
    while !rest.isEmpty {
      let part = rest.prefix(4096 - 37)
      rest = rest.dropFirst(part.count)
      result += Self.bytes(0x75D1_1D57, 4) + [UInt8](repeating: 7, count: 16) + Self.bytes(0, 4)
      result += Self.bytes(UInt64((37 + part.count) * 8), 4) + Self.bytes(4096 * 8, 4) + [0, 0, 0, 1, 8] + part
      result += [UInt8](repeating: 0, count: 4096 - 37 - part.count)
    }
    return result
  }

  private func metadata(_ session: String) -> String {
    func integer(_ bits: Int, signed: Bool = false, base: Int = 10) -> String {
      "integer { size = \(bits); align = 8; signed = \(signed ? 1 : 0); encoding = none; base = \(base); }"
    }
    var text = """
      /* CTF 1.8 */

      typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
      typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
      typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
      typealias integer { size = 64; align = 8; signed = false; } := uint64_t;
      typealias integer { size = 64; align = 8; signed = false; } := unsigned long;
      typealias integer { size = 5; align = 1; signed = false; } := uint5_t;
      typealias integer { size = 27; align = 1; signed = false; } := uint27_t;

      trace {
      	major = 1;
      	minor = 8;
      	uuid = "\(uuid)";
      	byte_order = le;
      	packet.header := struct {
      		uint32_t magic;
      		uint8_t  uuid[16];
      		uint32_t stream_id;
      		uint64_t stream_instance_id;
      	};
      };

      env {
      	domain = "ust";
      	tracer_name = "lttng-ust";
      	tracer_major = 2;
      	trace_name = "\(session)";
      };

      clock {
      	name = "monotonic";
      	uuid = "00000000-0000-0000-0000-000000000000";
      	freq = 1000000000; /* Frequency, in Hz */
      	offset = 0;
      };

      typealias integer { size = 27; align = 1; signed = false; map = clock.monotonic.value; } := uint27_clock_monotonic_t;
      typealias integer { size = 32; align = 8; signed = false; map = clock.monotonic.value; } := uint32_clock_monotonic_t;
      typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := uint64_clock_monotonic_t;

      struct packet_context {
      	uint64_clock_monotonic_t timestamp_begin;
      	uint64_clock_monotonic_t timestamp_end;
      	uint64_t content_size;
      	uint64_t packet_size;
      	uint64_t packet_seq_num;
      	unsigned long events_discarded;
      	uint32_t cpu_id;
      };

      struct event_header_compact {
      	enum : uint5_t { compact = 0 ... 30, extended = 31 } id;
      	variant <id> {
      		struct { uint27_clock_monotonic_t timestamp; } compact;
      		struct { uint32_t id; uint64_clock_monotonic_t timestamp; } extended;
      	} v;
      } align(8);

      struct event_header_large {
      	enum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;
      	variant <id> {
      		struct { uint32_clock_monotonic_t timestamp; } compact;
      		struct { uint32_t id; uint64_clock_monotonic_t timestamp; } extended;
      	} v;
      } align(8);

      stream {
      	id = 0;
      	event.header := struct event_header_\(isLarge ? "large" : "compact");
      	packet.context := struct packet_context;

      """
    if hasPID || hasProgram {
      text += "\tevent.context := struct {\n"
      if hasPID { text += "\t\t\(integer(32, signed: true)) _vpid;\n" }
      if hasProgram {
        text += "\t\tinteger { size = 8; align = 8; signed = 1; encoding = UTF8; base = 10; } _procname[17];\n"
      }
      text += "\t};\n"
    }
    text += "};\n"
    for (id, event) in EventTable.all.enumerated() {
      text += """

        event {
        	name = "\(EventTable.provider):\(event.name)";
        	id = \(id);
        	stream_id = 0;
        	loglevel = \(event.level.rawValue);
        	fields := struct {

        """
      for field in event.fields {
        let bits = event.kind.isDefinition ? 32 : Self.size(field) * 8
        switch field.form {
        case .text: text += "\t\tstring _\(field.name);\n"
        case .named(let names):
          let values = names.enumerated().map { "\"\($1)\" = \($0), " }.joined()
          text += "\t\tenum : \(integer(bits)) { \(values)} _\(field.name);\n"
        case .signed: text += "\t\t\(integer(bits, signed: true)) _\(field.name);\n"
        case .unsigned(let base): text += "\t\t\(integer(bits, base: base)) _\(field.name);\n"
        }
      }
      text += "\t};\n};\n"
    }
    if hasForeignEvents {
      text += """

        event {
        	name = "other:event";
        	id = \(Self.foreign);
        	stream_id = 0;
        	loglevel = 13;
        	fields := struct {
        		\(integer(16)) _number;
        		\(integer(32)) __list_length;
        		\(integer(8, base: 16)) _list[ __list_length ];
        		string _text;
        	};
        };

        """
    }
    return text
  }
}

extension TraceText {
  /// Writes the same events as a session: each lane's on a processor that changes now and then.
  func writeSession(
    in parent: String, name: String = "session", seed: UInt64 = 1, _ form: SessionWriter = SessionWriter()
  ) throws
    -> String
  {
    var writer = form
    var random = SplitMix64(seed: seed)
    var places: [UInt16: Int] = [:]
    var last: [UInt16: UInt64] = [:]
    for (index, label) in labels.enumerated() {
      writer.add(.label(label: UInt32(index + 1), text: label.text, source: label.source), time: Self.epoch, cpu: 0)
    }
    for (index, pool) in pools.enumerated() {
      writer.add(
        .pool(pool: UInt32(index), workers: pool.workers, schema: EventTable.schema, name: pool.name, policies: ""),
        time: Self.epoch, cpu: 0)
    }
    for record in records {
      // A thread does not move within a nanosecond, as the simulation's events may.
      if places[record.worker] == nil
        || Int.random(in: 0..<20, using: &random) == 0 && last[record.worker]! < record.time
      {
        places[record.worker] = Int.random(in: 0..<3, using: &random)
      }
      last[record.worker] = record.time
      writer.add(record, cpu: places[record.worker]!)
    }
    let directory = parent + "/" + name
    try writer.write(to: directory)
    return directory
  }
}
