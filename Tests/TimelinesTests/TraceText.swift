// Traces as text: the notation of `poolscope events`, with definitions, turned into records or into a trace directory.
//
//     label parse Parse.swift:88            (a label definition; ids count from 1)
//     pool main 2
//     damage worker-0 cut 500              (after writing: the file ends there)
//     damage worker-0 set 80 0xFF          (the byte at that offset)
//     +0.000001000 w0 task_start task=x0:1 source=injector victim=? nesting=0
//
// Fields that are left out are 0 (victim, waker: none). `#` begins a comment.
import Foundation
import SchedulerEvents

@testable import Timelines

struct TraceText {
  var labels: [(text: String, source: String)] = []
  var pools: [(name: String, workers: UInt32)] = []
  var records: [EventRecord] = []
  var damage: [(file: String, kind: String, offset: Int, value: UInt8)] = []

  struct Malformed: Error, CustomStringConvertible {
    let line: Int
    let reason: String
    var description: String { "line \(line): \(reason)" }
  }
  /// Added to every time, so that no stamp is 0.
  static let epoch: UInt64 = 1_000_000_000_000

  init() {}
  init(_ text: String) throws {
    for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
      if line.isEmpty { continue }
      let words = line.split(separator: " ").map(String.init)
      func fail(_ reason: String) -> Malformed { Malformed(line: number + 1, reason: reason) }
      switch words[0] {
      case "label": labels.append((words[1], words.count > 2 ? words[2] : words[1]))
      case "damage":
        guard words.count >= 4, let offset = Int(words[3]) else { throw fail("expected FILE cut|set OFFSET") }
        let value = words.count > 4 ? UInt8(words[4].dropFirst(2), radix: 16) : 0
        damage.append((words[1], words[2], offset, value ?? 0))
      case "pool": pools.append((words[1], UInt32(words[2])!))
      default:
        guard words.count >= 3, let time = Self.time(words[0]), let lane = EventText.parseLane(words[1]),
          let definition = EventTable.all.first(where: { $0.name == words[2] && !$0.kind.isDefinition })
        else { throw fail("expected TIME LANE EVENT") }
        var record = EventRecord(definition.kind, time: Self.epoch + time, worker: lane)
        for name in ["victim", "waker", "target"] {
          if let field = definition[field: name] { record[field.place] = UInt64(EventValue.noLane) }
        }
        for word in words.dropFirst(3) {
          let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
          guard parts.count == 2, let field = definition[field: parts[0]], let value = value(field, parts[1]) else {
            throw fail("\(words[2]) has no \(word)")
          }
          record[field.place] = value
        }
        records.append(record)
      }
    }
  }

  private static func time(_ text: String) -> UInt64? {
    if text.hasPrefix("+"), text.contains("."), let value = Double(text.dropFirst()) {
      return UInt64((value * 1e9).rounded())
    }
    return TimePoint.duration(text)
  }
  private func value(_ field: FieldDefinition, _ text: String) -> UInt64? {
    switch field.name {
    case "task", "parent", "waiter", "awaited", "from", "to", "fork": return EventText.parseTask(text)
    case "victim", "waker", "target": return EventText.parseLane(text).map(UInt64.init)
    case "label":
      let name = text.trimmingCharacters(in: CharacterSet(charactersIn: "\""))
      if name == "-" { return 0 }
      return labels.firstIndex { $0.text == name }.map { UInt64($0 + 1) }
    default: break
    }
    switch field.form {
    case .named(let names): return names.firstIndex(of: text).map(UInt64.init)
    case .signed: return Int64(text).map { UInt64(bitPattern: $0) }
    default: return UInt64(text) ?? TimePoint.duration(text)
    }
  }

  /// Writes a trace directory below `parent` and returns its path.
  func write(in parent: String, name: String = "run") throws -> String {
    let directory = parent + "/" + name
    let writer = try TraceWriter(directory: directory, environment: [("program", "test"), ("pid", "1")])
    for (index, label) in labels.enumerated() {
      writer.define(label: UInt32(index + 1), text: label.text, source: label.source, time: Self.epoch)
    }
    for (index, pool) in pools.enumerated() {
      writer.define(pool: UInt32(index), name: pool.name, workers: pool.workers, time: Self.epoch)
    }
    for record in records { try writer.append(record) }
    try writer.close()
    for item in damage {
      let file = URL(fileURLWithPath: directory + "/" + item.file)
      var data = try Data(contentsOf: file)
      if item.kind == "cut" { data = data.prefix(item.offset) } else { data[item.offset] = item.value }
      try data.write(to: file)
    }
    return directory
  }
}

/// A directory that is removed when the value goes away.
final class TemporaryDirectory {
  let path: String
  init() {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("timelines-\(UUID().uuidString)").path
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}
