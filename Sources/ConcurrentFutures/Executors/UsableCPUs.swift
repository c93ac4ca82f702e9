// How many CPUs this process may use: its affinity mask, cut by the cgroup's quota.
//
// Source: the kernel's documentation of cgroup v2 (`cpu.max`: "quota period" in microseconds, or "max"). A quota of
// 1.5 CPUs counts as 2.
import CPlatform

enum UsableCPUs {
  static let count: Int = max(
    1, min(Int(cf_usable_cpus()), quota(ofGroup: readFile("/proc/self/cgroup") ?? "", readFile) ?? .max))

  /// Python's default: more threads than CPUs, since tasks often block, but not too many.
  static func defaultWorkers(_ cpus: Int) -> Int { min(32, cpus + 4) }

  /// Whether all threads share one CPU: then spinning only keeps away who would end the wait.
  static let isOne = cf_usable_cpus() == 1
  /// Times that a waiter gives up that CPU before it sleeps. Larger: it disturbs others there; smaller: a hand-off costs
  /// two system calls and a sleep (6 us instead of 2 us) more often.
  static var yields: Int { 16 }

  /// The smallest quota among a group and its ancestors, in CPUs; nil without one.
  /// - Parameters:
  ///   - membership: what `/proc/self/cgroup` says; only version 2, the line `0::/path`, has quotas that we read.
  ///   - read: the contents of a file, nil where there is none.
  static func quota(ofGroup membership: String, _ read: (String) -> String?) -> Int? {
    guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else { return nil }
    var group = line.dropFirst("0::".count)
    var smallest: Int?
    while true {
      if group.last == "/" { group.removeLast() }
      if let quota = read("/sys/fs/cgroup\(group)/cpu.max").flatMap(quota) { smallest = min(quota, smallest ?? .max) }
      guard let slash = group.lastIndex(of: "/") else { return smallest }
      group = group[..<slash]
    }
  }

  /// The contents of a `cpu.max` in CPUs, rounded up; nil if they set no limit.
  static func quota(_ contents: String) -> Int? {
    let words = contents.split(whereSeparator: \.isWhitespace)
    guard words.count >= 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else {
      return nil
    }
    return (quota - 1) / period + 1
  }

  private static func readFile(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = cf_read_file(path, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
  }
}
