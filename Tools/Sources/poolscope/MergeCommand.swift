import ArgumentParser
import Timelines

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Writes several traces of one machine as one, with lanes of their own.")
  @Argument(help: "Trace directories.", completion: .directory) var paths: [String]
  @Option(name: .shortAndLong, help: "The directory to make.", completion: .directory) var output: String
  @OptionGroup var reading: ReaderOptions

  func validate() throws {
    guard paths.count >= 2 else { throw ValidationError("name at least two traces") }
  }
  func run() throws {
    let trace = try Trace.merging(paths, reader: reading.reader)
    for problem in trace.problems { complain("note: \(problem)") }
    let count = try trace.write(to: output)
    complain("wrote \(Units.count(count)) events of \(trace.processes.count) traces to \(output)")
  }
}
