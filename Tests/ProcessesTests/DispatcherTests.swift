import SplitMix
import Testing

@testable import ConcurrentFutures

/// A board in this process: which calls the simulated peer has taken.
private final class Board: OfferBoard {
  var words: [UInt16: (call: CallID, isTaken: Bool)] = [:]
  func offer(_ call: CallID, _ slot: UInt16) { words[slot] = (call, false) }
  func isTaken(_ call: CallID, _ slot: UInt16) -> Bool { words[slot].map { $0.call == call && $0.isTaken } ?? false }
  func withdraw(_ call: CallID, _ slot: UInt16) -> Bool {
    guard let word = words[slot], word.call == call, !word.isTaken else { return false }
    words[slot] = nil
    return true
  }
  func take(_ call: CallID, _ slot: UInt16) -> Bool {
    guard let word = words[slot], word.call == call, !word.isTaken else { return false }
    words[slot]!.isTaken = true
    return true
  }
}

/// The world around a dispatcher: peers that do only what the test lets them do.
private struct World {
  struct Peer {
    let board = Board()
    var isSpawned = false
    var inbox: [(call: CallID, slot: UInt16)] = []
    var running: CallID?
    var isStopped = false
    var isKilled = false
  }
  var dispatcher: Dispatcher<Int, Board>
  var peers: [PeerID: Peer] = [:]
  var outcome: [Int: String] = [:]
  var starts: [CallID: Int] = [:]
  var hasEnded = false
  var spawns = 0

  init(_ adjust: (inout DispatchPolicy) -> Void = { _ in }) {
    var policy = DispatchPolicy()
    adjust(&policy)
    dispatcher = Dispatcher(policy)
  }

  mutating func settle(_ call: Int, _ what: String) {
    #expect(outcome[call] == nil, "call \(call): \(outcome[call] ?? "") and \(what)")
    outcome[call] = what
  }

  /// Carries out what the dispatcher asks for.
  mutating func act() {
    for action in dispatcher.takeActions() {
      switch action {
      case .spawn(let peer):
        peers[peer] = Peer()
        spawns += 1
      case .send(_, let id, let peer, let slot): peers[peer]?.inbox.append((id, slot))
      case .run(_, let id, _): starts[id, default: 0] += 1
      case .fail(let call, .cancelled): settle(call, "cancelled")
      case .fail(let call, .broken): settle(call, "broken")
      case .stop(let peer): peers[peer]?.isStopped = true
      case .kill(let peer): peers[peer]?.isKilled = true
      case .ended:
        #expect(!hasEnded)
        hasEnded = true
      }
    }
  }

  mutating func submit(_ call: Int) {
    dispatcher.submit(call)
    act()
  }
  mutating func spawn(_ peer: PeerID) {
    peers[peer]!.isSpawned = true
    dispatcher.spawned(peer, board: peers[peer]!.board)
    act()
  }
  mutating func ready(_ peer: PeerID) {
    dispatcher.ready(peer)
    act()
  }
  /// The peer takes the next call it was offered; true if there was one.
  @discardableResult
  mutating func take(_ peer: PeerID) -> Bool {
    guard peers[peer]!.running == nil else { return false }
    while !peers[peer]!.inbox.isEmpty {
      let (call, slot) = peers[peer]!.inbox.removeFirst()
      guard peers[peer]!.board.take(call, slot) else { continue }
      peers[peer]!.running = call
      dispatcher.started(call, on: peer)
      act()
      return true
    }
    return false
  }
  mutating func finish(_ peer: PeerID) {
    guard let call = peers[peer]!.running else { return }
    peers[peer]!.running = nil
    if let submitted = dispatcher.finished(call, on: peer) { settle(submitted, "finished") }
    act()
  }
  mutating func end(_ peer: PeerID) {
    peers[peer] = nil
    dispatcher.ended(peer, .workerTerminated(pid: Int32(peer), status: .signalled(9)))
    act()
  }
}

