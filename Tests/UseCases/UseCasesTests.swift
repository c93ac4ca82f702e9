// That UseCases.swift compiles is the test; those uses that take no time also run.
import Testing

@Suite(.timeLimit(.minutes(1)))
struct UseCasesTests {
  @Test func run() async throws {
    try synchronous()
    try await more()
  }

  private func synchronous() throws {
    try manualFuture()
    try errors()
  }
}
