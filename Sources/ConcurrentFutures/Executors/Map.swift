// map: a task per element (or per chunk), results in input order.
//
// Source: CPython Lib/concurrent/futures/_base.py, `Executor.map`, with 3.14's buffersize. We differ: an error in a chunk
// fails its element only.
import CPlatform

extension FutureExecutor {
  /// Applies `transform` to every element, as tasks of this executor; results come in input order.
  ///
  /// Every task is submitted before this returns, unless `bufferSize` bounds how many are submitted and not yet taken:
  /// then the input is read as results are taken, and may be infinite.
  /// - Parameters:
  ///   - inputs: read by this call; with a `bufferSize` by whoever takes results.
  ///   - timeout: for the whole iteration, counted from this call; nil: without limit.
  ///   - chunkSize: elements a task. More amortise the cost of a task; a chunk is cancelled whole while it has not started.
  ///   - bufferSize: elements that may be submitted and not taken; nil: all. A chunk is submitted once there is room for
  ///     all of it: one of more than half the buffer cannot run while the one before it is taken.
  ///   - label: names the tasks in traces; without one the site of this call does.
  ///   - file: the submit site; leave it to its default.
  ///   - line: the submit site; leave it to its default.
  ///   - transform: called on several workers at the same time.
  /// - Throws: ``InvalidArgumentError`` for a `chunkSize` or `bufferSize` below 1, ``RejectedExecutionError``.
  public func map<In: Sendable, Out: Sendable>(
    _ inputs: sending some Sequence<In>, timeout: Duration? = nil, chunkSize: Int = 1, bufferSize: Int? = nil,
    label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ transform: @escaping @Sendable (In) throws -> Out
  ) throws -> MappedResults<Out> {
    try MapArguments.check(chunkSize, bufferSize)
    var iterator = inputs.makeIterator()
    return try mapped({ iterator.next() }, timeout, chunkSize, bufferSize, TaskSite(label, file, line), transform)
  }

  /// Applies `transform` to the elements of two sequences in step; the shorter one ends it. See the form for one sequence.
  /// - Throws: ``InvalidArgumentError`` for a `chunkSize` or `bufferSize` below 1, ``RejectedExecutionError``.
  public func map<A: Sendable, B: Sendable, Out: Sendable>(
    _ a: sending some Sequence<A>, _ b: sending some Sequence<B>, timeout: Duration? = nil, chunkSize: Int = 1,
    bufferSize: Int? = nil, label: StaticString? = nil, file: StaticString = #fileID, line: UInt = #line,
    _ transform: @escaping @Sendable (A, B) throws -> Out
  ) throws -> MappedResults<Out> {
    try MapArguments.check(chunkSize, bufferSize)
    var first = a.makeIterator()
    var second = b.makeIterator()
    return try mapped(
      {
        guard let a = first.next(), let b = second.next() else { return nil }
        return (a, b)
      }, timeout, chunkSize, bufferSize, TaskSite(label, file, line)
    ) { (pair: (A, B)) in try transform(pair.0, pair.1) }
  }

  private func mapped<In: Sendable, Out: Sendable>(
    _ next: @escaping () -> In?, _ timeout: Duration?, _ chunkSize: Int, _ bufferSize: Int?, _ site: TaskSite,
    _ transform: @escaping @Sendable (In) throws -> Out
  ) throws -> MappedResults<Out> {
    let deadline = timeout.map(Deadline.after)
    // With a buffer the iterator must not keep a dropped pool alive: it just drains (CPython holds a weak reference).
    let chunkSize = min(chunkSize, bufferSize ?? chunkSize)
    let submitter = MapSubmitter(
      executor: self, weakly: bufferSize != nil, next: next, chunkSize: chunkSize, site: site, transform: transform)
    let results = MappedResults<Out>(
      deadline: deadline, bufferSize: bufferSize, chunkSize: chunkSize, submitNext: submitter.submitNext)
    try results.fill()
    return results
  }
}

enum MapArguments {
  static func check(_ chunkSize: Int, _ bufferSize: Int?) throws {
    guard chunkSize >= 1 else { throw InvalidArgumentError(message: "chunksize must be >= 1.") }
    if let bufferSize, bufferSize < 1 { throw InvalidArgumentError(message: "buffersize must be None or > 0") }
  }
}

/// What a task of `map` gives: one outcome an element.
typealias ChunkFuture<Out: Sendable> = Future<[Result<Out, any Error>]>

/// Reads the input and submits it, a chunk at a time.
private final class MapSubmitter<In: Sendable, Out: Sendable> {
  private let strong: (any FutureExecutor)?
  private weak var weakly: (any FutureExecutor)?
  private let next: () -> In?
  private let chunkSize: Int
  private let site: TaskSite
  private let transform: @Sendable (In) throws -> Out

  init(
    executor: any FutureExecutor, weakly: Bool, next: @escaping () -> In?, chunkSize: Int, site: TaskSite,
    transform: @escaping @Sendable (In) throws -> Out
  ) {
    strong = weakly ? nil : executor
    self.weakly = executor
    self.next = next
    self.chunkSize = chunkSize
    self.site = site
    self.transform = transform
  }

  /// Submits the next chunk; nil when the input has ended or the executor is gone.
  func submitNext() throws -> ChunkFuture<Out>? {
    guard let executor = strong ?? weakly else { return nil }
    guard let first = next() else { return nil }
    var chunk = [first]
    while chunk.count < chunkSize, let element = next() { chunk.append(element) }
    let transform = transform
    let elements = chunk
    let work: @Sendable () -> [Result<Out, any Error>] = {
      elements.map { element in Result { try transform(element) } }
    }
    if let pool = executor as? ThreadPoolExecutor { return try pool.submit(site, work) }
    return try executor.submit(work)
  }
}

extension ThreadPoolExecutor {
  /// `submit` on behalf of a caller whose site is known already.
  func submit<Value: Sendable>(_ site: TaskSite, _ work: consuming @escaping @Sendable () throws -> Value)
    throws(RejectedExecutionError)
    -> Future<Value>
  {
    let future = ClosureTask(work, owner: id)
    if Recorder.isOn { try admit(future, site) } else { try admit(future) }
    return future
  }
}
