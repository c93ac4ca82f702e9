import CPlatform
import Testing

@testable import ConcurrentFutures

@Suite(.timeLimit(.minutes(1))) struct UsableCPUsTests {
  @Test func aQuotaCountsRoundedUp() {
    #expect(UsableCPUs.quota("max 100000\n") == nil)
    #expect(UsableCPUs.quota("200000 100000\n") == 2)
    #expect(UsableCPUs.quota("150000 100000\n") == 2)
    #expect(UsableCPUs.quota("1000 100000") == 1)
    #expect(UsableCPUs.quota("\(Int.max) 100000") == Int.max / 100_000 + 1)
  }
  @Test(arguments: ["", "\n", "max", "100000", "a b", "0 100000", "100000 0", "-1 100000"])
  func whatIsNoQuotaDoesNotCount(_ text: String) { #expect(UsableCPUs.quota(text) == nil) }

  /// What a process in `membership` may use where these files are.
  private func quota(_ membership: String, _ files: [String: String]) -> (cpus: Int?, asked: [String]) {
    var asked: [String] = []
    let cpus = UsableCPUs.quota(ofGroup: membership) { path in
      asked.append(path)
      return files[path]
    }
    return (cpus, asked)
  }

  @Test func theGroupAndItsAncestorsAreAsked() {
    let root = "/sys/fs/cgroup"
    let files = ["\(root)/a/b/cpu.max": "max 100000", "\(root)/a/cpu.max": "300000 100000", "\(root)/cpu.max": "9 1"]
    let nested = quota("0::/a/b\n", files)
    #expect(nested.cpus == 3 && nested.asked == ["\(root)/a/b/cpu.max", "\(root)/a/cpu.max", "\(root)/cpu.max"])
    let top = quota("0::/\n", files)
    #expect(top.cpus == 9 && top.asked == ["\(root)/cpu.max"])
    #expect(quota("0::/a/b/\n", files).cpus == 3)
    #expect(quota("0::/elsewhere/deep\n", files).cpus == 9, "groups without the file have no quota")
  }

  /// Version 1 beside version 2, and what is no cgroup at all.
  @Test func otherMemberships() {
    let files = ["/sys/fs/cgroup/x/cpu.max": "100000 100000"]
    #expect(quota("12:cpu,cpuacct:/x\n0::/x\n", files).cpus == 1)
    #expect(quota("12:cpu,cpuacct:/x\n", files).asked.isEmpty)
    #expect(quota("", files).cpus == nil)
  }

  @Test func defaultWorkers() {
    #expect([1, 2, 28, 29, 1000].map(UsableCPUs.defaultWorkers) == [5, 6, 32, 32, 32])
  }

  @Test func thereIsAtLeastOne() { #expect(UsableCPUs.count >= 1 && UsableCPUs.count <= Int(cf_usable_cpus())) }
}