@Suite struct DispatcherTests {
  @Test(.timeLimit(.minutes(1))) func spawnsOnDemandAndReusesTheIdle() {
    var world = World { $0.maxPeers = 3 }
    #expect(world.spawns == 0)
    world.submit(1)
    #expect(world.spawns == 1)
    world.spawn(1)
    world.ready(1)
    world.take(1)
    world.finish(1)
    world.submit(2)
    #expect(world.spawns == 1)
    world.submit(3)
    #expect(world.spawns == 2)
    for call in 4...40 { world.submit(call) }
    #expect(world.spawns == 3)
  }

  @Test(.timeLimit(.minutes(1))) func keepsOrderWhileOneStarts() {
    var world = World { $0.maxPeers = 2 }
    world.submit(1)
    world.spawn(1)
    world.ready(1)
    world.take(1)
    for call in 2...6 { world.submit(call) }
    world.spawn(2)
    #expect(world.peers[2]!.inbox.first?.call == 2)
  }

  @Test(.timeLimit(.minutes(1))) func sendsAheadAndTakesBack() {
    var world = World {
      $0.maxPeers = 2
      $0.prefetch = 2
    }
    for call in 1...6 { world.submit(call) }
    for peer in [1, 2] as [PeerID] {
      world.spawn(peer)
      world.ready(peer)
      world.take(peer)
    }
    #expect(world.peers[1]!.inbox.count == 2 && world.peers[2]!.inbox.count == 2)
    // Peer 1 works through everything of its own; then it gets what lies before the busy peer 2.
    for _ in 0..<5 {
      world.finish(1)
      world.take(1)
    }
    #expect(world.outcome.count == 5)
    #expect(world.outcome.values.allSatisfy { $0 == "finished" })
    let took = world.take(2)
    #expect(!took)  // it runs one still, and what it holds besides was withdrawn
    world.finish(2)
    #expect(world.outcome.count == 6)
  }

  @Test(.timeLimit(.minutes(1))) func cancels() {
    var world = World { $0.prefetch = 1 }
    for call in 1...3 { world.submit(call) }
    world.spawn(1)
    world.take(1)
    let cancelled = ([1, 2, 3, 3] as [CallID]).map { world.dispatcher.cancel($0) }
    #expect(cancelled == [false, true, true, true])  // runs, was sent ahead, pends, is gone
    world.act()
    world.finish(1)
    let took = world.take(1)
    #expect(!took)
    #expect(world.outcome == [1: "finished"])
  }

  @Test(.timeLimit(.minutes(1))) func limitOfTasks() {
    var world = World { $0.maxTasksPerPeer = 2 }
    for call in 1...5 { world.submit(call) }
    var peer: PeerID = 1
    while world.outcome.count < 5 {
      world.spawn(peer)
      world.ready(peer)
      while world.take(peer) { world.finish(peer) }
      if world.outcome.count < 5 {
        #expect(world.peers[peer]!.isStopped)
        world.end(peer)
      }
      peer += 1
    }
    #expect(world.spawns == 3)
  }

  @Test(.timeLimit(.minutes(1))) func lateTaskIsKilledAlone() {
    var world = World { $0.prefetch = 1 }
    world.submit(1)
    world.submit(2)
    world.spawn(1)
    world.take(1)
    let late = world.dispatcher.timedOut(1)
    #expect(late == 1)
    world.act()
    #expect(world.peers[1]!.isKilled)
    world.end(1)
    world.spawn(2)
    world.take(2)
    world.finish(2)
    #expect(world.outcome == [2: "finished"])
  }

  @Test(.timeLimit(.minutes(1))) func breaksWhenWorkersDieBeforeTheyAreReady() {
    var world = World { $0.retries = 100 }
    world.submit(1)
    for peer in 1...3 as ClosedRange<PeerID> {
      world.spawn(peer)
      world.end(peer)
    }
    #expect(world.outcome == [1: "broken"])
    #expect(world.hasEnded)
  }

