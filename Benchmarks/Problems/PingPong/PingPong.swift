// pingpong: submit one task, wait for its result, again. Pin the process to one CPU: elsewhere it measures the kernel's
// choice of the CPU that wakes.
import ConcurrentFutures
import Measuring

@inline(never)
private func task(_ number: Int) -> Int { number }

func measurePingPong(_ report: Report) throws {
  let count = report.options.size(Standard.pingpong)
  for sample in 0...report.options.samples {
    var latencies: [Int64] = []
    latencies.reserveCapacity(count)
    for number in 0..<count {
      let began = now()
      let result = report.options.workers == 0 ? task(number) : try Bench.pool.submit(task, number).result()
      latencies.append(now() - began)
      precondition(result == number)
    }
    if sample > 0 { report.print(latencies: latencies) }
  }
}
