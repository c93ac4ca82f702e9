import Glibc

/// How many CPUs this process may run on (`taskset` and containers narrow it); at least 1.
/// From /proc, because Glibc's overlay hides `sched_getaffinity` and `sysconf` ignores the mask.
public func usableCPUs() -> Int {
  var text = [UInt8](repeating: 0, count: 16 << 10)
  let count = try? text.withUnsafeMutableBytes { try Descriptor.open(Path("/proc/self/status"), O_RDONLY).fill($0) }
  // "Cpus_allowed:\t3,ffffffff": a mask in hexadecimal
  let name = "Cpus_allowed:".utf8
  let lines = text.prefix(count ?? 0).split(separator: UInt8(ascii: "\n"))
  let mask = lines.first { $0.starts(with: name) }?.dropFirst(name.count) ?? []
  return max(1, mask.reduce(0) { $0 + (Character(Unicode.Scalar($1)).hexDigitValue?.nonzeroBitCount ?? 0) })
}
