// Keeps fields that different threads write out of one another's cache lines.

/// 128 bytes: two lines, because the adjacent-line prefetcher of x86 moves them in pairs. Smaller: false sharing;
/// larger: memory only.
struct CacheLinePadding {
  private let a: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
  private let b: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0, 0)
}
