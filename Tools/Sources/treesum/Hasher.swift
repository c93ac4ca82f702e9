import CCrypto
import Glibc
import Programs

/// A SHA-256 digest.
struct Digest: Hashable, Sendable {
  let bytes: [UInt8]
  private static let digits = Array("0123456789abcdef".utf8)
  var hexadecimal: [UInt8] { bytes.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] } }
}

/// libcrypto's SHA-256 with a buffer, used for one file after the other.
final class FileHasher: @unchecked Sendable {
  // SAFETY: one task uses a hasher at a time; `Stock` hands it from one to the next under its lock.
  private let context: OpaquePointer
  private let buffer: UnsafeMutableRawBufferPointer

  /// Looked up once: OpenSSL 3 searches its providers each time an algorithm is asked for by name.
  // SAFETY: immutable once made, reference-counted and thread-safe by OpenSSL's documentation; never freed.
  nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  /// Bytes a read. Smaller: more system calls; larger: falls out of the second-level cache between read and hash.
  private static let chunk = 128 << 10

  init() {
    guard let context = EVP_MD_CTX_new(), Self.algorithm != nil else { fatalError("libcrypto offers no SHA-256") }
    self.context = context
    buffer = .allocate(byteCount: Self.chunk, alignment: 64)
  }
  deinit {
    EVP_MD_CTX_free(context)
    buffer.deallocate()
  }

  /// Reads the regular file at `path` to its end. A link is not followed.
  func hash(_ path: Path, onRead: (Int) -> Void) throws(SystemError) -> Digest {
    // Non-blocking: were the file replaced by a named pipe since it was listed, opening it must not hang.
    let file = try Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    check(EVP_DigestInit_ex2(context, Self.algorithm, nil))
    while true {
      let count = try file.read(into: buffer)
      if count == 0 { break }
      check(EVP_DigestUpdate(context, buffer.baseAddress, count))
      onRead(count)
    }
    var digest = [UInt8](repeating: 0, count: 32)
    check(EVP_DigestFinal_ex(context, &digest, nil))
    return Digest(bytes: digest)
  }
  private func check(_ outcome: Int32) { precondition(outcome == 1, "libcrypto: SHA-256 failed") }
}
