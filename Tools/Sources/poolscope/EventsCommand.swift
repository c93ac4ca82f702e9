import ArgumentParser
import Timelines

struct EventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Prints events as text, one a line, in the order of time.")
  @OptionGroup var input: InputOptions
  @OptionGroup var window: WindowOptions
  @Option(help: "Only events of this lane (w3, x0).") var worker: String?
  @Option(help: "Only events of these kinds, comma-separated: task_start,task_end.") var kinds: String?
  @Option(help: "Only events that name this task (w0:12).") var task: String?
  @Option(help: "Stop after so many; 0: all.") var limit = 0
  @Flag(help: "One JSON object a line.") var json = false
  @Option(name: .shortAndLong, help: "Write to this file.") var output: String?

  func run() throws {
    let trace = try input.open()
    let selection = try EventSelection(
      window: try window.window(trace),
      lane: try worker.map { trace.lanes.filter(\.isShown)[try laneIndex($0, trace)].lane },
      kinds: kinds.map { text in
        try Set(
          text.split(separator: ",").map { name in
            guard let kind = EventSelection.kind(named: String(name)) else {
              throw ValidationError("--kinds: there is no event '\(name)'")
            }
            return kind
          })
      },
      task: task.map { text in
        guard let task = EventText.parseTask(text) else { throw ValidationError("--task: '\(text)' is not a task id") }
        return task
      })
    let sink = Sink(output)
    var failure: (any Error)?
    var whole = ""
    let format = EventText(labels: trace.labels, origin: trace.span.lowerBound)
    EventLines(selection, limit: limit, format: format, json: json).read(trace) { chunk in
      if output != nil {
        whole += chunk
        return true
      }
      do { try sink.write(chunk) } catch {
        failure = error
        return false
      }
      return true
    }
    if let failure { throw failure }
    if output != nil { try sink.write(whole) }
    try input.finish(trace)
  }
}
