// The writing end of one lane: fixed records into mapped memory.
//
// A ring is the lane's place in the log: a packet of the lane's file, mapped. When the packet is full the ring moves to the
// next one: in the same window (a mapped piece of the file), in the window that the log's thread has prepared meanwhile
// (stream), or back at the beginning (overwrite). Where there is none, the event is counted as lost.
//
// Roles: the owner, the thread that has the lane, appends. The log (LogSession, LogWriter) opens, extends and closes files.
// Invariants:
//   I1  Only the owner touches the fields marked `owner`, between setting `busy` and clearing it; the log touches them
//       only while the gate is closed and `busy` is 0, or before the ring has a file.
//   I2  A record's time is stored after its other fields, the packet's `end` and `contentBits` after that: at every
//       instant the file holds whole records as far as `contentBits`, so a killed program leaves a readable trace.
//   I3  Times in a lane never decrease.
// Pairings:
//   P1  owner: busy = 1, compiler barrier, load gate  |  log: gate = 0, membarrier on all threads, load busy.
//       (`gate`: the event's half word, on the short way, else `cf_recording`.)
//       Either the owner sees the closed gate or the log sees it busy and waits (Dekker, the fence on the rare side).
//   P2  owner: busy = 0 (release)  |  log: busy == 0 (acquire), then reads the owner's fields.
//   P3  log: next window (release)  |  owner: takes it (acquire).
import CPlatform
import CTracepoints
import SchedulerEvents
import Synchronization

// SAFETY: I1 says who touches what; the owner and the log uphold it by P1 to P3.
struct EventRing: @unchecked Sendable {
  /// What is beyond the current window.
  enum Request {
    /// `populate`: make the pages of the current window present.
    static let none: UInt32 = 0, wanted: UInt32 = 1, preparing: UInt32 = 2, populate: UInt32 = 3
  }
  /// `closed`: no file yet in this recording. `refused`: the file system refused it; the log's thread tries again.
  enum State { case closed, open, refused }

  /// A mapped piece of the lane's file.
  struct Window {
    var base: UnsafeMutableRawPointer
    var size: Int
    var fileOffset: Int
  }

  /// What a snapshot copies of a lane. `ring`: the one window of the whole recording, in overwrite mode.
  enum Kept { case nothing, file, ring(Window) }

  struct Head: ~Copyable {
    // owner: the hot ones. First, because a change of any field counts for ThreadSanitizer as one of the first word.
    /// Addresses; 0: no window.
    var cursor: UInt = 0
    var limit: UInt = 0
    var packet: UnsafeMutableRawPointer?
    /// P1, P2.
    let busy = Atomic<UInt32>(0)
    let lane: UInt16
    // owner: touched once a packet, or when events are lost.
    var window: Window?
    var sequence: UInt64 = 0
    /// Atomic, because the header of a prepared window shows it (readers expect that it never decreases).
    let lost = Atomic<UInt64>(0)
    var unreported: UInt64 = 0
    /// Why events are being lost (LossCause).
    let cause = Atomic<UInt8>(LossCause.late.rawValue)
    var regions: UInt64 = 0
    /// The label of the last task submitted here, and of the last annotation: mostly those of the next ones too.
    var taskLabel = Labels.Entry()
    var annotationLabel = Labels.Entry()
    var tid: Int32 = 0
    /// Time of the last record before the current window.
    var lastEnd: UInt64 = 0
    /// (task, time) of the tasks that run here, by nesting; only kept while a threshold is set.
    var began: UnsafeMutablePointer<UInt64>?
    // The log's, fixed while recording.
    var state = State.closed
    var mode = EventLog.Mode.stream
    var file: LogFile?
    /// Under the log's lock.
    var kept = Kept.nothing
    // Between owner and log's thread.
    let request = Atomic<UInt32>(Request.none)
    /// P3. Base of the window that was prepared; its size and offset are in `nextWindow`.
    let next = Atomic<UnsafeMutableRawPointer?>(nil)
    var nextWindow: Window?
    /// The window that the owner has left, to be unmapped by the log's thread. Handed over by `request`.
    var retired: Window?

    init(lane: UInt16) { self.lane = lane }
  }

