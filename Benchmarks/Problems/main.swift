// pool-bench PROBLEM WORKERS [--size N] [--samples N]: one problem on our pool, one JSON line a sample.
// WORKERS 0 is the serial baseline of the problem.
import Measuring

let problems: [(name: String, run: (Report) throws -> Void)] = [
  ("fib", measureFib), ("nested", measureNested), ("nested-stealing", measureNestedStealing),
  ("skynet", measureSkynet), ("nqueens", measureQueens),
  ("submit", measureSubmit), ("submit-closure", measureSubmitClosure), ("pingpong", measurePingPong),
  ("map", measureMap), ("mem", measureMemory), ("idle", measureIdle), ("await", measureAwait),
  ("await-default", measureAwaitDefault), ("await-future", measureAwaitFuture),
  ("thief-spinning", measureSpinningThief), ("thief-parked", measureParkedThief),
]
let options = Options.parse(CommandLine.arguments, problems: problems.map(\.name))
let report = Report(peer: "swift-concurrent-futures", options: options)
for problem in problems where problem.name == options.problem { try problem.run(report) }
