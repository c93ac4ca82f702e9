import ArgumentParser
import Foundation
import Timelines

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes the run in another format: a page, a figure, data for other tools.",
    discussion: "Formats:\n" + Export.all.map { "  \($0.name): \($0.description)" }.joined(separator: "\n"))
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @Option(help: "One of: \(Export.all.map(\.name).joined(separator: ", ")).") var to: String
  @Option(name: .shortAndLong, help: "Write to this file; default: stdout.", completion: .file()) var output: String?

  func validate() throws {
    guard Export.all.contains(where: { $0.name == to }) else {
      throw ValidationError("--to: '\(to)' is none of \(Export.all.map(\.name).joined(separator: ", "))")
    }
  }

  func run() throws {
    let format = Export.all.first { $0.name == to }!
    if format.isBinary && output == nil && isatty(1) != 0 {
      throw ValidationError("--to \(to) is binary: name a file with -o, or redirect stdout")
    }
    let trace = try input.open()
    let progress = Progress(trace)
    let request = Export.Request(trace: trace, window: try window.window(trace), progress: progress.callback)
    if let output {
      let file = try OutputFile(output)
      try format.run(request) { try file.append($0) }
      try file.finish()
    } else {
      let sink = Sink(nil)
      try format.run(request) { try sink.write($0) }
    }
    progress.finish()
    try input.finish(trace)
  }
}
