// join's fast path: two borrowed closures, one slot, no allocation.
//
// The slot holds the two words of a closure (CForks.h). Two forms:
//   direct    a `() -> B` whose result fits the slot is itself the job. Assumes that a closure seen through a generic
//             signature returns indirectly; `ForkConvention.isDirect` tests that once.
//   wrapped   any other: a literal that stores its Result beside the stack frame is the job.
//
// Lifetime: a closure literal must be the argument of a function that spans the whole join and ends with a use of it
// (`cf_keep`). Passed only to the function that grabs its words it would be dead after that call, and its context deleted.
import CPlatform
import Synchronization

@_silgen_name("cf_grab") @usableFromInline
func grab(_ job: () -> Void, _ slot: ForkSlot)
@_silgen_name("cf_grab_value") @usableFromInline
func grabValue<B>(_ job: () -> B, _ slot: ForkSlot)
@_silgen_name("cf_keep") @usableFromInline
func keep(_ job: () -> Void)
@_silgen_name("cf_keep_value") @usableFromInline
func keepValue<B>(_ job: () -> B)

@usableFromInline typealias Forks = UnsafeMutablePointer<ForkStack>

extension UnsafeMutablePointer where Pointee == ForkStack {
  /// The forks of the calling thread's worker.
  @inlinable @inline(__always)
  // SAFETY: the thread's slot points to its `Worker`, whose first field is the `ForkStack`.
  static var current: Forks? { cf_current_thread().pointee.worker?.assumingMemoryBound(to: ForkStack.self) }

  /// The same, if a closure seen through a generic signature returns as `join` assumes (`ForkConvention`).
  @inlinable @inline(__always)
  // SAFETY: `cf_thread.forks` points to the `ForkStack` of the thread's worker.
  static var direct: Forks? { cf_current_thread().pointee.forks?.assumingMemoryBound(to: ForkStack.self) }

  /// Whether a result of this type fits the slot.
  @inlinable @inline(__always)
  static func fits<B>(_ type: B.Type) -> Bool { MemoryLayout<B>.size <= 16 && MemoryLayout<B>.alignment <= 8 }

  /// The slot for a fork, its words to be filled in.
  @inlinable @inline(__always)
  var next: ForkSlot { pointee.next }

  /// Makes the filled slot the owner's newest fork.
  @inlinable @inline(__always)
  func push(_ slot: ForkSlot) {
    if pointee.push(slot) { pushSlow() }
  }

  /// True if the fork is the owner's again; false after its thief is done.
  @inlinable @inline(__always)
  func pop(_ slot: ForkSlot) -> Bool { pointee.pop(slot) || popSlow(slot) }

  private var worker: UnsafeMutablePointer<Worker> {
    // SAFETY: `forks` is the first field of `Worker`.
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Worker.self)
  }

  @usableFromInline @inline(never)
  func pushSlow() {
    if pointee.answer() { worker.pool.notify() }
  }

  @usableFromInline @inline(never)
  func popSlow(_ slot: ForkSlot) -> Bool {
    switch pointee.popSlow(slot) {
    case .mine(let published):
      if published { worker.pool.notify() }
      return true
    case .stolen:
      worker.waitForThief(slot)
      pointee.retire(slot)
      return false
    }
  }

  /// Runs `a` and `b`, possibly at the same time. Owner only.
  @inlinable @inline(__always)
  func joinWrapped<A, B, E: Error>(_ a: () throws(E) -> A, _ b: () throws(E) -> B) throws(E) -> (A, B) {
    let outcome: Result<(A, B), E> = _withUnprotectedUnsafeTemporaryAllocation(
      byteCount: MemoryLayout<Result<B, E>>.stride, alignment: MemoryLayout<Result<B, E>>.alignment
    ) { raw in
      // SAFETY: the temporary memory has this type's size and alignment and is not used as another.
      let result = raw.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Result<B, E>.self)
      return spanning(result, a) {
        do throws(E) { result.initialize(to: .success(try b())) } catch { result.initialize(to: .failure(error)) }
      }
    }
    return try outcome.get()
  }

  /// `job` initializes `result`; it lives as long as this call.
  @inlinable @inline(__always)
  func spanning<A, B, E: Error>(
    _ result: UnsafeMutablePointer<Result<B, E>>, _ a: () throws(E) -> A, _ job: () -> Void
  ) -> Result<(A, B), E> {
    let slot = next
    _ = cf_forks_touch()
    grab(job, slot)
    push(slot)
    let left: Result<A, E>
    do throws(E) { left = .success(try a()) } catch { left = .failure(error) }
    if pop(slot) { job() }
    keep(job)
    let right = result.move()
    switch (left, right) {
    case (.success(let a), .success(let b)): return .success((a, b))
    case (.failure(let error), _), (_, .failure(let error)): return .failure(error)
    }
  }

  /// The same for sides that cannot fail, on `direct` forks and for results that fit.
  @inlinable @inline(__always)
  func joinDirect<A, B>(_ a: () -> A, _ b: () -> B) -> (A, B) {
    let slot = next
    _ = cf_forks_touch()
    grabValue(b, slot)
    push(slot)
    let left = a()
    if pop(slot) {
      keepValue(b)
      return (left, b())
    }
    keepValue(b)
    // SAFETY: `call` left the closure's result, a `B`, at the slot's value field; it is moved out once.
    return (left, (UnsafeMutableRawPointer(slot) + 16).assumingMemoryBound(to: B.self).move())
  }
}

/// Both results of a join, for functions that are called: the optimizer returns one value in registers, of two only one.
@usableFromInline struct Both<A, B> {
  @usableFromInline let a: A
  @usableFromInline let b: B
  @inlinable init(_ pair: (A, B)) { (a, b) = pair }
}

/// Whether a closure seen through a generic signature returns as `cf_grab_value` assumes.
enum ForkConvention {
  /// Tested once, on results of each shape: in a register, in two, and one that must be destroyed.
  static let isDirect: Bool = {
    probe(0x0123_4567_89AB_CDEF as UInt64) && probe(Pair(first: 1, second: 2)) && probe("a string of its own")
  }()

  private struct Pair: Equatable { let first, second: Int }

  @inline(never)
  private static func probe<B: Equatable>(_ expected: B) -> Bool {
    var slot = cf_fork()
    return withUnsafeMutablePointer(to: &slot) { slot in
      call({ expected }, slot)
      // SAFETY: as above.
      return (UnsafeMutableRawPointer(slot) + 16).assumingMemoryBound(to: B.self).move() == expected
    }
  }

  @inline(never)
  private static func call<B>(_ body: () -> B, _ slot: ForkSlot) {
    _ = cf_forks_touch()
    grabValue(body, slot)
    cf_run_fork(slot)
    keepValue(body)
  }
}
