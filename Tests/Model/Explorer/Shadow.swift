// Stands in for Synchronization inside of this target: product files are symlinked here, and this module's `Atomic`,
// `Lock` and fence shadow the imported ones. Every access is a step of the explorer.
import Synchronization

/// What a shadow atomic holds: the number of its location, in eight bytes of its own memory, so that the memory may be
/// moved (and compared by the futex) like that of a real one. Public, as inlinable product code asks.
@_rawLayout(size: 8, alignment: 8)
public struct Atomic<Value>: ~Copyable {
  public init(_ value: Value) {
    let id = Explorer.run.memory.makeLocation(bits(value))
    withUnsafePointer(to: self) {
      UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)).storeBytes(of: id, as: Int.self)
    }
  }
  deinit { if id < Explorer.run.memory.locations.count { Explorer.run.memory.locations[id].isDead = true } }

  var id: Int { withUnsafePointer(to: self) { UnsafeRawPointer($0).load(as: Int.self) } }

  public func load(ordering: AtomicLoadOrdering) -> Value { value(Explorer.run.load(id, ordering.strength)) }
  public func store(_ new: Value, ordering: AtomicStoreOrdering) {
    Explorer.run.store(id, bits(new), ordering.strength)
  }
  @discardableResult
  func exchange(_ new: Value, ordering: AtomicUpdateOrdering) -> Value {
    value(Explorer.run.update(id, ordering.strength, ordering.failing) { _ in bits(new) })
  }
  @discardableResult
  func compareExchange(expected: Value, desired: Value, ordering: AtomicUpdateOrdering) -> (
    exchanged: Bool, original: Value
  ) {
    let wanted = bits(expected)
    let old = Explorer.run.update(id, ordering.strength, ordering.failing) { $0 == wanted ? bits(desired) : nil }
    return (old == wanted, value(old))
  }
  func weakCompareExchange(expected: Value, desired: Value, ordering: AtomicUpdateOrdering) -> (
    exchanged: Bool, original: Value
  ) {
    compareExchange(expected: expected, desired: desired, ordering: ordering)
  }
}

extension Atomic where Value: FixedWidthInteger {
  @discardableResult
  func wrappingAdd(_ operand: Value, ordering: AtomicUpdateOrdering) -> (oldValue: Value, newValue: Value) {
    let old: Value = value(
      Explorer.run.update(id, ordering.strength, ordering.failing) { bits((value($0) as Value) &+ operand) })
    return (old, old &+ operand)
  }
  @discardableResult
  func wrappingSubtract(_ operand: Value, ordering: AtomicUpdateOrdering) -> (oldValue: Value, newValue: Value) {
    wrappingAdd(0 &- operand, ordering: ordering)
  }
  @discardableResult
  func bitwiseOr(_ operand: Value, ordering: AtomicUpdateOrdering) -> (oldValue: Value, newValue: Value) {
    let old: Value = value(
      Explorer.run.update(id, ordering.strength, ordering.failing) { bits((value($0) as Value) | operand) })
    return (old, old | operand)
  }
}

private func bits<Value>(_ value: Value) -> UInt64 {
  var word: UInt64 = 0
  withUnsafeBytes(of: value) { bytes in withUnsafeMutableBytes(of: &word) { $0.copyMemory(from: bytes) } }
  return word
}
private func value<Value>(_ bits: UInt64) -> Value { withUnsafeBytes(of: bits) { $0.load(as: Value.self) } }

func atomicMemoryFence(ordering: AtomicUpdateOrdering) {
  precondition(ordering == .sequentiallyConsistent, "other fences are not modelled")
  Explorer.run.fence()
}

extension AtomicLoadOrdering {
  var strength: Strength {
    Strength(acquires: self != .relaxed, releases: false, isSequential: self == .sequentiallyConsistent)
  }
}
extension AtomicStoreOrdering {
  var strength: Strength {
    Strength(acquires: false, releases: self != .relaxed, isSequential: self == .sequentiallyConsistent)
  }
}
extension AtomicUpdateOrdering {
  var strength: Strength {
    let both = self == .acquiringAndReleasing || self == .sequentiallyConsistent
    return Strength(
      acquires: both || self == .acquiring, releases: both || self == .releasing,
      isSequential: self == .sequentiallyConsistent)
  }
  /// Of an exchange that did not take place.
  var failing: Strength { Strength(acquires: strength.acquires, releases: false, isSequential: strength.isSequential) }
}

/// A lock as a location that is 1 while it is held.
struct Lock<Value>: ~Copyable {
  private let held = Atomic<Int>(0)
  private let state: UnsafeMutablePointer<Value>
  init(_ value: consuming Value) {
    state = .allocate(capacity: 1)
    state.initialize(to: value)
  }
  deinit {
    state.deinitialize(count: 1)
    state.deallocate()
  }
  func withLock<R>(_ body: (inout Value) throws -> R) rethrows -> R {
    let id = held.id
    while !held.compareExchange(expected: 0, desired: 1, ordering: .acquiring).exchanged {
      Explorer.run.block { Explorer.run.memory.locations[id].history.last!.bits == 0 }
    }
    defer { held.store(0, ordering: .releasing) }
    return try body(&state.pointee)
  }
}
