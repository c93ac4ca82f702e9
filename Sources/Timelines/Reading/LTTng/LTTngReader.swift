// Reads an LTTng session's files itself: mapped, at offsets that are known from the metadata, one cursor for each stream.
import Foundation
import SchedulerEvents

enum LTTngReader {
  /// Reads the folders of one trace. `latest`: the one whose metadata declares everything.
  static func read(
    _ folders: [LTTngFolder], metadata latest: LTTngFolder, into splitter: LaneSplitter
  ) throws(ReadingError) -> SessionContents {
    let layout: LTTngLayout
    do { layout = try LTTngLayout(latest.metadata) } catch {
      throw ReadingError(
        path: latest.path, reason: "is an LTTng trace of an unusual layout: \(error.reason)",
        advice: Babeltrace2Reader.isThere
          ? "Try the reader babeltrace2." : "Record it with LTTng-UST 2.10 or later on this kind of machine.")
    }
    var contents = SessionContents()
    var streams: [LTTngStream.Key: LTTngStream] = [:]
    for path in folders.flatMap(\.files) {
      let name = (path as NSString).lastPathComponent
      do {
        // What a processor recorded is lost as a whole, of whichever lanes.
        let file = try MappedFile(path: path)
        if !layout.index(file, name: name, into: &streams, problems: &contents.problems) { splitter.lossBegins() }
      } catch {
        contents.problems.append(ReadingProblem(file: name, text: error.reason))
        splitter.lossBegins()
      }
    }
    var damaged = 0
    var cursors: [LTTngCursor] = []
    for key in streams.keys.sorted() {
      guard var stream = streams[key], let layout = layout.streams[key.stream] else { continue }
      stream.sort()
      contents.discarded = contents.discarded.saturatingAdd(stream.discarded)
      if layout.sequence != nil {
        contents.missingPackets = contents.missingPackets.saturatingAdd(stream.missingPackets)
      }
      cursors.append(LTTngCursor(stream, layout))
    }
    try merge(cursors, into: splitter, damaged: &damaged)
    if damaged > 0 {
      contents.problems.append(
        ReadingProblem(
          file: latest.path, text: "\(damaged) damaged places, and what followed them in their packets, left out"))
    }
    return contents
  }

  /// Hands all streams' events to the splitter, in the order of time.
  private static func merge(_ cursors: [LTTngCursor], into splitter: LaneSplitter, damaged: inout Int)
    throws(ReadingError)
  {
    var heads: [(time: UInt64, cursor: UnsafeMutablePointer<LTTngCursor>)] = []
    // SAFETY: each cursor is allocated and freed here, and reached by nobody else.
    func drop(_ cursor: UnsafeMutablePointer<LTTngCursor>) {
      damaged += cursor.pointee.damaged
      cursor.deinitialize(count: 1)
      cursor.deallocate()
    }
    for value in cursors {
      let cursor = UnsafeMutablePointer<LTTngCursor>.allocate(capacity: 1)
      cursor.initialize(to: value)
      let more = cursor.pointee.advance()
      if cursor.pointee.lossBefore { splitter.lossBegins() }
      if more { heads.append((cursor.pointee.time, cursor)) } else { drop(cursor) }
    }
    defer { for head in heads { drop(head.cursor) } }
    while !heads.isEmpty {
      var first = 0
      var limit = UInt64.max  // the second earliest
      for index in 1..<max(1, heads.count) {
        let time = heads[index].time
        if time < heads[first].time {
          limit = heads[first].time
          first = index
        } else if time < limit {
          limit = time
        }
      }
      let cursor = heads[first].cursor
      var more = true
      repeat {
        let pid = cursor.pointee.pid
        if let definition = cursor.pointee.definition {
          splitter.add(definition, pid: pid)
        } else {
          try splitter.add(cursor.pointee.record, pid: pid)
        }
        if let program = cursor.pointee.program, !splitter.isNamed(pid) { splitter.name(program, pid: pid) }
        // The gap ends with the event that was handed on, and maybe another one opens behind it.
        if cursor.pointee.lossBefore { splitter.lossEnds() }
        more = cursor.pointee.advance()
        if cursor.pointee.lossBefore { splitter.lossBegins() }
      } while more && cursor.pointee.time <= limit
      if more {
        heads[first].time = cursor.pointee.time
      } else {
        drop(cursor)
        heads.remove(at: first)
      }
    }
  }
}
