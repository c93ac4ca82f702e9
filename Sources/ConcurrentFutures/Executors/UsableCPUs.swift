// How many CPUs this process may use: its affinity mask, cut by the cgroup's quota.
//
// Source: the kernel's documentation of cgroup v2 (`cpu.max`: "quota period" in microseconds, or "max"). A quota of
// 1.5 CPUs counts as 2.
import CPlatform

enum UsableCPUs {
  static let count: Int = max(1, min(Int(cf_usable_cpus()), quota(ownGroupFiles().compactMap(readFile)) ?? .max))

  /// Whether all threads share one CPU: then spinning only keeps away who would end the wait.
  static let isOne = cf_usable_cpus() == 1
  /// Times that a waiter gives up that CPU before it sleeps. Larger: it disturbs others there; smaller: a hand-off costs
  /// two system calls and a sleep (6 us instead of 2 us) more often.
  static var yields: Int { 16 }

  /// The smallest quota among the group and its ancestors, in CPUs; nil without one.
  static func quota(_ contents: [String]) -> Int? {
    contents.compactMap { text in
      let words = text.split(whereSeparator: \.isWhitespace)
      guard words.count >= 2, let quota = Int(words[0]), let period = Int(words[1]), quota > 0, period > 0 else {
        return nil
      }
      return (quota + period - 1) / period
    }.min()
  }

  /// The `cpu.max` files of this process's group and its ancestors.
  private static func ownGroupFiles() -> [String] {
    guard let text = readFile("/proc/self/cgroup") else { return [] }
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else { return [] }
    var path = String(line.dropFirst(3))
    var files: [String] = []
    while true {
      files.append("/sys/fs/cgroup" + (path == "/" ? "" : path) + "/cpu.max")
      guard path != "/", let slash = path.lastIndex(of: "/") else { return files }
      path = slash == path.startIndex ? "/" : String(path[..<slash])
    }
  }

  private static func readFile(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = cf_read_file(path, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
  }
}
