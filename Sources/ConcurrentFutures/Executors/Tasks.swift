// Futures that know their task: the work lies in the future's own allocation.
//
// The runner is a closure without captures, specialised where `submit` was inlined: a virtual method of a generic class
// would look up metadata on every call (371 ns a task instead of 190).

/// The future of a closure.
// SAFETY: as `Future`; `work` belongs to the submitter, then to whoever claimed or cancelled the future.
@usableFromInline
final class ClosureTask<Value: Sendable>: Future<Value>, @unchecked Sendable {
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) var work: (() throws -> Value)?

  @inlinable init(_ work: sending @escaping () throws -> Value, owner: UInt32) {
    self.work = work
    super.init(task: ClosureTask.run, owner: owner)
  }

  @inlinable static var run: Runner {
    { base in
      let task = unsafeDowncast(base, to: ClosureTask<Value>.self)
      do {
        let work = task.work.take().unsafelyUnwrapped  // freed before the result is out
        task.stored = .success(try work())
        return false
      } catch {
        task.stored = .failure(error)
        return true
      }
    }
  }

  override func dropWork() { work = nil }
}

/// The future of a function and one argument.
// SAFETY: as `ClosureTask`.
@usableFromInline
final class CallTask1<First: Sendable, Value: Sendable>: Future<Value>, @unchecked Sendable {
  @usableFromInline typealias Function = @Sendable (First) throws -> Value
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) var call: (function: Function, first: First)?

  @inlinable init(_ function: @escaping Function, _ first: First, owner: UInt32) {
    call = (function, first)
    super.init(task: CallTask1.run, owner: owner)
  }

  @inlinable static var run: Runner {
    { base in
      let task = unsafeDowncast(base, to: CallTask1<First, Value>.self)
      do {
        let call = task.call.take().unsafelyUnwrapped
        task.stored = .success(try call.function(call.first))
        return false
      } catch {
        task.stored = .failure(error)
        return true
      }
    }
  }

  override func dropWork() { call = nil }
}

/// The future of a function and any number of arguments.
// SAFETY: as `ClosureTask`.
@usableFromInline
final class CallTask<First: Sendable, each Argument: Sendable, Value: Sendable>: Future<Value>, @unchecked Sendable {
  @usableFromInline typealias Function = @Sendable (First, repeat each Argument) throws -> Value
  /// An optional of a variadic function type has no representation; a struct around it has.
  @usableFromInline struct Callee {
    @usableFromInline let function: Function
    @inlinable init(_ function: @escaping Function) { self.function = function }
  }
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) var callee: Callee?
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) var first: First?
  @usableFromInline @exclusivity(unchecked) nonisolated(unsafe) var rest: (repeat each Argument)?

  @inlinable init(_ function: @escaping Function, _ first: First, _ rest: repeat each Argument, owner: UInt32) {
    callee = Callee(function)
    self.first = first
    self.rest = (repeat each rest)
    super.init(task: CallTask.run, owner: owner)
  }

  @inlinable static var run: Runner {
    { base in
      let task = unsafeDowncast(base, to: CallTask<First, repeat each Argument, Value>.self)
      do {
        let callee = task.callee.take().unsafelyUnwrapped
        let first = task.first.take().unsafelyUnwrapped
        let rest = task.rest.take().unsafelyUnwrapped
        task.stored = .success(try callee.function(first, repeat each rest))
        return false
      } catch {
        task.stored = .failure(error)
        return true
      }
    }
  }

  override func dropWork() {
    callee = nil
    first = nil
    rest = nil
  }
}
