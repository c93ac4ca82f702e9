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
    // The executor is kept: its end must not be what saves the work.
    let executor = try ThreadPoolExecutor(maxWorkers: 2)
    kept.append(executor)
    for _ in 0..<10 {
      try executor.execute {
        usleep(10_000)
        say("task ends")
      }
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
      for _ in 0..<5 { try executor.execute { usleep(1000) } }
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
    configuration.joinsAtExit = arguments[0] != "deadline"
    if arguments[0] == "noJoin" { configuration.joinsAtExit = false }
    let executor = try ThreadPoolExecutor(configuration)
    kept.append(executor)
    let started = Gate()
    try executor.execute {
      started.open()
      while true { sleep(1) }
    }
    try started.wait()
    if arguments[0] == "deadline" { say("shut down: \(executor.shutdown(deadline: .milliseconds(50)))") }
    say("leaves")
  },
]

/// Lives until the process ends.
nonisolated(unsafe) private var kept: [AnyObject] = []  // SAFETY: touched by the main thread only.
nonisolated(unsafe) private var afterHandlers: Gate?  // SAFETY: written by the main thread before it exits.
