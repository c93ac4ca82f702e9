import ArgumentParser
import Timelines

struct CallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calls",
    abstract: "Calls to worker processes: delay in the queue, the way there, the run, the way back.",
    discussion: """
      Queue: from submit until a worker process was free for the call. There, back: sending, the way, and coding on the \
      other side. Run: in the worker process. Lost: its worker went away with it. Again: sent to more than one worker.
      """)
  enum Grouping: String, ExpressibleByArgument, CaseIterable { case task, process }
  @OptionGroup var input: InputOptions
  @OptionGroup var text: TextOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "A row per task type, or per worker process.") var by = Grouping.task

  func run() throws {
    let trace = try input.open()
    let progress = Progress(trace)
    let calls = Calls.of(trace, progress: progress.callback)
    progress.finish()
    if calls.all.calls == 0 {
      complain("note: no task was sent to a worker process; those of threads are in 'poolscope tasks'")
    } else if calls.recorded == 0 {
      complain("note: no worker process recorded: runs begin and end as the parent heard of it")
    }
    let table = by == .task ? Table.calls(calls, labels: trace.labels) : Table.peers(calls)
    try text.write(table, format, "calls", trace)
    try input.finish(trace)
  }
}