  // SAFETY: allocated once a lane and never freed, so that a thread that is about to record always finds it. I1 says who may
  // touch what; that makes it Sendable.
  let head: UnsafeMutablePointer<Head>

  init(lane: UInt16) {
    // A cache line of its own: it is written with every record.
    let memory = UnsafeMutableRawPointer.allocate(byteCount: MemoryLayout<Head>.size, alignment: 128)
    head = memory.bindMemory(to: Head.self, capacity: 1)
    head.initialize(to: Head(lane: lane))
  }
  init?(_ opaque: UnsafeMutableRawPointer?) {
    guard let opaque else { return nil }
    head = opaque.assumingMemoryBound(to: Head.self)
  }
  var opaque: UnsafeMutableRawPointer { UnsafeMutableRawPointer(head) }
  var lane: UInt16 { head.pointee.lane }

  func setOwner(tid: Int32) { head.pointee.tid = tid }

  // MARK: The owner

  /// Writes the record, stamped now. Never waits and allocates nothing; opens the lane's file if this is its first event.
  ///
  /// A leaf: whatever is not the usual case is left to `appendSlowly`, as the last thing done.
  /// - Parameter kind: a constant at each call.
  @inline(__always) func append(_ record: EventRecord, _ kind: EventKind, followsEnd: Bool = false) {
    head.pointee.busy.store(1, ordering: .relaxed)  // P1
    cf_compiler_barrier()
    guard cf_logged(kind.rawValue) == RecordingGate.Way.short, head.pointee.cursor != head.pointee.limit,
      let line = cf_clock_line()
    else { return appendSlowly(record, kind, followsEnd) }
    if kind == .taskStart, followsEnd, let end = endOfLastTask {
      store(record, kind, at: end)
    } else {
      put(record, kind, at: TraceClock.now(on: line))
    }
    leave()
  }

  /// When a task of the own deque starts right after another one ended, with nothing recorded between, the end of that is the
  /// start of this: reading the clock is most of an event's cost. What lies between is the worker's own: dropping the old
  /// task and taking the next.
  @inline(__always) private var endOfLastTask: UInt64? {
    let cursor = UnsafeMutableRawPointer(bitPattern: head.pointee.cursor).unsafelyUnwrapped
    // SAFETY: 32 bytes before the cursor lies our last record, or the end of the packet's header.
    let previous = (cursor - EventRecord.size).assumingMemoryBound(to: EventRecord.self)
    guard previous.pointee.id == EventKind.taskEnd.rawValue,
      cursor != head.pointee.packet.unsafelyUnwrapped + PacketHeader.size
    else { return nil }
    return previous.pointee.time
  }

  /// False if nothing records (any more).
  private func enter() -> Bool {
    head.pointee.busy.store(1, ordering: .relaxed)  // P1
    cf_compiler_barrier()
    if cf_recording() & RecordingGate.log != 0 { return true }
    head.pointee.busy.store(0, ordering: .relaxed)
    return false
  }
  @inline(__always) private func leave() { head.pointee.busy.store(0, ordering: .releasing) }  // P2

  /// There is room at the cursor.
  @inline(__always) func put(_ record: EventRecord, _ kind: EventKind, at now: UInt64) {
    // I3; `end` is our own last write.
    let last = field(head.pointee.packet.unsafelyUnwrapped, .end).pointee.load(ordering: .relaxed)
    store(record, kind, at: max(now, last))
  }

  /// The same at a time that is not before the last record's.
  @inline(__always) private func store(_ record: EventRecord, _ kind: EventKind, at time: UInt64) {
    let cursor = UnsafeMutableRawPointer(bitPattern: head.pointee.cursor).unsafelyUnwrapped
    let packet = head.pointee.packet.unsafelyUnwrapped
    // SAFETY: the cursor is a multiple of 32 bytes into mapped memory that only we write (I1).
    let place = cursor.assumingMemoryBound(to: EventRecord.self)
    place.pointee.id = record.id
    place.pointee.worker = record.worker
    place.pointee.aux = record.aux
    place.pointee.a = record.a
    place.pointee.b = record.b
    // I2: three releasing stores in a row, plain moves on x86-64.
    atomic(cursor).pointee.store(time, ordering: .releasing)
    field(packet, .end).pointee.store(time, ordering: .releasing)
    field(packet, .contentBits).pointee.store(
      UInt64(truncatingIfNeeded: (cursor - packet) &* 8 &+ kind.contentBits), ordering: .releasing)
    head.pointee.cursor &+= UInt(EventRecord.size)
  }

