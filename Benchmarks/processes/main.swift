// The process pool's numbers beside those of Python's pools (peers.py), problem by problem in one run: a line each,
// "who what value unit".
//
// usage: processes [WORKERS [start|crash|latency|tasks|map|bytes]...]
import ConcurrentFutures
import Glibc

struct Increment: ProcessTask {
  var number: Int
  func run() -> Int { number + 1 }
}
struct Echo: ProcessTask {
  var bytes: [UInt8]
  func run() -> [UInt8] { bytes }
}
struct Measure: ProcessTask {
  var bytes: [UInt8]
  func run() -> Int { bytes.count }
}
struct SharedMeasure: ProcessTask {
  var bytes: SharedBytes
  func run() -> Int { bytes.withUnsafeBytes { Int($0[0]) + Int($0[$0.count - 1]) } }
}
struct Crash: ProcessTask {
  func run() -> Int { abort() }
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let duration = try clock.measure(body)
  return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func report(_ name: String, _ value: Double, _ unit: String) {
  let value = "\((value * 10).rounded() / 10)"
  let columns = [("swift", 12, false), (name, 26, false), (value, 12, true)].map { text, width, right in
    let padding = String(repeating: " ", count: max(0, width - text.count))
    return right ? padding + text : text + padding
  }
  print(columns.joined(separator: " "), unit)
}

let wanted = Set(CommandLine.arguments.dropFirst(2))
func section(_ name: String, _ body: () throws -> Void) rethrows {
  guard wanted.isEmpty || wanted.contains(name) else { return }
  try body()
  runPeers(name)
}
/// The same problem in Python, if there is one.
func runPeers(_ name: String) {
  fflush(nil)
  let script = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/peers.py"
  var words: [UnsafeMutablePointer<CChar>?] = (["python3", script, "\(workers)", name] as [String]).map { strdup($0) }
  words.append(nil)
  defer { for word in words { free(word) } }
  var process: pid_t = 0
  guard posix_spawnp(&process, "python3", nil, nil, &words, environ) == 0 else { return }
  waitpid(process, nil, 0)
}
let workers = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2

func pool(prefetch: Int = 1) throws -> ProcessPoolExecutor {
  var configuration = ProcessPoolExecutor.Configuration()
  configuration.maxWorkers = workers
  configuration.prefetch = prefetch
  return try ProcessPoolExecutor(configuration)
}

// Creation to the first result, a fresh pool each time.
try section("start") {
  var starts: [Double] = []
  for _ in 0..<11 {
    var fresh: ProcessPoolExecutor?
    starts.append(
      try seconds {
        fresh = try pool()
        _ = try fresh!.submit(Increment(number: 1)).result()
      })
    fresh?.shutdown()
  }
  report("start", median(starts) * 1e3, "ms")
}

// A crash until its future knows.
try section("crash") {
  var crashes: [Double] = []
  for _ in 0..<11 {
    let fresh = try pool()
    _ = try fresh.submit(Increment(number: 1)).result()
    crashes.append(try seconds { _ = try fresh.submit(Crash()).exception() })
    fresh.shutdown()
  }
  report("crash", median(crashes) * 1e3, "ms")
}

// One tiny task after the other.
try section("latency") {
  let executor = try pool()
  for _ in 0..<2000 { _ = try executor.submit(Increment(number: 1)).result() }
  var round: [Double] = []
  for number in 0..<20_000 {
    round.append(try seconds { _ = try executor.submit(Increment(number: number)).result() })
  }
  round.sort()
  report("latency-p50", round[round.count / 2] * 1e6, "us")
  report("latency-p99", round[round.count * 99 / 100] * 1e6, "us")
  executor.shutdown()
}

// Many tiny tasks at once.
try section("tasks") {
  for prefetch in [0, 1, 7] {
    let executor = try pool(prefetch: prefetch)
    let count = 50_000
    var rates: [Double] = []
    for _ in 0..<5 {
      rates.append(
        Double(count)
          / (try seconds {
            var futures: [Future<Int>] = []
            futures.reserveCapacity(count)
            for number in 0..<count { futures.append(try executor.submit(Increment(number: number))) }
            for future in futures { _ = try future.result() }
          }))
    }
    report("tasks-prefetch-\(prefetch)", median(rates), "tasks/s")
    executor.shutdown()
  }
}

try section("map") {
  let executor = try pool()
  let count = 1_000_000
  let tasks = (0..<count).map { Increment(number: $0) }
  var rates: [Double] = []
  for _ in 0..<5 {
    rates.append(
      Double(count)
        / (try seconds {
          let results = try executor.map(tasks, chunkSize: 100)
          var sum = 0
          while let next = try results.next() { sum &+= next }
          precondition(sum == count * (count + 1) / 2)
        }))
  }
  report("map-chunks-of-100", median(rates), "items/s")
  executor.shutdown()
}

try section("bytes") {
  let executor = try pool()
  let payload = [UInt8](repeating: 7, count: 64 << 20)
  var there: [Double] = []
  var both: [Double] = []
  for _ in 0..<9 {
    there.append(try seconds { _ = try executor.submit(Measure(bytes: payload)).result() })
    both.append(
      try seconds {
        let echoed = try executor.submit(Echo(bytes: payload)).result()
        precondition(echoed.count == payload.count)
      })
  }
  report("argument-64MiB", Double(payload.count) / median(there) / 1e6, "MB/s")
  report("argument-and-result-64MiB", 2 * Double(payload.count) / median(both) / 1e6, "MB/s")
  let shared = try SharedBytes(payload)
  var views: [Double] = []
  for _ in 0..<101 { views.append(try seconds { _ = try executor.submit(SharedMeasure(bytes: shared)).result() }) }
  report("shared-64MiB", median(views) * 1e6, "us")
  executor.shutdown()
}
