// submit: one outside thread submits empty tasks, keeps the futures, then reads every result.
//
// Against Dispatch's nearest equivalent, a DispatchWorkItem per task and `wait()` on each. Dispatch has no width to set;
// its concurrent queues use as many threads as there are CPUs, so compare with as many workers.
// Rounds alternate, because the machine's noise comes and goes; the ratio of the medians counts.
//
//     submit [--tasks N] [--workers N] [--rounds N] [--require RATIO]     exit 1: dearer than RATIO x Dispatch
import ConcurrentFutures
import Dispatch
import Glibc

struct Problem {
  var tasks = 1_000_000
  var workers = 2
  var rounds = 5
  var require: Double?

  init(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      let value = rest.popFirst().flatMap(Double.init)
      switch (name, value.map(Int.init)) {
      case ("--tasks", let count?) where count > 0: tasks = count
      case ("--workers", let count?) where count > 0: workers = count
      case ("--rounds", let count?) where count > 0: rounds = count
      case ("--require", .some): require = value
      default:
        print("usage: submit [--tasks N] [--workers N] [--rounds N] [--require RATIO]")
        exit(2)
      }
    }
  }

  /// Nanoseconds a task, from the first submit to the last result.
  func futures(_ pool: ThreadPoolExecutor) throws -> Double {
    try measure {
      var futures: [Future<Void>] = []
      futures.reserveCapacity(tasks)
      for _ in 0..<tasks { futures.append(try pool.submit {}) }
      for future in futures { try future.result() }
    }
  }
  func workItems(_ queue: DispatchQueue) -> Double {
    measure {
      var items: [DispatchWorkItem] = []
      items.reserveCapacity(tasks)
      for _ in 0..<tasks {
        let item = DispatchWorkItem {}
        queue.async(execute: item)
        items.append(item)
      }
      for item in items { item.wait() }
    }
  }
  private func measure(_ body: () throws -> Void) rethrows -> Double {
    let began = ContinuousClock.now
    try body()
    return (ContinuousClock.now - began) / .nanoseconds(tasks)
  }

  func run() throws -> Bool {
    let queue = DispatchQueue(label: "submit", attributes: .concurrent)
    let (ours, theirs) = try withThreadPool(maxWorkers: workers) { pool in
      _ = try (futures(pool), workItems(queue))  // warm: threads started, memory mapped
      var times: (ours: [Double], theirs: [Double]) = ([], [])
      for _ in 0..<rounds {
        times.ours.append(try futures(pool))
        times.theirs.append(workItems(queue))
      }
      return (median(times.ours), median(times.theirs))
    }
    print("\(tasks) tasks, \(workers) workers, medians of \(rounds) rounds, ns a task")
    print("  submit + result()         \(Int(ours.rounded()))")
    print("  DispatchWorkItem + wait() \(Int(theirs.rounded()))")
    print("  ratio                     \((ours / theirs * 1000).rounded() / 1000)")
    return require.map { ours / theirs <= $0 } ?? true
  }
  private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}

exit(try Problem(Array(CommandLine.arguments.dropFirst())).run() ? 0 : 1)
