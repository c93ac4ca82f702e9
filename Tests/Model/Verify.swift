import Glibc
import Testing

/// The suites of this target: one explores at a time.
@Suite(.serialized, .timeLimit(.minutes(Bounds.isLong ? 120 : 10)))
enum Models {}

/// Explores a program that must never go wrong.
func verify(
  _ name: String, _ bounds: Bounds = Bounds(), sourceLocation: SourceLocation = #_sourceLocation, _ make: () -> Program
) {
  let verdict = Explorer.explore(name, bounds, make)
  guard let failure = verdict.failure else { return }
  if getenv("STOP_AT_FIRST_FAILURE") != nil {  // a mutant was planted: one model that sees it is enough
    print("caught by \(name): \(failure.prefix { $0 != "\n" })")
    exit(3)
  }
  Issue.record("\(name): \(failure)", sourceLocation: sourceLocation)
}

/// Collects what threads of a model took. Plain memory: the explorer runs one thread at a time.
final class Log {
  var values: [Int] = []
  func add(_ value: Int) { values.append(value) }
  func differs(from expected: [Int]) -> String? {
    values.sorted() == expected ? nil : "took \(values), not each of \(expected) once"
  }
}
