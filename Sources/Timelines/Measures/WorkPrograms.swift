// What tasks do, step by step, in a few bytes a step: the memory of a replay is this, and there may be millions of tasks.
//
// A program is a sequence of numbers of variable length (LEB128), ended by a 0. The two low bits of a number are the kind of
// the step, the rest is its length in nanoseconds, or the task that it names: as the difference to the task that the
// program named before (at first: to itself), zigzag. Tasks are numbered in the order of their submits, so differences are small.

/// One thing that a task does.
enum WorkStep: Equatable, Sendable {
  case run(UInt64)
  case blocking(UInt64)
  case submit(Int32)
  case wait(Int32)
}

/// Writes a program.
struct WorkStepWriter {
  private var bytes: [UInt8] = []
  /// Not written yet: more may follow that joins it.
  private var run: UInt64 = 0
  private var named: Int64

  init(node: Int32) { named = Int64(node) }

  mutating func add(_ step: WorkStep) {
    if case .run(let length) = step {
      run += length
      return
    }
    flush()
    switch step {
    case .run: break
    case .blocking(let length): put(length, kind: 1)
    case .submit(let node): put(difference(node), kind: 2)
    case .wait(let node): put(difference(node), kind: 3)
    }
  }
  /// All of it, with its end.
  mutating func finished() -> [UInt8] {
    flush()
    return bytes + [0]
  }
  private mutating func flush() {
    if run > 0 { put(run, kind: 0) }
    run = 0
  }
  private mutating func difference(_ node: Int32) -> UInt64 {
    let difference = Int64(node) - named
    named = Int64(node)
    return UInt64(bitPattern: difference << 1 ^ difference >> 63)
  }
  /// Lengths are below 2^61, as times are.
  private mutating func put(_ value: UInt64, kind: UInt64) {
    var rest = value << 2 | kind
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}

/// Reads a program.
struct WorkStepReader {
  /// SAFETY: within a program that its `WorkPrograms` owns; who reads keeps that alive, and the 0 at its end is never passed.
  private var next: UnsafePointer<UInt8>
  private var named: Int64

  fileprivate init(_ program: UnsafePointer<UInt8>, node: Int32) {
    next = program
    named = Int64(node)
  }
  /// nil: the program has ended.
  mutating func step() -> WorkStep? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = next.pointee
      value |= UInt64(byte & 0x7F) &<< shift
      if byte & 0x80 == 0 { break }
      next += 1
      shift += 7
    }
    guard value != 0 else { return nil }
    next += 1
    switch value & 3 {
    case 0: return .run(value >> 2)
    case 1: return .blocking(value >> 2)
    case 2: return .submit(name(value >> 2))
    default: return .wait(name(value >> 2))
    }
  }
  private mutating func name(_ zigzag: UInt64) -> Int32 {
    named += Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    return Int32(truncatingIfNeeded: named)
  }
}

/// The programs of all tasks of a run: 8 bytes a task, and what its steps take.
///
/// Pieces are never moved when more are needed: an array that grows has its contents twice for a moment.
final class WorkPrograms: @unchecked Sendable {
  // SAFETY: filled by one builder, and only read from then on. `chunks` are initialized up to `used` of the last one; `tables`
  // hold `tableSize` initialized entries each. Both are owned here.
  private var chunks: [UnsafeMutablePointer<UInt8>] = []
  private var used = 0
  private var capacity = 0
  private var tables: [UnsafeMutablePointer<UInt64>] = []
  /// Tasks.
  private(set) var count = 0
  /// Of outside threads: where their programs lie.
  private var outside: [UInt64] = []

  /// Larger: less is wasted at the ends of chunks; smaller: less is allocated for a short run. Below 2^24, see `entry`.
  private static let chunkSize = 1 << 20
  private static let tableSize = 1 << 16

  /// Begins with the empty program, which is that of a task that does nothing.
  init() { _ = store([0]) }
  deinit {
    for chunk in chunks { chunk.deallocate() }
    for table in tables { table.deallocate() }
  }

  /// Chunk (20 bits), place in it (24), label (20: there are no more).
  private func entry(_ place: UInt64, label: UInt32) -> UInt64 { place << 20 | UInt64(label & 0xF_FFFF) }

  /// Copies a program; returns its chunk and place.
  private func store(_ program: [UInt8]) -> UInt64 {
    if capacity - used < program.count {
      capacity = max(Self.chunkSize, program.count)  // a longer one has a chunk of its own
      chunks.append(.allocate(capacity: capacity))
      used = 0
    }
    (chunks[chunks.count - 1] + used).initialize(from: program, count: program.count)
    used += program.count
    return UInt64(chunks.count - 1) << 24 | UInt64(used - program.count)
  }
  /// Adds a task that does nothing.
  func add(label: UInt32) -> Int32 {
    if count == tables.count * Self.tableSize {
      let table = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.tableSize)
      table.initialize(repeating: 0, count: Self.tableSize)
      tables.append(table)
    }
    count += 1
    let node = Int32(count - 1)
    entry(of: node).pointee = entry(0, label: label)
    return node
  }
  private func entry(of node: Int32) -> UnsafeMutablePointer<UInt64> {
    tables[Int(node) / Self.tableSize] + Int(node) % Self.tableSize
  }
  func set(_ program: [UInt8], of node: Int32) {
    entry(of: node).pointee = entry(store(program), label: label(node))
  }
  func addOutside(_ program: [UInt8]) { outside.append(store(program)) }

  func label(_ node: Int32) -> UInt32 { UInt32(entry(of: node).pointee & 0xF_FFFF) }
  var outsideCount: Int { outside.count }
  func reader(_ node: Int32) -> WorkStepReader { reader(at: entry(of: node).pointee >> 20, node) }
  func reader(outside number: Int) -> WorkStepReader { reader(at: outside[number], WorkGraph.outside) }
  private func reader(at place: UInt64, _ node: Int32) -> WorkStepReader {
    WorkStepReader(chunks[Int(place >> 24)] + Int(place & 0xFF_FFFF), node: node)
  }
}

/// Numbers of tasks by their ids, four bytes each: in chunks of 256 consecutive ids of one lane, see `TaskNodes`.
final class TaskNumbers {
  private static var chunkSize: UInt64 { 256 }
  /// SAFETY: each holds `chunkSize` initialized numbers, owned here.
  private var chunks: [UInt64: UnsafeMutablePointer<Int32>] = [:]
  deinit { for chunk in chunks.values { chunk.deallocate() } }

  /// nil: it has none.
  subscript(task: UInt64) -> Int32? {
    get {
      guard let chunk = chunks[task / Self.chunkSize] else { return nil }
      let number = chunk[Int(task % Self.chunkSize)]
      return number < 0 ? nil : number
    }
    set {
      let key = task / Self.chunkSize
      if chunks[key] == nil {
        let chunk = UnsafeMutablePointer<Int32>.allocate(capacity: Int(Self.chunkSize))
        chunk.initialize(repeating: -1, count: Int(Self.chunkSize))
        chunks[key] = chunk
      }
      chunks[key]![Int(task % Self.chunkSize)] = newValue ?? -1
    }
  }
}
