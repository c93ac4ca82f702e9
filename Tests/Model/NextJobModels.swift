import Testing

extension Models {
  @Suite struct NextJobModels {
    final class Setting {
      let next = NextJob()
      let sleep: Sleep
      let parker = Parker()
      let log = Log()

      /// One worker searches, the owner runs.
      init() {
        sleep = Sleep(workers: 2)
        for _ in 0..<2 { _ = sleep.claimUnstarted(always: true) }
        _ = sleep.endSearching()
      }

      /// As `Worker.enqueue` does it.
      func put(_ number: Int) {
        let item = Job.make()
        Job.number(item).pointee.store(UInt(number), ordering: .relaxed)
        next.put(item)
        if sleep.current.wantsWatcher, sleep.takeSleeper() != nil { parker.unpark() }
      }
      @discardableResult
      func take() -> Bool {
        guard let item = next.take() else { return false }
        log.add(Int(Job.number(item).pointee.load(ordering: .relaxed)))
        return true
      }
      func check(_ expected: [Int]) -> String? {
        take()
        return log.differs(from: expected)
      }
    }

    @Test func everyJobIsTakenOnce() {
      verify("next job, its owner and a thief") {
        let it = Setting()
        return Program(
          threads: [
            {
              it.put(1)
              it.take()
              it.put(2)  // I2: nobody else fills it
            },
            {
              it.take(); it.take()
            },
          ], check: { it.check([1, 2]) })
      }
    }

    /// The owner enqueues and then runs for ever. A worker that watches, and sleeps without a deadline once it has seen
    /// nothing pass, as `Worker.rest` does it, comes to take the job.
    @Test func aWatcherComes() {
      verify("next job, a watcher that goes to sleep") {
        let it = Setting()
        return Program(
          threads: [
            { it.put(1) },
            {
              it.sleep.beginSleeping(1, wasSearching: true, isWatching: true)
              if !it.parker.park(deadline: 1), !it.sleep.cancelSleeping(1) { _ = it.parker.park() }
              it.sleep.endWatching()
              while !it.take() {
                it.sleep.beginSleeping(1, wasSearching: true)
                if it.next.isFull {
                  if !it.sleep.cancelSleeping(1) { _ = it.parker.park() }
                } else {
                  _ = it.parker.park()
                }
              }
            },
          ], check: { it.check([1]) })
      }
    }
  }
}