  /// `busy` is set. Off, no room, no clock line yet, or a threshold to watch.
  @inline(never) private func appendSlowly(_ record: EventRecord, _ kind: EventKind, _ followsEnd: Bool) {
    leave()
    for attempt in 0..<2 {
      guard enter() else { return }
      if head.pointee.cursor != head.pointee.limit || advance() {
        put(record, kind, at: followsEnd ? endOfLastTask ?? TraceClock.now : TraceClock.now)
        if cf_recording() & RecordingGate.thresholds != 0 { SnapshotTrigger.watch(record, self) }
        return leave()
      }
      guard attempt == 0, head.pointee.state == .closed else { break }
      leave()
      LogSession.openLane(self)
    }
    lose()
    leave()
  }

  private func lose() {
    let lost = head.pointee.lost.wrappingAdd(1, ordering: .relaxed).newValue
    head.pointee.unreported += 1
    if let packet = head.pointee.packet {
      field(packet, .discarded).pointee.store(lost, ordering: .releasing)
    }
  }

  /// Moves to the next packet; false: there is none.
  private func advance() -> Bool {
    guard let window = head.pointee.window, let limit = UnsafeMutableRawPointer(bitPattern: head.pointee.limit) else {
      // Refused at first, granted since.
      guard head.pointee.state == .refused,
        head.pointee.next.load(ordering: .acquiring) != nil  // P3
      else { return false }
      head.pointee.state = .open
      enterWindow(head.pointee.nextWindow.unsafelyUnwrapped, retiring: nil)
      reportLost()
      return true
    }
    let windowEnd = window.base + window.size
    if head.pointee.mode == .overwrite {
      openSlot(limit == windowEnd ? window.base : limit)
    } else if windowEnd - limit > EventRecord.size {  // not only the slot that is kept for `lost`
      let old = head.pointee.packet.unsafelyUnwrapped
      openFresh(limit, windowEnd: windowEnd)
      // The new header is whole: now the old packet may end where it begins.
      field(old, .packetBits).pointee.store(UInt64(limit - old) * 8, ordering: .releasing)
      // Half of the window is used: time for the next one.
      if head.pointee.mode == .stream, (limit - window.base) * 2 >= window.size { requestWindow() }
    } else if head.pointee.mode == .stream, head.pointee.next.load(ordering: .acquiring) != nil {  // P3
      enterWindow(head.pointee.nextWindow.unsafelyUnwrapped, retiring: window)
    } else {
      if head.pointee.mode == .stream {
        requestWindow()
      } else {
        head.pointee.cause.store(LossCause.full.rawValue, ordering: .relaxed)
      }
      return false
    }
    reportLost()
    return true
  }

  func requestWindow() {
    guard head.pointee.next.load(ordering: .relaxed) == nil,
      head.pointee.request.compareExchange(
        expected: Request.none, desired: Request.wanted, ordering: .releasing
      ).exchanged
    else { return }
    LogWriter.wake()
  }

  private func enterWindow(_ window: Window, retiring old: Window?) {
    head.pointee.next.store(nil, ordering: .relaxed)  // only we take it; the log's thread sees it through `request`
    head.pointee.window = window
    openPrepared(window)
    head.pointee.retired = old
    // A small window, of an outside thread that records little so far, is followed when half of it is used (`advance`).
    if head.pointee.mode == .stream, window.fileOffset > 0 { requestWindow() }
  }

  /// Writes down how many events were lost before this one.
  func reportLost() {
    guard let record = loss() else { return }
    put(record, .lost, at: TraceClock.now)
    head.pointee.unreported = 0
  }

  /// What was lost and is not reported yet; nil: nothing. Causes count anew from here.
  private func loss() -> EventRecord? {
    guard head.pointee.unreported > 0 else { return nil }
    var record = EventRecord(.lost, worker: lane)
    record[Lost.cause] = UInt64(head.pointee.cause.exchange(LossCause.late.rawValue, ordering: .relaxed))
    record[Lost.count] = head.pointee.unreported
    return record
  }

