// Group M: all faults at once, from a seed, on a busy machine; 20 seeds with LONG_TESTS=1.
import Glibc
import Testing

extension Conformance {
  private static let isLong = getenv("LONG_TESTS") != nil

  @Test(arguments: 0..<(isLong ? 20 : 2))
  func processStorm(_ repetition: Int) throws {
    let seed = UInt64.random(in: 1 ... .max)
    print("storm seed \(seed)")
    let storm = try run("processStorm", "\(seed)", Conformance.isLong ? "15" : "3", limit: .seconds(240))
    #expect(
      storm.lines == ["descriptors 0", "children 0"], "seed \(seed): \(storm.output) \(storm.errors.suffix(500))")
  }
}
