// An LTTng session daemon of a test's own: mounts, processes and a loopback network of its own, so that nothing
// outside is seen or disturbed.
import Foundation
import Testing

/// What a shell script left in `folder`, which is removed with this object.
final class LTTngRun {
  let folder: String
  let output: String
  let errors: String
  let status: Int32

  /// Runs `script` with bash where a session daemon runs, `lttng` is the command-line tool, `$OUT` a folder to write to and
  /// `$CHILD` the program RecordingChild.
  init(_ script: String) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "cf-lttng-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let preamble = """
      set -e
      ip link set lo up
      mount -t tmpfs tmpfs /run
      mkdir /run/lttng
      mount -t tmpfs tmpfs /dev/shm
      export LTTNG_HOME=/run OUT='\(folder)' CHILD='\((tests as NSString).deletingLastPathComponent)/RecordingChild'
      lttng() { command lttng --no-sessiond "$@" > $OUT/lttng.out; }
      # Not --daemonize: that waits for a signal, and threads of a test process block signals, which is inherited.
      lttng-sessiond --no-kernel > $OUT/sessiond.out 2>&1 &
      daemon=$!
      until lttng list 2> /dev/null; do sleep 0.02; done
      # A short program must not end before it is registered. (The daemon is linked with LTTng-UST too, and would wait for itself.)
      export LTTNG_UST_REGISTER_TIMEOUT=-1

      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    // SIGKILL: `unshare` ignores what is milder, and takes its namespace along when it is killed.
    process.arguments = [
      "--signal=KILL", "60", "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash",
      "-c",
      preamble + script,
    ]
    let files = [folder + "/script.out", folder + "/script.err"]
    for file in files { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: files[0])
    process.standardError = FileHandle(forWritingAtPath: files[1])
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: files[0], encoding: .utf8)
    errors = try String(contentsOfFile: files[1], encoding: .utf8)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// The events below a folder of the run as babeltrace2 prints them, and what it complains about.
  func events(_ path: String) throws -> (lines: [Substring], errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["timeout", "--signal=KILL", "60", "babeltrace2", "--clock-cycles", folder + "/" + path]
    let out = folder + "/babeltrace.out"
    let err = folder + "/babeltrace.err"
    for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: out)
    process.standardError = FileHandle(forWritingAtPath: err)
    try process.run()
    process.waitUntilExit()
    return (
      try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n"),
      try String(contentsOfFile: err, encoding: .utf8)
    )
  }
}

extension Sequence<Substring> {
  func count(of event: String) -> Int { reduce(0) { $0 + ($1.contains("concurrent_futures:\(event): ") ? 1 : 0) } }
}

/// A plain session with channels that lose nothing at the rates of these tests.
let createAndStart = """
  lttng create test --output=$OUT/trace
  lttng enable-channel -u c --subbuf-size=1M --num-subbuf=8
  lttng enable-event -u -c c 'concurrent_futures:*'
  lttng start

  """
let stopAndDestroy = "\nlttng stop\nlttng destroy\n"
