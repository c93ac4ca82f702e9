// A running program's log, copied by another process.
import Foundation
import SchedulerEvents
import Testing
import Timelines

@Suite(.timeLimit(.minutes(1))) struct SnapshotFromOutsideTests {
  // Not in stream mode: the child writes as fast as it can, so its files, and the copies, have no bound.
  @Test(arguments: ["overwrite", "discard"]) func theProgramRunsOn(mode: String) throws {
    try withTemporaryFolder { folder in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: recordingChild)
      process.arguments = ["wait", folder, mode, "\(256 << 10)", "0", "2"]
      let input = Pipe()
      process.standardInput = input
      try process.run()
      defer {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
      }
      // Until every thread has filled its ring once, or the file has its second packet.
      func hasBegun() -> Bool {
        guard let log = try? LiveSnapshot.folders(ofProcess: process.processIdentifier).first else { return false }
        return ["outside-0", "outside-1"].allSatisfy { lane in
          [log, log + "/rings"].contains { folder in
            guard let file = FileHandle(forReadingAtPath: folder + "/" + lane) else { return false }
            defer { try? file.close() }
            try? file.seek(toOffset: UInt64(PacketHeader.packetBytes))
            let header = (try? file.read(upToCount: PacketHeader.size)) ?? Data()
            return header.count == PacketHeader.size
              && header.withUnsafeBytes { PacketHeader(loadingFrom: $0.baseAddress!) }.map {
                $0.begin != PacketHeader.unused && (mode != "overwrite" || $0.sequence > 4)
              } ?? false
          }
        }
      }
      while !hasBegun() { sched_yield() }
      let log = try #require(try LiveSnapshot.folders(ofProcess: process.processIdentifier).first)
      for _ in 0..<3 {
        let copy = try LiveSnapshot.take(log)
        let trace = try TraceOnDisk(copy)
        let byThread = Dictionary(grouping: trace.marks("value")) { $0 >> 32 }
        #expect(byThread.count == 2)
        for (_, values) in byThread where trace.streams.values.allSatisfy({ $0.discarded == 0 }) {
          #expect(values.count > 2000)
          #expect(values == values.sorted() && Set(values).count == values.count)
        }
        let read = try babeltrace2(copy)
        #expect(read.status == 0, "\(read.errors)")
      }
    }
  }

  @Test func aProcessWithoutALogHasNone() throws {
    #expect(try LiveSnapshot.folders(ofProcess: getpid()).filter { $0.contains("/proc/") }.isEmpty)
    #expect(throws: ReadingError.self) { try LiveSnapshot.folders(ofProcess: 1 << 30) }
  }
}
