// For every rule a schedule that fires it, and one that must not: the same one, with one thing changed that the rule looks at.
import SchedulerEvents

@testable import Timelines

extension Script {
  typealias Maker = @Sendable () -> Script
  static let cases: [String: (firing: Maker, silent: Maker)] = [
    // The same gaps between tasks, the tasks fifty times as long.
    "FINE-GRAIN": ({ fineGrain(length: 2) }, { fineGrain(length: 100) }),
    "COARSE-GRAIN": ({ coarseGrain(pieces: 1) }, { coarseGrain(pieces: 10) }),
    "SERIAL-TAIL": ({ serialTail(400) }, { serialTail(20) }),
    "SERIAL-HEAD": ({ serialHead(400) }, { serialHead(20) }),
    "LOW-PARALLELISM": ({ oneTaskEach([1000, 100]) }, { oneTaskEach([1000, 1000, 1000, 1000]) }),
    // The awaited task ends at 500 us.
    "BLOCKED-WORKER": ({ blockedWorker(from: 10) }, { blockedWorker(from: 490) }),
    "INJECTOR-BACKLOG": ({ injectorBacklog(takers: 1) }, { injectorBacklog(takers: 2) }),
    "IMBALANCE": ({ imbalance(others: 1) }, { imbalance(others: 7) }),
    // As many searches, of which more find something.
    "STEAL-STORM": ({ stealStorm(findsOneIn: 100) }, { stealStorm(findsOneIn: 10) }),
    // As many parks, of a length that saves something.
    "PARK-THRASH": ({ parkThrash(asleep: 10, every: 20) }, { parkThrash(asleep: 60, every: 100) }),
    "LOST-WAKEUP": ({ lostWakeUp(wakes: false) }, { lostWakeUp(wakes: true) }),
    // A chain of waits that is no circle.
    "WAIT-CYCLE": ({ waitCycle(isClosed: true) }, { waitCycle(isClosed: false) }),
    // The same tasks, each submitted when there is room.
    "QUEUE-DELAY": ({ queueDelay(atOnce: true) }, { queueDelay(atOnce: false) }),
    "FUTURE-LEAK": ({ futureLeak(isCancelled: false) }, { futureLeak(isCancelled: true) }),
    "CANCEL-WASTE": ({ cancelWaste(20) }, { cancelWaste(8) }),
    "CALLBACK-HEAVY": ({ callbackHeavy(50) }, { callbackHeavy(3) }),
    // 10 us alone; three times as much, or a third more, when the machine is full.
    "WORK-INFLATION": ({ workInflation(30) }, { workInflation(12) }),
    "LABEL-MISSING": ({ labelMissing(20) }, { labelMissing(1) }),
    // A run that states much, and loses nothing.
    "DATA-LOSS": ({ dataLoss(7) }, { dataLoss(0) }),
  ]

