// Group K: what happens to work when its process, or its executor, goes.
import ConcurrentFutures
import Glibc

let exitScenarios: [String: Scenario] = [
  "cancelFuturesAtEnd": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    let started = Gate()
    let first = try executor.submit {
      started.open()
      usleep(50_000)
      say("running one ends")
    }
    for _ in 0..<10 { _ = try executor.submit { say("cancelled one ran") } }
    try started.wait()
    executor.shutdown(wait: false, cancelFutures: true)
    withExtendedLifetime(first) {}
  },

  "shutdownNoWaitAtEnd": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 2)
    for _ in 0..<4 {
      try executor.execute {
        usleep(20_000)
        say("task ends")
      }
    }
    executor.shutdown(wait: false)
  },

  "workAtExit": { arguments in
    // The executors are kept: their end must not be what saves the work. None ends when another does.
    for number in 1...4 {
      let executor = try ThreadPoolExecutor(maxWorkers: 2)
      kept.append(executor)
      func work() {
        usleep(5_000 * UInt32(number))
        say("task ends")
      }
      for _ in 0..<3 { try executor.execute { work() } }
      for _ in 0..<2 { _ = try executor.submit { work() } }
    }
    if arguments.first == "exit" { exit(3) }
  },

  "submitDuringExit": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    kept.append(executor)
    try executor.execute {
      try until {
        do throws(RejectedExecutionError) {
          try executor.execute {}
          return false
        } catch {
          guard case .processExiting = error.reason else { return false }
          say(error.description)
          return true
        }
      }
      do { _ = try executor.submit {} } catch { say("\(error)") }
      do { _ = try executor.submitAsync {} } catch { say("\(error)") }
    }
  },

  "exitOrder": { _ in
    atexit { say("handler from before the pool") }
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    kept.append(executor)
    atexit { say("handler from after the pool") }
    let gate = Gate()
    try executor.execute {
      try gate.wait()
      usleep(50_000)
      say("task")
    }
    kept.append(gate)
    afterHandlers = gate
    atexit { afterHandlers?.open() }  // runs first
  },

  "exitInTask": { arguments in
    let executor = try ThreadPoolExecutor(maxWorkers: Int(arguments[0])!)
    kept.append(executor)
    try executor.execute {
      for _ in 0..<5 {
        try executor.execute {
          usleep(1000)
          say("queued one runs")
        }
      }
      exit(7)
    }
    while true { sleep(1) }
  },

  "droppedAtExit": { _ in
    for _ in 0..<3 {
      try ThreadPoolExecutor(maxWorkers: 1).execute {
        usleep(20_000)
        say("task ends")
      }
    }
  },

  "lostTask": { arguments in
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.joinsAtExit = false
    let executor = try ThreadPoolExecutor(configuration)
    kept.append(executor)
    let started = Gate()
    try executor.execute {
      started.open()
      while true { sleep(1) }
    }
    try started.wait()
    if arguments[0] == "deadline" {
      let answers = [Duration.milliseconds(50), .zero, .seconds(-1)].map { executor.shutdown(deadline: $0) }
      say("shut down: \(answers.map(String.init).joined(separator: ", "))")
    } else {
      // A pool that is joined all the same.
      let other = try ThreadPoolExecutor(maxWorkers: 1)
      kept.append(other)
      try other.execute {
        usleep(50_000)
        say("task of another pool ends")
      }
    }
    say("leaves")
  },
]

/// Lives until the process ends.
nonisolated(unsafe) private var kept: [AnyObject] = []  // SAFETY: touched by the main thread only.
nonisolated(unsafe) private var afterHandlers: Gate?  // SAFETY: written by the main thread before it exits.
