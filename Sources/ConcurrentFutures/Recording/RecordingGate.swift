// Whether the event log records: what every recording site tests.
//
// A site tests one word (`Recorder.isOn`): half of it is LTTng's, the other half is written here, for all events alike. It is a hint.
// Who records for the log looks again with its ring marked busy (EventRing P1); what it sees then decides.
import CPlatform
import CTracepoints

enum RecordingGate {
  // Bits of `cf_recording`.
  @inline(__always) static var log: UInt32 { 1 }
  /// Tasks are watched for the thresholds of `EventLog.Configuration`.
  @inline(__always) static var thresholds: UInt32 { 2 }

  /// What the sites' words say of the log.
  enum Way {
    static let closed: UInt32 = 0
    /// Nothing but the record has to be written, and the time is read from the processor's counter.
    @inline(__always) static var short: UInt32 { 1 }
    static let long: UInt32 = 2
  }

  /// With the log's lock held.
  static func open(_ bits: UInt32) {
    cf_set_recording(bits)
    chooseWay()
  }
  /// With the log's lock held, or alone in the child of a fork.
  static func close() {
    cf_set_recording(0)
    cf_set_logged(Way.closed)
  }
  /// With the log's lock held. Again whenever the clock has got its line.
  static func chooseWay() {
    guard cf_recording() & log != 0 else { return }
    cf_set_logged(cf_recording() & thresholds == 0 && cf_clock_line() != nil ? Way.short : Way.long)
  }
}
