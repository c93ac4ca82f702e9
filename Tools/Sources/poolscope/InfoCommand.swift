import ArgumentParser
import Timelines

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "What the trace is: format, clock, span, lanes, labels, what is lost.",
    discussion:
      "Reads packet headers only, so that it is fast on any trace; --kinds counts events by kind and reads all.")
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions
  @Flag(help: "Count the events of each kind.") var kinds = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let trace = try input.open()
    let view = InfoView(trace, kinds: kinds ? EventCounts.of(trace) : nil, style: text.style)
    if json { try text.write(envelope("info", trace, view.json())) } else { try text.write(view.lines()) }
    try input.finish(trace)
  }
}
