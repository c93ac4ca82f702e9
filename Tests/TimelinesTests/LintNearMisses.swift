// For every rule a schedule that it must not fire on: the one that fires it, changed in what the rule looks at.
import SchedulerEvents

@testable import Timelines

extension Script {
  static let silent: [String: @Sendable () -> Script] = [
    // The same gaps between tasks, the tasks fifty times as long.
    "FINE-GRAIN": {
      var script = Script(workers: 1)
      let tasks = (0..<200).map { _ in script.submit(1) }
      for (index, task) in tasks.enumerated() {
        script.run(task, on: 0, 5 + UInt64(index) * 103, 105 + UInt64(index) * 103)
      }
      return script
    },
    // The long task is cut into ten.
    "COARSE-GRAIN": {
      var script = Script(workers: 2)
      for round: UInt64 in 0..<5 { script.quick(on: 1, 1 + round * 10, 11 + round * 10) }
      for round: UInt64 in 0..<10 { script.quick(on: 0, 1 + round * 90, 91 + round * 90) }
      script.stop(2, at: 902)
      return script
    },
    "SERIAL-TAIL": {
      var script = Script(workers: 2)
      for worker: UInt16 in 0..<2 { script.quick(on: worker, 1, 601) }
      script.quick(on: 0, 601, 621, label: 2)
      script.stop(2, at: 622)
      return script
    },
    "SERIAL-HEAD": {
      var script = Script(workers: 2)
      script.quick(on: 0, 1, 21, label: 2)
      for worker: UInt16 in 0..<2 { script.quick(on: worker, 21, 1001) }
      script.stop(2, at: 1002)
      return script
    },
    "LOW-PARALLELISM": {
      var script = Script(workers: 4)
      for worker: UInt16 in 0..<4 { script.quick(on: worker, 1, 1001) }
      return script
    },
    // The awaited task ends soon after the wait began.
    "BLOCKED-WORKER": {
      var script = Script(workers: 2)
      let a = script.submit(1)
      let b = script.submit(1)
      script.add(.taskStart, 2, 0, (TaskStart.task, a))
      script.add(.waitBegin, 490, 0, (WaitBegin.waiter, a), (WaitBegin.awaited, b))
      script.run(b, on: 1, 2, 500)
      script.add(.waitEnd, 501, 0, (WaitEnd.waiter, a), (WaitEnd.awaited, b))
      script.add(.taskEnd, 502, 0, (TaskEnd.task, a))
      return script
    },
    // Both workers take from the injector.
    "INJECTOR-BACKLOG": {
      var script = Script(workers: 2)
      let tasks = (0..<4).map { _ in script.submit(1) }
      for (index, task) in tasks.enumerated() {
        let start = 2 + UInt64(index / 2) * 100
        script.run(task, on: UInt16(index % 2), start, start + 99)
      }
      return script
    },
    "IMBALANCE": {
      var script = Script(workers: 2)
      for round: UInt64 in 0..<10 { script.quick(on: 0, 1 + round * 100, 101 + round * 100) }
      for round: UInt64 in 0..<7 { script.quick(on: 1, 1 + round * 100, 101 + round * 100) }
      script.stop(2, at: 1002)
      return script
    },
    // As many searches, of which one in ten finds something.
    "STEAL-STORM": {
      var script = healthy()
      for index: UInt64 in 0..<1200 {
        script.add(.searchEnd, 2002, 0, (SearchEnd.attempts, 5), (SearchEnd.found, index % 10 == 0 ? 1 : 0))
      }
      return script
    },
    // As many parks, of a length that saves something.
    "PARK-THRASH": {
      var script = Script(workers: 1)
      script.quick(on: 0, 1, 2)
      for index: UInt64 in 0..<1100 {
        script.add(.workerPark, 10 + index * 100, 0)
        script.add(.workerUnpark, 70 + index * 100, 0, (WorkerUnpark.waker, 0xFFFF))
      }
      return script
    },
    "LOST-WAKEUP": {
      var script = Script(workers: 2)
      script.add(.workerPark, 5, 1)
      script.add(.workerWake, 10, outside, (WorkerWake.target, 1))
      script.add(.workerUnpark, 60, 1, (WorkerUnpark.waker, UInt64(outside)))
      script.quick(on: 0, 10, 900)
      return script
    },
    // A chain of waits that is no circle.
    "WAIT-CYCLE": {
      var script = Script(workers: 2)
      let a = script.submit(1)
      let b = script.submit(1)
      let c = script.submit(1)
      for (worker, mine, other) in [(UInt16(0), a, b), (1, b, c)] {
        script.add(.taskStart, 2, worker, (TaskStart.task, mine))
        script.add(.waitBegin, 10, worker, (WaitBegin.waiter, mine), (WaitBegin.awaited, other))
      }
      script.add(.mark, 500, outside)
      return script
    },
    // The same tasks, each submitted when there is room.
    "QUEUE-DELAY": {
      var script = Script(workers: 1)
      for index: UInt64 in 0..<200 { script.quick(on: 0, 5 + index * 100, 104 + index * 100) }
      return script
    },
    // What would have leaked is cancelled.
    "FUTURE-LEAK": {
      var script = healthy()
      let task = script.submit(1980)
      script.add(.taskCancel, 1990, outside, (TaskStep.task, task))
      return script
    },
    "CANCEL-WASTE": {
      var script = healthy()
      for _ in 0..<8 {
        let task = script.submit(1000)
        script.add(.taskCancel, 1001, outside, (TaskStep.task, task))
      }
      return script
    },
    "CALLBACK-HEAVY": {
      var script = Script(workers: 1)
      let task = script.submit(1)
      script.run(task, on: 0, 2, 100)
      script.add(.callbackBegin, 100, 0, (Callback.task, task))
      script.add(.callbackEnd, 103, 0, (Callback.task, task))
      return script
    },
    // A third longer when the machine is full: less than half as much again.
    "WORK-INFLATION": {
      var script = Script(workers: 4)
      for round: UInt64 in 0..<60 { script.quick(on: 0, 1 + round * 10, 10 + round * 10) }
      for round: UInt64 in 0..<60 {
        for worker: UInt16 in 0..<4 {
          script.quick(on: worker, 1000 + round * 40 + UInt64(worker), 1012 + round * 40 + UInt64(worker))
        }
      }
      return script
    },
    "LABEL-MISSING": {
      var script = Script(workers: 1)
      for round: UInt64 in 0..<20 {
        script.quick(on: 0, 1 + round * 10, 10 + round * 10, label: round == 0 ? 0 : 1)
      }
      return script
    },
    // A run that states much, and loses nothing.
    "DATA-LOSS": {
      var script = healthy()
      for time: UInt64 in 1..<1000 {
        script.add(.counter, time, outside, (Annotation.label, 1), (Annotation.value, time))
      }
      return script
    },
  ]
}
