import Testing

extension Models {
  /// The state word and its list: completing, cancelling, waiting, calling back, asking to stop.
  @Suite struct FutureModels {
    final class Setting {
      let future: AnyFuture
      /// The outcome. Relaxed accesses: only the future's own ordering makes it visible.
      let outcome = Atomic<Int>(0)
      var wrong: String?
      var calls: [Int] = []
      var completed = 0
      var cancelled = 0
      var requests = 0

      init(owner: UInt32 = AnyFuture.Owner.library) {
        future = AnyFuture(operations: { _, _ in false }, owner: owner, isTask: false, ownsValue: false)
      }

      func complete() {
        guard future.claimCompletion() else { return }
        completed += 1
        outcome.store(7, ordering: .relaxed)
        future.fire(future.publish())
      }
      /// As a worker does it.
      func run() {
        guard future.claim() else { return future.dropEntry() }
        completed += 1
        outcome.store(7, ordering: .relaxed)
        future.fire(future.publish())
      }
      func cancel() { if future.cancel() { cancelled = 1 } }
      func look() {
        if future.loadWord().isFinished, outcome.load(ordering: .relaxed) != 7 { wrong = "finished without an outcome" }
      }
      /// As `sleepUntilDone` does it.
      func wait(deadline: Int64? = nil) {
        let memory = WaitNode.allocate()
        let node = memory.bindMemory(to: WaitNode.self, capacity: 1)
        node.initialize(to: WaitNode(.blocker))
        if future.register(node), !node.sleep(deadline: deadline), !future.unregister(node) { node.waitUntilRaised() }
        node.deinitialize(count: 1)
        memory.deallocate()
        if deadline == nil, !future.isDone { wrong = "woke before it was done" }
        look()
      }
      func callBack(_ number: Int) {
        // SAFETY: the explorer runs one thread at a time.
        nonisolated(unsafe) let me = self
        future.addAnyDoneCallback { future in
          if !future.isDone { me.wrong = "called back before it was done" }
          me.look()
          me.calls.append(number)
        }
      }
      func check(calls expected: [Int]? = nil) -> String? {
        if let wrong { return wrong }
        if completed + cancelled != 1 { return "completed \(completed), cancelled \(cancelled)" }
        if let expected, calls.sorted() != expected { return "called \(calls), not \(expected)" }
        if future.loadWord().head != nil { return "a node was left behind" }
        return nil
      }
    }

    @Test func aWaiterIsReleasedByWhoCompletesOrCancels() {
      verify("future, complete against cancel and a waiter") {
        let it = Setting()
        return Program(threads: [{ it.run() }, { it.cancel() }, { it.wait() }], check: { it.check() })
      }
    }

    @Test func oneOfTwoCompletersWins() {
      verify("future, two completers and a reader") {
        let it = Setting()
        return Program(
          threads: [
            { it.complete() }, { it.complete() },
            {
              it.look(); it.look()
            },
          ], check: { it.check() })
      }
    }

    @Test func aTimedWaiterLeavesNothingBehind() {
      verify("future, complete against two timed waiters") {
        let it = Setting()
        return Program(
          threads: [{ it.run() }, { it.wait(deadline: 1) }, { it.wait(deadline: 1) }], check: { it.check() })
      }
    }

    @Test func everyCallbackRunsOnce() {
      verify("future, complete against two callbacks") {
        let it = Setting()
        return Program(
          threads: [
            { it.run() },
            {
              it.callBack(1); it.callBack(2)
            }, { it.callBack(3) },
          ],
          check: { it.check(calls: [1, 2, 3]) })
      }
    }

    /// A request to stop is a bit of the word that others change under the lock bit meanwhile.
    @Test func aRequestToStopIsNotLost() {
      verify("future, a request against registering and completing") {
        let it = Setting()
        var before = false
        return Program(
          threads: [
            {
              it.future.requestCancellation()
              before = it.future.loadWord().isCancellationRequested
            },
            {
              it.callBack(1); it.wait(deadline: 1)
            }, { it.run() },
          ],
          check: {
            if !before, it.future.loadWord().phase != FutureWord.finished { return "the request was lost" }
            if before, !it.future.loadWord().isCancellationRequested { return "the request was erased" }
            return it.check(calls: [1])
          })
      }
    }

    /// Python's two steps: members of a group wait until the cancelled future was notified, others do not.
    @Test func aFutureMadeByHandIsCancelledInTwoSteps() {
      verify("future, cancel by hand, notify, a group") {
        let it = Setting(owner: AnyFuture.Owner.user)
        let group = WaitGroup([it.future])
        return Program(
          threads: [
            {
              it.cancel()
              it.future.notifyCancelled()
            },
            {
              group.open()
              _ = group.sleep(needed: 1, deadline: nil)
              if it.future.loadWord().phase != FutureWord.notified {
                it.wrong = "the group woke before the notification"
              }
              group.close()
            }, { it.callBack(1) },
          ], check: { it.check(calls: [1]) })
      }
    }
  }
}
