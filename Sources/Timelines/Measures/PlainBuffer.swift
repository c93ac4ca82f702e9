// An array without copy-on-write, for what is written at every event.

/// Plain values in memory of its own. Indexes are not checked in release builds.
///
/// What it holds is not a private type: the compiler (6.3.1) refers to an element's metadata from other files and fails.
struct PlainBuffer<Element: BitwiseCopyable>: ~Copyable {
  /// SAFETY: `base` holds `capacity` slots of which `count` are initialized, owned and freed here.
  private var base: UnsafeMutablePointer<Element>
  private var capacity = 8
  private(set) var count = 0

  init() { base = .allocate(capacity: capacity) }
  deinit { base.deallocate() }

  /// An element's place, good until the buffer grows.
  @inline(__always) func pointer(_ index: Int) -> UnsafeMutablePointer<Element> {
    assert(index >= 0 && index < count)
    return base + index
  }
  subscript(index: Int) -> Element {
    @inline(__always) get { pointer(index).pointee }
    @inline(__always) _modify { yield &pointer(index).pointee }
  }
  mutating func append(_ element: Element) { grow(to: count + 1, filling: element) }
  /// Makes the buffer `size` elements long.
  @inline(never) mutating func grow(to size: Int, filling element: Element) {
    guard size > count else { return }
    if size > capacity {
      capacity = max(size, capacity * 2)
      let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
      larger.update(from: base, count: count)
      base.deallocate()
      base = larger
    }
    (base + count).initialize(repeating: element, count: size - count)
    count = size
  }
}
