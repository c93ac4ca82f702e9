// Worker processes in a session of LTTng-UST: they register their tracepoints before their first task.
import Foundation
import Testing
import Timelines

extension LTTngTests {
  @Test func workerProcessesRecordToo() throws {
    let perProcess = createAndStart.replacing("-u c --subbuf", with: "-u c --buffers-pid --subbuf")
    let run = try LTTngRun(perProcess + "$CHILD processes $OUT stream 0 50 2" + stopAndDestroy)
    #expect(run.status == 0, "\(run.errors)")
    let (lines, errors) = try run.events("trace")
    #expect(errors == "")
    #expect(lines.count { $0.contains("pool_config") && $0.contains("worker of ") } >= 2)
    #expect(lines.count(of: "task_end") == 51)
    let trace = try Trace.open(run.folder + "/trace")
    let calls = Calls.of(trace)
    #expect(calls.recorded >= 2 && calls.peers.count == calls.recorded)
    let group = try #require(calls.labels.first { trace.labels.text($0.key) == "Doubled" }?.value)
    for part in [group.queue, group.there, group.run, group.back] { #expect(part.count >= 51) }
  }
}