  /// A packet that says how many events this lane has lost; nil: none. By the log under I1.
  func lossAlone() -> [UInt8]? {
    guard var record = loss() else { return nil }
    let now = TraceClock.now
    record.time = now
    var header = newHeader(reaching: PacketHeader.size + EventRecord.size, at: now)
    header.contentBits = UInt64(PacketHeader.size * 8 + EventKind.lost.contentBits)
    var packet = [UInt8](repeating: 0, count: PacketHeader.size + EventRecord.size)
    packet.withUnsafeMutableBytes {
      header.store(to: $0.baseAddress.unsafelyUnwrapped)
      $0.storeBytes(of: record, toByteOffset: PacketHeader.size, as: EventRecord.self)
    }
    return packet
  }

  // MARK: Packets

  /// The header of a new packet here, empty, that reaches to the end of the window.
  private func newHeader(reaching bytes: Int, at now: UInt64) -> PacketHeader {
    PacketHeader(
      stream: .records, uuid: LogSession.uuid, instance: UInt64(lane), begin: now, end: now,
      contentBits: PacketHeader.emptyBits, packetBits: UInt64(bytes) * 8, sequence: head.pointee.sequence,
      discarded: head.pointee.lost.load(ordering: .relaxed), tid: UInt32(bitPattern: head.pointee.tid), worker: lane)
  }
  /// Time for a packet that begins now: not before its predecessor ended (I3).
  private func beginning() -> UInt64 {
    guard let packet = head.pointee.packet else { return max(TraceClock.now, head.pointee.lastEnd) }
    return max(TraceClock.now, field(packet, .end).pointee.load(ordering: .relaxed))
  }
  private func use(_ packet: UnsafeMutableRawPointer, windowEnd: UnsafeMutableRawPointer) {
    head.pointee.packet = packet
    head.pointee.cursor = UInt(bitPattern: packet + PacketHeader.size)
    let end = min(packet + PacketHeader.packetBytes, windowEnd)
    // The last packet of a window keeps a slot for `lost`, except in a ring.
    let isKept = end == windowEnd && head.pointee.mode != .overwrite
    head.pointee.limit = UInt(bitPattern: isKept ? end - EventRecord.size : end)
    head.pointee.sequence += 1
  }
  /// A packet in memory that no reader has a way to yet.
  private func openFresh(_ packet: UnsafeMutableRawPointer, windowEnd: UnsafeMutableRawPointer) {
    newHeader(reaching: windowEnd - packet, at: beginning()).store(to: packet)
    use(packet, windowEnd: windowEnd)
  }
  /// The first packet of a window: a reader may already look at its (empty) header, so it changes field by field.
  func openPrepared(_ window: Window) {
    let header = newHeader(reaching: window.size, at: beginning())
    field(window.base, .sequence).pointee.store(header.sequence, ordering: .relaxed)
    field(window.base, .discarded).pointee.store(header.discarded, ordering: .relaxed)
    let tid = window.base + PacketHeader.Offset.tid.rawValue
    tid.storeBytes(of: header.tid, as: UInt32.self)
    field(window.base, .begin).pointee.store(header.begin, ordering: .releasing)
    field(window.base, .end).pointee.store(header.end, ordering: .releasing)
    use(window.base, windowEnd: window.base + window.size)
  }
  /// A slot of a ring that is used again (PacketHeader I4).
  func openSlot(_ slot: UnsafeMutableRawPointer) {
    let window = head.pointee.window.unsafelyUnwrapped
    var header = newHeader(reaching: PacketHeader.packetBytes, at: beginning())
    let revision = field(slot, .revision)
    header.revision = revision.pointee.load(ordering: .relaxed) | 1  // our own last write
    revision.pointee.store(header.revision, ordering: .relaxed)
    // Readers read through the kernel, which orders; the fence keeps the stores below from moving up.
    atomicMemoryFence(ordering: .acquiringAndReleasing)
    header.store(to: slot)
    revision.pointee.store(header.revision + 1, ordering: .releasing)
    use(slot, windowEnd: window.base + window.size)
  }

