import ArgumentParser
import Timelines

struct TrimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trim", abstract: "Writes a part of a trace as a new trace.",
    discussion: "What happened before the cut stays unknown: summaries of the part say so in their coverage.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @Option(name: .shortAndLong, help: "The directory to make.", completion: .directory) var output: String

  func run() throws {
    let trace = try input.open()
    guard let part = try window.window(trace) else {
      throw ValidationError("--since, --until or both say what to keep")
    }
    let count = try trace.write(to: output, window: part)
    complain("wrote \(Units.count(count)) events to \(output)")
    try input.finish(trace)
  }
}
