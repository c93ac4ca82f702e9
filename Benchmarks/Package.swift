// swift-tools-version: 6.2
// A package of its own, so that users of the library fetch and build nothing of it. One folder per problem, an
// executable each; `Tools/bench NAME` runs one.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

func problem(_ name: String, exclude: [String] = []) -> Target {
  .executableTarget(
    name: name, dependencies: [.product(name: "ConcurrentFutures", package: "swift-concurrent-futures")], path: name,
    exclude: exclude, swiftSettings: settings)
}

let package = Package(
  name: "concurrent-futures-benchmarks",
  dependencies: [.package(name: "swift-concurrent-futures", path: "..")],
  targets: [
    problem("processes", exclude: ["peers.py"]),
    problem("submit"),
  ]
)
