import ArgumentParser

struct CompletionCommand: ParsableCommand {
  enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Prints a completion script for bash, zsh or fish.",
    discussion: "poolscope completion bash > /etc/bash_completion.d/poolscope")
  @Argument(help: "bash, zsh or fish.") var shell: Shell
  func run() throws {
    let kind: CompletionShell =
      switch shell {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    try Sink(nil).write(Poolscope.completionScript(for: kind) + "\n")
  }
}
