// poolscope: reads what a pool recorded and answers questions about it.
import ArgumentParser
import Foundation
import Timelines

struct Poolscope: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "poolscope",
    abstract: "Timelines, tables and answers from the event log of a ConcurrentFutures program.",
    discussion: """
      Record a run:   poolscope record -- PROGRAM, or CONCURRENT_FUTURES_LOG=/tmp/log PROGRAM
      Look at it:     poolscope /tmp/log
                      poolscope timeline /tmp/log
                      poolscope export --to html -o run.html /tmp/log

      Exit status: 0 fine; 1 findings or a regression; 2 usage; 3 the trace cannot be read; 4 incomplete under --strict;
      130 interrupted.
      """,
    version: "poolscope 0.1.0",
    subcommands: [
      SummaryCommand.self, InfoCommand.self, TimelineCommand.self, TasksCommand.self, TaskCommand.self,
      LabelsCommand.self,
      WorkersCommand.self, CallsCommand.self, StealsCommand.self, QueuesCommand.self, LatencyCommand.self,
      IdleCommand.self,
      LintCommand.self,
      CriticalPathCommand.self, WorkspanCommand.self, WhatifCommand.self, DiffCommand.self, LiveCommand.self,
      ExportCommand.self, EventsCommand.self, TrimCommand.self, MergeCommand.self, ValidateCommand.self,
      RecordCommand.self, SnapshotCommand.self, CompletionCommand.self, ManualCommand.self,
    ],
    defaultSubcommand: SummaryCommand.self)
}

@main enum Main {
  static func main() {
    do {
      var command = try Poolscope.parseAsRoot()
      try command.run()
    } catch let error as ReadingError {
      complain(error.description)
      exit(3)
    } catch let error as OutputError {
      complain(error.message)
      exit(3)
    } catch let code as ExitCode {
      exit(code.rawValue)
    } catch {
      // Help and version are "errors" with status 0; everything else is usage.
      let text = Poolscope.fullMessage(for: error)
      if Poolscope.exitCode(for: error) == .success {
        print(text)
        exit(0)
      }
      FileHandle.standardError.write(Data((text + "\n").utf8))
      exit(2)
    }
  }
}

/// One line (or a few) on stderr.
func complain(_ text: String) { FileHandle.standardError.write(Data(("poolscope: " + text + "\n").utf8)) }
