// swift-tools-version: 6.2
// A package of its own, so that users of the library fetch and build nothing of it. One folder per problem.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
  name: "concurrent-futures-benchmarks",
  dependencies: [.package(name: "swift-concurrent-futures", path: "..")],
  targets: [
    .executableTarget(
      name: "processes",
      dependencies: [.product(name: "ConcurrentFutures", package: "swift-concurrent-futures")],
      path: "processes", exclude: ["peers.py"], swiftSettings: settings)
  ]
)
