// What `search_end` says is what the search met.
import CPlatform
import Foundation
import SchedulerEvents
import Synchronization
import Testing

@testable import ConcurrentFutures

@Suite(.serialized, .timeLimit(.minutes(5))) struct SearchTests {
  private struct Search {
    let found: Bool
    let stole: Bool
    let attempts: UInt64
    let empty: UInt64
    let lost: UInt64
  }
  /// The searches that a pool of `workers` makes while `body` uses it.
  private func searches(workers: Int, _ body: (ThreadPoolExecutor) throws -> Void) throws -> [Search] {
    let trace = try RecorderTests.record {
      let pool = try ThreadPoolExecutor(maxWorkers: workers)
      try body(pool)
      pool.shutdown()
    }
    return trace.records.filter { $0.kind == .searchEnd }.map { record in
      Search(
        found: record[SearchEnd.found] == 1, stole: record[SearchEnd.victim] != UInt64(Recorder.noVictim),
        attempts: record[SearchEnd.attempts], empty: record[SearchEnd.empty], lost: record[SearchEnd.lostRaces])
    }
  }
  private func check(_ searches: [Search]) {
    for search in searches {
      #expect(search.attempts == search.empty + search.lost + (search.stole ? 1 : 0), "\(search)")
    }
  }

  @Test func aWorkerAloneHasNobodyToStealFrom() throws {
    let searches = try searches(workers: 1) { pool in
      for _ in 0..<50 { _ = try pool.submit { 1 }.result() }
    }
    #expect(!searches.isEmpty)
    #expect(searches.allSatisfy { $0.attempts == 0 && $0.empty == 0 && $0.lost == 0 && !$0.stole })
  }

  @Test func aWorkerWithOneBusyNeighbourLooksAtItsForksAndBothItsDeques() throws {
    let searches = try searches(workers: 2) { pool in
      let leave = DispatchSemaphore(value: 0)
      let busy = try pool.submit { leave.wait() }
      for _ in 0..<50 { _ = try pool.submit { 1 }.result() }
      while pool.pool.pointer.pointee.sleep.current.sleeping == 0 { sched_yield() }
      leave.signal()
      _ = try busy.result()
    }
    check(searches)
    let vain = searches.filter { !$0.found && $0.attempts > 0 }
    #expect(!vain.isEmpty)
    #expect(vain.allSatisfy { $0.empty == $0.attempts && $0.attempts % 3 == 0 })
  }

  /// A chain of tasks, each of which submits the next: its worker takes that back from its deque while the other, which has
  /// nothing else to do, tries to steal it. Some of those it loses. How many is up to the machine: where others use it
  /// too, the two workers seldom run at the same time.
  @Test(.disabled(if: dlsym(nil, "__tsan_init") != nil, "ThreadSanitizer keeps the two workers out of step"))
  func lostRacesAreCounted() throws {
    var lost: UInt64 = 0
    var stolen = 0
    let deadline = Date().addingTimeInterval(270)
    while lost == 0 || stolen == 0, Date() < deadline {
      let searches = try searches(workers: 2) { pool in
        try pool.submit { try goOn(pool, 20_000) }.result()
      }
      check(searches)
      lost += searches.reduce(0) { $0 + $1.lost }
      stolen += searches.count { $0.stole }
    }
    #expect(lost > 0 && stolen > 0)
  }
}

private func goOn(_ pool: ThreadPoolExecutor, _ left: Int) throws {
  if left > 0 { try pool.execute { try goOn(pool, left - 1) } }
}
