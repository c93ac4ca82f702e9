import Glibc
import SplitMix
import Testing

@testable import ConcurrentFutures

private struct Everything: Codable, Equatable {
  enum Kind: Codable, Equatable {
    case none
    case named(String)
    indirect case pair(Kind, Kind)
  }
  struct Inner: Codable, Equatable {
    var x: Int8
    var y: UInt64?
  }
  var flag = true
  var small: Int8 = -128
  var large: UInt64 = .max
  var least: Int = .min
  var real = -0.5
  var single: Float = 3.25
  var text = "古明地觉 with a text that needs more than fifteen bytes"
  var absent: Int?
  var present: String? = ""
  var inner = Inner(x: 3, y: nil)
  var inners = [Inner(x: 1, y: 2), Inner(x: -1, y: nil)]
  var kind = Kind.pair(.named("a"), .pair(.none, .named("")))
  var table: [String: [Int]] = ["one": [1], "none": []]
  var numbers: [Int: Double] = [1: 0.5, -7: .infinity]
  var bytes: [UInt8] = [0, 255]
  var words: [UInt32] = [1, .max]
  var reals: [Double] = [.pi, -0.0]
  var nested = [[1, 2], [], [3]]
  var optionals: [Int?] = [1, nil, 3]
  var letters: Set<String> = ["x", "y"]
}

/// Codable by hand: containers nested in containers, a superclass's part.
private class Base: Codable {
  var base: Int
  init(base: Int) { self.base = base }
}
private final class Derived: Base {
  var derived: [String]
  private enum Key: CodingKey { case derived, deep }
  private enum Deep: CodingKey { case list, value }
  init(base: Int, derived: [String]) {
    self.derived = derived
    super.init(base: base)
  }
  required init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let deep = try container.nestedContainer(keyedBy: Deep.self, forKey: .deep)
    var list = try deep.nestedUnkeyedContainer(forKey: .list)
    #expect(try list.decode(Int.self) == 1)
    #expect(try list.decodeNil())
    #expect(try list.decode(String.self) == "two")
    #expect(list.isAtEnd)
    #expect(try deep.decode(Bool.self, forKey: .value))
    derived = try container.decode([String].self, forKey: .derived)  // written before `deep`: found by searching
    try super.init(from: container.superDecoder())
  }
  override func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(derived, forKey: .derived)
    var deep = container.nestedContainer(keyedBy: Deep.self, forKey: .deep)
    var list = deep.nestedUnkeyedContainer(forKey: .list)
    try list.encode(1)
    try list.encodeNil()
    try list.encode("two")
    try deep.encode(true, forKey: .value)
    try super.encode(to: container.superEncoder())
  }
}

private struct Interleaving: Encodable {
  private enum Key: CodingKey { case a, b }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var first = container.nestedUnkeyedContainer(forKey: .a)
    var second = container.nestedUnkeyedContainer(forKey: .b)
    try second.encode(1)
    try first.encode(2)
  }
}

/// Reads its array element by element, although it writes it whole.
private struct Elementwise: Codable {
  var list: [Int16]
  init(_ list: [Int16]) { self.list = list }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(list)
  }
  init(from decoder: any Decoder) throws {
    var container = try decoder.unkeyedContainer()
    list = []
    while !container.isAtEnd { list.append(try container.decode(Int16.self)) }
  }
}

@Suite struct CodecTests {
  private func roundTrip<T: Codable>(_ value: T) throws -> T {
    try DecodingMessage(BinaryEncoding.body(of: value)).decode(T.self)
  }

  @Test(.timeLimit(.minutes(1))) func everything() throws {
    let value = Everything()
    #expect(try roundTrip(value) == value)
    #expect(try roundTrip([value, value]) == [value, value])
    #expect(try roundTrip(-0.0).sign == .minus)
    #expect(try roundTrip(Double.nan).isNaN)
    #expect(try roundTrip(Int?.none) == nil)
    #expect(try roundTrip([[Int?]]()) == [])
  }

  @Test(.timeLimit(.minutes(1))) func nestedByHand() throws {
    let value = try roundTrip([Derived(base: 4, derived: ["p", "q"]), Derived(base: 5, derived: [])])
    #expect(value.map(\.base) == [4, 5])
    #expect(value.map(\.derived) == [["p", "q"], []])
  }

  @Test(.timeLimit(.minutes(1))) func interleavingIsRefused() {
    #expect(throws: EncodingError.self) { try BinaryEncoding.body(of: Interleaving()) }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [0, 3, 100_000]) func elementwise(_ count: Int) throws {
    let list = (0..<count).map { Int16(truncatingIfNeeded: $0) }
    #expect(try roundTrip(Elementwise(list)).list == list)
  }

