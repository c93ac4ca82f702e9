// One recording: its folder, its definitions, its lanes' files; how it begins and ends.
//
// Roles: any thread may start, stop, open its lane, or enter a label; all of it under `lock`, none of it on the recording path.
// EventRing says when the log may touch a ring.
import CPlatform
import Glibc
import SchedulerEvents
import Synchronization

final class LogSession {
  /// Guards everything here and the rings' files. Held across system calls, but never by a thread that is recording.
  static let lock = LogLock()
  // SAFETY: only touched with `lock` held.
  nonisolated(unsafe) private(set) static var current: LogSession?
  // SAFETY: written with `lock` held before the gate opens, and while it is closed and all rings are quiet.
  nonisolated(unsafe) private(set) static var uuid = TraceUUID(high: 0, low: 0)
  /// The ring of the log itself, for what it states on behalf of others. Owner: the starting thread, then the log's thread.
  static let ownRing = EventRing(lane: LogLayout.logLane)

  let configuration: EventLog.Configuration
  let folder: TraceFolder
  let bytesPerLane: Int
  private let definitions: Int32
  private let began = cf_monotonic_ns()
  private var definitionCount: UInt64 = 0
  private var lastDefinition: UInt64 = 0
  private let reported = Atomic<Bool>(false)
  var snapshots = 0
  /// Bytes that lanes may still take.
  private let bytesLeft: Atomic<Int>

  // MARK: Begin

  static func start(_ configuration: EventLog.Configuration) throws(EventLogError) {
    EventLog.prepareProcess()
    lock.lock()
    do {
      guard current == nil else { throw EventLogError("the event log is recording already") }
      _ = cf_membarrier_register()
      let session = try LogSession(configuration)
      current = session
      _ = TraceClock.calibrate()
      RecordingGate.open(RecordingGate.log | SnapshotTrigger.arm(configuration))
      for definition in Labels.definitions() + PoolDefinitions.definitions() { session.write(definition) }
    } catch {
      lock.unlock()
      throw error as? EventLogError ?? EventLogError("\(error)")
    }
    lock.unlock()
    stateWorkers()
    let code = LogWriter.start()
    if code != 0 {
      stop()
      throw EventLogError("cannot start the event log's thread: \(SystemError(code, nil))")
    }
  }

  private init(_ configuration: EventLog.Configuration) throws {
    self.configuration = configuration
    bytesLeft = Atomic(configuration.maximumBytes ?? .max)
    bytesPerLane = max(2, configuration.bytesPerLane / PacketHeader.packetBytes) * PacketHeader.packetBytes
    Self.uuid = TraceUUID(high: .random(in: 0...UInt64.max), low: .random(in: 0...UInt64.max))
    folder = try TraceFolder.create(in: configuration.directory, mode: configuration.mode)
    let metadata = Metadata.text(folder.description(uuid: Self.uuid, mode: configuration.mode))
    try TraceFolder.write(Array(metadata.utf8), to: folder.path + "/" + LogLayout.metadataFile)
    definitions = try LogFile.create(folder.path + "/" + LogLayout.definitionsFile).descriptor
  }

  // MARK: While recording

  /// Opens the calling owner's lane: its file, its first window. Called by a thread that is not `busy`.
  static func openLane(_ ring: EventRing) {
    lock.withLock {
      guard let session = current, ring.head.pointee.state == .closed else { return }
      ring.head.pointee.mode = session.configuration.mode
      do throws(SystemError) {
        let window = try session.firstWindow(ring)
        ring.head.pointee.kept = session.kept(window)
        ring.head.pointee.window = window
        ring.openPrepared(window)
        ring.head.pointee.state = .open
        if session.configuration.mode != .stream {
          ring.head.pointee.request.store(EventRing.Request.populate, ordering: .releasing)
          LogWriter.wake()
        } else if ring.lane < EventValue.firstOutsideLane {
          ring.requestWindow()
        }
      } catch {
        ring.head.pointee.state = .refused
        session.refuse(ring, error)
      }
    }
  }

  private func firstWindow(_ ring: EventRing) throws(SystemError) -> EventRing.Window {
    var size = configuration.mode == .stream ? windowSize(ring, fileEnd: 0) : bytesPerLane
    // The log itself says little.
    if ring.lane == LogLayout.logLane { size = min(size, 4 * PacketHeader.packetBytes) }
    var file: LogFile
    if let open = ring.head.pointee.file { file = open } else { file = try LogFile.create(path(ring.lane)) }
    ring.head.pointee.file = file
    let window = try extend(&file, by: size)
    ring.head.pointee.file = file
    prepare(window, ring)
    return window
  }

