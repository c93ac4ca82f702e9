// How a worker without work looks for some, and how it goes to sleep. Sleep.swift has the protocol.
import CPlatform
import Synchronization

extension UnsafeMutablePointer<Worker> {
  /// Rounds of looking everywhere before a worker sleeps. 0: a hot hand-off costs 18 us instead of 0.6 us; 2000: idle
  /// workers disturb busy ones (p99 0.8 ms on two cores).
  /// On one CPU a round is a yield; there must be more than `forceAfter` of them, and 16 to reach the next multiple.
  private static var rounds: Int { UsableCPUs.isOne ? 48 : 100 }

  /// The same for a worker that has just watched: two looks at what others leave lying.
  private static var roundsOfWatcher: Int { 16 }

  /// How long a watcher sleeps at a time. Larger: what a worker enqueued before a long job starts later; smaller: a chain of
  /// awaits on one worker costs another CPU more than the 3 % that this and `roundsOfWatcher` come to.
  private static var watcherSleep: Int64 { 250_000 }  // ns

  func search(_ searching: inout Bool) -> Found? {
    pointee.activity.store(Worker.Activity.looking, ordering: .relaxed)  // it stays true what it says
    if !searching {
      guard pool.pointee.sleep.beginSearching() else { return nil }
      searching = true
    }
    #if DEBUG
      pool.pointee.hold.pass(.searching)
    #endif
    let recording = Recorder.isOn(.searchEnd)
    let began = recording ? Recorder.now : 0
    var round = 0
    var found: Found?
    pointee.probes = Probes()
    pointee.passedJobs = pool.passedJobs
    let rounds = pointee.hasWatched ? Self.roundsOfWatcher : Self.rounds
    pointee.hasWatched = false
    defer { pointee.patience = 0 }
    // A closed pool whose other workers have nothing either ends at once.
    while round < rounds, !pool.isClosed || pool.someoneIsBusy {
      round += 1
      pointee.patience = round
      found = find(true)
      if found != nil { break }
      if UsableCPUs.isOne {
        cf_yield()  // who has work for us needs this CPU
      } else {
        pauseUnlessWorkShows()
        if round & 31 == 0 { cf_yield() }
      }
    }
    if recording {
      let probes = pointee.probes
      Recorder.searchEnd(
        began: began, attempts: probes.attempts(andStole: found?.from != nil), empty: probes.empty,
        lostRaces: probes.lost, found: found != nil, victim: found?.victim ?? Recorder.noVictim)
    }
    return found
  }

  /// Between two rounds: looks at the next worker's forks and the injector at every pause, for a thief's start is as late
  /// as its look. Both lines are only read: who writes them pays for it once a piece of work.
  private func pauseUnlessWorkShows() {
    let count = pool.pointee.publishedWorkers
    var index = pointee.victims.start(count).lowerBound
    for _ in 0..<16 {
      if index == pointee.index { index += 1 }
      if index >= count { index = pointee.index == 0 && count > 1 ? 1 : 0 }
      cf_pause()
      if pool.worker(index)?.pointee.forks.seemsPublished == true || pool.pointee.injector.isNonEmpty { return }
      index += 1
    }
  }

  /// Sleeps until there is work. Afterwards the worker counts as searching.
  func rest(_ searching: inout Bool) -> Worker.Rest {
    if pool.takeSurplus() { return .endSurplus }
    let wasSearching = searching
    searching = true
    let watches = wasSearching && pool.passedJobs != pointee.passedJobs
    pool.pointee.sleep.beginSleeping(pointee.index, wasSearching: wasSearching, isWatching: watches)
    defer { if watches { pool.pointee.sleep.endWatching() } }
    #if DEBUG
      pool.pointee.hold.pass(.sleeping)
    #endif
    let someoneHides = requestForks()
    pointee.hasWatched = watches && !someoneHides
    // Sleep.W1, W3, ForkStack.R5
    if someoneHides || (watches ? pool.hasWorkToSteal : pool.hasVisibleWork) {
      standUp()
      return .goOn
    }
    if pool.isClosed {
      standUp()
      return pool.hasVisibleWork ? .goOn : .end
    }
    if Recorder.isOn(.workerPark) {
      Recorder.workerPark(reason: .idle, dequeDepth: 0, injectorDepth: pool.pointee.injector.count)
    }
    #if DEBUG
      pool.pointee.hold.pass(.parking)
    #endif
    let deadline =
      watches ? cf_monotonic_ns() + Self.watcherSleep : pool.pointee.configuration.keepAlive.map(Deadline.after)
    var woken = pointee.parker.park(deadline: deadline)
    let timedOut = !woken && pool.pointee.sleep.cancelSleeping(pointee.index)
    if !woken && !timedOut { woken = pointee.parker.park() }
    if Recorder.isOn(.workerUnpark) { recordUnpark(timedOut: timedOut) }
    return !timedOut || watches || pool.hasVisibleWork ? .goOn : .end
  }

  func recordUnpark(timedOut: Bool = false) {
    let cause = Recorder.WakeCause(rawValue: pointee.wakeCause.load(ordering: .relaxed)) ?? .work
    Recorder.workerUnpark(
      cause: timedOut ? .timeout : cause, waker: timedOut ? Recorder.noVictim : pointee.waker.load(ordering: .relaxed))
  }

  /// From the stack of sleepers back to searching, without having slept.
  func standUp() {
    if !pool.pointee.sleep.cancelSleeping(pointee.index) { _ = pointee.parker.park() }  // its waker's token is coming
  }

  /// Wakes a worker that was taken off the stack of sleepers.
  func wake(_ cause: Recorder.WakeCause) {
    if Recorder.isOn(.workerWake) {
      pointee.wakeCause.store(cause.rawValue, ordering: .relaxed)  // the parker's token publishes it
      pointee.waker.store(Recorder.currentLane, ordering: .relaxed)
      Recorder.workerWake(target: pointee.lane.load(ordering: .relaxed), cause: cause)
    }
    pointee.parker.unpark()
  }

  /// False if work arrived while it still counted as searching: it stays, for a new thread could be refused.
  func leave() -> Bool {
    pointee.activity.store(Worker.Activity.absent, ordering: .sequentiallyConsistent)
    pool.pointee.sleep.returnToUnstarted()
    guard pool.hasVisibleWork, pool.pointee.sleep.claimUnstarted() else { return true }
    pointee.activity.store(Worker.Activity.looking, ordering: .relaxed)
    return false
  }
}
