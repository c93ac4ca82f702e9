// The memory of a modelled program: every value a location ever had, and what each thread may still read of it.
//
// Source: the view machine of Kang et al., "A promising semantics for relaxed-memory concurrency" (POPL 2017), without
// promises; sequentially consistent accesses as in C++20 (P0668).
//
// A store appends a message to its location's history. A thread's view is the oldest message of each location that it
// may still read; a load may take any message from there on, so a *stale* one too. A releasing store attaches the
// writer's view to its message; an acquiring load of the message joins it. A read-modify-write takes the last message
// and carries its view on. A fence meets the one global view.
//
// What it covers: store buffers (a buffered store is one that others do not read yet), stale and reordered relaxed
// reads, everything that x86-64 does. What it does not: load buffering (a load that sees a later store of its own
// thread's future) and stores that enter a location's history before an older one of another thread.

struct Message {
  let bits: UInt64
  /// What an acquiring load of it learns; empty if nothing.
  var view: View
  /// Who stored it, if it may lie in that thread's store buffer still.
  var buffered: Int?
}

/// For each location the least message that may be read. Missing ones count as 0.
struct View {
  private var least: [Int32] = []
  subscript(location: Int) -> Int {
    get { location < least.count ? Int(least[location]) : 0 }
    set {
      while least.count <= location { least.append(0) }
      least[location] = Int32(newValue)
    }
  }
  mutating func join(_ other: View) {
    if least.count < other.least.count {
      least.append(contentsOf: repeatElement(0, count: other.least.count - least.count))
    }
    for i in other.least.indices where other.least[i] > least[i] { least[i] = other.least[i] }
  }
}

final class Location {
  let id: Int
  var history: [Message]
  var isDead = false
  init(_ id: Int, _ bits: UInt64) {
    self.id = id
    history = [Message(bits: bits, view: View())]
  }
  var last: Int { history.count - 1 }
}

struct Strength {
  let acquires: Bool
  let releases: Bool
  let isSequential: Bool
}

/// One run's memory.
final class Memory {
  private(set) var locations: [Location] = []
  var views: [View] = []
  private var sequential = View()

  func makeLocation(_ bits: UInt64) -> Int {
    locations.append(Location(locations.count, bits))
    return locations.count - 1
  }

  /// The view that has seen it all.
  var everything: View {
    var view = View()
    for location in locations { view[location.id] = location.last }
    return view
  }

  /// The messages that `thread` may read, the newest first.
  func readable(_ at: Location, _ thread: Int, _ strength: Strength) -> ClosedRange<Int> {
    var least = views[thread][at.id]
    if strength.isSequential { least = max(least, sequential[at.id]) }
    return least...at.last
  }

  func read(_ at: Location, _ index: Int, _ thread: Int, _ strength: Strength) -> UInt64 {
    if at.history[index].buffered != thread { at.history[index].buffered = nil }
    views[thread][at.id] = index
    if strength.acquires { views[thread].join(at.history[index].view) }
    if strength.isSequential { sequential[at.id] = max(sequential[at.id], index) }
    return at.history[index].bits
  }

  func write(_ at: Location, _ bits: UInt64, _ thread: Int, _ strength: Strength) {
    if strength.isSequential { drain(thread) }
    append(at, at.history.count, bits, thread, strength, View())
    if !strength.isSequential { at.history[at.last].buffered = thread }
  }

  /// The writing half of an exchange that has read the message before `index`.
  func exchange(_ at: Location, _ index: Int, _ bits: UInt64, _ thread: Int, _ strength: Strength) {
    drain(thread)
    append(at, index, bits, thread, strength, at.history[index - 1].view)
  }

  /// Whether an exchange of `thread` may come before the newest message, which lies in another's store buffer.
  func mayComeBefore(newest at: Location, _ thread: Int) -> Bool {
    at.last > 0 && views[thread][at.id] < at.last && at.history[at.last].buffered.map { $0 != thread } == true
  }

  private func append(
    _ at: Location, _ index: Int, _ bits: UInt64, _ thread: Int, _ strength: Strength, _ carried: View
  ) {
    if index < at.history.count { makeRoom(at, index) }
    views[thread][at.id] = index
    var view = carried
    if strength.releases { view.join(views[thread]) }
    at.history.insert(Message(bits: bits, view: view), at: index)
    if strength.isSequential { sequential[at.id] = max(sequential[at.id], index) }
  }

  /// Every view that has seen the message at `index` finds it one further.
  private func makeRoom(_ at: Location, _ index: Int) {
    func shift(_ view: inout View) { if view[at.id] >= index { view[at.id] += 1 } }
    shift(&sequential)
    for thread in views.indices { shift(&views[thread]) }
    for location in locations { for i in location.history.indices { shift(&location.history[i].view) } }
  }

  private func drain(_ thread: Int) {
    for location in locations where location.history[location.last].buffered == thread {
      location.history[location.last].buffered = nil
    }
  }

  func fence(_ thread: Int) {
    drain(thread)
    views[thread].join(sequential)
    sequential = views[thread]
  }
}
