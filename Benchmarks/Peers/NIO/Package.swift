// swift-tools-version: 6.2
// A package of its own: only this comparison needs swift-nio.
import PackageDescription

let package = Package(
  name: "peer-nio",
  dependencies: [
    .package(name: "concurrent-futures-benchmarks", path: "../.."),
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
  ],
  targets: [
    .executableTarget(
      name: "peer-nio",
      dependencies: [
        .product(name: "Measuring", package: "concurrent-futures-benchmarks"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOCore", package: "swift-nio"),
      ], swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
