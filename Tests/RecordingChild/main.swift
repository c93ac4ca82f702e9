// A program that records, for tests of how recordings end: normally, killed, forked, on a full disk.
//
// usage: RecordingChild SCENARIO DIR MODE BYTES_PER_LANE [COUNT [THREADS]]
//   marks     THREADS threads mark COUNT values each, then the program returns from main without stopping the log
//   stop      the same, then stops the log
//   killed    the same, says in the file DIR/progress how far each thread is, and kills itself in the middle
//   killed-later  marks COUNT values in each thread, waits for that, then kills itself in the middle of marking on
//   fork      marks, forks; parent and child mark again; prints the child's exit status
//   snapshot  marks COUNT values in each thread, prints the folder of a snapshot taken meanwhile
//   pool      records only what the environment asks for; runs COUNT tasks on a pool of THREADS workers and shuts it down
//   mixed     the same with tasks that submit and wait, cancelled ones, failing ones, forks and annotations
//   live      the same pool, 100 tasks for each line on stdin, the number of lines so far to stdout; until stdin ends
//   processes           the same as pool with a pool of processes (Processes.swift)
//   processes-started   the same, recorded by EventLog.start
//   wait      marks without end until stdin is closed
import ConcurrentFutures
import Glibc
import Synchronization

struct Plan: Sendable {
  let scenario: String
  let directory: String
  let mode: EventLog.Mode
  let bytesPerLane: Int
  let count: Int
  let threads: Int

  init?(_ arguments: [String]) {
    guard arguments.count >= 5, let mode = EventLog.Mode(rawValue: arguments[3]), let bytes = Int(arguments[4]) else {
      return nil
    }
    scenario = arguments[1]
    directory = arguments[2]
    self.mode = mode
    bytesPerLane = bytes
    count = arguments.count > 5 ? Int(arguments[5]) ?? 0 : 0
    threads = arguments.count > 6 ? Int(arguments[6]) ?? 1 : 1
  }
}

/// What the threads of this program share.
final class Shared: Sendable {
  let plan: Plan
  let next = Atomic<Int>(0)
  let stop = Atomic<Bool>(false)
  // SAFETY: mapped memory of `threads` words; each thread writes its own.
  nonisolated(unsafe) let progress: UnsafeMutablePointer<UInt64>

  init(_ plan: Plan) {
    self.plan = plan
    let size = max(plan.threads, 1) * 8
    let file = open(plan.directory + "/progress", O_RDWR | O_CREAT, 0o644)
    ftruncate(file, off_t(size))
    let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)!
    progress = memory.assumingMemoryBound(to: UInt64.self)
  }

  func markAll() {
    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
    var value = 0
    while plan.count == 0 || value < plan.count, !stop.load(ordering: .relaxed) {
      EventLog.mark("value", Int64(index) << 32 | Int64(value))
      value += 1
      if plan.scenario == "killed" { progress[index] = UInt64(value) }
    }
  }
}

func enter(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  Unmanaged<Shared>.fromOpaque(raw!).takeUnretainedValue().markAll()
  return nil
}
func startThreads(_ shared: Shared) -> [pthread_t] {
  (0..<shared.plan.threads).map { _ in
    var thread = pthread_t()
    pthread_create(&thread, nil, enter, Unmanaged.passUnretained(shared).toOpaque())
    return thread
  }
}
func join(_ threads: [pthread_t]) { for thread in threads { pthread_join(thread, nil) } }

/// `fork`, which Swift's overlay hides.
func forkProcess() -> Int32 {
  typealias Fork = @convention(c) () -> Int32
  return unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)()
}

guard let plan = Plan(CommandLine.arguments) else {
  print("usage: RecordingChild SCENARIO DIR MODE BYTES_PER_LANE [COUNT [THREADS]]")
  exit(2)
}
var configuration = EventLog.Configuration(directory: plan.directory)
configuration.mode = plan.mode
configuration.bytesPerLane = plan.bytesPerLane
let shared = Shared(plan)
if !["pool", "mixed", "live", "processes"].contains(plan.scenario) { try EventLog.start(configuration) }

switch plan.scenario {
case "marks":
  join(startThreads(shared))
case "stop":
  join(startThreads(shared))
  EventLog.stop()
case "killed":
  let threads = startThreads(shared)
  let enough = UInt64(plan.count / 2)
  while (0..<plan.threads).contains(where: { shared.progress[$0] < enough }) { sched_yield() }
  kill(getpid(), SIGKILL)
  join(threads)
case "killed-later":
  join(startThreads(shared))
  let threads = startThreads(shared)
  while shared.next.load(ordering: .relaxed) < 2 * plan.threads { sched_yield() }
  kill(getpid(), SIGKILL)
  join(threads)
case "fork":
  EventLog.mark("before", 1)
  let child = forkProcess()
  if child == 0 {
    for value in 0..<10_000 { EventLog.mark("child", Int64(value)) }
    exit(EventLog.isRecording ? 1 : 0)
  }
  EventLog.mark("parent", 1)
  var status: Int32 = 0
  waitpid(child, &status, 0)
  print(status)
case "snapshot":
  let threads = startThreads(shared)
  print(try EventLog.snapshot())
  join(threads)
case "pool":
  let pool = try ThreadPoolExecutor(maxWorkers: plan.threads)
  let futures = try (0..<plan.count).map { number in try pool.submit(label: "numbered") { number } }
  for (number, future) in futures.enumerated() where try future.result() != number { exit(1) }
  pool.shutdown()
case "mixed":
  struct Refusal: Error {}
  let pool = try ThreadPoolExecutor(maxWorkers: plan.threads)
  let outer = try (0..<plan.count / 4).map { number in
    try pool.submit(label: "outer") {
      EventLog.mark("outer", Int64(number))
      let inner = try (0..<2).map { part in try pool.submit(label: "inner") { part } }
      return try EventLog.region("sum") { try inner.reduce(0) { $0 + (try $1.result()) } }
    }
  }
  let failing = try pool.submit(label: "failing") { throw Refusal() }
  let cancelled = try (0..<plan.count / 4).map { number in try pool.submit(label: "cancelled") { number } }
  for future in cancelled.reversed() { _ = future.cancel() }
  for future in outer { _ = try future.result() }
  _ = try? failing.result()
  pool.forEach(0..<64) { number in EventLog.counter("square", Int64(number * number)) }
  EventLog.mark("done")
  pool.shutdown()
case "live":
  let pool = try ThreadPoolExecutor(maxWorkers: plan.threads)
  var rounds = 0
  while readLine() != nil {
    for future in try (0..<100).map({ number in try pool.submit(label: "live") { number } }) { _ = try future.result() }
    rounds += 1
    print(rounds)
    fflush(nil)
  }
  pool.shutdown()
case "processes", "processes-started":
  try runOnProcesses(count: plan.count, workers: plan.threads)
case "wait":
  let threads = startThreads(shared)
  var byte: UInt8 = 0
  while read(STDIN_FILENO, &byte, 1) > 0 {}
  shared.stop.store(true, ordering: .relaxed)
  join(threads)
default:
  exit(2)
}
