// Fork-join on a pool: rayon's `join`, TBB's `parallel_for`, `map` and `reduce` over arrays.
//
// Called by a worker of the pool they fork from it; called from outside they enter the pool as one task and block; after
// shutdown they run on the caller. Closures are borrowed. Both sides of a join always run, and are waited for.
import CPlatform

extension ThreadPoolExecutor {
  /// Runs `a` and `b`, possibly at the same time, and returns both results.
  ///
  /// In a worker of this pool: `b` becomes available to thieves, `a` runs here, then `b` here if nobody took it. No
  /// allocation. While a stolen `b` runs elsewhere this thread runs other forks, never tasks. Called from any other
  /// thread it enters the pool as one task and blocks; after `shutdown` both run on the caller.
  /// - Throws: the error of `a`, else that of `b`; after both have ended.
  /// - Complexity: about 50 instructions if `b` is not stolen.
  @available(*, noasync)
  @inlinable @inline(__always)
  public func join<A: Sendable, B: Sendable, E: Error>(
    _ a: @Sendable () throws(E) -> A, _ b: @Sendable () throws(E) -> B
  ) throws(E) -> (A, B) {
    guard let forks = ownForks else {
      if runsSerially { return try inTurn(a, b) }
      return try enter { () throws(E) -> (A, B) in try join(a, b) }
    }
    return try forks.joinWrapped(a, b)
  }

  /// Runs `a` and `b`, which cannot fail, possibly at the same time: the faster form.
  @available(*, noasync)
  @inlinable @inline(__always)
  public func join<A: Sendable, B: Sendable>(_ a: @Sendable () -> A, _ b: @Sendable () -> B) -> (A, B) {
    guard Forks.fits(B.self), let forks = Forks.direct, forks.pointee.pool == poolAddress else {
      let both = joinOutOfLine(a, b)
      return (both.a, both.b)
    }
    return forks.joinDirect(a, b)
  }

  /// Outside of the pool, or with results that do not fit a slot.
  @inlinable @inline(never)
  func joinOutOfLine<A: Sendable, B: Sendable>(_ a: @Sendable () -> A, _ b: @Sendable () -> B) -> Both<A, B> {
    if let forks = ownForks { return Both(forks.joinWrapped(a, b)) }
    return runsSerially ? Both((a(), b())) : Both(enter { join(a, b) })
  }

  /// Calls `body` with every number of `range`, in parallel, and blocks until all calls have ended.
  ///
  /// - Parameters:
  ///   - range: halved until a piece has at most `grain` numbers; within a piece they come in order.
  ///   - grain: numbers that are done without forking. Larger: less to steal at the end; smaller: more forks. Nil: about
  ///     64 pieces a worker.
  ///   - body: called on several threads at the same time.
  /// - Throws: the error of the lowest failing piece, after all pieces that had started have ended. A piece stops at its
  ///   first error; others still run.
  @available(*, noasync)
  @inlinable @inline(__always)
  public func forEach<E: Error>(
    _ range: Range<Int>, grain: Int? = nil, _ body: @Sendable (Int) throws(E) -> Void
  ) throws(E) {
    let failure: E? = inPieces(range.lowerBound, 0..<range.count, grain) { first, piece in
      for number in piece {
        do throws(E) { try body(first + number) } catch { return error }
      }
      return nil
    } undo: { _, _ in
    }
    if let failure { throw failure }
  }

