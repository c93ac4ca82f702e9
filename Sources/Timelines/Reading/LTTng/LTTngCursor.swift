// One stream's events in order: a cursor over its packets.
//
// Invariants: I1 `time` never goes back. I2 Every byte is checked to lie within its packet's content before it is loaded.
import SchedulerEvents

/// Walks through a stream's events, those of our provider only.
struct LTTngCursor {
  /// What `advance` found; a definition where there is one, else the record.
  private(set) var record = EventRecord(.lost)
  private(set) var definition: Definition?
  private(set) var time: UInt64 = 0
  private(set) var pid: Int32 = 0
  /// Where the program's name lies, if the session has it.
  private(set) var program: UnsafeRawBufferPointer?
  /// Something was lost between the last event and what `advance` found (or the end).
  private(set) var lossBefore = false
  /// Events that could not be read: cut off, unknown, or of no plausible time.
  private(set) var damaged = 0

  private let packets: [LTTngPacket]
  private let isCut: Bool
  private let layout: StreamLayout
  private let table: DecodingTable
  private let isLarge: Bool
  private var number = -1
  private var position: UnsafeRawPointer
  private var limit: UnsafeRawPointer
  private var stamp: UInt64 = 0
  private var latest: UInt64 = 0

  init(_ stream: LTTngStream, _ layout: StreamLayout) {
    packets = stream.packets
    isCut = stream.isCut
    self.layout = layout
    table = layout.table
    isLarge = layout.header == .large
    position = UnsafeRawPointer(bitPattern: 8)!  // never read: there is no packet yet
    limit = position
  }

  /// Moves to the next event of ours; false at the end.
  mutating func advance() -> Bool {
    lossBefore = false
    while true {
      guard position < limit else {
        guard openPacket() else {
          lossBefore = lossBefore || isCut
          return false
        }
        continue
      }
      let id = header()
      // Nothing tells how long an unknown event is; and one that is cut off is the packet's last.
      guard id < table.events.count else {
        skipPacket()
        continue
      }
      let plan = table.events[id]
      guard plan.kind != DecodingTable.Event.unknown, limit - position >= Int(plan.fixedBytes) else {
        skipPacket()
        continue
      }
      // SAFETY: I2: `fixedBytes` from `event` on lie within the content, and every place of the plan within these.
      let event = position
      position += Int(plan.fixedBytes)
      if plan.kind == 0 || plan.kind >= EventKind.labelDef.rawValue || plan.hasTail {
        guard readOther(id, event) else { continue }
      } else {
        guard acceptTime() else { continue }
        record = table.record(plan, at: event, time: time)
        definition = nil
      }
      if let place = layout.pid { pid = Int32(truncatingIfNeeded: place.load(event)) }
      if let bytes = layout.program {
        program = UnsafeRawBufferPointer(start: event + bytes.lowerBound, count: bytes.count)
      }
      return true
    }
  }

  private mutating func skipPacket() {
    damaged += 1
    position = limit
  }
  private mutating func acceptTime() -> Bool {
    guard stamp <= latest, stamp > 0 else {
      damaged += 1
      return false
    }
    time = max(time, stamp)  // I1
    return true
  }

