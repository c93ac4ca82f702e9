// What a simulated pool is to do: tasks and their steps, at random.
import SplitMix

/// What a task does, one step after the other.
struct SimulatedTask {
  /// `timedWait`: gives up after so long. `fork`: runs its own half while the other one can be stolen, then the other one if it was
  /// not. `suspend`: async work leaves its thread for so long.
  enum Step {
    case compute(UInt64), submit(Int), wait(Int), block(UInt64)
    case timedWait(Int, UInt64), cancel(Int), fork(UInt64, UInt64), suspend(UInt64)
  }
  var label: UInt32
  var steps: [Step]
  var fails = false
  /// Nanoseconds of its done callback; 0: it has none.
  var callback: UInt64 = 0
  /// Carried by Swift jobs, one up to each suspension.
  var isAsync = false
  /// Whether events say that it is suspended; else the job's end does.
  var statesSuspension = false
}

extension Simulation {
  struct Shape {
    var workers = 4
    var roots = 20
    var depth = 3
    var children = 0...4
    var compute: ClosedRange<UInt64> = 500...60_000
    var labels = ["parse", "index", "merge", "write", "hash"]
    var blocking = true
    /// Callbacks, forks, cancels, suspensions, time-outs, and an outside thread that waits.
    var everything = false
  }
}

struct SimulatedProgram {
  private(set) var tasks: [SimulatedTask] = []
  private(set) var roots: [Int] = []

  init(_ shape: Simulation.Shape, _ random: inout SplitMix64) {
    for _ in 0..<shape.roots { roots.append(make(shape, depth: shape.depth, &random)) }
  }

  /// Adds a task and what it submits; returns its number.
  private mutating func make(_ shape: Simulation.Shape, depth: Int, _ random: inout SplitMix64) -> Int {
    var steps: [SimulatedTask.Step] = [.compute(UInt64.random(in: shape.compute, using: &random))]
    let count = depth > 0 ? Int.random(in: shape.children, using: &random) : 0
    var children: [Int] = []
    func chance(_ percent: Int) -> Bool { shape.everything && Int.random(in: 0..<100, using: &random) < percent }
    if chance(15) {
      steps.append(.suspend(UInt64.random(in: shape.compute, using: &random)))
      steps.append(.compute(UInt64.random(in: shape.compute, using: &random) / 4 + 1))
      tasks.append(
        SimulatedTask(
          label: UInt32.random(in: 1...UInt32(shape.labels.count), using: &random), steps: steps,
          callback: chance(20) ? 700 : 0, isAsync: true, statesSuspension: chance(50)))
      return tasks.count - 1
    }
    for _ in 0..<count {
      let child = make(shape, depth: depth - 1, &random)
      children.append(child)
      steps.append(.submit(child))
      steps.append(.compute(UInt64.random(in: shape.compute, using: &random) / 4 + 1))
    }
    for child in children.shuffled(using: &random) where Bool.random(using: &random) {
      if chance(20) {
        steps.append(.cancel(child))
      } else if tasks[child].isAsync || chance(25) {
        // Without an end it might keep the very worker that is to run the child.
        steps.append(.timedWait(child, UInt64.random(in: shape.compute, using: &random)))
      } else {
        steps.append(.wait(child))
      }
      steps.append(.compute(UInt64.random(in: shape.compute, using: &random) / 8 + 1))
    }
    if shape.blocking && Int.random(in: 0..<10, using: &random) == 0 {
      steps.append(.block(UInt64.random(in: shape.compute, using: &random)))
    }
    if chance(25) {
      let (mine, other) = (
        UInt64.random(in: shape.compute, using: &random), UInt64.random(in: shape.compute, using: &random)
      )
      steps.append(.fork(mine, other))
      steps.append(.compute(300))
    }
    tasks.append(
      SimulatedTask(
        label: UInt32.random(in: 1...UInt32(shape.labels.count), using: &random), steps: steps,
        fails: Int.random(in: 0..<20, using: &random) == 0,
        callback: chance(20) ? UInt64.random(in: shape.compute, using: &random) / 8 + 1 : 0))
    return tasks.count - 1
  }
}
