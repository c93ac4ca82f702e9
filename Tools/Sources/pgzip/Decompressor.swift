// SAFETY (whole file): the pointers are this object's own, freed in deinit and used by one thread (the class is not
// Sendable). The buffers hold bytes; `Bytef` is UInt8.
import CZlib
import Programs

/// Decompresses or checks one gzip file: any number of members, checksums and lengths verified by zlib.
/// On one thread: a deflate stream can only be read from its beginning.
final class Decompressor {
  private let stream: UnsafeMutablePointer<z_stream>
  private let header: UnsafeMutablePointer<gz_header>
  private let storedName: UnsafeMutableBufferPointer<Bytef>
  private let source = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 64)
  private let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)

  /// What the first member's header says about the file that was compressed.
  private(set) var name: [UInt8]?
  private(set) var modified = 0

  init() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    header = .allocate(capacity: 1)
    storedName = .allocate(capacity: 4096)
    // 16: expect a gzip header and trailer.
    let outcome = inflateInit2_(stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(outcome == Z_OK, "zlib: inflateInit2 returned \(outcome)")
  }
  deinit {
    inflateEnd(stream)
    stream.deallocate()
    header.deallocate()
    storedName.deallocate()
    source.deallocate()
    target.deallocate()
  }

  /// Returns the totals, and whether garbage that is not a gzip member followed and was ignored.
  func run(
    _ input: Input, to output: Output?, progress: ProgressLine?
  ) throws(Failure) -> (totals: Totals, garbage: Bool) {
    var totals = Totals()
    begin()
    try refill(input, &totals)
    guard stream.pointee.avail_in > 0 else { throw Failure(input.path, "unexpected end of file") }
    guard startsWithMagic else { throw Failure(input.path, "not in gzip format") }
    while true {
      try inflateMember(input, output, &totals, progress)
      try top(up: input, &totals)
      if stream.pointee.avail_in == 0 { return (totals, false) }
      guard startsWithMagic else { return (totals, try hasGarbage(input, &totals)) }
      inflateReset(stream)
    }
  }

  private func begin() {
    inflateReset(stream)
    header.initialize(to: gz_header())
    header.pointee.name = storedName.baseAddress
    header.pointee.name_max = uInt(storedName.count)
    inflateGetHeader(stream, header)
    stream.pointee.avail_in = 0
    name = nil
    modified = 0
  }

  private func inflateMember(
    _ input: Input, _ output: Output?, _ totals: inout Totals, _ progress: ProgressLine?
  ) throws(Failure) {
    var outcome = Z_OK
    repeat {
      if stream.pointee.avail_in == 0 {
        try refill(input, &totals)
        guard stream.pointee.avail_in > 0 else { throw Failure(input.path, "unexpected end of file") }
      }
      // Until the target is not full: only then has zlib nothing more to say about this input.
      repeat {
        stream.pointee.next_out = target.assumingMemoryBound(to: Bytef.self).baseAddress
        stream.pointee.avail_out = uInt(target.count)
        outcome = inflate(stream, Z_NO_FLUSH)
        let count = target.count - Int(stream.pointee.avail_out)
        try output?.write(UnsafeRawBufferPointer(rebasing: target[..<count]))
        totals.written += count
        if outcome == Z_BUF_ERROR { break }  // no input was left: not an error
        guard outcome == Z_OK || outcome == Z_STREAM_END else { throw Failure(input.path, complaint(outcome)) }
      } while outcome == Z_OK && stream.pointee.avail_out == 0
      noteHeader()
      progress?.update(totals.read)
    } while outcome != Z_STREAM_END
  }

  private func complaint(_ outcome: Int32) -> String {
    guard outcome != Z_MEM_ERROR else { return "out of memory" }
    let reason = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(outcome)"
    return "invalid compressed data: \(reason)"
  }

  private func noteHeader() {
    guard name == nil, header.pointee.done == 1 else { return }
    modified = Int(header.pointee.time)
    name = header.pointee.name == nil ? [] : Array(storedName.prefix { $0 != 0 })
    header.pointee.name = nil  // later members do not overwrite it
  }

  private var startsWithMagic: Bool {
    stream.pointee.avail_in >= 2 && [stream.pointee.next_in[0], stream.pointee.next_in[1]] == GzipFormat.magic
  }

  /// Zeros after the last member are padding (tapes); anything else is garbage.
  private func hasGarbage(_ input: Input, _ totals: inout Totals) throws(Failure) -> Bool {
    while stream.pointee.avail_in > 0 {
      let rest = UnsafeBufferPointer(start: stream.pointee.next_in, count: Int(stream.pointee.avail_in))
      if rest.contains(where: { $0 != 0 }) { return true }
      try refill(input, &totals)
    }
    return false
  }

  private func refill(_ input: Input, _ totals: inout Totals) throws(Failure) {
    stream.pointee.avail_in = 0
    try top(up: input, &totals)
  }
  /// Makes sure that two bytes of input lie ready, or that the input is over.
  private func top(up input: Input, _ totals: inout Totals) throws(Failure) {
    var count = Int(stream.pointee.avail_in)
    guard count < 2 else { return }
    if count == 1 { source[0] = stream.pointee.next_in[0] }
    do {
      while count < 2 {
        let got = try input.descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: source[count...]))
        if got == 0 { break }
        count += got
        totals.read += got
      }
    } catch {
      throw Failure(input.path, error)
    }
    stream.pointee.next_in = source.assumingMemoryBound(to: Bytef.self).baseAddress
    stream.pointee.avail_in = uInt(count)
  }
}
