// The tasks that are alive: a hash table from task id to a slot in a slab. Memory is that of the most tasks ever alive.

/// Open addressing with backward-shift deletion; slots stay where they are, so that they can be kept by index.
struct TaskTable: ~Copyable {
  /// The id lies here too: looking for a task touches no other's record.
  struct Bucket {
    var task: UInt64 = 0
    /// -1: the bucket is empty.
    var slot: Int32 = -1
  }
  /// SAFETY: `buckets` holds `mask + 1` (a power of two) initialized buckets; `slots` holds `capacity` records of which
  /// `used` are initialized (TaskRecord is trivial), indexes handed out are below it; `blank` is initialized. All are owned here.
  private var buckets: UnsafeMutablePointer<Bucket>
  private var mask: Int
  private var shift: UInt64
  private(set) var slots: UnsafeMutablePointer<TaskRecord>
  private var capacity: Int
  private var used = 0
  /// A new task's record, to be copied: one that is made at each add is written in parts and read as a whole at once, and the
  /// processor waits for that.
  private let blank: UnsafeMutablePointer<TaskRecord>
  /// The slot that was given back last, -1: none; a free slot has task 0, and the next free one in `lane`.
  private var free: Int32 = -1
  private(set) var count = 0

  init() {
    mask = (1 << 12) - 1
    shift = 64 - 12
    buckets = .allocate(capacity: mask + 1)
    buckets.initialize(repeating: Bucket(), count: mask + 1)
    capacity = 1 << 11
    slots = .allocate(capacity: capacity)
    blank = .allocate(capacity: 1)
    blank.initialize(to: TaskRecord(task: 0))
  }
  deinit {
    blank.deallocate()
    buckets.deallocate()
    slots.deallocate()
  }

  /// Multiplicative hashing: consecutive ids spread evenly.
  @inline(__always) private func home(_ task: UInt64) -> Int {
    Int(truncatingIfNeeded: ((task ^ (task >> 32)) &* 0x9E37_79B9_7F4A_7C15) &>> shift)
  }

  /// The slot of a task, -1 if it is not in the table.
  @inline(__always) func find(_ task: UInt64) -> Int32 { look(for: task).slot }

  /// Where a task is, or where it would lie. Good until the table changes.
  struct Place {
    /// -1 if it is not in the table.
    var slot: Int32
    fileprivate var bucket: Int
  }
  @inline(__always) func look(for task: UInt64) -> Place {
    var bucket = home(task)
    while true {
      let found = buckets[bucket]
      if found.slot < 0 || found.task == task { return Place(slot: found.slot, bucket: bucket) }
      bucket = (bucket &+ 1) & mask
    }
  }

  /// Adds a task that is not in the table where it was looked for, and returns its record, good until the next is added.
  @inline(__always) mutating func add(_ task: UInt64, _ place: Place) -> UnsafeMutablePointer<TaskRecord> {
    let slot = takeSlot()
    if count &* 2 &+ 2 > mask {
      grow()
      self.place(task, slot)
    } else {
      buckets[place.bucket] = Bucket(task: task, slot: slot)
    }
    count &+= 1
    makeRecord(task, slot)
    return slots + Int(slot)
  }
  /// Adds a task that is not in the table, and returns its slot.
  mutating func insert(_ task: UInt64) -> Int32 {
    let slot = takeSlot()
    if (count + 1) * 2 > mask { grow() }
    place(task, slot)
    count += 1
    makeRecord(task, slot)
    return slot
  }
  @inline(__always) private func makeRecord(_ task: UInt64, _ slot: Int32) {
    (slots + Int(slot)).initialize(from: blank, count: 1)
    slots[Int(slot)].task = task
  }
  /// A slot that is not in use. Its record's task stays 0 until the caller makes the record.
  @inline(__always) private mutating func takeSlot() -> Int32 {
    if free >= 0 {
      let slot = free
      free = slots[Int(slot)].lane
      return slot
    }
    if used == capacity { growSlots() }
    (slots + used).pointee.task = 0
    used += 1
    return Int32(used - 1)
  }
  @inline(__always) private mutating func place(_ task: UInt64, _ slot: Int32) {
    var bucket = home(task)
    while buckets[bucket].slot >= 0 { bucket = (bucket &+ 1) & mask }
    buckets[bucket] = Bucket(task: task, slot: slot)
  }

  /// Takes a task out; its slot may be used again at once.
  @inline(__always) mutating func remove(_ slot: Int32) {
    var hole = home(slots[Int(slot)].task)
    while buckets[hole].slot != slot {
      // Not in the table: to look on would be to look for ever.
      guard buckets[hole].slot >= 0 else { return assertionFailure("a task is taken out twice") }
      hole = (hole &+ 1) & mask
    }
    // Move back what would no longer be found.
    var next = (hole &+ 1) & mask
    while buckets[next].slot >= 0 {
      let wanted = home(buckets[next].task)
      if (next &- wanted) & mask >= (next &- hole) & mask {
        buckets[hole] = buckets[next]
        hole = next
      }
      next = (next &+ 1) & mask
    }
    buckets[hole].slot = -1
    slots[Int(slot)].task = 0
    slots[Int(slot)].lane = free
    free = slot
    count &-= 1
  }

  @inline(never) private mutating func grow() {
    let size = (mask + 1) * 2
    buckets.deallocate()
    buckets = .allocate(capacity: size)
    buckets.initialize(repeating: Bucket(), count: size)
    mask = size - 1
    shift -= 1
    for slot in 0..<used where slots[slot].task != 0 { place(slots[slot].task, Int32(slot)) }
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