  /// `transform` of every element, in parallel; results in the order of `input`. Blocks until all calls have ended.
  ///
  /// - Parameters:
  ///   - input: read, not copied.
  ///   - grain: as for ``forEach(_:grain:_:)``.
  ///   - transform: called on several threads at the same time.
  /// - Throws: the error of the lowest failing piece, after all pieces have ended.
  /// - Complexity: one allocation, of the result.
  @available(*, noasync)
  @inlinable @inline(__always)
  public func concurrentMap<In: Sendable, Out: Sendable, E: Error>(
    _ input: [In], grain: Int? = nil, _ transform: @Sendable (In) throws(E) -> Out
  ) throws(E) -> [Out] {
    var failure: E?
    let output = [Out](unsafeUninitializedCapacity: input.count) { buffer, count in
      guard let base = buffer.baseAddress, !input.isEmpty else { return }
      failure = input.withUnsafeBufferPointer { source in
        let memory = PieceMemory(source: source.baseAddress.unsafelyUnwrapped, target: base)
        return inPieces(memory, 0..<input.count, grain) { memory, piece in
          memory.populate(piece)
          for index in piece {
            do throws(E) {
              (memory.target + index).initialize(to: try transform(memory.source[index]))
            } catch {
              (memory.target + piece.lowerBound).deinitialize(count: index - piece.lowerBound)
              return error
            }
          }
          return nil
        } undo: { memory, piece in
          (memory.target + piece.lowerBound).deinitialize(count: piece.count)
        }
      }
      count = failure == nil ? input.count : 0
    }
    if let failure { throw failure }
    return output
  }

  /// Folds the elements in parallel: each piece from `identity` by `fold`, the pieces in order by `combine`.
  ///
  /// Blocks until all calls have ended. How the input is cut into pieces depends on its length, `grain` and `maxWorkers`
  /// only: the result does not depend on timing, also where `combine` is only nearly associative (floating point).
  /// - Parameters:
  ///   - input: read, not copied.
  ///   - identity: neutral for `combine`; used once a piece.
  ///   - grain: as for ``forEach(_:grain:_:)``.
  ///   - fold: adds an element to what its piece has so far.
  ///   - combine: joins two neighbouring pieces, the left one first; must be associative.
  /// - Throws: the error of the lowest failing piece, after all pieces have ended.
  @available(*, noasync)
  @inlinable @inline(__always)
  public func concurrentReduce<In: Sendable, Out: Sendable, E: Error>(
    _ input: [In], _ identity: Out, grain: Int? = nil, _ fold: @Sendable (Out, In) throws(E) -> Out,
    _ combine: @Sendable (Out, Out) throws(E) -> Out
  ) throws(E) -> Out {
    if input.isEmpty { return identity }
    return try input.withUnsafeBufferPointer { (source) throws(E) -> Out in
      try foldPieces(
        PieceSeed(source: source.baseAddress.unsafelyUnwrapped, identity: identity), 0..<input.count, grain,
        { (seed, piece) throws(E) -> Out in
          var sum = seed.identity
          for index in piece { sum = try fold(sum, seed.source[index]) }
          return sum
        }, combine)
    }
  }

  // MARK: Below the surface

  /// The calling worker's forks, if it belongs to this pool.
  @inlinable @inline(__always)
  var ownForks: Forks? {
    guard let forks = Forks.current, forks.pointee.pool == poolAddress else { return nil }
    return forks
  }

  /// Whether there is no pool to enter: it was shut down, or has refused this call already.
  @usableFromInline var runsSerially: Bool { cf_current_thread().pointee.serial > 0 || pool.pointer.isClosed }

  @inlinable
  func inTurn<A, B, E: Error>(_ a: () throws(E) -> A, _ b: () throws(E) -> B) throws(E) -> (A, B) {
    let left: Result<A, E>
    do throws(E) { left = .success(try a()) } catch { left = .failure(error) }
    let right: Result<B, E>
    do throws(E) { right = .success(try b()) } catch { right = .failure(error) }
    return (try left.get(), try right.get())
  }

  /// Pieces a worker: enough that the last ones end together, few enough that a piece outweighs its fork.
  @usableFromInline static let piecesPerWorker = 64

  @inlinable func grain(_ count: Int, _ given: Int?) -> Int {
    if let given { return max(1, given) }
    return max(1, count / (ThreadPoolExecutor.piecesPerWorker * maxWorkers))
  }

