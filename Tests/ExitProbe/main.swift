// The program that the conformance tests run where only a process of its own can show the behaviour: what is left at
// exit, what a fork inherits, what is written to the standard error, how much memory stays. `exitProbe SCENARIO [ARGUMENT...]`
import Glibc

let scenarios: [String: Scenario] = futureScenarios.merging(exitScenarios) { first, _ in first }
  .merging(systemScenarios) { first, _ in first }
  .merging(memoryScenarios) { first, _ in first }
  .merging(processScenarios) { first, _ in first }
  .merging(stormScenarios) { first, _ in first }

guard CommandLine.arguments.count > 1, let scenario = scenarios[CommandLine.arguments[1]] else {
  complain("usage: exitProbe \(scenarios.keys.sorted().joined(separator: "|")) [ARGUMENT...]")
  exit(64)
}
do {
  try scenario(Array(CommandLine.arguments.dropFirst(2)))
} catch {
  complain("\(error)")
  exit(1)
}
