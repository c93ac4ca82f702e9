// The code of Tracing.md. What it claims is shown by RecordingTests and LTTngTests, in processes of their own.
import ConcurrentFutures

private func recordStartup() throws {
  try EventLog.start(.init(directory: "/tmp/log"))
  defer { EventLog.stop() }
  EventLog.region("load configuration") {
    EventLog.counter("files", 12)
  }
  EventLog.mark("ready")
}

private func recordAlways() throws {
  var configuration = EventLog.Configuration(directory: "/var/tmp/recorder")
  configuration.mode = .overwrite
  configuration.snapshotWhenQueuedLongerThan = .milliseconds(50)
  try EventLog.start(configuration)
}
private func complain() throws -> String { try EventLog.snapshot() }
