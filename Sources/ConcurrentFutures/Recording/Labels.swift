// Labels: what tasks and annotations are called, as small numbers.
//
// A label's identity is the address of its StaticString (and the line, where the submit site is the label). The table only grows:
// looking up a known label takes no lock and allocates nothing; an unknown one is entered under the log's lock and its text
// written to the definitions once per recording.
//
// Pairings: P1  enter: slot's key (release), after its id  |  look up: key (acquire), then the id.
import SchedulerEvents
import Synchronization

enum Labels {
  /// Slots; three quarters are used at most. Larger: memory (16 bytes a slot, touched only where used). Smaller: labels
  /// beyond it have id 0, which reads as "no label".
  private static let slotCount = 1 << 15

  private struct Slot: ~Copyable {
    /// 0: free.
    let key = Atomic<UInt64>(0)
    let id = Atomic<UInt32>(0)
  }

  /// A label that was looked up.
  struct Entry {
    var key: UInt64 = 0
    var id: UInt32 = 0
  }

  /// A known label, for the definitions of a recording that starts later.
  private struct Known {
    let text: Text
    let file: StaticString?
    let line: UInt

    init(_ text: Text, file: StaticString?, line: UInt) {
      self.text = text
      self.file = file
      self.line = line
    }
  }

  /// Written in the source, or the name of a type.
  private enum Text: CustomStringConvertible {
    case written(StaticString)
    case type(String)
    var description: String {
      switch self {
      case .written(let text): text.description
      case .type(let name): name
      }
    }
  }

  // SAFETY: allocated once, never freed; slots are atomics.
  nonisolated(unsafe) private static let slots: UnsafeMutablePointer<Slot> = {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)
    for index in 0..<slotCount { (slots + index).initialize(to: Slot()) }
    return slots
  }()
  // SAFETY: only touched with the log's lock held. Label `i` is `known[i - 1]`.
  nonisolated(unsafe) private static var known: [Known] = []

  /// The id of a task's label.
  @inline(never) static func id(_ site: TaskSite) -> UInt32 {
    id(site.key) {
      guard let label = site.label else { return Known(.written(site.file), file: nil, line: site.line) }
      return Known(.written(label), file: site.file, line: site.line)
    }
  }
  /// What identifies an annotation's label.
  @inline(__always) static func key(_ label: StaticString) -> UInt64 { TaskSite.key(label, 0) }
  /// The id of an annotation's label.
  @inline(never) static func id(_ label: StaticString) -> UInt32 {
    id(key(label)) { Known(.written(label), file: nil, line: 0) }
  }

  /// The id of a label that is a type's name, and something behind it.
  @inline(never) static func id(_ type: Any.Type, suffix: StaticString? = nil) -> UInt32 {
    // SAFETY: a metatype is the address of its metadata: no text lies there, and it stays.
    let identity = UInt64(UInt(bitPattern: unsafeBitCast(type, to: UnsafeRawPointer.self)))
    return id(identity | (suffix == nil ? 0 : 1) << 47) {
      Known(.type(_typeName(type, qualified: false) + (suffix?.description ?? "")), file: nil, line: 0)
    }
  }

  @inline(__always) private static func firstSlot(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 49)
  }

  @inline(__always) private static func id(_ key: UInt64, _ describe: () -> Known) -> UInt32 {
    let first = slots + firstSlot(key)
    if first.pointee.key.load(ordering: .acquiring) == key { return first.pointee.id.load(ordering: .relaxed) }  // P1
    return search(key) ?? enter(key, describe())
  }

  @inline(never) private static func search(_ key: UInt64) -> UInt32? {
    var index = firstSlot(key)
    for _ in 0..<slotCount {
      let slot = slots + index
      let found = slot.pointee.key.load(ordering: .acquiring)  // P1
      if found == key { return slot.pointee.id.load(ordering: .relaxed) }
      if found == 0 { return nil }
      index = (index + 1) % slotCount
    }
    return 0
  }

  @inline(never) private static func enter(_ key: UInt64, _ label: Known) -> UInt32 {
    LogSession.lock.withLock {
      if let id = search(key) { return id }  // somebody else was faster
      guard known.count < slotCount / 4 * 3 else { return 0 }
      known.append(label)
      let id = UInt32(known.count)
      var index = firstSlot(key)
      while slots[index].key.load(ordering: .relaxed) != 0 { index = (index + 1) % slotCount }
      slots[index].id.store(id, ordering: .relaxed)
      slots[index].key.store(key, ordering: .releasing)  // P1
      LogSession.current?.write(definition(id, label))
      Tracepoints.write(definition(id, label))
      return id
    }
  }

  /// The definitions of all labels known so far. With the log's lock held.
  static func definitions() -> [Definition] {
    known.enumerated().map { definition(UInt32($0.offset + 1), $0.element) }
  }

  private static func definition(_ id: UInt32, _ label: Known) -> Definition {
    guard let file = label.file else {
      let text = label.line == 0 ? label.text.description : "\(label.text):\(label.line)"
      return .label(label: id, text: text, source: label.line == 0 ? "" : text)
    }
    return .label(label: id, text: label.text.description, source: "\(file):\(label.line)")
  }
}
