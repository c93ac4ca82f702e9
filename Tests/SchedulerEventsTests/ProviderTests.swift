import Foundation
import Testing

@testable import SchedulerEvents

@Suite(.timeLimit(.minutes(1))) struct ProviderTests {
  /// `UPDATE_GOLDENS=1 swift test --filter ProviderTests` rewrites the C sources.
  @Test(arguments: ["include/CTracepoints.h", "provider.h", "provider.c", "listeners.c"])
  func theProviderIsDerivedFromTheTable(name: String) throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
      path: "../../Sources/CTracepoints")
    let file = folder.appending(path: name)
    let text =
      switch name {
      case "provider.h": ProviderSource.providerHeader
      case "provider.c": ProviderSource.implementation
      case "listeners.c": ProviderSource.listeners
      default: ProviderSource.publicHeader
      }
    if ProcessInfo.processInfo.environment["UPDATE_GOLDENS"] != nil {
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(try text == String(contentsOf: file, encoding: .utf8))
  }
}
