import Glibc
import Testing

@testable import ConcurrentFutures

@Suite struct FreshPagesTests {
  private static let page = Int(sysconf(Int32(_SC_PAGESIZE)))
  private static let pages = 64

  /// Pages of its own that nobody has touched, and which of them are backed after `body`.
  private func withFreshPages(_ body: (UnsafeMutableRawPointer) -> Void) throws -> [Bool] {
    let bytes = Self.pages * Self.page
    let memory = try #require(mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
    try #require(memory != MAP_FAILED)
    defer { munmap(memory, bytes) }
    body(memory)
    var resident = [UInt8](repeating: 0, count: Self.pages)
    try #require(mincore(memory, bytes, &resident) == 0)
    return resident.map { $0 & 1 != 0 }
  }

  /// Whether this kernel knows the call (Linux 5.14): tests of what it does are about nothing elsewhere.
  private static let isKnown: Bool = {
    guard let memory = mmap(nil, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED
    else { return false }
    defer { munmap(memory, page) }
    return madvise(memory, page, 23) == 0
  }()

  @Test(.enabled(if: isKnown), .timeLimit(.minutes(1))) func wholePagesOnly() throws {
    let resident = try withFreshPages { memory in
      #expect(FreshPages.populate(memory + Self.page + 8, 10 * Self.page))
    }
    // From the middle of page 1 to the middle of page 11: pages 2 ... 10 are whole.
    #expect(resident == (0..<Self.pages).map { (2...10).contains($0) })
  }

  @Test(.timeLimit(.minutes(1))) func memoryInUseIsLeftAlone() throws {
    let resident = try withFreshPages { memory in
      (memory + 5 * Self.page).storeBytes(of: 7, as: UInt8.self)
      #expect(!FreshPages.populate(memory, 10 * Self.page))  // page 5 is the one in the middle
      #expect((memory + 5 * Self.page).load(as: UInt8.self) == 7)
    }
    #expect(resident == (0..<Self.pages).map { $0 == 5 })
  }

  @Test(.timeLimit(.minutes(1))) func lessThanAPage() throws {
    let resident = try withFreshPages { memory in
      #expect(!FreshPages.populate(memory + 8, Self.page))
      #expect(!FreshPages.populate(memory, Self.page - 1))
      #expect(!FreshPages.populate(memory, 0))
    }
    #expect(!resident.contains(true))
  }

  /// Pieces above the limit, whose first and last pages they share with their neighbours.
  @Test(.timeLimit(.minutes(1))) func mapOfManyPages() throws {
    let pool = try ThreadPoolExecutor(maxWorkers: 2)
    defer { pool.shutdown() }
    let input = (0..<300_001).map { $0 }
    let grain = FreshPages.least / MemoryLayout<Int>.stride + 1
    let output = pool.concurrentMap(input, grain: grain) { $0 + 1 }
    #expect(output.count == input.count)
    #expect(output.indices.allSatisfy { output[$0] == $0 + 1 })
  }
}
