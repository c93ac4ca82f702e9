// Who runs which call: pending calls and peers in, actions out. Pure: no processes, no threads, no clock.
//
//   submit ──> pending ──offer──> peer's offers ──started──> running ──finished──> (gone)
//                 ^                   │                          │
//                 └──── withdrawn ────┴───── peer ended ─────────┘
//
// Roles
//   peer    a worker, wherever it is; takes calls one at a time in the order offered
//   board   one a peer: where an offer is taken by whoever comes first, the peer that starts the call or the
//           dispatcher that wants it back
//
// Invariants
//   I1  A call is in `pending` or in exactly one peer's `offers`, from submit until it was finished, failed or cancelled.
//   I2  A call leaves exactly once, and then exactly one action or return value hands it to the caller.
//   I3  A call is offered ahead of time only where no other peer could take it at once.
//   I4  `.ended` comes once, after the last call and the last peer are gone and nothing can bring new ones.

typealias CallID = UInt64
typealias PeerID = UInt32

/// Where a peer finds what it is offered. An offer is taken once.
protocol OfferBoard {
  func offer(_ call: CallID, _ slot: UInt16)
  /// Takes an offer back. False: the peer has started the call.
  func withdraw(_ call: CallID, _ slot: UInt16) -> Bool
  /// The peer has started the call.
  func isTaken(_ call: CallID, _ slot: UInt16) -> Bool
}

struct DispatchPolicy {
  var maxPeers = 1
  /// Calls sent to a busy peer ahead of time. Larger: fewer idle gaps between tiny calls; smaller: fewer bytes sent in vain
  /// when a call is taken back.
  var prefetch = 1
  /// Calls after which a peer is replaced.
  var maxTasksPerPeer: Int?
  /// Nil: a peer that dies breaks the pool. Else: how often a call is tried again after its peer died.
  var retries: Int?
  /// Peers that may die before they were ready, with no call finished in between; then the pool breaks, lest it starts
  /// them for ever.
  var startAttempts = 3
}

enum CallFailure {
  case cancelled
  case broken(BrokenExecutorError.Kind)
}

struct Dispatcher<Call, Board: OfferBoard> {
  enum Action {
    case spawn(PeerID)
    case send(Call, CallID, to: PeerID, slot: UInt16)
    /// The call runs from now on.
    case run(Call, CallID, on: PeerID)
    case fail(Call, CallFailure)
    /// Ask the peer to end; it has nothing to do.
    case stop(PeerID)
    case kill(PeerID)
    case ended
  }

  private struct Offer {
    let call: CallID
    let slot: UInt16
  }

  private struct Peer {
    enum Phase { case spawning, starting, ready, stopping, doomed }
    let id: PeerID
    var phase = Phase.spawning
    var board: Board?
    var offers: [Offer] = []
    var usedSlots: UInt64 = 0
    var taken = 0

    var isOpen: Bool { phase == .starting || phase == .ready }
    var countsAsWorker: Bool { isOpen || phase == .spawning }
    func hasStarted(_ offer: Offer) -> Bool { board?.isTaken(offer.call, offer.slot) ?? false }
  }

  private struct Record {
    let call: Call
    var attempts = 0
    var peer: PeerID?
    /// Why it has to be tried again: it cannot be cancelled any more.
    var lastDeath: BrokenExecutorError.Kind?
  }

  private enum Phase {
    case open, closing
    case broken(BrokenExecutorError.Kind)
  }

  let policy: DispatchPolicy
  private var phase = Phase.open
  private var records: [CallID: Record] = [:]
  private var pending = PendingCalls()
  private var peers: [Peer] = []
  private var nextCall: CallID = 0
  private var nextPeer: PeerID = 0
  private var deathsBeforeReady = 0
  private var spawnFailed = false
  private var hasEnded = false
  private(set) var actions: [Action] = []

  init(_ policy: DispatchPolicy) { self.policy = policy }

  /// What is to be done, in order; the caller does it after unlocking.
  mutating func takeActions() -> [Action] {
    defer { actions = [] }
    return actions
  }

