// swift-tools-version: 6.2
// A package of its own, so that users of the library fetch and build nothing of it. `Tools/bench` builds and runs it.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
let library: Target.Dependency = .product(name: "ConcurrentFutures", package: "swift-concurrent-futures")

let package = Package(
  name: "concurrent-futures-benchmarks",
  products: [.library(name: "Measuring", targets: ["Measuring"])],
  dependencies: [.package(name: "swift-concurrent-futures", path: "..")],
  targets: [
    // What every Swift program here shares: options, clocks, and a JSON line a sample.
    .target(name: "Measuring", path: "Measuring", swiftSettings: settings),
    .executableTarget(
      name: "pool-bench", dependencies: ["Measuring", library], path: "Problems", swiftSettings: settings),
    .executableTarget(
      name: "peer-dispatch", dependencies: ["Measuring"], path: "Peers/Dispatch", swiftSettings: settings),
    .executableTarget(
      name: "peer-swift-concurrency", dependencies: ["Measuring"], path: "Peers/SwiftConcurrency",
      swiftSettings: settings),
    .executableTarget(
      name: "processes", dependencies: [library], path: "processes", exclude: ["peers.py"], swiftSettings: settings),
    .executableTarget(
      name: "tracing", dependencies: [library], path: "tracing", exclude: ["cloop.c"], swiftSettings: settings),
    .executableTarget(
      name: "traces", dependencies: [.product(name: "Timelines", package: "swift-concurrent-futures")], path: "traces",
      swiftSettings: settings),
  ]
)
