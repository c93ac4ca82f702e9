// What recording costs, for Benchmarks/Runner/tracing.py, which runs it in pairs and under callgrind.
//
// usage: tracing tasks COUNT LOOPS [log]   COUNT tasks of LOOPS rounds of arithmetic, on one worker; log: with the event log
//        tracing fib N                 fork-join on one worker
//        tracing marks COUNT           COUNT annotations of the program's own
//        tracing nothing COUNT         the same loop without them
//        tracing loops                 prints the rounds of arithmetic that take a microsecond
//        tracing pairs COUNT REPS      prints ns a task without the event log and with it, REPS times in turn
//        tracing rate TASKS SECONDS    TASKS tasks a second for SECONDS from one thread; prints how many it made
//        tracing snapshot MIB REPS     prints a line a snapshot of MIB: milliseconds, the workers' marks meanwhile, their longest gap
import ConcurrentFutures
import Glibc
import Synchronization

@inline(never) func spin(_ loops: Int) -> UInt64 {
  var state: UInt64 = 88_172_645_463_325_252
  for _ in 0..<loops {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
  }
  return state
}

func nanoseconds() -> Int {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Where results go, so that nothing is optimized away.
let sink = Atomic<UInt64>(0)

/// The pool's one worker submits tasks to itself in batches; the last it runs of a batch submits the next. So it neither
/// searches nor sleeps, whatever the clock does, and instruction counts repeat.
final class Chain: Sendable {
  let pool: ThreadPoolExecutor
  let loops: Int
  let done = Mutex<Promise<Int>?>(Promise<Int>())
  static let batch = 1000

  init(_ loops: Int) throws {
    pool = try ThreadPoolExecutor(maxWorkers: 1)
    self.loops = loops
  }

  func goOn(_ left: Int) throws {
    guard left > 0 else {
      done.withLock { $0.take()?.succeed(0) }
      return
    }
    let count = min(left, Self.batch)
    let loops = loops
    _ = try pool.submit { try self.goOn(left - count) }
    for _ in 1..<max(count, 2) { _ = try pool.submit { sink.store(spin(loops), ordering: .relaxed) } }
  }

  func run(_ count: Int) throws {
    guard let over = done.withLock({ $0?.future }) else { return }
    _ = try pool.submit { try self.goOn(count) }
    _ = try over.result()
    pool.shutdown()
  }
}

func fib(_ pool: ThreadPoolExecutor, _ n: Int) -> Int {
  if n < 2 { return n }
  let (a, b) = pool.join({ fib(pool, n - 1) }, { fib(pool, n - 2) })
  return a + b
}

/// The flight recorder; waits until it is old enough to read the processor's counter instead of the clock.
func startRecording(_ folder: String, bytesPerLane: Int = 8 << 20) throws {
  var configuration = EventLog.Configuration(directory: folder)
  configuration.mode = .overwrite
  configuration.bytesPerLane = bytesPerLane
  try EventLog.start(configuration)
  usleep(300_000)
}

func temporaryFolder() -> String {
  var template = Array("/tmp/cf-tracing-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { exit(3) }
  return String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Marks until told to stop; knows its longest pause.
final class Marker: Sendable {
  let marks = Atomic<Int>(0)
  let longestGap = Atomic<Int>(0)
  let stop = Atomic<Bool>(false)

  func run() {
    var last = nanoseconds()
    while !stop.load(ordering: .relaxed) {
      EventLog.mark("marker")
      marks.wrappingAdd(1, ordering: .relaxed)
      let now = nanoseconds()
      if now - last > longestGap.load(ordering: .relaxed) { longestGap.store(now - last, ordering: .relaxed) }
      last = now
    }
  }
}

func measurePairs(_ count: Int, _ repetitions: Int) throws {
  let folder = temporaryFolder()
  func once() throws -> Double {
    let chain = try Chain(0)
    let began = nanoseconds()
    try chain.run(count)
    return Double(nanoseconds() - began) / Double(count)
  }
  _ = try once()
  for _ in 0..<repetitions {
    let off = try once()
    try startRecording(folder)
    _ = try once()  // the ring's memory is there from now on
    let on = try once()
    EventLog.stop()
    print(off, on)
  }
}

func measureRate(_ perSecond: Int, _ seconds: Int) throws {
  let pool = try ThreadPoolExecutor(maxWorkers: 1)
  let began = nanoseconds()
  var made = 0
  while made < perSecond * seconds {
    let due = (nanoseconds() - began) * (perSecond / 1000) / 1_000_000
    while made < min(due, perSecond * seconds) {
      _ = try pool.submit { 1 }
      made += 1
    }
    usleep(500)
  }
  pool.shutdown()
  print(made, Double(nanoseconds() - began) / 1e9)
}

func measureSnapshot(_ mebibytes: Int, _ repetitions: Int) throws {
  let folder = temporaryFolder()
  let markers = [Marker()]
  try startRecording(folder, bytesPerLane: mebibytes << 20)
  let pool = try ThreadPoolExecutor(maxWorkers: markers.count)
  let futures = try markers.map { marker in try pool.submit { marker.run() } }
  let full = mebibytes << 15  // records of 32 bytes
  while markers.contains(where: { $0.marks.load(ordering: .relaxed) < full }) { usleep(10_000) }
  for _ in 0..<repetitions {
    func total() -> Int { markers.reduce(0) { $0 + $1.marks.load(ordering: .relaxed) } }
    usleep(50_000)
    for marker in markers { marker.longestGap.store(0, ordering: .relaxed) }
    let before = total()
    let began = nanoseconds()
    let copy = try EventLog.snapshot()
    let took = nanoseconds() - began
    let gap = markers.map { $0.longestGap.load(ordering: .relaxed) }.max()!
    print(Double(took) / 1e6, total() - before, Double(gap) / 1e6, copy)
  }
  for marker in markers { marker.stop.store(true, ordering: .relaxed) }
  for future in futures { _ = try future.result() }
  pool.shutdown()
  EventLog.stop()
}

let arguments = CommandLine.arguments
func number(_ index: Int) -> Int {
  guard index < arguments.count, let number = Int(arguments[index]) else { exit(2) }
  return number
}
switch arguments.dropFirst().first {
case "tasks":
  if arguments.last == "log" { try startRecording(temporaryFolder()) }
  try Chain(number(3)).run(number(2))
case "fib":
  let pool = try ThreadPoolExecutor(maxWorkers: 1)
  let n = number(2)
  print(try pool.submit { fib(pool, n) }.result())
  pool.shutdown()
case "marks": for value in 0..<number(2) { EventLog.mark("a mark", Int64(value)) }
case "nothing": for value in 0..<number(2) { sink.store(UInt64(value), ordering: .relaxed) }
case "loops":
  let began = nanoseconds()
  sink.store(spin(20_000_000), ordering: .relaxed)
  print(20_000_000 * 1000 / (nanoseconds() - began))
case "pairs": try measurePairs(number(2), number(3))
case "rate": try measureRate(number(2), number(3))
case "snapshot": try measureSnapshot(number(2), number(3))
default: exit(2)
}