  /// Reads the event's header and returns its id; `Int.max`: it is cut off.
  @inline(__always) private mutating func header() -> Int {
    let left = limit - position
    // SAFETY: I2: each load is preceded by a check of `left`.
    if isLarge {
      guard left >= 6 else { return .max }
      let id = Int(position.loadUnaligned(as: UInt16.self))
      if id < 65535 {
        step(to: UInt64(position.loadUnaligned(fromByteOffset: 2, as: UInt32.self)), bits: 32)
        position += 6
        return id
      }
      guard left >= 14 else { return .max }
      defer { position += 14 }
      stamp = position.loadUnaligned(fromByteOffset: 6, as: UInt64.self)
      return Int(position.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
    }
    guard left >= 4 else { return .max }
    let word = position.loadUnaligned(as: UInt32.self)
    if word & 31 < 31 {
      step(to: UInt64(word >> 5), bits: 27)
      position += 4
      return Int(word & 31)
    }
    guard left >= 13 else { return .max }
    defer { position += 13 }
    stamp = position.loadUnaligned(fromByteOffset: 5, as: UInt64.self)
    return Int(position.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
  }
  /// The low bits of the time; a smaller number than the last one's means that they have gone round.
  @inline(__always) private mutating func step(to low: UInt64, bits: UInt64) {
    let mask = (UInt64(1) << bits) &- 1
    let next = stamp & ~mask | low
    stamp = next < stamp ? next &+ mask &+ 1 : next
  }

  /// An event with text, or not one of ours. False: there is nothing to return.
  @inline(never) private mutating func readOther(_ id: Int, _ event: UnsafeRawPointer) -> Bool {
    guard let plan = table.plans[id], let texts = skipTail(plan.tail) else {
      skipPacket()
      return false
    }
    guard let kind = plan.kind, acceptTime() else { return false }
    func number(_ name: String) -> UInt32 { UInt32(truncatingIfNeeded: plan.numbers[name]?.load(event) ?? 0) }
    switch kind {
    case .labelDef:
      definition = .label(label: number("label"), text: texts["text"] ?? "", source: texts["source"] ?? "")
    case .poolConfig:
      definition = .pool(
        pool: number("pool"), workers: number("workers"), schema: number("schema"), name: texts["name"] ?? "",
        policies: texts["policies"] ?? "")
    default:
      record = table.record(table.events[id], at: event, time: time)
      definition = nil
    }
    return true
  }
  /// Steps over what follows the fixed part. Returns its texts by name; nil: it is cut off.
  private mutating func skipTail(_ tail: [EventPlan.Tail]) -> [String: String]? {
    var texts: [String: String] = [:]
    for part in tail {
      switch part {
      case .skip(let bytes):
        guard limit - position >= bytes else { return nil }
        position += bytes
      case .string(let name):
        let rest = UnsafeRawBufferPointer(start: position, count: limit - position)
        guard let end = rest.firstIndex(of: 0) else { return nil }
        texts[name] = String(decoding: rest[..<end], as: UTF8.self)
        position += end + 1
      case .sequence(let lengthBytes, let elementBytes):
        // SAFETY: the length is what was stepped over last.
        let length = NumberPlace(offset: -lengthBytes, bytes: lengthBytes).load(position)
        let (bytes, isTooLarge) = length.multipliedReportingOverflow(by: UInt64(elementBytes))
        guard !isTooLarge, bytes <= UInt64(limit - position) else { return nil }
        position += Int(bytes)
      }
    }
    return texts
  }

  private mutating func openPacket() -> Bool {
    if number >= 0 {
      let done = packets[number]
      done.file.release(done.offset..<(done.offset + done.content))
    }
    guard number + 1 < packets.count else {
      if number < packets.count, number >= 0 { lossBefore = lossBefore || discards(in: number) }
      number = packets.count
      return false
    }
    number += 1
    let packet = packets[number]
    let readable = min(packet.offset + packet.content, packet.file.readableSize) - packet.offset
    position = packet.file.base + packet.offset + layout.prologue
    limit = packet.file.base + packet.offset + max(layout.prologue, readable)
    stamp = packet.begin
    latest = plausible(packet.end) ? packet.end : 1 << 61
    // A packet's count of discarded events includes those for which there was no room when it was full.
    let isFirst = number == 0
    if isFirst ? packet.sequence > 0 && layout.sequence != nil : discards(in: number - 1) || misses(before: number) {
      lossBefore = true
    }
    return true
  }
  private func discards(in number: Int) -> Bool {
    packets[number].discarded > (number > 0 ? packets[number - 1].discarded : 0)
  }
  private func misses(before number: Int) -> Bool {
    layout.sequence != nil && packets[number].sequence > packets[number - 1].sequence &+ 1
  }
}
