// Which task waits for which: finds those that wait for one another. Debug builds only.
//
// Source: the wait-for graph of deadlock detection in databases. A task that waits without a timeout cannot end before
// what it waits for, so a cycle never ends. We see `result`, `exception` and `waitUntilDone` in tasks of pools; a wait for
// several futures, for a future made from others, or for one made by hand is no edge.
#if DEBUG
  import CPlatform

  enum WaitGraph {
    /// One wait: the task and what it waits for.
    struct Edge: Equatable {
      let waiter: ObjectIdentifier
      let awaited: ObjectIdentifier
    }

    // SAFETY: guarded by the registry's lock. Identities only: the waiting task holds both futures meanwhile.
    private nonisolated(unsafe) static var edges: [ObjectIdentifier: [ObjectIdentifier]] = [:]

    /// Notes that the calling thread's task waits for `awaited`, and reports the cycle if that closes one.
    /// - Returns: what `end` takes; nil outside of a task.
    static func begin(_ awaited: AnyFuture, report: (String) -> Void = ErrorSink.standardError) -> Edge? {
      guard let current = cf_current_thread().pointee.current_future else { return nil }
      // SAFETY: whoever runs the task holds a reference to its future meanwhile.
      let waiter = Unmanaged<AnyFuture>.fromOpaque(current).takeUnretainedValue()
      let edge = Edge(waiter: ObjectIdentifier(waiter), awaited: ObjectIdentifier(awaited))
      let closes = PoolRegistry.withLock {
        // Forks of one task may wait at the same time: the task ends after all of them.
        edges[edge.waiter, default: []].append(edge.awaited)
        return isReachable(edge.waiter, from: edge.awaited)
      }
      if closes {
        report(
          "ConcurrentFutures: deadlock: \(waiter.debugDescription) waits for \(awaited.debugDescription), "
            + "which waits for it in turn\n")
      }
      return edge
    }

    static func end(_ edge: Edge?) {
      guard let edge else { return }
      PoolRegistry.withLock {
        guard let index = edges[edge.waiter]?.firstIndex(of: edge.awaited) else { return }
        edges[edge.waiter]?.remove(at: index)
        if edges[edge.waiter]?.isEmpty == true { edges[edge.waiter] = nil }
      }
    }

    private static func isReachable(_ target: ObjectIdentifier, from start: ObjectIdentifier) -> Bool {
      var seen: Set<ObjectIdentifier> = []
      var open = [start]
      while let next = open.popLast() {
        if next == target { return true }
        guard seen.insert(next).inserted else { continue }
        open += edges[next] ?? []
      }
      return false
    }
  }
#endif
