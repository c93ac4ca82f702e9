// swift-tools-version: 6.2
// A package of its own, so that users of the library fetch nothing else.
import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

let package = Package(
  name: "concurrent-futures-tools",
  products: [
    .executable(name: "poolscope", targets: ["poolscope"]),
    .executable(name: "pgzip", targets: ["pgzip"]),
    .executable(name: "treesum", targets: ["treesum"]),
    .executable(name: "manyparse", targets: ["manyparse"]),
    .executable(name: "usecases", targets: ["usecases"]),
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
    // What pgzip and treesum share: byte paths, descriptors, complaints, the progress line.
    .target(
      name: "Programs",
      dependencies: [.product(name: "ArgumentParser", package: "swift-argument-parser")], swiftSettings: settings),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .executableTarget(
      name: "pgzip",
      dependencies: [
        "Programs", "CZlib",
        .product(name: "ConcurrentFutures", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    .executableTarget(
      name: "treesum",
      dependencies: [
        "Programs", "CCrypto",
        .product(name: "ConcurrentFutures", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    // The example of the process pool: one poisoned input kills only its own task.
    .executableTarget(
      name: "manyparse",
      dependencies: [
        "Programs",
        .product(name: "ConcurrentFutures", package: "swift-concurrent-futures"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: settings),
    // The uses everyone starts with; the README shows its output.
    .executableTarget(
      name: "usecases",
      dependencies: [.product(name: "ConcurrentFutures", package: "swift-concurrent-futures")],
      swiftSettings: settings),
    // The programs of the article "Ten questions about a run", with answers that are known in advance.
    .executableTarget(
      name: "questions",
      dependencies: [.product(name: "ConcurrentFutures", package: "swift-concurrent-futures")],
      swiftSettings: settings),
    .testTarget(
      name: "ProgramsTests",
      dependencies: ["Programs", "pgzip", "treesum", "manyparse", "poolscope", "usecases", "questions", "CZlib"],
      swiftSettings: settings),
  ]
)