  @inline(__always) func field(_ packet: UnsafeMutableRawPointer, _ offset: PacketHeader.Offset)
    -> UnsafeMutablePointer<Atomic<UInt64>>
  {
    atomic(packet + offset.rawValue)
  }
  @inline(__always) private func atomic(_ word: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Atomic<UInt64>> {
    // SAFETY: 8-byte aligned mapped memory; an Atomic<UInt64> is laid out as its value.
    word.assumingMemoryBound(to: Atomic<UInt64>.self)
  }

  // MARK: What the recorder keeps for the owner

  /// A number for a region of this lane.
  func nextRegion() -> UInt64 {
    head.pointee.regions += 1
    return UInt64(lane) << 48 | head.pointee.regions
  }

  private static let depthLimit = 64
  /// Notes that a task begins beneath `nesting` others. Deeper ones than `depthLimit` are not noted.
  func noteStart(of task: UInt64, at time: UInt64, _ nesting: Int) {
    guard nesting < Self.depthLimit else { return }
    let began = head.pointee.began ?? .allocate(capacity: 2 * Self.depthLimit)
    if head.pointee.began == nil { began.initialize(repeating: 0, count: 2 * Self.depthLimit) }
    head.pointee.began = began
    began[2 * nesting] = task
    began[2 * nesting + 1] = time
  }
  func startTime(of task: UInt64) -> UInt64? {
    guard let began = head.pointee.began else { return nil }
    for nesting in 0..<Self.depthLimit where began[2 * nesting] == task { return began[2 * nesting + 1] }
    return nil
  }

  // MARK: The lane changes hands

  /// The owner ends: what the lane's file was given beyond its records goes back, so that a stopped pool leaves whole files.
  func ownerLeaves() {
    guard enter() else { return }
    defer { leave() }
    guard head.pointee.mode == .stream, head.pointee.window != nil,
      // The log's thread is at work on the file: it stays as it is.
      head.pointee.request.compareExchange(
        expected: Request.wanted, desired: Request.none, ordering: .acquiringAndReleasing
      ).original != Request.preparing
    else { return }
    trim()
  }

  /// Cuts the file behind the last record and gives the memory back. The next event opens a window again.
  /// By the owner, or by the log under I1. `request` is none.
  func trim() {
    guard let window = head.pointee.window, let packet = head.pointee.packet, let file = head.pointee.file else {
      return
    }
    // There is always room: the last slot of a window is kept for this.
    reportLost()
    let used = window.fileOffset + Int(head.pointee.cursor - UInt(bitPattern: window.base))
    let end = LogFile.roundUpToPage(used)
    let packetOffset = window.fileOffset + (packet - window.base)
    // First the packet ends where the file will, then the file is cut.
    field(packet, .packetBits).pointee.store(UInt64(end - packetOffset) * 8, ordering: .releasing)
    if head.pointee.next.exchange(nil, ordering: .acquiring) != nil, let next = head.pointee.nextWindow {
      LogFile.unmap(next)
    }
    head.pointee.nextWindow = nil
    if let retired = head.pointee.retired { LogFile.unmap(retired) }
    head.pointee.retired = nil
    file.truncate(to: end)
    head.pointee.file?.end = end
    head.pointee.lastEnd = field(packet, .end).pointee.load(ordering: .relaxed)
    LogFile.unmap(window)
    forgetWindow()
    head.pointee.state = .closed
  }

  /// Forgets the recording that is over. By the log under I1; the files are closed.
  func reset() {
    forgetWindow()
    head.pointee.state = .closed
    head.pointee.file = nil
    head.pointee.kept = .nothing
    head.pointee.nextWindow = nil
    head.pointee.retired = nil
    head.pointee.next.store(nil, ordering: .relaxed)
    head.pointee.request.store(Request.none, ordering: .relaxed)
    head.pointee.cause.store(LossCause.late.rawValue, ordering: .relaxed)
    head.pointee.sequence = 0
    head.pointee.lost.store(0, ordering: .relaxed)
    head.pointee.unreported = 0
    head.pointee.lastEnd = 0
  }

  private func forgetWindow() {
    head.pointee.window = nil
    head.pointee.packet = nil
    head.pointee.cursor = 0
    head.pointee.limit = 0
  }
}
