// Where the parts of an event log lie.
//
//     DIR/<program>-<pid>-<start>/        one trace: one process, one recording
//       metadata                          TSDL text (Metadata.swift)
//       definitions                       stream of Definition packets
//       worker-0, worker-1, ...           streams of records, one a worker lane
//       outside-0, ...                    the same for threads outside of every pool (lane 0x8000 + number)
//       log                               the log's own stream (lane 0xFFFE): worker_status on behalf of other lanes
//       rings/worker-0, ...               overwrite mode while the program runs, or after it was killed
//
// A file below `rings` has the same packets as a stream file, all of `PacketHeader.packetBytes`, but as a ring: sort them by
// `sequence`, skip those that were never used (`begin == PacketHeader.unused`) or whose `revision` is odd. When recording stops the
// rings are put in order and moved up.
//
// A program that was killed leaves its last window: the last used packet's `packetBits` then reaches to the window's end, and one
// packet that was prepared but never used may follow. The record after `contentBits` may be whole but uncounted.
// `worker` of a record may differ from its stream's lane (worker_status).

public enum LogLayout {
  public static let metadataFile = "metadata"
  public static let definitionsFile = "definitions"
  public static let ringsFolder = "rings"
  /// The lane of the log's own stream.
  @inlinable public static var logLane: UInt16 { 0xFFFE }
  /// `PacketHeader.instance` of the definitions stream.
  @inlinable public static var definitionsInstance: UInt64 { 0x10000 }

  public static func fileName(lane: UInt16) -> String {
    if lane == logLane { return "log" }
    return lane < EventValue.firstOutsideLane
      ? "worker-\(lane)" : "outside-\(lane - EventValue.firstOutsideLane)"
  }
  /// The lane whose stream has that name; nil: none has.
  public static func lane(ofFile name: String) -> UInt16? {
    let parts = name.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = UInt16(parts[1]), number < EventValue.firstOutsideLane else { return nil }
    let lane = parts[0] == "worker" ? number : number + EventValue.firstOutsideLane
    return fileName(lane: lane) == name ? lane : nil
  }
}
