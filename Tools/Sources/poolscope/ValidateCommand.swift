import ArgumentParser
import Timelines

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Checks that the trace is consistent; silent if it is, status 1 if not.",
    discussion:
      "Per lane and per task: order of events, states that sum to the whole, nothing twice, nothing that never began.")
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let violations = Validation.of(trace, progress: progress.callback)
    progress.finish()
    if json {
      try text.write(envelope("validate", trace, [("violations", .array(violations.map { .string($0) }))]))
    } else if !violations.isEmpty {
      try text.write(violations)
    }
    try input.finish(trace)
    if !violations.isEmpty { throw ExitCode(1) }
  }
}
