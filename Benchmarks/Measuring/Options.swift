// What every program of the comparison takes: PROBLEM WORKERS [--size N] [--samples N].
/// The command line, the same for all programs and peers.
public struct Options: Sendable {
  public let problem: String
  /// 0: the serial baseline.
  public let workers: Int
  public let samples: Int
  private let givenSize: Int?

  public func size(_ standard: Int) -> Int { givenSize ?? standard }

  /// Exits with a message for anything it does not understand.
  public static func parse(_ arguments: [String], problems: [String]) -> Options {
    func fail(_ message: String) -> Never {
      let usage = "usage: \(arguments[0]) PROBLEM WORKERS [--size N] [--samples N]\nproblems: "
      complain("\(message)\n\(usage)\(problems.joined(separator: " "))", code: 2)
    }
    var positional: [String] = []
    var numbers: [String: Int] = [:]
    var rest = arguments.dropFirst()
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        positional.append(argument)
        continue
      }
      guard ["--size", "--samples"].contains(argument) else { fail("unknown option \(argument)") }
      guard let value = rest.popFirst(), let number = Int(value), number > 0 else {
        fail("\(argument) needs a number above 0")
      }
      numbers[argument] = number
    }
    guard positional.count == 2 else { fail("expected a problem and a number of workers") }
    guard problems.contains(positional[0]) else { fail("unknown problem \(positional[0])") }
    guard let workers = Int(positional[1]), workers >= 0 else { fail("bad number of workers: \(positional[1])") }
    return Options(
      problem: positional[0], workers: workers, samples: numbers["--samples"] ?? 5, givenSize: numbers["--size"])
  }
}
