// Whom to steal from first: a random start, then everyone in turn.

/// Source: xorshift64, Marsaglia 2003. Pure; the owner's alone.
struct VictimOrder {
  private var state: UInt64

  init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// `count` consecutive numbers from a random one below `count`; the caller wraps them around.
  mutating func start(_ count: Int) -> Range<Int> {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    let first = Int(truncatingIfNeeded: (state >> 33) % UInt64(count))
    return first..<(first + count)
  }
}