  /// `leaf` for pieces of `range`, in parallel: the lowest failing piece's error.
  ///
  /// The loop over the elements is in `leaf`, and `leaf` captures nothing but the caller's closure; what else it needs is
  /// `context`. So the optimizer can inline a closure that itself captures nothing into the loop, which is then
  /// vectorized (5 instructions an element instead of 23).
  ///
  /// A piece that fails undoes itself; `undo` is for those that succeeded beside it.
  @inlinable
  func inPieces<Context: Sendable, E: Error>(
    _ context: Context, _ range: Range<Int>, _ grain: Int?, _ leaf: @Sendable (Context, Range<Int>) -> E?,
    undo: @Sendable (Context, Range<Int>) -> Void
  ) -> E? {
    if range.isEmpty { return nil }
    guard ownForks != nil || runsSerially else { return enter { inPieces(context, range, grain, leaf, undo: undo) } }
    return halve(context, range, self.grain(range.count, grain), leaf, undo)
  }

  @inlinable
  func halve<Context: Sendable, E: Error>(
    _ context: Context, _ range: Range<Int>, _ grain: Int, _ leaf: @Sendable (Context, Range<Int>) -> E?,
    _ undo: @Sendable (Context, Range<Int>) -> Void
  ) -> E? {
    if range.count <= grain { return leaf(context, range) }
    let middle = range.lowerBound + range.count / 2
    let (left, right) = join(
      { halve(context, range.lowerBound..<middle, grain, leaf, undo) },
      { halve(context, middle..<range.upperBound, grain, leaf, undo) })
    if left != nil, right == nil { undo(context, middle..<range.upperBound) }
    if left == nil, right != nil { undo(context, range.lowerBound..<middle) }
    return left ?? right
  }

  /// The results of `leaf` for the pieces of `range`, which is not empty, combined in order. As `inPieces`.
  @inlinable
  func foldPieces<Context: Sendable, Out: Sendable, E: Error>(
    _ context: Context, _ range: Range<Int>, _ grain: Int?, _ leaf: @Sendable (Context, Range<Int>) throws(E) -> Out,
    _ combine: @Sendable (Out, Out) throws(E) -> Out
  ) throws(E) -> Out {
    guard ownForks != nil || runsSerially else {
      return try enter { () throws(E) -> Out in try foldPieces(context, range, grain, leaf, combine) }
    }
    return try foldHalves(context, range, self.grain(range.count, grain), leaf, combine)
  }

  @inlinable
  func foldHalves<Context: Sendable, Out: Sendable, E: Error>(
    _ context: Context, _ range: Range<Int>, _ grain: Int, _ leaf: @Sendable (Context, Range<Int>) throws(E) -> Out,
    _ combine: @Sendable (Out, Out) throws(E) -> Out
  ) throws(E) -> Out {
    if range.count <= grain { return try leaf(context, range) }
    let middle = range.lowerBound + range.count / 2
    let (left, right) = try join(
      { () throws(E) -> Out in try foldHalves(context, range.lowerBound..<middle, grain, leaf, combine) },
      { () throws(E) -> Out in try foldHalves(context, middle..<range.upperBound, grain, leaf, combine) })
    return try combine(left, right)
  }

  /// Runs `body` as one task of this pool and blocks until it is done; on this thread if the pool takes no more tasks.
  @usableFromInline
  func enter<R: Sendable, E: Error>(_ body: @Sendable () throws(E) -> R) throws(E) -> R {
    let outcome: Result<R, E> = withoutActuallyEscaping(body) { body in
      let call = BorrowedCall(body)
      defer { call.body = nil }
      guard let future = try? submit(label: "fork-join", { call.run() }) else { return runOutside(body) }
      _ = try? future.block(nil)
      switch future.outcome {
      case .success(let outcome): return outcome
      default: return runOutside(body)  // cancelled with its pool before it started
      }
    }
    return try outcome.get()
  }

