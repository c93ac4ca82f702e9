import Glibc

/// One line on a terminal that says how far the work is; rewritten in place at most ten times a second.
public final class ProgressLine {
  public enum Unit: Sendable { case bytes, files }

  private let unit: Unit
  private let total: Int?
  private let began = ContinuousClock.now
  private var nextDraw = ContinuousClock.now
  private var isDrawn = false

  /// nil where standard error is not a terminal: nobody watches.
  public init?(total: Int?, unit: Unit) {
    guard Descriptor.standardError.isTerminal else { return nil }
    self.total = total
    self.unit = unit
  }

  /// `done` counts in `unit`; `suffix` is shown at the end where there is room.
  public func update(_ done: Int, suffix: String = "") {
    let now = ContinuousClock.now
    guard now >= nextDraw else { return }
    nextDraw = now + .milliseconds(100)
    draw(done, suffix: suffix, elapsed: now - began)
  }

  private func draw(_ done: Int, suffix: String, elapsed: Duration) {
    let seconds = max(elapsed / .seconds(1), 0.001)
    let rate = Double(done) / seconds
    var text = unit == .bytes ? "\(byteCount(done))" : "\(done)"
    var bar = ""
    if let total, total > 0 {
      let share = min(1, Double(done) / Double(total))
      let filled = Int(share * 24)
      bar = "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled) + "] "
      bar += "\(Int(share * 100)) %  "
      text += unit == .bytes ? " of \(byteCount(total))" : " of \(total)"
      if rate > 0, seconds > 1 { text += "  \(Int(Double(total - done) / rate) + 1) s left" }
    }
    text += unit == .bytes ? "  \(byteCount(Int(rate)))/s" : " files"
    let line = (bar + text + "  " + suffix).prefix(width - 1)
    put("\r\u{1B}[K" + line)
    isDrawn = true
  }
  /// Wipes the line, so that what is printed next starts on a clean one.
  public func clear() {
    if isDrawn { put("\r\u{1B}[K") }
    isDrawn = false
  }

  private func put(_ text: String) { try? Descriptor.standardError.write(Array(text.utf8)) }
  private var width: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? Int(size.ws_col) : 80
  }
}

/// "12.3 MiB"
public func byteCount(_ count: Int) -> String {
  var amount = Double(count), unit = "B"
  for larger in ["KiB", "MiB", "GiB", "TiB"] where amount >= 1024 {
    amount /= 1024
    unit = larger
  }
  return unit == "B" ? "\(count) B" : "\((amount * 10).rounded() / 10) \(unit)"
}
