// The pages of a large result, which malloc has from the kernel and nobody has touched yet.
//
// Writing to such a page for the first time is a page fault, 1.5 us each where this was measured: of a map of ten million
// `Int64` they take two thirds. The worker that is about to fill a piece asks for all of its pages in one call
// instead: 1 us each, and still in parallel.
import Glibc

@usableFromInline enum FreshPages {
  /// Bytes worth two system calls. Larger: pieces of smaller arrays fault page by page; smaller: the look at a piece that was
  /// in use before, 0.3 us, is felt beside filling it.
  @usableFromInline static var least: Int { 128 << 10 }

  /// `madvise`'s MADV_POPULATE_WRITE (Linux 5.14), which the C library's headers may be too old for.
  private static let populateWrite: Int32 = 23
  private static let pageSize = UInt(sysconf(Int32(_SC_PAGESIZE)))

  /// Has the kernel back the whole pages of `bytes` bytes from `start`, if the one in the middle has nothing behind it yet.
  /// Changes no content. Called by who will write all of them.
  /// - Returns: whether it did. Memory that was used before needs nothing; an older kernel refuses, and the pages come
  ///   one by one.
  @usableFromInline @inline(never)
  @discardableResult
  static func populate(_ start: UnsafeMutableRawPointer, _ bytes: Int) -> Bool {
    let first = (UInt(bitPattern: start) + pageSize - 1) & ~(pageSize - 1)
    let end = (UInt(bitPattern: start) + UInt(bytes)) & ~(pageSize - 1)
    guard first < end else { return false }
    let middle = first + (end - first) / 2 & ~(pageSize - 1)
    var isResident: UInt8 = 1
    // SAFETY: both calls get whole pages inside of the caller's own memory; neither changes what it holds.
    guard mincore(UnsafeMutableRawPointer(bitPattern: middle), Int(pageSize), &isResident) == 0, isResident & 1 == 0
    else { return false }
    return madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), populateWrite) == 0
  }
}
