// Sizes and results that all programs share.

public func fibonacci(_ n: Int) -> Int {
  var (a, b) = (0, 1)
  for _ in 0..<n { (a, b) = (b, a + b) }
  return a
}

public enum Standard {
  public static let fib = 32
  public static let nested = 22
  public static let skynet = 1_000_000
  public static let queens = 11
  public static let submit = 1_000_000
  public static let pingpong = 100_000
  public static let map = 10_000_000
  public static let memory = 1_000_000

  /// Valid placements on all levels: the number of tasks.
  public static func placements(_ n: Int) -> Int {
    func count(_ row: Int, _ columns: UInt32, _ left: UInt32, _ right: UInt32) -> Int {
      if row == n { return 0 }
      var free = ~(columns | left | right) & ((1 << UInt32(n)) - 1)
      var sum = 0
      while free != 0 {
        let bit = free & ~(free &- 1)
        free &= free &- 1
        sum += 1 + count(row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
      }
      return sum
    }
    return count(0, 0, 0, 0)
  }
  /// Solutions for boards of 0, 1, 2... rows.
  public static let solutions = [1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712]
}