  /// Of a lane that begins with `window`.
  private func kept(_ window: EventRing.Window) -> EventRing.Kept {
    configuration.mode == .overwrite ? .ring(window) : .file
  }

  /// By the log's thread: the window after the current one, or the first if the file system had refused it.
  /// The lock is not held while the file grows: a thread that opens its lane meanwhile does not wait for that.
  static func prepareNext(_ ring: EventRing) -> Bool { lock.withLock { current }?.prepareNext(ring) ?? true }

  private func prepareNext(_ ring: EventRing) -> Bool {
    do throws(SystemError) {
      let window: EventRing.Window
      if var file = ring.head.pointee.file, ring.head.pointee.state == .open {
        window = try extend(&file, by: windowSize(ring, fileEnd: file.end))
        ring.head.pointee.file = file
        prepare(window, ring)
      } else {
        window = try firstWindow(ring)
        Self.lock.withLock { ring.head.pointee.kept = kept(window) }
      }
      LogFile.populate(window)
      ring.head.pointee.nextWindow = window
      ring.head.pointee.next.store(window.base, ordering: .releasing)  // P3
      return true
    } catch {
      refuse(ring, error)
      return false
    }
  }

  /// Stream mode: half of what a lane may map. Larger: more disk taken in advance. Smaller: less time to prepare the next one.
  /// Threads outside of pools, of which there may be many, begin with less.
  private func windowSize(_ ring: EventRing, fileEnd: Int) -> Int {
    let full = bytesPerLane / 2 / PacketHeader.packetBytes * PacketHeader.packetBytes
    return ring.lane < EventValue.firstOutsideLane ? full : min(max(16 * PacketHeader.packetBytes, fileEnd), full)
  }
  private func extend(_ file: inout LogFile, by size: Int) throws(SystemError) -> EventRing.Window {
    guard bytesLeft.wrappingSubtract(size, ordering: .relaxed).newValue >= 0 else {
      bytesLeft.wrappingAdd(size, ordering: .relaxed)
      throw SystemError(EDQUOT, nil)
    }
    return try file.extend(by: size)
  }

  /// Headers for packets that nobody has used yet, so that the file is whole at any time.
  private func prepare(_ window: EventRing.Window, _ ring: EventRing) {
    let step = configuration.mode == .overwrite ? PacketHeader.packetBytes : window.size
    for offset in stride(from: 0, to: window.size, by: step) {
      PacketHeader(
        stream: .records, uuid: Self.uuid, instance: UInt64(ring.lane), begin: PacketHeader.unused,
        end: PacketHeader.unused, contentBits: PacketHeader.emptyBits, packetBits: UInt64(step) * 8, sequence: 0,
        discarded: ring.head.pointee.lost.load(ordering: .relaxed), tid: 0, worker: ring.lane
      ).store(to: window.base + offset)
    }
  }

  private func refuse(_ ring: EventRing, _ error: SystemError) {
    ring.head.pointee.cause.store(LossCause.refused.rawValue, ordering: .relaxed)
    ring.head.pointee.request.store(EventRing.Request.wanted, ordering: .releasing)
    report(error)
  }

  /// What the log's thread does every tick. Returns false when the recording has reached its duration.
  static func keepHouse() -> Bool {
    let session = lock.withLock { current }
    guard let configuration = session?.configuration, let began = session?.began else { return true }
    if configuration.mode == .overwrite { stateWorkers() }
    guard let duration = configuration.maximumDuration else { return true }
    return cf_monotonic_ns() - began < duration.nanoseconds
  }

  /// Whether `keepHouse` has anything to do.
  static var needsTicks: Bool {
    lock.withLock {
      current.map { $0.configuration.mode == .overwrite || $0.configuration.maximumDuration != nil } ?? false
    }
  }

  private func path(_ lane: UInt16) -> String {
    (configuration.mode == .overwrite ? folder.ringsPath : folder.path) + "/" + LogLayout.fileName(lane: lane)
  }