  /// A call whose worker died has run: its future is RUNNING, and a shutdown that cancels must fail it instead.
  @Test(.timeLimit(.minutes(1))) func whatIsToBeRepeatedFailsRatherThanIsCancelled() {
    var world = World {
      $0.maxPeers = 1
      $0.retries = 3
    }
    world.submit(1)
    world.submit(2)
    world.spawn(1)
    world.ready(1)
    world.take(1)
    world.end(1)
    world.dispatcher.shutdown(cancelPending: true)
    world.act()
    #expect(world.outcome == [1: "broken", 2: "cancelled"])
  }

  @Test(.timeLimit(.minutes(1))) func nothingToStart() {
    var world = World { $0.maxPeers = 2 }
    world.submit(1)
    world.submit(2)
    world.spawn(1)
    world.dispatcher.spawnFailed(2, "no")  // one is left: it does the work
    world.act()
    #expect(world.outcome.isEmpty)
    world.take(1)
    world.finish(1)
    world.take(1)
    world.finish(1)
    #expect(world.outcome == [1: "finished", 2: "finished"])
    var empty = World()
    empty.submit(1)
    empty.dispatcher.spawnFailed(1, "no")
    empty.act()
    #expect(empty.outcome == [1: "broken"])
    #expect(empty.hasEnded)
  }

  /// Random events: every call settles exactly once, no call starts more often than it may, and the end comes.
  @Test(.timeLimit(.minutes(1)), arguments: 1...300) func randomly(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let retries: Int? = [nil, 0, 2].randomElement(using: &random)!
    let limit: Int? = [nil, 1, 3].randomElement(using: &random)!
    var world = World {
      $0.maxPeers = Int.random(in: 1...4, using: &random)
      $0.prefetch = Int.random(in: 0...3, using: &random)
      $0.retries = retries
      $0.maxTasksPerPeer = limit
    }
    var submitted = 0
    var cancelled: Set<Int> = []
    for step in 0..<600 {
      let peers = world.peers.keys.sorted()
      let peer = peers.randomElement(using: &random)
      switch Int.random(in: 0...99, using: &random) {
      case 0..<30:
        if world.dispatcher.rejection == nil, step < 400 {
          submitted += 1
          world.submit(submitted)
        }
      case 30..<34:
        if submitted > 0 {
          let call = Int.random(in: 1...submitted, using: &random)
          if world.dispatcher.knows(CallID(call)), world.dispatcher.cancel(CallID(call)) { cancelled.insert(call) }
          world.act()
        }
      case 34..<35:
        if let peer, world.peers[peer]!.isSpawned { world.end(peer) }
      case 35..<36 where step > 300: world.dispatcher.shutdown(cancelPending: Bool.random(using: &random))
      case 36..<37:
        if let peer, let call = world.peers[peer]!.running, let late = world.dispatcher.timedOut(call) {
          world.settle(late, "late")
          world.act()
        }
      default: world.proceed(peer, &random)
      }
      world.act()
    }
    world.dispatcher.shutdown(cancelPending: false)
    world.act()
    var rounds = 0
    while !world.hasEnded, rounds < 100_000 {
      world.proceed(world.peers.keys.sorted().randomElement(using: &random), &random)
      rounds += 1
    }
    #expect(world.hasEnded, "seed \(seed)")
    #expect(world.dispatcher.unfinished == 0 && world.dispatcher.queued == 0)
    for call in 1...max(1, submitted) where submitted > 0 {
      #expect((world.outcome[call] != nil) != cancelled.contains(call), "seed \(seed) call \(call)")
      if cancelled.contains(call), retries == nil {
        #expect(world.starts[CallID(call)] == nil, "seed \(seed) call \(call)")
      }
    }
  }
}

extension World {
  /// One peer does the next thing that it has to do.
  fileprivate mutating func proceed(_ peer: PeerID?, _ random: inout SplitMix64) {
    guard let peer, let state = peers[peer] else { return }
    if !state.isSpawned {
      spawn(peer)
    } else if state.isKilled || (state.isStopped && state.running == nil) {
      end(peer)
    } else if Int.random(in: 0...4, using: &random) == 0 {
      ready(peer)
    } else if state.running != nil {
      finish(peer)
    } else {
      take(peer)
    }
  }
}
