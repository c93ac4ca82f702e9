// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6)
]

let package = Package(
  name: "swift-concurrent-futures",
  products: [
    .library(name: "ConcurrentFutures", targets: ["ConcurrentFutures"]),
    .library(name: "Timelines", targets: ["Timelines"]),
  ],
  targets: [
    .target(name: "CPlatform"),
    .target(name: "SchedulerEvents", swiftSettings: settings),
    .target(
      name: "ConcurrentFutures", dependencies: ["CPlatform", "SchedulerEvents"],
      swiftSettings: settings + [.enableExperimentalFeature("RawLayout")]),
    .target(name: "Timelines", dependencies: ["SchedulerEvents"], swiftSettings: settings),
    .executableTarget(
      name: "exitProbe", dependencies: ["ConcurrentFutures"], path: "Tests/ExitProbe", swiftSettings: settings),
    .testTarget(
      name: "Conformance", dependencies: ["ConcurrentFutures", "exitProbe"], exclude: ["statements.tsv", "F_PromiseTests.swift"],
      swiftSettings: settings),
    .executableTarget(
      name: "RecordingChild", dependencies: ["ConcurrentFutures"], path: "Tests/RecordingChild", swiftSettings: settings),
    .testTarget(
      name: "RecordingTests", dependencies: ["ConcurrentFutures", "SchedulerEvents", "CPlatform", "RecordingChild"],
      swiftSettings: settings),
    .testTarget(
      name: "SchedulerEventsTests", dependencies: ["SchedulerEvents"], exclude: ["Goldens"], swiftSettings: settings),
    .testTarget(
      name: "ProcessesTests", dependencies: ["ConcurrentFutures", "CPlatform"], swiftSettings: settings),
    .testTarget(name: "TimelinesTests", dependencies: ["Timelines", "SchedulerEvents"], swiftSettings: settings),
  ]
)
