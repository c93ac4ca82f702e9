// The tasks that are alive: a hash table from task id to a slot in a slab. Memory is that of the most tasks ever alive.

/// Open addressing with backward-shift deletion; slots stay where they are, so that they can be kept by index.
struct TaskTable: ~Copyable {
  /// Slot indexes; -1: empty. A power of two of them.
  private var buckets: UnsafeMutablePointer<Int32>
  private var mask: Int
  private var shift: UInt64
  /// SAFETY: `slots` holds `capacity` initialized records (TaskRecord is trivial); indexes handed out are below it.
  private(set) var slots: UnsafeMutablePointer<TaskRecord>
  private var capacity: Int
  private var used = 0
  private var free: [Int32] = []
  private(set) var count = 0

  init() {
    mask = (1 << 12) - 1
    shift = 64 - 12
    buckets = .allocate(capacity: mask + 1)
    buckets.initialize(repeating: -1, count: mask + 1)
    capacity = 1 << 11
    slots = .allocate(capacity: capacity)
  }
  deinit {
    buckets.deallocate()
    slots.deallocate()
  }

  /// Multiplicative hashing: consecutive ids spread evenly.
  @inline(__always) private func home(_ task: UInt64) -> Int {
    Int(truncatingIfNeeded: ((task ^ (task >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
  }

  /// The slot of a task, -1 if it is not in the table.
  @inline(__always) func find(_ task: UInt64) -> Int32 {
    var bucket = home(task)
    while true {
      let slot = buckets[bucket]
      if slot < 0 || slots[Int(slot)].task == task { return slot }
      bucket = (bucket + 1) & mask
    }
  }

  /// Adds a task that is not in the table.
  @inline(__always) mutating func insert(_ record: TaskRecord) -> Int32 {
    if (count + 1) * 2 > mask { grow() }
    let slot: Int32
    if let last = free.popLast() {
      slot = last
    } else {
      if used == capacity { growSlots() }
      slot = Int32(used)
      used += 1
    }
    (slots + Int(slot)).initialize(to: record)
    place(slot)
    count += 1
    return slot
  }
  @inline(__always) private mutating func place(_ slot: Int32) {
    var bucket = home(slots[Int(slot)].task)
    while buckets[bucket] >= 0 { bucket = (bucket + 1) & mask }
    buckets[bucket] = slot
  }

  /// Takes a task out; its slot may be used again at once.
  @inline(__always) mutating func remove(_ slot: Int32) {
    var bucket = home(slots[Int(slot)].task)
    while buckets[bucket] != slot { bucket = (bucket + 1) & mask }
    // Move back what would no longer be found.
    var hole = bucket
    var next = (bucket + 1) & mask
    while true {
      let other = buckets[next]
      if other < 0 { break }
      let wanted = home(slots[Int(other)].task)
      if (next - wanted) & mask >= (next - hole) & mask {
        buckets[hole] = other
        hole = next
      }
      next = (next + 1) & mask
    }
    buckets[hole] = -1
    slots[Int(slot)].task = 0
    free.append(slot)
    count -= 1
  }

  @inline(never) private mutating func grow() {
    let size = (mask + 1) * 2
    buckets.deallocate()
    buckets = .allocate(capacity: size)
    buckets.initialize(repeating: -1, count: size)
    mask = size - 1
    shift -= 1
    for slot in 0..<used where slots[slot].task != 0 { place(Int32(slot)) }
  }
  @inline(never) private mutating func growSlots() {
    let larger = UnsafeMutablePointer<TaskRecord>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: slots, count: used)
    slots.deallocate()
    slots = larger
    capacity *= 2
  }

  /// Every task in the table, in no particular order.
  func forEach(_ body: (TaskRecord) -> Void) {
    for slot in 0..<used where slots[slot].task != 0 { body(slots[slot]) }
  }
}
