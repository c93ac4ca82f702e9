// The task graphs of four programs, as trees of joins: what a node costs by itself, and its two halves.

/// A binary fork-join tree, unfolded as it is run. Costs are in joins (about 3.3 ns).
protocol ForkTree: Sendable {
  associatedtype Node: Sendable
  var root: Node { get }
  func cost(_ node: Node) -> Int
  /// Nil for a leaf.
  func halves(_ node: Node) -> (Node, Node)?
}

struct Fib: ForkTree {
  let root: Int
  func cost(_ n: Int) -> Int { 1 }
  func halves(_ n: Int) -> (Int, Int)? { n < 2 ? nil : (n - 1, n - 2) }
}

/// Ten children a node, by halving a range of children.
struct Skynet: ForkTree {
  struct Node { var size: Int, children: Int }
  let leaves: Int
  var root: Node { Node(size: leaves / 10, children: 10) }
  func cost(_ node: Node) -> Int { 1 }
  func halves(_ node: Node) -> (Node, Node)? {
    if node.children > 1 {
      let half = node.children / 2
      return (Node(size: node.size, children: half), Node(size: node.size, children: node.children - half))
    }
    guard node.size >= 10 else { return nil }
    return (Node(size: node.size / 10, children: 5), Node(size: node.size / 10, children: 5))
  }
}

/// One node a partial placement and range of columns; a leaf tries one column.
struct Queens: ForkTree {
  struct Node { var row: Int, columns: Range<Int>, used: Int, left: Int, right: Int }
  let size: Int
  var root: Node { Node(row: 0, columns: 0..<size, used: 0, left: 0, right: 0) }
  func cost(_ node: Node) -> Int { node.columns.count == 1 ? 2 : 1 }
  func halves(_ node: Node) -> (Node, Node)? {
    var node = node
    if node.columns.count == 1 {
      let bit = 1 << node.columns.lowerBound
      guard (node.used | node.left | node.right) & bit == 0, node.row + 1 < size else { return nil }
      node = Node(
        row: node.row + 1, columns: 0..<size, used: node.used | bit, left: (node.left | bit) << 1,
        right: (node.right | bit) >> 1)
    }
    let middle = node.columns.lowerBound + node.columns.count / 2
    var (first, second) = (node, node)
    first.columns = node.columns.lowerBound..<middle
    second.columns = middle..<node.columns.upperBound
    return (first, second)
  }
}

/// Lopsided splits and leaves from 1 to 200 joins long, from a hash of the node.
struct Irregular: ForkTree {
  struct Node { var weight: Int, seed: UInt64 }
  let weight: Int
  var root: Node { Node(weight: weight, seed: 1) }
  func cost(_ node: Node) -> Int { node.weight <= 1 ? 1 + Int(node.seed % 200) : 1 }
  func halves(_ node: Node) -> (Node, Node)? {
    guard node.weight > 1 else { return nil }
    let share = max(1, node.weight * Int(1 + node.seed % 9) / 10)
    let mixed = (node.seed ^ node.seed >> 31) &* 0x9E37_79B9_7F4A_7C15
    return (
      Node(weight: share, seed: mixed ^ mixed >> 29),
      Node(weight: node.weight - share, seed: mixed &* 0xD6E8_FEB8_6659_FD93 | 1)
    )
  }
}

extension ForkTree {
  /// (T1, Tinf): all costs, and those along the dearest path.
  func span(_ node: Node) -> (total: Int, longest: Int) {
    guard let (a, b) = halves(node) else { return (cost(node), cost(node)) }
    let (left, right) = (span(a), span(b))
    return (cost(node) + left.total + right.total, cost(node) + max(left.longest, right.longest))
  }
}
