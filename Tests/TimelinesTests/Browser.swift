// A headless Chromium, driven through two pipes (--remote-debugging-pipe): no port, no network.
import Foundation

/// One page in a browser of its own. Not for use from several threads.
final class Browser {
  struct Failure: Error, CustomStringConvertible { let description: String }
  /// Runtime exceptions that the page threw.
  private(set) var exceptions: [String] = []
  private let process = Process()
  private let toBrowser = Pipe()
  private let fromBrowser = Pipe()
  private let profile = TemporaryDirectory()
  private var session: String?
  private var number = 0
  private var buffer = Data()

  init(width: Int = 1200, height: Int = 800) throws {
    let names = ["chromium", "chromium-browser", "google-chrome"]
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The browser reads commands from descriptor 3 and writes answers to 4.
    process.arguments = [
      "-c",
      """
      for name in \(names.joined(separator: " ")); do
        command -v $name >/dev/null && exec timeout --signal=KILL 300 $name --headless --no-sandbox --disable-gpu --hide-scrollbars \
          --disable-dev-shm-usage --no-first-run --remote-debugging-pipe --user-data-dir="$1" \
          --window-size=\(width),\(height) about:blank 3<&0 4>&1 >/dev/null 2>&1
      done
      """, "browser", profile.path,
    ]
    process.standardInput = toBrowser
    process.standardOutput = fromBrowser
    process.standardError = FileHandle.nullDevice
    try process.run()
    let targets = try call("Target.getTargets")["targetInfos"] as? [[String: Any]] ?? []
    guard let page = targets.first(where: { $0["type"] as? String == "page" })?["targetId"] as? String else {
      throw Failure(description: "no page in the browser")
    }
    session = try call("Target.attachToTarget", ["targetId": page, "flatten": true])["sessionId"] as? String
    _ = try call("Page.enable")
    _ = try call("Runtime.enable")
  }
  deinit {
    _ = try? call("Browser.close")
    process.waitUntilExit()
  }

  func open(file: String) throws {
    _ = try call("Page.navigate", ["url": "file://" + file])
    while try message()["method"] as? String != "Page.loadEventFired" {}
  }
  /// The value of an expression (a promise is waited for).
  func evaluate(_ expression: String) throws -> Any? {
    let answer = try call(
      "Runtime.evaluate", ["expression": expression, "returnByValue": true, "awaitPromise": true])
    if let details = answer["exceptionDetails"] { throw Failure(description: "\(expression): \(details)") }
    return (answer["result"] as? [String: Any])?["value"]
  }
  /// What the page says of itself, after everything asked for was drawn.
  func state() throws -> [String: String] {
    let frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => "
    return try evaluate(frames + "done({...document.body.dataset}))))") as? [String: String] ?? [:]
  }
  func mouse(_ type: String, _ x: Double, _ y: Double, _ more: [String: Any] = [:]) throws {
    _ = try call("Input.dispatchMouseEvent", ["type": type, "x": x, "y": y].merging(more) { $1 })
  }
  func click(_ x: Double, _ y: Double) throws {
    for type in ["mousePressed", "mouseReleased"] { try mouse(type, x, y, ["button": "left", "clickCount": 1]) }
  }
  func press(_ key: String) throws {
    for type in ["keyDown", "keyUp"] {
      var event: [String: Any] = ["type": type, "key": key]
      if key.count == 1 && type == "keyDown" { event["text"] = key }
      if key == "Enter" && type == "keyDown" { event["text"] = "\r" }
      _ = try call("Input.dispatchKeyEvent", event)
    }
  }

  private func call(_ method: String, _ parameters: [String: Any] = [:]) throws -> [String: Any] {
    number += 1
    var command: [String: Any] = ["id": number, "method": method, "params": parameters]
    if let session { command["sessionId"] = session }
    toBrowser.fileHandleForWriting.write(try JSONSerialization.data(withJSONObject: command) + [0])
    while true {
      let answer = try message()
      guard answer["id"] as? Int == number else { continue }
      if let error = answer["error"] { throw Failure(description: "\(method): \(error)") }
      return answer["result"] as? [String: Any] ?? [:]
    }
  }
  /// The next message, which a zero byte ends.
  private func message() throws -> [String: Any] {
    while true {
      if let end = buffer.firstIndex(of: 0) {
        let object = try JSONSerialization.jsonObject(with: buffer[buffer.startIndex..<end]) as? [String: Any] ?? [:]
        buffer.removeSubrange(...end)
        if object["method"] as? String == "Runtime.exceptionThrown" { exceptions.append("\(object["params"] ?? "")") }
        return object
      }
      let more = fromBrowser.fileHandleForReading.availableData
      guard !more.isEmpty else {
        throw Failure(description: "no browser, or it ended: Tools/setup installs chromium")
      }
      buffer += more
    }
  }
}
