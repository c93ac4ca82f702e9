// Futures that know their task: the work lies in the future's own allocation.
//
// What depends on types is one closure without captures, specialised where `submit` was inlined: a virtual method of a
// generic class would look up metadata on every call (371 ns a task instead of 190).
//
// What a task is made of is consumed. A parameter that is only lent would be retained for the future, and released by
// the submitter after the task was published: two locked instructions, one of them on a line that its worker uses.

/// The future of a closure.
// SAFETY: as `Future`; `work` belongs to the submitter, then to whoever claimed or cancelled the future.
@usableFromInline
final class ClosureTask<Value: Sendable>: Future<Value>, @unchecked Sendable {
  @usableFromInline let work = Cell<() throws -> Value>()

  @inlinable init(_ work: consuming sending @escaping () throws -> Value, owner: UInt32) {
    super.init(task: ClosureTask.handleTask, owner: owner)
    self.work.address.initialize(to: work)
  }

  @inlinable static var handleTask: Operations {
    { base, operation in
      let task = unsafeDowncast(base, to: ClosureTask<Value>.self)
      switch operation {
      case .run:
        do {
          let work = task.work.address.move()  // freed before the result is out
          task.cell.address.initialize(to: try work())
        } catch {
          task.storedError = error
          return true
        }
      case .dropWork: task.work.address.deinitialize(count: 1)
      case .destroyValue: task.cell.address.deinitialize(count: 1)
      }
      return false
    }
  }
}

/// The future of a function and one argument.
// SAFETY: as `ClosureTask`.
@usableFromInline
final class CallTask1<First: Sendable, Value: Sendable>: Future<Value>, @unchecked Sendable {
  @usableFromInline typealias Call = (function: @Sendable (First) throws -> Value, first: First)
  @usableFromInline let call = Cell<Call>()

  @inlinable init(
    _ function: consuming @escaping @Sendable (First) throws -> Value, _ first: consuming First, owner: UInt32
  ) {
    super.init(task: CallTask1.handleTask, owner: owner)
    call.address.initialize(to: (function, first))
  }

  @inlinable static var handleTask: Operations {
    { base, operation in
      // SAFETY: this handler is installed by that class's own initialiser only.
      let task = unsafeDowncast(base, to: CallTask1<First, Value>.self)
      switch operation {
      case .run:
        do {
          let call = task.call.address.move()
          task.cell.address.initialize(to: try call.function(call.first))
        } catch {
          task.storedError = error
          return true
        }
      case .dropWork: task.call.address.deinitialize(count: 1)
      case .destroyValue: task.cell.address.deinitialize(count: 1)
      }
      return false
    }
  }
}

/// The future of a function and any number of arguments.
// SAFETY: as `ClosureTask`.
@usableFromInline
final class CallTask<First: Sendable, each Argument: Sendable, Value: Sendable>: Future<Value>, @unchecked Sendable {
  /// A cell of a variadic function type has no representation; a struct around it has.
  @usableFromInline struct Call {
    @usableFromInline let function: @Sendable (First, repeat each Argument) throws -> Value
    @usableFromInline let first: First
    @usableFromInline let rest: (repeat each Argument)
    @inlinable init(
      _ function: @escaping @Sendable (First, repeat each Argument) throws -> Value, _ first: First,
      _ rest: repeat each Argument
    ) {
      self.function = function
      self.first = first
      self.rest = (repeat each rest)
    }
  }
  @usableFromInline let call = Cell<Call>()

  @inlinable init(
    _ function: @escaping @Sendable (First, repeat each Argument) throws -> Value, _ first: First,
    _ rest: repeat each Argument, owner: UInt32
  ) {
    super.init(task: CallTask.handleTask, owner: owner)
    call.address.initialize(to: Call(function, first, repeat each rest))
  }

  @inlinable static var handleTask: Operations {
    { base, operation in
      // SAFETY: this handler is installed by that class's own initialiser only.
      let task = unsafeDowncast(base, to: CallTask<First, repeat each Argument, Value>.self)
      switch operation {
      case .run:
        do {
          let call = task.call.address.move()
          task.cell.address.initialize(to: try call.function(call.first, repeat each call.rest))
        } catch {
          task.storedError = error
          return true
        }
      case .dropWork: task.call.address.deinitialize(count: 1)
      case .destroyValue: task.cell.address.deinitialize(count: 1)
      }
      return false
    }
  }
}
