// swift-tools-version: 6.2
// A package of its own, so that users of the library fetch nothing else.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
  name: "concurrent-futures-tools",
  products: [
    .executable(name: "poolscope", targets: ["poolscope"]),
    .executable(name: "pgzip", targets: ["pgzip"]),
    .executable(name: "treesum", targets: ["treesum"]),
  ],
  dependencies: [
    .package(name: "swift-concurrent-futures", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
  ],
  targets: [
    .executableTarget(
      name: "poolscope",
      dependencies: [
        .product(name: "Timelines", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "pgzip",
      dependencies: [
        .product(name: "ConcurrentFutures", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "treesum",
      dependencies: [
        .product(name: "ConcurrentFutures", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
  ]
)