  // MARK: What the pool can see

  var peerIDs: [PeerID] { peers.map(\.id) }
  var unfinished: Int { records.count }
  /// Calls that no peer was offered.
  var queued: Int { records.count - peers.reduce(0) { $0 + $1.offers.count } }
  var running: Int { peers.reduce(0) { $0 + $1.offers.count(where: $1.hasStarted) } }
  var idlePeers: Int { peers.count { $0.isOpen && $0.offers.isEmpty } }
  var isOpen: Bool { if case .open = phase { true } else { false } }

  /// Why nothing more is accepted, or nil.
  var rejection: RejectedExecutionError.Reason? {
    switch phase {
    case .open: nil
    case .closing: .shutdown
    case .broken(let kind): .broken(BrokenExecutorError(kind))
    }
  }

  // MARK: What callers do

  /// Accepts a call. Only while `rejection` is nil. `named` learns its id before anybody can hear of it.
  mutating func submit(_ call: Call, named: (CallID) -> Void = { _ in }) {
    nextCall += 1
    named(nextCall)
    records[nextCall] = Record(call: call)
    pending.append(nextCall)
    spawnFailed = false
    dispatch()
  }

  func knows(_ id: CallID) -> Bool { records[id] != nil }

  /// A peer has started the call and not ended it.
  func hasStarted(_ id: CallID) -> Bool {
    guard let peer = records[id]?.peer.flatMap(index) else { return false }
    return peers[peer].offers.contains { $0.call == id && peers[peer].hasStarted($0) }
  }

  /// True if the call will not run (or is gone already); false if a peer has started it.
  mutating func cancel(_ id: CallID) -> Bool {
    guard let record = records[id] else { return true }
    if let peer = record.peer.flatMap(index), !withdraw(id, from: peer) { return false }
    records[id] = nil
    if queued == 0 { pending = PendingCalls() }  // else it is stepped over
    dispatch()
    return true
  }

  mutating func shutdown(cancelPending: Bool) {
    if case .open = phase { phase = .closing }
    if cancelPending { self.cancelPending() }
    dispatch()
  }

  /// Ends at once: what runs fails, what waits is cancelled. The caller kills the peers.
  mutating func terminate() {
    if case .broken = phase { return }
    phase = .closing
    cancelPending()
    for id in records.keys.sorted() { fail(id, .broken(.terminated)) }
    for peer in peers.indices {
      peers[peer].offers = []
      peers[peer].phase = .doomed
    }
    dispatch()
  }

  private mutating func cancelPending() {
    for id in records.keys.sorted() {
      if let peer = records[id]?.peer.flatMap(index), !withdraw(id, from: peer) { continue }
      fail(id, records[id]?.lastDeath.map { .broken($0) } ?? .cancelled)
    }
  }

  // MARK: What peers do

  mutating func spawned(_ id: PeerID, board: Board) {
    guard let peer = index(id) else { return }
    peers[peer].board = board
    if peers[peer].phase == .spawning { peers[peer].phase = .starting } else { actions.append(.kill(id)) }
    dispatch()
  }

  /// The system refused another peer. Only fatal where no other is left to do the work.
  mutating func spawnFailed(_ id: PeerID, _ reason: String) {
    peers.removeAll { $0.id == id }
    spawnFailed = true
    if peers.isEmpty { breakPool(.transport(reason)) } else { dispatch() }
  }

  mutating func ready(_ id: PeerID) {
    deathsBeforeReady = 0
    guard let peer = index(id) else { return }
    if peers[peer].phase == .starting { peers[peer].phase = .ready }
    dispatch()
  }

  /// Peers say so only of calls of which they were asked to.
  mutating func started(_ call: CallID, on id: PeerID) {
    guard let record = records[call], record.peer == id else { return }
    actions.append(.run(record.call, call, on: id))
  }

