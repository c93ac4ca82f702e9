// Groups A to H: what is written to the standard error, and which clock is waited on.
import ConcurrentFutures
import Glibc

let futureScenarios: [String: Scenario] = [
  "submitAndLeave": { arguments in
    let (gate, started) = (Gate(), Gate())
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    // Kept for good: its end must not be what saves the work.
    if arguments.first == "kept" { _ = Unmanaged.passRetained(executor) }
    _ = try executor.submit {
      started.open()
      try gate.wait()
      usleep(50_000)
      say("running task ends")
    }
    _ = try executor.submit { say("queued task ends") }
    try started.wait()
    say("main ends")
    gate.open()
  },

  "callbackThrows": { _ in
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    for byHand in [false, true] {
      let (gate, count) = (Gate(), Calls())
      let future: Future<Int> =
        byHand
        ? Future()
        : try executor.submit {
          try gate.wait()
          return 1
        }
      future.addDoneCallback { _ in count.add() }
      future.addDoneCallback { _ in throw CallbackFailure() }
      future.addDoneCallback { _ in count.add() }
      gate.open()
      if byHand { try future.setResult(1) }
      try until { count.value == 2 }
      say("\(count.value) callbacks")
    }
  },

  "lateCallbackThrows": { _ in
    Future.succeeded(1).addDoneCallback { _ in throw CallbackFailure() }
    say("goes on")
  },

  "unexpectedState": { _ in
    let future = Future.succeeded(1)
    do { try future.setRunningOrNotifyCancel() } catch { say("thrown") }
  },

  "monotonicClock": { _ in
    let pending = Future<Int>()
    let executor = try ThreadPoolExecutor(maxWorkers: 1)
    try executor.submit {}.result()
    forbidWallClockWaits()
    func timesOut(_ name: String, _ body: () throws -> Void) {
      do { try body() } catch is TimeoutError { say(name) } catch { complain("\(error)") }
    }
    timesOut("result") { _ = try pending.result(timeout: .milliseconds(20)) }
    timesOut("worker") { try executor.submit { _ = try pending.result(timeout: .milliseconds(20)) }.result() }
    if wait([pending], timeout: .milliseconds(20)).done.isEmpty { say("wait") }
    timesOut("asCompleted") { _ = try asCompleted([pending], timeout: .milliseconds(20)).makeCursor().next() }
  },

  /// Shows that the filter of `monotonicClock` works: this dies of SIGSYS.
  "wallClock": { _ in
    forbidWallClockWaits()
    var (mutex, condition, deadline) = (pthread_mutex_t(), pthread_cond_t(), timespec())
    pthread_mutex_init(&mutex, nil)
    pthread_cond_init(&condition, nil)
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += 1
    pthread_mutex_lock(&mutex)
    pthread_cond_timedwait(&condition, &mutex, &deadline)
    say("waited on the wall clock")
  },
]

/// From now on a futex call with FUTEX_CLOCK_REALTIME, or a timerfd on that clock, ends the process with SIGSYS.
private func forbidWallClockWaits() {
  struct Instruction { var code: UInt16, jumpIfTrue: UInt8, jumpIfFalse: UInt8, operand: UInt32 }
  struct Program { var count: UInt16, instructions: UnsafeMutablePointer<Instruction> }
  #if arch(x86_64)
    let (futex, timerfdCreate): (UInt32, UInt32) = (202, 283)
  #else
    let (futex, timerfdCreate): (UInt32, UInt32) = (98, 85)
  #endif
  let (load, equals, anyBit, end): (UInt16, UInt16, UInt16, UInt16) = (0x20, 0x15, 0x45, 0x06)
  var instructions = [
    Instruction(code: load, jumpIfTrue: 0, jumpIfFalse: 0, operand: 0),  // the number of the call
    Instruction(code: equals, jumpIfTrue: 0, jumpIfFalse: 2, operand: futex),
    Instruction(code: load, jumpIfTrue: 0, jumpIfFalse: 0, operand: 24),  // its second argument
    Instruction(code: anyBit, jumpIfTrue: 3, jumpIfFalse: 4, operand: 256),  // FUTEX_CLOCK_REALTIME
    Instruction(code: equals, jumpIfTrue: 0, jumpIfFalse: 3, operand: timerfdCreate),
    Instruction(code: load, jumpIfTrue: 0, jumpIfFalse: 0, operand: 16),  // its first argument
    Instruction(code: equals, jumpIfTrue: 0, jumpIfFalse: 1, operand: 0),  // CLOCK_REALTIME
    Instruction(code: end, jumpIfTrue: 0, jumpIfFalse: 0, operand: 0x8000_0000),  // kill the process
    Instruction(code: end, jumpIfTrue: 0, jumpIfFalse: 0, operand: 0x7fff_0000),  // allow
  ]
  // `prctl` is variadic in C; with whole registers only, the fixed form is the same call on x86-64 and arm64 Linux.
  typealias Control = @convention(c) (Int, Int, UInt, UInt, UInt) -> Int32
  let control = hidden("prctl", as: Control.self)
  instructions.withUnsafeMutableBufferPointer { buffer in
    var program = Program(count: UInt16(buffer.count), instructions: buffer.baseAddress!)
    withUnsafeMutablePointer(to: &program) { pointer in
      precondition(control(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS: \(errno)")
      precondition(control(22, 2, UInt(bitPattern: pointer), 0, 0) == 0, "PR_SET_SECCOMP: \(errno)")
    }
  }
}