  /// Adds a definition: a packet of its own in a single write, so the file is whole at any time.
  func write(_ definition: Definition) {
    lastDefinition = max(TraceClock.now, lastDefinition)
    let body = definition.encode(time: lastDefinition)
    let bits = UInt64(PacketHeader.size + body.count) * 8
    let header = PacketHeader(
      stream: .definitions, uuid: Self.uuid, instance: LogLayout.definitionsInstance, begin: lastDefinition,
      end: lastDefinition, contentBits: bits, packetBits: bits, sequence: definitionCount, discarded: 0,
      tid: UInt32(bitPattern: cf_gettid()), worker: EventValue.noLane)
    var packet = [UInt8](repeating: 0, count: PacketHeader.size)
    packet.withUnsafeMutableBytes { header.store(to: $0.baseAddress.unsafelyUnwrapped) }
    do throws(SystemError) {
      try LogFile.append(packet + body, to: definitions)
      definitionCount += 1
    } catch {
      report(error)
    }
  }

  /// Says once what the file system refuses. The program goes on; what is not kept is counted.
  private func report(_ error: SystemError) {
    guard !reported.exchange(true, ordering: .relaxed) else { return }
    EventLog.complain("\(folder.path): \(SystemError(error.code, nil)); events that do not fit are counted as lost")
  }

  // MARK: End

  static func stop() {
    lock.withLock { RecordingGate.close() }
    LogWriter.stop()
    Snapshot.lock.withLock {
      lock.withLock {
        guard let session = current else { return }
        silenceRings()
        var rings: [EventRing] = [ownRing]
        Lanes.forEachRing { rings.append($0) }
        for ring in rings { session.close(ring) }
        if session.configuration.mode == .overwrite { session.folder.removeRings() }
        _ = Glibc.close(session.definitions)
        current = nil
        TraceClock.rest()
      }
    }
  }

  /// Returns when no thread is writing a record. The gate is closed.
  private static func silenceRings() {
    // EventRing P1. Without membarrier (an old kernel): stores leave a processor's buffer long before that.
    if cf_membarrier_register() == 0 { cf_membarrier() } else { usleep(10_000) }
    func wait(_ ring: EventRing) {
      while ring.head.pointee.busy.load(ordering: .acquiring) != 0 { sched_yield() }  // P2
    }
    wait(ownRing)
    Lanes.forEachRing(wait)
  }

  private func close(_ ring: EventRing) {
    let isEmpty = ring.head.pointee.sequence == 0
    if let file = ring.head.pointee.file { close(ring, file, isEmpty: isEmpty) }
    if isEmpty { stateLoss(ring) }
    ring.reset()
  }

  private func close(_ ring: EventRing, _ file: LogFile, isEmpty: Bool) {
    switch ring.head.pointee.kept {
    case .nothing: break
    case .file: ring.trim()
    case .ring(let window):
      if !isEmpty { keep(window, of: ring) }
      LogFile.unmap(window)
    }
    if isEmpty { unlink(path(ring.lane)) }
    file.close()
  }

  private func keep(_ window: EventRing.Window, of ring: EventRing) {
    ring.reportLost()
    do throws(SystemError) {
      try RingCopy.copy(window, to: folder.path + "/" + LogLayout.fileName(lane: ring.lane))
      unlink(path(ring.lane))
    } catch {
      report(error)  // the ring stays where it is; readers find it
    }
  }

  /// A lane that found no room has nothing but a count: a file of one record says it, beyond a limit if need be.
  private func stateLoss(_ ring: EventRing) {
    guard let packet = ring.lossAlone() else { return }
    let path = folder.path + "/" + LogLayout.fileName(lane: ring.lane)
    do throws(SystemError) {
      let file = try LogFile.create(path)
      defer { file.close() }
      do throws(SystemError) { try LogFile.append(packet, to: file.descriptor) } catch {
        unlink(path)
        throw error
      }
    } catch {
      report(error)
    }
  }

  /// In the child of a fork, where only this thread exists: the files are the parent's.
  ///
  /// What it does with types was done by `rehearseFork` before: another thread may have stood in the runtime's locks when
  /// the process forked, and nobody is left in the child to open them.
  static func forkedChild() {
    RecordingGate.close()
    Lanes.forkedChild()
    AsyncJob.forkedChild()
    Lanes.visitRings(forget)
    forget(ownRing)
    if let session = current { _ = Glibc.close(session.definitions) }
    current = nil
    TraceClock.rest()
    LogWriter.forkedChild()
    lock.reset()
    Snapshot.lock.reset()
  }

  /// Before a fork, with the locks held.
  static func rehearseFork() { Lanes.visitRings { _ in } }

  private static func forget(_ ring: EventRing) {
    if let window = ring.head.pointee.window { LogFile.unmap(window) }
    ring.head.pointee.file?.close()
    ring.head.pointee.busy.store(0, ordering: .relaxed)
    ring.reset()
  }
}