  /// A result came. Nil if nobody waits for it any more.
  mutating func finished(_ call: CallID, on id: PeerID) -> Call? {
    guard let peer = index(id) else { return nil }
    deathsBeforeReady = 0
    removeOffer(call, from: peer)
    defer { dispatch() }
    return records.removeValue(forKey: call)?.call
  }

  /// The call ran for too long: its peer is killed and replaced, the others on it start anew elsewhere.
  mutating func timedOut(_ id: CallID) -> Call? {
    guard let record = records[id], let peer = record.peer.flatMap(index) else { return nil }
    removeOffer(id, from: peer)
    records[id] = nil
    peers[peer].phase = .doomed
    actions.append(.kill(peers[peer].id))
    dispatch()
    return record.call
  }

  /// The peer is gone; everything it sent was handed in before.
  mutating func ended(_ id: PeerID, _ reason: BrokenExecutorError.Kind) {
    guard let at = index(id) else { return }
    let peer = peers[at]
    let startedCalls = peer.offers.filter { peer.board?.withdraw($0.call, $0.slot) == false }.map(\.call)
    peers.remove(at: at)
    spawnFailed = false
    switch peer.phase {
    case .stopping, .doomed:
      requeue(peer.offers.map(\.call))
    case .spawning, .starting, .ready:
      guard case .broken = phase else {
        died(peer, reason, startedCalls)
        return
      }
    }
    dispatch()
  }

  private mutating func died(_ peer: Peer, _ reason: BrokenExecutorError.Kind, _ startedCalls: [CallID]) {
    if peer.phase != .ready { deathsBeforeReady += 1 }
    guard let retries = policy.retries, deathsBeforeReady < policy.startAttempts else {
      return breakPool(reason)
    }
    var again: [CallID] = []
    for id in peer.offers.map(\.call) {
      guard startedCalls.contains(id) else {
        again.append(id)
        continue
      }
      records[id]?.attempts += 1
      records[id]?.lastDeath = reason
      if records[id]?.attempts ?? 0 > retries { fail(id, .broken(reason)) } else { again.append(id) }
    }
    requeue(again)
    dispatch()
  }

  /// Everything fails, each call with an error of its own; every peer is killed.
  mutating func breakPool(_ reason: BrokenExecutorError.Kind) {
    if case .broken = phase { return }
    phase = .broken(reason)
    for id in records.keys.sorted() { fail(id, .broken(reason)) }
    for peer in peers.indices where peers[peer].phase != .doomed {
      peers[peer].phase = .doomed
      peers[peer].offers = []
      actions.append(.kill(peers[peer].id))
    }
    dispatch()
  }

  // MARK: The policy

  private mutating func dispatch() {
    while queued > 0, let peer = peers.firstIndex(where: { canTake($0) && $0.offers.isEmpty }) {
      offerNext(to: peer)
    }
    spawnForPending()
    while queued > 0, spawning == 0, let peer = leastLoaded() { offerNext(to: peer) }  // I3
    if queued == 0 { rebalance() }
    retire()
    endIfDone()
  }

  /// Peers that will take a call each as soon as they exist.
  private var spawning: Int { peers.count { $0.phase == .spawning } }

  private func canTake(_ peer: Peer) -> Bool {
    peer.isOpen && peer.taken < policy.maxTasksPerPeer ?? .max
  }

  private func leastLoaded() -> Int? {
    var best: Int?
    for peer in peers.indices where canTake(peers[peer]) && peers[peer].offers.count <= policy.prefetch {
      if best.map({ peers[peer].offers.count < peers[$0].offers.count }) ?? true { best = peer }
    }
    return best
  }

  private mutating func offerNext(to peer: Int) {
    pending.dropWhile { records[$0] == nil }  // cancelled meanwhile
    guard let id = pending.popFirst() else { return }
    offer(id, to: peer)
  }

