// Runs a fork tree on simulated workers that follow the policy of fork-join by request, tick by tick, without threads.
//
// Simulated: private and published forks, requests and their answers at the next push or pop, halving, random victims
// (the product's own VictimOrder), helping while a stolen half is awaited, force. Not simulated: sleeping and waking,
// caches, the memory bus. Times are in joins.

struct Outcome {
  var time = 0
  var steals = 0
  var probes = 0
  var forced = 0
}

struct Costs {
  /// A look at another worker's line: about 30 ns.
  var probe = 10
  /// A successful steal, until the stolen half runs: about 200 ns.
  var steal = 60
  /// Probes without an answer after which a thief publishes for the owner, and what that costs: a system call.
  var patience = 24
  var force = 300
}

final class Simulator<Tree: ForkTree> {
  private final class Join { var isDone = false }
  private struct Fork { let node: Tree.Node, join: Join }
  private enum Phase { case own, left, right, waiting }
  private struct Frame {
    let node: Tree.Node
    var left: Int
    var phase = Phase.own
    /// Of this node's right half.
    var join: Join?
    /// To be marked when this frame ends: it was stolen.
    var completes: Join?
  }
  private struct Worker {
    var frames: [Frame] = []
    /// Oldest first; the first `published` may be stolen.
    var forks: [Fork] = []
    var published = 0
    var isRequested = true
    var victims: VictimOrder
    var round: [Int] = []
    var patience = 0
    /// Until then it is busy with a probe or a steal.
    var busyUntil = 0
  }

  private let tree: Tree
  private let costs: Costs
  private var workers: [Worker]
  private var outcome = Outcome()

  init(_ tree: Tree, workers count: Int, seed: UInt64, _ costs: Costs = Costs()) {
    self.tree = tree
    self.costs = costs
    workers = (0..<count).map { Worker(victims: VictimOrder(seed: seed &+ UInt64($0))) }
    workers[0].frames = [Frame(node: tree.root, left: tree.cost(tree.root))]
  }

  func run() -> Outcome {
    while !workers[0].frames.isEmpty || workers.contains(where: { !$0.frames.isEmpty }) {
      for index in workers.indices where workers[index].busyUntil <= outcome.time { step(index) }
      outcome.time += 1
    }
    return outcome
  }

  private func step(_ me: Int) {
    guard let top = workers[me].frames.indices.last else { return search(me) }
    switch workers[me].frames[top].phase {
    case .own:
      workers[me].frames[top].left -= 1
      if workers[me].frames[top].left > 0 { return }
      guard let (a, b) = tree.halves(workers[me].frames[top].node) else { return end(me) }
      let join = Join()
      workers[me].frames[top].join = join
      workers[me].frames[top].phase = .left
      workers[me].forks.append(Fork(node: b, join: join))
      answer(me)
      workers[me].frames.append(Frame(node: a, left: tree.cost(a)))
    case .left: preconditionFailure("`end` moves on")
    case .right: preconditionFailure("`end` moves on")
    case .waiting:
      if workers[me].frames[top].join!.isDone { end(me) } else { search(me) }
    }
  }

  /// The newest frame has ended: so may the ones below.
  private func end(_ me: Int) {
    while let frame = workers[me].frames.popLast() {
      frame.completes?.isDone = true
      guard frame.completes == nil, let below = workers[me].frames.indices.last else { return }
      switch workers[me].frames[below].phase {
      case .left:
        let join = workers[me].frames[below].join!
        answer(me)
        if let fork = workers[me].forks.last, fork.join === join {
          workers[me].forks.removeLast()
          workers[me].published = min(workers[me].published, (workers[me].published + workers[me].forks.count) / 2)
          workers[me].frames[below].phase = .right
          return workers[me].frames.append(Frame(node: fork.node, left: tree.cost(fork.node)))
        }
        workers[me].frames[below].phase = .waiting
        return
      case .right: continue
      case .own, .waiting: return
      }
    }
  }

  /// At a push or pop: publishes the older half of the private forks if somebody asked.
  private func answer(_ me: Int) {
    let hidden = workers[me].forks.count - workers[me].published
    guard workers[me].isRequested, workers[me].published == 0, hidden > 0 else { return }
    workers[me].published += (hidden + 1) / 2
    workers[me].isRequested = false
  }

  private func search(_ me: Int) {
    if workers.count == 1 { return }
    if workers[me].round.isEmpty {
      workers[me].round = workers[me].victims.start(workers.count).map { $0 % workers.count }.reversed()
    }
    let victim = workers[me].round.removeLast()
    if victim == me { return }
    outcome.probes += 1
    workers[me].busyUntil = outcome.time + costs.probe
    if workers[victim].published == 0 {
      workers[victim].isRequested = true
      workers[me].patience += 1
      guard workers[me].patience > costs.patience, !workers[victim].forks.isEmpty else { return }
      answer(victim)
      outcome.forced += 1
      workers[me].busyUntil += costs.force
      return
    }
    let fork = workers[victim].forks.removeFirst()
    workers[victim].published -= 1
    if workers[victim].published == 0 { workers[victim].isRequested = true }
    outcome.steals += 1
    workers[me].patience = 0
    workers[me].isRequested = true  // others are idle too, mostly
    workers[me].busyUntil = outcome.time + costs.steal
    workers[me].frames.append(Frame(node: fork.node, left: tree.cost(fork.node), completes: fork.join))
  }
}