  @Test(.timeLimit(.minutes(1))) func keysAreWrittenOnce() throws {
    struct Point: Codable { var coordinateX, coordinateY: Int }
    let one = try BinaryEncoding.body(of: [Point(coordinateX: 1, coordinateY: 2)]).bytes.count
    let many = try BinaryEncoding.body(of: Array(repeating: Point(coordinateX: 1, coordinateY: 2), count: 101)).bytes
      .count
    #expect(many - one == 100 * 8)  // tag, key, value, key, value, end: each value two bytes
  }

  @Test(.timeLimit(.minutes(1))) func largeArraysAreNotCopied() throws {
    let reals = (0..<100_000).map(Double.init)
    let body = try BinaryEncoding.body(of: ["reals": reals])
    #expect(body.attachments.count == 1)
    #expect(body.bytes.count < 100)
    #expect(try DecodingMessage(body).decode([String: [Double]].self) == ["reals": reals])
  }

  @Test(.timeLimit(.minutes(1))) func numbersAreChecked() throws {
    let body = try BinaryEncoding.body(of: [300, -1])
    #expect(throws: (any Error).self) { try DecodingMessage(body).decode([UInt8].self) }
    let text = try BinaryEncoding.body(of: "text")
    #expect(throws: DecodingError.self) { try DecodingMessage(text).decode(Bool.self) }
  }

  @Test(.timeLimit(.minutes(1))) func deepNesting() throws {
    struct Chain: Codable {
      var next: [Chain]
    }
    var chain = Chain(next: [])
    for _ in 0..<500 { chain = Chain(next: [chain]) }
    #expect(try roundTrip(chain).next.count == 1)
    // Hostile depth: more than the decoder follows.
    let bytes = ByteWriter()
    for _ in 0..<100_000 {
      bytes.append(byte: Tag.keyed.rawValue)
      bytes.append(varint: 3)
      bytes.append(string: "next")
      bytes.append(byte: Tag.unkeyed.rawValue)
    }
    let hostile = DecodingMessage(EncodedBody(bytes: bytes, attachments: [], shared: []))
    #expect(throws: (any Error).self) { try hostile.decode(Chain.self) }
  }

  /// Whatever the bytes, decoding gives a value or throws. A hundred times as much with LONG_TESTS=1.
  @Test(.timeLimit(.minutes(10))) func fuzzed() throws {
    let seed = UInt64.random(in: 1 ... .max)
    print("fuzz seed \(seed)")
    var random = SplitMix64(seed: seed)
    let sources = [
      try BinaryEncoding.body(of: [Everything(), Everything()]),
      try BinaryEncoding.body(of: Derived(base: 1, derived: ["a"])),
    ]
    var refused = 0
    for round in 0..<(getenv("LONG_TESTS") == nil ? 5_000 : 500_000) {
      let source = sources[round % 2].bytes.bytes
      var bytes = Array(source)
      for _ in 0...Int.random(in: 0...3, using: &random) {
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
        default:
          let at = Int.random(in: 0...bytes.count, using: &random)
          bytes.insert(contentsOf: bytes.prefix(Int.random(in: 0...9, using: &random)), at: at)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      bytes.withUnsafeBytes { buffer in
        let message = DecodingMessage(buffer)
        if round % 2 == 0 {
          refused += (try? message.decode([Everything].self)) == nil ? 1 : 0
        } else {
          refused += (try? message.decode([String: [String]].self)) == nil ? 1 : 0
        }
        var reader = ByteReader(buffer)
        try? DecodingMessage(buffer).skip(&reader)
        _ = RemoteErrors.read(from: DecodingMessage(buffer))
        var references = ByteReader(buffer)
        _ = (try? TypeReference(from: &references))?.resolve()
      }
    }
    #expect(refused > 2_500)
  }

  @Test(.timeLimit(.minutes(1))) func errorsCross() throws {
    struct Unreadable: Error { var number = 3 }
    func cross(_ error: any Error) -> any Error {
      let body = RemoteErrors.body(of: error, backtrace: "0 here")
      return RemoteErrors.read(from: DecodingMessage(body))
    }
    let remote = try #require(cross(Unreadable()) as? RemoteError)
    #expect(remote.typeName.contains("Unreadable") && remote.description.contains("3") && remote.backtrace == "0 here")
    #expect((cross(remote) as? RemoteError)?.description == remote.description)
    #expect(cross(TimeoutError(unfinished: 2, total: 4)) as? TimeoutError == TimeoutError(unfinished: 2, total: 4))
    #expect(cross(CancelledError()) is CancelledError)
    #expect(cross(CancellationError()) is CancellationError)
  }

  @Test(.timeLimit(.minutes(1))) func typesAreFound() {
    for type in [
      Int.self, [String: [Double]].self, Everything.self, Everything.Kind.self, CodecTests.self,
      Optional<SplitMix64>.self,
    ] as [Any.Type] {
      let bytes = ByteWriter()
      TypeReference(type)?.write(to: bytes)
      var reader = ByteReader(bytes.bytes)
      #expect((try? TypeReference(from: &reader))?.resolve() == type)
    }
    struct Local<Value> { var value: Value }
    #expect(TypeReference(Local<Int>.self) == nil)
  }
}
