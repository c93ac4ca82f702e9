// Reads an LTTng session through libbabeltrace2 (CBabeltrace2): slower than reading it oneself (LTTngReader), but by its makers'
// book, and every layout that they know.
//
// The events are found by their names and the names of their fields, and become records by the event table. What the library does not
// say: whether packets are missing in front of a stream's first one.
import CBabeltrace2
import SchedulerEvents

/// Goes through what libbabeltrace2 says of one trace.
struct Babeltrace2Reader {
  /// Whether the library is installed, and was when this was built (with the package's trait `Babeltrace`). Loads it.
  static let isThere = cf_babeltrace_load()

  private let splitter: LaneSplitter
  private var contents = SessionContents()
  private var shapes: [UInt16: EventShape] = [:]
  private var latest: UInt64 = 0
  /// Losses that the library does not count: those of a stream's first packet.
  private var uncounted = 0
  /// Streams that lost something since their last event.
  private var gaps: Set<UInt64> = []
  /// Streams whose open packet loses events behind its last one, with the number of their latest event so far. What comes after that
  /// waits: it may be behind the loss.
  private var losing: [UInt64: Int] = [:]
  private var held = HeldEvents()
  private var events = 0

  /// Bytes of the shortest event: it is its header. More events than the files have room for are a reader that goes round.
  private static let shortestEvent = 4

  /// Reads the folders of one trace. Ends, whatever the library does.
  static func read(
    _ folders: [LTTngFolder], into splitter: LaneSplitter, patience: Int32 = PieceStream.patience
  ) throws(ReadingError) -> SessionContents {
    guard isThere else {
      throw ReadingError(
        path: folders[0].path,
        reason: "cannot be read through libbabeltrace2: it is not installed, or was not when this was built",
        advice: "Install libbabeltrace2-dev and build again, or use the reader `native`.")
    }
    var reader = Babeltrace2Reader(splitter: splitter)
    let pieces = try PieceStream(reading: folders.map(\.path), patience: patience)
    let room = folders.reduce(0) { $0 + $1.bytes } / shortestEvent
    while let piece = pieces.next() {
      if piece.head.kind == cf_babeltrace_done {
        let reason = printable(text(piece.body))
        return try reader.finish(folders, failure: reason.isEmpty ? nil : "libbabeltrace2 gave up: \(reason)")
      }
      try reader.take(piece)
      if reader.events > room {
        return try reader.finish(folders, failure: "libbabeltrace2 finds more events than the files have room for")
      }
    }
    return try reader.finish(folders, failure: pieces.failure)
  }
  private init(splitter: LaneSplitter) { self.splitter = splitter }

  /// `failure`: why reading ended before the trace did. What comes then is not known, of any lane.
  private mutating func finish(_ folders: [LTTngFolder], failure: String?) throws(ReadingError) -> SessionContents {
    func problem(_ text: String) { contents.problems.append(ReadingProblem(file: folders[0].path, text: text)) }
    losing = [:]
    try handOn()
    if let failure {
      problem(failure)
      splitter.lossBegins()
    }
    if uncounted > 0 {
      let streams = uncounted == 1 ? "a stream" : "\(uncounted) streams"
      problem("libbabeltrace2 does not say how much \(streams) lost in the first packets")
    }
    return contents
  }

  private mutating func take(_ piece: PieceStream.Piece) throws(ReadingError) {
    let stream = piece.head.stream
    switch Int(piece.head.kind) {
    case cf_babeltrace_shape: shapes[piece.head.shape] = EventShape(piece.body)
    case cf_babeltrace_event:
      events += 1
      let event = HeldEvents.Event(
        number: events, stream: stream, shape: piece.head.shape, time: piece.head.value)
      if losing.isEmpty { return try add(event, piece.body) }
      held.append(event, Array(piece.body))
      if losing[stream] != nil { losing[stream] = events }
      try handOn()
    case cf_babeltrace_discarded_events:
      count(piece.head.value, in: \.discarded)
      losing[stream] = events
    case cf_babeltrace_discarded_packets:
      count(piece.head.value, in: \.missingPackets)
      openGap(stream)
    case cf_babeltrace_packet_end:
      // The tracer had no room behind the packet's last event.
      guard let last = losing.removeValue(forKey: stream) else { return }
      if !held.note(lossOf: stream, behind: last) { openGap(stream) }
      try handOn()
    default: break
    }
  }
  private mutating func count(_ number: UInt64, in sum: WritableKeyPath<SessionContents, UInt64>) {
    guard number != .max else { return uncounted += 1 }
    contents[keyPath: sum] = contents[keyPath: sum].saturatingAdd(number)
  }
  private mutating func openGap(_ stream: UInt64) {
    if gaps.insert(stream).inserted { splitter.lossBegins() }
  }

