import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct ConfigurationTests {
  private func message(_ change: (inout ThreadPoolExecutor.Configuration) -> Void) -> String? {
    var configuration = ThreadPoolExecutor.Configuration()
    change(&configuration)
    do throws(InvalidArgumentError) {
      try ThreadPoolExecutor(configuration).shutdown()
      return nil
    } catch {
      return error.message
    }
  }

  @Test func numbersThatMakeNoSenseAreRefused() {
    for count in [0, -1, Int.min] {
      #expect(message { $0.maxWorkers = count } == "max_workers must be greater than 0")
    }
    #expect(
      message { $0.maxWorkers = 16_384 }?.contains("16383") == true, "16 bits a count in the word of the sleepers")
    for extra in [-1, 16_384] { #expect(message { $0.compensation = extra }?.contains("compensation") == true) }
    #expect(message { $0.stackSize = 65_535 }?.contains("stackSize") == true)
    for limit in [0, -1] {
      for admission in [.block(limit: limit), .reject(limit: limit), .callerRuns(limit: limit)]
        as [ThreadPoolExecutor.Admission]
      {
        #expect(message { $0.admission = admission } == "the admission limit must be greater than 0")
      }
    }
  }

  @Test func theEdgesAreAllowed() throws {
    #expect(message { $0.maxWorkers = 1 } == nil && message { $0.maxWorkers = 16_383 } == nil)
    #expect(message { $0.compensation = 16_383 } == nil && message { $0.keepAlive = .zero } == nil)
    #expect(message { $0.admission = .block(limit: 1) } == nil)
    var configuration = ThreadPoolExecutor.Configuration()
    configuration.maxWorkers = 1
    configuration.stackSize = 65_536
    let pool = try ThreadPoolExecutor(configuration)
    #expect(try pool.submit { pool.join({ 1 }, { 2 }).1 }.result() == 2, "enough stack for a task")
    pool.shutdown()
  }

  /// Python's defaults, or those that cost least.
  @Test func theDefaults() {
    let configuration = ThreadPoolExecutor.Configuration()
    #expect(configuration.maxWorkers == nil && configuration.threadNamePrefix.isEmpty && configuration.keepAlive == nil)
    #expect(configuration.joinsAtExit && configuration.compensation == 0 && configuration.stackSize == 8 << 20)
    #expect(configuration.policies == "wait=runAwaited local=lifo admission=unbounded compensation=0")
  }
}
