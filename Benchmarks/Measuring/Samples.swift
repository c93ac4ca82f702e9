// Taking samples and printing them: one JSON object a line, which Runner/ reads.
import Glibc

/// Nanoseconds of CLOCK_MONOTONIC.
@inline(__always)
public func now() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// A message on standard error, and the end with code 1 (or 2: bad usage).
public func complain(_ message: String, code: Int32 = 1) -> Never {
  let line = Array((message + "\n").utf8)
  _ = write(2, line, line.count)
  exit(code)
}

/// Resident memory of this process in bytes.
public func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  fgets(&line, 128, file)
  let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  let words = text.split(separator: " ")
  return (Int(words[1]) ?? 0) * Int(getpagesize())
}

/// What a program measures, under its own name.
public struct Report: Sendable {
  public let peer: String
  public let options: Options

  public init(peer: String, options: Options) {
    self.peer = peer
    self.options = options
  }

  /// One line: `value` in `unit`, and further numbers.
  public func print(_ value: Double, _ unit: String, more: [(String, Double)] = []) {
    func rounded(_ number: Double) -> Double { (number * 1000).rounded() / 1000 }
    let rest = more.map { ", \"\($0.0)\": \(rounded($0.1))" }.joined()
    Swift.print(
      "{\"peer\": \"\(peer)\", \"problem\": \"\(options.problem)\", \"workers\": \(options.workers), "
        + "\"value\": \(rounded(value)), \"unit\": \"\(unit)\"\(rest)}")
    fflush(nil)
  }

  /// One warm-up and `options.samples` samples of `body`, which returns a result to be checked.
  public func measure<R: Equatable>(
    operations: Int, unit: String, expecting expected: R, _ body: () throws -> R
  ) rethrows {
    for sample in 0...options.samples {
      let began = now()
      let result = try body()
      let nanoseconds = Double(now() - began)
      guard result == expected else {
        complain("\(peer) \(options.problem): wrong result \(result), expected \(expected)")
      }
      if sample > 0 { print(nanoseconds / Double(operations), unit) }
    }
  }

  /// The same for code that suspends.
  public func measure<R: Equatable>(
    operations: Int, unit: String, expecting expected: R, _ body: () async throws -> R
  ) async rethrows {
    for sample in 0...options.samples {
      let began = now()
      let result = try await body()
      let nanoseconds = Double(now() - began)
      guard result == expected else {
        complain("\(peer) \(options.problem): wrong result \(result), expected \(expected)")
      }
      if sample > 0 { print(nanoseconds / Double(operations), unit) }
    }
  }

  /// Distribution of single latencies in nanoseconds: the median in microseconds, and the 99th percentile.
  public func print(latencies: [Int64]) {
    let sorted = latencies.sorted()
    print(
      Double(sorted[sorted.count / 2]) / 1000, "us p50",
      more: [("p99", Double(sorted[sorted.count * 99 / 100]) / 1000)])
  }

  /// Growth of the resident memory during `body`, per task. `body` returns what must stay alive until it was measured.
  public func measureMemory<Kept>(tasks: Int, _ body: () throws -> Kept) rethrows {
    let before = residentBytes()
    let kept = try body()
    let after = residentBytes()
    withExtendedLifetime(kept) { print(Double(after - before) / Double(tasks), "bytes/task") }
  }

  /// Says that there is nothing to do from now on, and stays idle: Runner/ reads the CPU time of all threads from outside.
  public func idle() -> Never {
    Swift.print("{\"ready\": true}")
    fflush(nil)
    while true { pause() }
  }
}