  /// Adds what need not wait any more.
  private mutating func handOn() throws(ReadingError) {
    let last = losing.values.min() ?? .max
    while let (event, body, losses) = held.next(upTo: last) {
      let outcome = body.withUnsafeBytes { bytes in
        Result<Void, ReadingError> { () throws(ReadingError) in try add(event, bytes) }
      }
      try outcome.get()
      for stream in losses { openGap(stream) }
    }
  }

  private mutating func add(_ event: HeldEvents.Event, _ body: UnsafeRawBufferPointer) throws(ReadingError) {
    guard let shape = shapes[event.shape], let kind = shape.kind else { return }
    latest = max(latest, event.time)
    var record = EventRecord(kind, time: latest)
    var pid: Int32 = 0
    var program: UnsafeRawBufferPointer?
    var numbers: [String: UInt32] = [:]
    var texts: [String: String] = [:]
    var position = 0
    for field in shape.fields {
      guard field.form != .other, position + 8 <= body.count else { continue }
      let value = body.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      position += 8
      guard field.form == .text else {
        if let place = field.place {
          record[place] = value
        } else if field.isPID {
          pid = Int32(truncatingIfNeeded: value)
        } else if shape.isDefinition {
          numbers[field.name] = UInt32(truncatingIfNeeded: value)
        }
        continue
      }
      let text = UnsafeRawBufferPointer(rebasing: body[position..<min(body.count, position + Int(clamping: value))])
      position += text.count
      if field.isProgram { program = text } else { texts[field.name] = Self.text(text) }
    }
    switch kind {
    case .labelDef:
      splitter.add(
        .label(label: numbers["label"] ?? 0, text: texts["text"] ?? "", source: texts["source"] ?? ""), pid: pid)
    case .poolConfig:
      splitter.add(
        .pool(
          pool: numbers["pool"] ?? 0, workers: numbers["workers"] ?? 0, schema: numbers["schema"] ?? 0,
          name: texts["name"] ?? "", policies: texts["policies"] ?? ""), pid: pid)
    default: try splitter.add(record, pid: pid)
    }
    if let program, !splitter.isNamed(pid) { splitter.name(program, pid: pid) }
    if gaps.remove(event.stream) != nil { splitter.lossEnds() }
  }
  fileprivate static func text(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: Array(bytes), as: UTF8.self)
  }
}

/// What the library says of a class of events, once.
private struct EventShape {
  enum Form { case number, text, other }
  struct Field {
    var name: String
    var form: Form
    /// Where the number lies in a record; nil: nowhere.
    var place: Place?
    var isPID: Bool { name == "vpid" }
    var isProgram: Bool { name == "procname" }
  }
  /// nil: not one of ours.
  var kind: EventKind?
  var isDefinition = false
  var fields: [Field] = []

  init(_ body: UnsafeRawBufferPointer) {
    let words = body.split(separator: 0).map { Babeltrace2Reader.text($0) }
    let prefix = EventTable.provider + ":"
    guard let name = words.first, name.hasPrefix(prefix),
      let definition = EventTable.all.first(where: { $0.name == name.dropFirst(prefix.utf8.count) })
    else { return }
    kind = definition.kind
    isDefinition = definition.kind.isDefinition
    fields = words.dropFirst().map { word in
      let name = String(word.dropFirst())
      let form: Form =
        switch Int(word.utf8.first ?? 0) {
        case cf_babeltrace_number: .number
        case cf_babeltrace_text: .text
        default: .other
        }
      return Field(name: name, form: form, place: isDefinition ? nil : definition[field: name]?.place)
    }
  }
}
