import ArgumentParser
import Foundation

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Prints the manual page of poolscope, for man.",
    discussion: "poolscope manual > /usr/local/share/man/man1/poolscope.1, or: poolscope manual | man -l -")

  func run() throws { try Sink(nil).write(ManualPage.text()) }
}

/// The manual page, made of the help that each command gives of itself.
enum ManualPage {
  static func text() -> String {
    let top = Poolscope.configuration
    var page = """
      .TH POOLSCOPE 1 "" "\(top.version)" "User Commands"
      .SH NAME
      poolscope \\- \(escape(top.abstract))
      .SH SYNOPSIS
      .B poolscope
      [\\fICOMMAND\\fR] [\\fIOPTION\\fR]... \\fITRACE\\fR
      .SH DESCRIPTION
      .nf
      \(escape(top.discussion))
      .fi
      .SH COMMANDS

      """
    for command in top.subcommands {
      let name = command.configuration.commandName ?? ""
      let help = Poolscope.helpMessage(for: command, columns: 76)
      // The first line is the abstract again.
      let rest = help.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix("USAGE:") }
      page += """
        .SS \(name)
        \(escape(command.configuration.abstract))
        .PP
        .nf
        \(escape(command.configuration.discussion))

        \(escape(rest.joined(separator: "\n")))
        .fi

        """
    }
    return page + """
      .SH ENVIRONMENT
      .B NO_COLOR
      (not empty) and
      .B TERM=dumb
      turn colours off;
      .B COLUMNS
      is the width where stdout is no terminal.
      .SH SEE ALSO
      .BR babeltrace2 (1),
      .BR lttng (1)

      """
  }

  /// Text as it stands: no control lines, no escapes, hyphens that can be copied.
  private static func escape(_ text: String) -> String {
    text.replacingOccurrences(of: "\\", with: "\\e").replacingOccurrences(of: "-", with: "\\-")
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : String($0) }.joined(separator: "\n")
  }
}
