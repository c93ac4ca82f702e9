// The SVG figure as PNG, through rsvg-convert where it is installed.
import Foundation

extension Export {
  static let png = Export("png", "the SVG figure as an image (needs rsvg-convert, package librsvg2-bin)") {
    (request: Request, write: (Data) throws -> Void) in
    var svg = ""
    guard case .text(let draw) = Export.svg.body else { return }
    try draw(request) { svg += $0 }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("poolscope-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appendingPathComponent("figure.svg")
    let image = folder.appendingPathComponent("figure.png")
    try Data(svg.utf8).write(to: source)
    let converter = Process()
    converter.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    converter.arguments = ["rsvg-convert", "--zoom", "2", "--output", image.path, source.path]
    converter.standardError = FileHandle.nullDevice
    try converter.run()
    converter.waitUntilExit()
    guard converter.terminationStatus == 0, let data = FileManager.default.contents(atPath: image.path) else {
      throw ReadingError(
        path: "rsvg-convert", reason: "could not make the image (status \(converter.terminationStatus))",
        advice: "Install the package librsvg2-bin, or use --to svg.")
    }
    try write(data)
  }
}
