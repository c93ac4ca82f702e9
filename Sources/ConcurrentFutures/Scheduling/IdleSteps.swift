// Where a test may hold a worker on its way to sleep, so that a submit meets it there for certain. Debug builds only.
#if DEBUG
  import CPlatform
  import Synchronization

  /// The steps of the idle protocol (README.md) between which work may arrive.
  enum IdleStep: UInt8, CaseIterable {
    /// It counts as searching and has looked nowhere yet.
    case searching = 1
    /// It lies on the stack of sleepers and has not looked again (Sleep.W1).
    case sleeping
    /// It has looked again and parks next.
    case parking
  }

  struct IdleHold: ~Copyable {
    /// The step to stop at in the low two bits, above them how often the test has asked: a late worker is not mistaken
    /// for one that is held now. Step 0: none.
    private let wanted = Atomic<UInt64>(0)
    /// What was asked of the worker that stands still.
    private let reached = Atomic<UInt64>(0)

    /// Workers stop at `step` from now on. For one test thread at a time.
    func stop(at step: IdleStep) {
      let count = wanted.load(ordering: .relaxed) >> 2 &+ 1
      wanted.store(count << 2 | UInt64(step.rawValue), ordering: .sequentiallyConsistent)
    }

    /// Whoever was stopped goes on, and nobody stops any more.
    func goOn() { wanted.bitwiseAnd(~3, ordering: .sequentiallyConsistent) }

    /// Whether a worker stands where the last `stop` asked.
    var isHeld: Bool { reached.load(ordering: .acquiring) == wanted.load(ordering: .relaxed) }

    /// Called by a worker.
    func pass(_ step: IdleStep) {
      let asked = wanted.load(ordering: .acquiring)
      guard asked & 3 == UInt64(step.rawValue) else { return }
      reached.store(asked, ordering: .releasing)
      while wanted.load(ordering: .acquiring) == asked { cf_yield() }
    }
  }
#endif
