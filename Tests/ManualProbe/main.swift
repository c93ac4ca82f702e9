// A program without the worker's entry before `main`. `manualProbe careful` asks for it itself; `careless` does not, and must
// not start processes without end. For the conformance tests.
import ConcurrentFutures
import Glibc

@_cdecl("concurrent_futures_manual_worker_entry") public func manualWorkerEntry() {}

struct Tripling: ProcessTask {
  var number: Int
  func run() -> Int { number * 3 }
}

func say(_ line: String) {
  print(line)
  fflush(nil)
}

say("main")
if CommandLine.arguments.dropFirst().first == "careful" { ProcessPoolExecutor.runWorkerIfRequested() }
let pool = try ProcessPoolExecutor(maxWorkers: 2)
do {
  say("\(try pool.submit(Tripling(number: 14)).result(timeout: .seconds(20)))")
} catch {
  say("\(type(of: error))")
}
pool.shutdown()
