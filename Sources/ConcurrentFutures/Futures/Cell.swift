// Room for one value inside of an object, initialized and destroyed by hand.
//
// A stored property of generic type makes the object's deallocation look up metadata for it, three look-ups and about
// 1,000 instructions a future. A raw cell has no destructor; who knows the type (the code that was specialised where the
// future was made) empties it.

@usableFromInline @_rawLayout(like: Value)
struct Cell<Value: ~Copyable>: ~Copyable {
  @inlinable init() {}

  // SAFETY: stable because a cell lives in an object and cannot be moved out of it; whoever uses the address
  // keeps the object alive and keeps the rule of FutureWord I1 about who may read and write.
  @inlinable @inline(__always)
  var address: UnsafeMutablePointer<Value> {
    withUnsafePointer(to: self) {
      UnsafeMutableRawPointer(mutating: UnsafeRawPointer($0)).assumingMemoryBound(to: Value.self)
    }
  }
}