  private static func fineGrain(length: UInt64) -> Script {
    var script = Script(workers: 1)
    let tasks = (0..<200).map { _ in script.submit(1) }
    for (index, task) in tasks.enumerated() {
      let start = 5 + UInt64(index) * (length + 3)
      script.run(task, on: 0, start, start + length)
    }
    return script
  }
  private static func coarseGrain(pieces: UInt64) -> Script {
    var script = Script(workers: 2)
    for round: UInt64 in 0..<5 { script.quick(on: 1, 1 + round * 10, 11 + round * 10) }
    let length = 900 / pieces
    for round in 0..<pieces { script.quick(on: 0, 1 + round * length, 1 + (round + 1) * length) }
    script.stop(2, at: 902)
    return script
  }
  private static func serialTail(_ tail: UInt64) -> Script {
    var script = Script(workers: 2)
    for worker: UInt16 in 0..<2 { script.quick(on: worker, 1, 601) }
    script.quick(on: 0, 601, 601 + tail, label: 2)
    script.stop(2, at: 602 + tail)
    return script
  }
  private static func serialHead(_ head: UInt64) -> Script {
    var script = Script(workers: 2)
    script.quick(on: 0, 1, 1 + head, label: 2)
    for worker: UInt16 in 0..<2 { script.quick(on: worker, 1 + head, 1001) }
    script.stop(2, at: 1002)
    return script
  }
  private static func oneTaskEach(_ lengths: [UInt64]) -> Script {
    var script = Script(workers: 4)
    for (worker, length) in lengths.enumerated() { script.quick(on: UInt16(worker), 1, 1 + length) }
    return script
  }
  private static func blockedWorker(from: UInt64) -> Script {
    var script = Script(workers: 2)
    let a = script.submit(1)
    let b = script.submit(1)
    script.add(.taskStart, 2, 0, (TaskStart.task, a))
    script.add(.waitBegin, from, 0, (WaitBegin.waiter, a), (WaitBegin.awaited, b))
    script.run(b, on: 1, 2, 500)
    script.add(.waitEnd, 501, 0, (WaitEnd.waiter, a), (WaitEnd.awaited, b))
    script.add(.taskEnd, 502, 0, (TaskEnd.task, a))
    return script
  }
  private static func injectorBacklog(takers: Int) -> Script {
    var script = Script(workers: 2)
    for worker: UInt16 in 0..<2 { script.add(.searchEnd, 1, worker) }
    let tasks = (0..<4).map { _ in script.submit(1) }
    for (index, task) in tasks.enumerated() {
      let start = 2 + UInt64(index / takers) * 100
      script.run(task, on: UInt16(index % takers), start, start + 99)
    }
    return script
  }
  private static func imbalance(others: UInt64) -> Script {
    var script = Script(workers: 2)
    for round: UInt64 in 0..<10 { script.quick(on: 0, 1 + round * 100, 101 + round * 100) }
    for round in 0..<others { script.quick(on: 1, 1 + round * 100, 101 + round * 100) }
    script.stop(2, at: 1002)
    return script
  }
  private static func stealStorm(findsOneIn rarity: UInt64) -> Script {
    var script = healthy()
    for index: UInt64 in 0..<1200 {
      script.add(.searchEnd, 2002, 0, (SearchEnd.attempts, 5), (SearchEnd.found, index % rarity == 0 ? 1 : 0))
    }
    return script
  }
  private static func parkThrash(asleep: UInt64, every period: UInt64) -> Script {
    var script = Script(workers: 1)
    script.quick(on: 0, 1, 2)
    for index: UInt64 in 0..<1100 {
      script.add(.workerPark, 10 + index * period, 0)
      script.add(.workerUnpark, 10 + index * period + asleep, 0, (WorkerUnpark.waker, 0xFFFF))
    }
    return script
  }
  private static func lostWakeUp(wakes: Bool) -> Script {
    var script = Script(workers: 2)
    script.add(.workerPark, 5, 1)
    script.add(.workerWake, 10, outside, (WorkerWake.target, 1))
    if wakes { script.add(.workerUnpark, 60, 1, (WorkerUnpark.waker, UInt64(outside))) }
    script.quick(on: 0, 10, 900)
    return script
  }
  private static func waitCycle(isClosed: Bool) -> Script {
    var script = Script(workers: 2)
    let a = script.submit(1)
    let b = script.submit(1)
    let last = isClosed ? a : script.submit(1)
    for (worker, mine, other) in [(UInt16(0), a, b), (1, b, last)] {
      script.add(.taskStart, 2, worker, (TaskStart.task, mine))
      script.add(.waitBegin, 10, worker, (WaitBegin.waiter, mine), (WaitBegin.awaited, other))
    }
    script.add(.mark, 500, outside)
    return script
  }
  private static func queueDelay(atOnce: Bool) -> Script {
    var script = Script(workers: 1)
    for index: UInt64 in 0..<200 {
      let task = script.submit(atOnce ? 1 : 5 + index * 100)
      script.run(task, on: 0, 5 + index * 100, 104 + index * 100)
    }
    return script
  }
  private static func futureLeak(isCancelled: Bool) -> Script {
    var script = healthy()
    let task = script.submit(1980)
    if isCancelled { script.add(.taskCancel, 1990, outside, (TaskStep.task, task)) }
    return script
  }
  private static func cancelWaste(_ count: Int) -> Script {
    var script = healthy()
    for _ in 0..<count {
      let task = script.submit(1000)
      script.add(.taskCancel, 1001, outside, (TaskStep.task, task))
    }
    return script
  }
  private static func callbackHeavy(_ length: UInt64) -> Script {
    var script = Script(workers: 1)
    let task = script.submit(1)
    script.run(task, on: 0, 2, 100)
    script.add(.callbackBegin, 100, 0, (Callback.task, task))
    script.add(.callbackEnd, 100 + length, 0, (Callback.task, task))
    return script
  }
  private static func workInflation(_ length: UInt64) -> Script {
    var script = Script(workers: 4)
    for round: UInt64 in 0..<60 { script.quick(on: 0, 1 + round * 10, 10 + round * 10) }
    for round: UInt64 in 0..<60 {
      for worker: UInt16 in 0..<4 {
        let start = 1000 + round * 40 + UInt64(worker)
        script.quick(on: worker, start, start + length)
      }
    }
    return script
  }
  private static func labelMissing(_ count: UInt64) -> Script {
    var script = Script(workers: 1)
    for round: UInt64 in 0..<20 { script.quick(on: 0, 1 + round * 10, 10 + round * 10, label: round < count ? 0 : 1) }
    return script
  }
  private static func dataLoss(_ count: UInt64) -> Script {
    var script = healthy()
    for time: UInt64 in 1..<1000 {
      script.add(.counter, time, outside, (Annotation.label, 1), (Annotation.value, time))
    }
    if count > 0 { script.add(.lost, 500, 0, (Lost.count, count)) }
    return script
  }
}
