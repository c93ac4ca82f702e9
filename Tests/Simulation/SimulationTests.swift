import Glibc
import Testing

/// Time against T1/P + Tinf at widths that the machine does not have.
@Suite(.timeLimit(.minutes(getenv("LONG_TESTS") == nil ? 5 : 60)), .serialized) struct SimulationTests {
  static let widths = [1, 2, 4, 8, 16, 32, 64, 256]

  /// `slack`: how many times Tinf the time may exceed T1/P. A steal costs 60 joins, so each step of the dearest path
  /// that is stolen adds that and some probes.
  private func examine<Tree: ForkTree>(_ name: String, _ tree: Tree, slack: Double, widths: [Int] = widths) {
    let (total, longest) = tree.span(tree.root)
    for width in widths {
      let outcome = Simulator(tree, workers: width, seed: 1).run()
      let ideal = Double(total) / Double(width)
      let speedup = Double(total) / Double(outcome.time)
      print(
        "simulation | \(name) | \(width) | \(outcome.time) | \(Int(ideal) + longest) | "
          + "\((speedup * 10).rounded() / 10) | \(outcome.steals) | \(outcome.probes) | \(outcome.forced)")
      #expect(outcome.time >= max(Int(ideal), longest), "faster than possible: the simulation is wrong")
      #expect(Double(outcome.time) <= ideal + slack * Double(longest), "\(name) at \(width)")
      if width == 1 { #expect(outcome.steals == 0 && outcome.time <= total + 1) }
    }
  }

  @Test func fib() { examine("fib(24)", Fib(root: 24), slack: 120) }
  @Test func skynet() { examine("skynet(100000)", Skynet(leaves: 100_000), slack: 120) }
  @Test func queens() { examine("nqueens(8)", Queens(size: 8), slack: 120) }
  @Test func irregular() { examine("irregular tree", Irregular(weight: 4000), slack: 120) }

  /// Trees with work enough for so many workers.
  @Test(.enabled(if: getenv("LONG_TESTS") != nil)) func largeTrees() {
    examine("fib(30)", Fib(root: 30), slack: 120, widths: [64, 256])
    examine("skynet(1000000)", Skynet(leaves: 1_000_000), slack: 120, widths: [64, 256])
    examine("nqueens(10)", Queens(size: 10), slack: 120, widths: [64, 256])
  }

  @Test func theSameSeedGivesTheSameRun() {
    let first = Simulator(Fib(root: 16), workers: 7, seed: 3).run()
    let second = Simulator(Fib(root: 16), workers: 7, seed: 3).run()
    #expect(first.time == second.time && first.probes == second.probes && first.steals == second.steals)
  }
}