  private func runOutside<R, E: Error>(_ body: () throws(E) -> R) -> Result<R, E> {
    cf_current_thread().pointee.serial += 1
    defer { cf_current_thread().pointee.serial -= 1 }
    do throws(E) { return .success(try body()) } catch { return .failure(error) }
  }
}

/// A borrowed closure that another thread may call while its caller waits. The caller empties it in the end: who cancelled
/// the task may hold that for a moment longer, but not the closure.
// SAFETY: the body is read by the one thread that runs the task, and emptied after that has ended or was cancelled.
private final class BorrowedCall<R, E: Error>: @unchecked Sendable {
  var body: (() throws(E) -> R)?
  init(_ body: @escaping () throws(E) -> R) { self.body = body }
  func run() -> Result<R, E> {
    do throws(E) { return .success(try body.unsafelyUnwrapped()) } catch { return .failure(error) }
  }
}

/// The memory of one `concurrentMap`: pieces read `source` and fill `target`, each its own part.
// SAFETY: pieces are disjoint, nobody writes the source, and both arrays outlive the join.
@usableFromInline struct PieceMemory<In, Out>: @unchecked Sendable {
  @usableFromInline let source: UnsafePointer<In>
  @usableFromInline let target: UnsafeMutablePointer<Out>
  @inlinable init(source: UnsafePointer<In>, target: UnsafeMutablePointer<Out>) {
    self.source = source
    self.target = target
  }

  /// Before a piece of the target is filled.
  @inlinable @inline(__always)
  func populate(_ piece: Range<Int>) {
    let bytes = piece.count &* MemoryLayout<Out>.stride
    if bytes >= FreshPages.least { FreshPages.populate(target + piece.lowerBound, bytes) }
  }
}

/// What the pieces of one `concurrentReduce` start from.
// SAFETY: nobody writes the source, and the array outlives the join.
@usableFromInline struct PieceSeed<In, Out>: @unchecked Sendable {
  @usableFromInline let source: UnsafePointer<In>
  @usableFromInline let identity: Out
  @inlinable init(source: UnsafePointer<In>, identity: Out) {
    self.source = source
    self.identity = identity
  }
}

/// Runs `a` and `b`, possibly at the same time, on the current worker's pool; outside of any pool on
/// `ThreadPoolExecutor.shared`. See the method.
/// - Throws: the error of `a`, else that of `b`; after both have ended.
@available(*, noasync)
@inlinable @inline(__always)
public func join<A: Sendable, B: Sendable, E: Error>(
  _ a: @Sendable () throws(E) -> A, _ b: @Sendable () throws(E) -> B
) throws(E) -> (A, B) {
  guard let forks = Forks.current else { return try joinOnShared(a, b) }
  return try forks.joinWrapped(a, b)
}

/// Runs `a` and `b`, which cannot fail, possibly at the same time: the faster form.
@available(*, noasync)
@inlinable @inline(__always)
public func join<A: Sendable, B: Sendable>(_ a: @Sendable () -> A, _ b: @Sendable () -> B) -> (A, B) {
  guard Forks.fits(B.self), let forks = Forks.direct else {
    let both = joinOutOfLine(a, b)
    return (both.a, both.b)
  }
  return forks.joinDirect(a, b)
}

@available(*, noasync)
@inlinable @inline(never)
func joinOutOfLine<A: Sendable, B: Sendable>(_ a: @Sendable () -> A, _ b: @Sendable () -> B) -> Both<A, B> {
  if let forks = Forks.current { return Both(forks.joinWrapped(a, b)) }
  return Both(ThreadPoolExecutor.shared.join(a, b))
}

@available(*, noasync)
@inlinable @inline(never)
func joinOnShared<A: Sendable, B: Sendable, E: Error>(
  _ a: @Sendable () throws(E) -> A, _ b: @Sendable () throws(E) -> B
) throws(E) -> (A, B) {
  try ThreadPoolExecutor.shared.join(a, b)
}
