// A log-linear histogram of durations: constant relative error, any range, memory that grows with the range seen.
//
// Source: Gil Tene, HdrHistogram. We differ in growing the array on demand and in keeping min, max and sum exactly.

/// Counts of 64-bit values in buckets that are at most 1/64 (1.6 %) wide; percentiles are reported as a bucket's middle
/// and never lie outside of the exact minimum and maximum.
public struct Histogram: Sendable {
  /// Sub-buckets per power of two. Larger: finer percentiles, more memory per label; smaller: the opposite.
  private static var precisionBits: UInt64 { 6 }
  private var counts: [UInt64] = []
  /// How many values were added.
  public private(set) var count: UInt64 = 0
  /// The sum of all values (saturates).
  public private(set) var sum: UInt64 = 0
  /// The smallest value, 0 when there is none.
  public var min: UInt64 { count == 0 ? 0 : smallest }
  /// The largest value, 0 when there is none.
  public private(set) var max: UInt64 = 0
  private var smallest = UInt64.max

  /// An empty histogram; allocates nothing.
  public init() {}
  init(_ tally: Tally) {
    guard let base = tally.counts else { return }
    counts = Array(UnsafeBufferPointer(start: base, count: tally.capacity))
    count = counts.reduce(0, &+)
    sum = tally.sum
    max = tally.max
    smallest = tally.smallest
  }

  /// The mean, 0 when there is no value.
  public var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

  @inline(__always) static func bucket(of value: UInt64) -> Int {
    if value < 1 << precisionBits { return Int(value) }
    // The value is at least 1 << precisionBits: nothing here overflows, nor goes below 0.
    let shift = 63 &- value.leadingZeroBitCount &- Int(precisionBits)
    return shift << Int(precisionBits) &+ Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: shift))
  }
  /// The values that fall into a bucket.
  static func range(of bucket: Int) -> ClosedRange<UInt64> {
    let index = UInt64(bucket)
    if index < 1 << precisionBits { return index...index }
    let shift = (index >> precisionBits) - 1
    let low = ((index & ((1 << precisionBits) - 1)) + (1 << precisionBits)) << shift
    return low...(low + ((1 << shift) - 1))
  }

  /// Adds one value. Amortised constant time.
  @inline(__always) public mutating func add(_ value: UInt64) {
    let index = Self.bucket(of: value)
    if index >= counts.count { grow(to: index) }
    counts[index] &+= 1
    count &+= 1
    sum = sum.saturatingAdd(value)
    if value > max { max = value }
    if value < smallest { smallest = value }
  }
  @inline(never) private mutating func grow(to index: Int) {
    counts.append(contentsOf: repeatElement(0, count: index + 1 - counts.count))
  }

  /// Adds everything another histogram holds.
  public mutating func merge(_ other: Histogram) {
    guard other.count > 0 else { return }
    if other.counts.count > counts.count { grow(to: other.counts.count - 1) }
    for (index, value) in other.counts.enumerated() { counts[index] &+= value }
    count &+= other.count
    sum = sum.saturatingAdd(other.sum)
    max = Swift.max(max, other.max)
    smallest = Swift.min(smallest, other.smallest)
  }

  /// The value below which `percent` of the values lie (0 to 100); 0 when there is none.
  public func percentile(_ percent: Double) -> UInt64 {
    guard count > 0 else { return 0 }
    if percent >= 100 { return max }
    let rank = Swift.max(1, UInt64((Double(count) * percent / 100).rounded(.up)))
    var seen: UInt64 = 0
    for (index, value) in counts.enumerated() where value > 0 {
      seen += value
      if seen >= rank {
        let range = Self.range(of: index)
        let middle = range.lowerBound + (range.upperBound - range.lowerBound) / 2
        return Swift.min(Swift.max(middle, min), max)
      }
    }
    return max
  }

  /// How many values are at least `threshold` (to the precision of a bucket).
  public func count(atLeast threshold: UInt64) -> UInt64 {
    let first = Self.bucket(of: threshold)
    guard first < counts.count else { return 0 }
    return counts[first...].reduce(0, &+)
  }

  /// The distribution in powers of two (or of `2^(1/steps)`, roughly): for drawing.
  public func octaves() -> [(low: UInt64, high: UInt64, count: UInt64)] {
    var result: [(low: UInt64, high: UInt64, count: UInt64)] = []
    for (index, value) in counts.enumerated() where value > 0 {
      let low = Self.range(of: index).lowerBound
      let octaveLow: UInt64 = low == 0 ? 0 : 1 << UInt64(63 - low.leadingZeroBitCount)
      let octaveHigh: UInt64 = low == 0 ? 0 : octaveLow &+ (octaveLow &- 1)
      if let last = result.last, last.low == octaveLow {
        result[result.count - 1].count += value
      } else {
        result.append((octaveLow, octaveHigh, value))
      }
    }
    return result
  }
}

/// A histogram that is being filled, without an array's checks at each value. Whoever holds it calls `free`.
struct Tally: BitwiseCopyable {
  /// SAFETY: nil, or `capacity` initialized counts that belong to this tally's one holder.
  private(set) var counts: UnsafeMutablePointer<UInt64>?
  private(set) var capacity = 0
  private(set) var sum: UInt64 = 0
  private(set) var max: UInt64 = 0
  private(set) var smallest = UInt64.max

  @inline(__always) mutating func add(_ value: UInt64) {
    let bucket = Histogram.bucket(of: value)
    if bucket >= capacity { grow(to: bucket &+ 1) }
    counts.unsafelyUnwrapped[bucket] &+= 1
    sum = sum.saturatingAdd(value)
    if value > max { max = value }
    if value < smallest { smallest = value }
  }
  @inline(never) private mutating func grow(to size: Int) {
    let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: size)
    larger.initialize(repeating: 0, count: size)
    if let counts {
      larger.update(from: counts, count: capacity)
      counts.deallocate()
    }
    counts = larger
    capacity = size
  }
  func free() { counts?.deallocate() }
}