  private mutating func offer(_ id: CallID, to peer: Int) {
    let slot = UInt16((~peers[peer].usedSlots).trailingZeroBitCount)
    peers[peer].usedSlots |= 1 << UInt64(slot)
    peers[peer].offers.append(Offer(call: id, slot: slot))
    peers[peer].taken += 1
    peers[peer].board?.offer(id, slot)
    records[id]!.peer = peers[peer].id
    actions.append(.send(records[id]!.call, id, to: peers[peer].id, slot: slot))
  }

  private mutating func spawnForPending() {
    guard !spawnFailed else { return }
    while queued > spawning, peers.count(where: \.countsAsWorker) < policy.maxPeers {
      nextPeer += 1
      peers.append(Peer(id: nextPeer))
      actions.append(.spawn(nextPeer))
    }
  }

  /// A peer with nothing to do takes over what was sent ahead to a busy or a starting one.
  private mutating func rebalance() {
    while let idle = peers.firstIndex(where: { canTake($0) && $0.phase == .ready && $0.offers.isEmpty }) {
      guard
        let busy = peers.indices.first(where: {
          peers[$0].offers.count > (peers[$0].phase == .ready ? 1 : 0) && !peers[$0].hasStarted(peers[$0].offers.last!)
        })
      else { return }
      let call = peers[busy].offers.last!.call
      guard withdraw(call, from: busy) else { return }
      offer(call, to: idle)
    }
  }

  /// Stops peers at their limit, and all of them once nothing can come any more.
  private mutating func retire() {
    let isDone = !isOpen && records.isEmpty
    for peer in peers.indices where peers[peer].isOpen && peers[peer].offers.isEmpty {
      guard isDone || !canTake(peers[peer]) else { continue }
      peers[peer].phase = .stopping
      actions.append(.stop(peers[peer].id))
    }
    spawnForPending()
  }

  private mutating func endIfDone() {
    guard !isOpen, records.isEmpty, peers.isEmpty, !hasEnded else { return }
    hasEnded = true
    actions.append(.ended)
  }

  // MARK: Parts

  private func index(_ id: PeerID) -> Int? { peers.firstIndex { $0.id == id } }

  /// Takes an offer back; the call is in no place then. False if the peer has started it.
  private mutating func withdraw(_ id: CallID, from peer: Int) -> Bool {
    guard let offer = peers[peer].offers.first(where: { $0.call == id }), let board = peers[peer].board,
      board.withdraw(id, offer.slot)
    else { return false }
    removeOffer(id, from: peer)
    peers[peer].taken -= 1
    records[id]?.peer = nil
    return true
  }

  private mutating func removeOffer(_ id: CallID, from peer: Int) {
    guard let offer = peers[peer].offers.firstIndex(where: { $0.call == id }) else { return }
    peers[peer].usedSlots &= ~(1 << UInt64(peers[peer].offers[offer].slot))
    peers[peer].offers.remove(at: offer)
  }

  private mutating func requeue(_ calls: [CallID]) {
    for id in calls.reversed() where records[id] != nil {
      records[id]!.peer = nil
      pending.prepend(id)
    }
  }

  private mutating func fail(_ id: CallID, _ failure: CallFailure) {
    guard let record = records.removeValue(forKey: id) else { return }
    actions.append(.fail(record.call, failure))
  }
}

/// First-in first-out; cancelled ids stay until they are met.
struct PendingCalls {
  private var ids: [CallID] = []
  private var first = 0

  var count: Int { ids.count - first }
  var isEmpty: Bool { first == ids.count }
  mutating func append(_ id: CallID) { ids.append(id) }
  mutating func prepend(_ id: CallID) {
    if first > 0 {
      first -= 1
      ids[first] = id
    } else {
      ids.insert(id, at: 0)
    }
  }
  mutating func popFirst() -> CallID? {
    guard first < ids.count else { return nil }
    defer {
      first += 1
      if first > 1024, first * 2 > ids.count {
        ids.removeFirst(first)
        first = 0
      }
    }
    return ids[first]
  }
  mutating func dropWhile(_ isGone: (CallID) -> Bool) {
    while first < ids.count, isGone(ids[first]) { _ = popFirst() }
  }
}
