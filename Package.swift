// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors where this is the package that is built; SwiftPM drops that setting in a dependency.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "swift-concurrent-futures",
  products: [
    .library(name: "ConcurrentFutures", targets: ["ConcurrentFutures"]),
    .library(name: "Timelines", targets: ["Timelines"]),
  ],
  traits: [
    .trait(name: "LTTng", description: "Tracepoints for LTTng-UST; needs liblttng-ust-dev, does nothing without it."),
    .trait(
      name: "Babeltrace",
      description: "Reads LTTng through libbabeltrace2 too, loaded when asked for; needs libbabeltrace2-dev."),
    .default(enabledTraits: ["LTTng", "Babeltrace"]),
  ],
  targets: [
    .target(name: "CPlatform"),
    .systemLibrary(name: "CLTTngUST", pkgConfig: "lttng-ust", providers: [.apt(["liblttng-ust-dev"])]),
    .target(
      name: "CTracepoints", dependencies: [.target(name: "CLTTngUST", condition: .when(traits: ["LTTng"]))],
      cSettings: [.define("CF_LTTNG", .when(traits: ["LTTng"])), .headerSearchPath(".")]),
    .target(name: "SchedulerEvents", swiftSettings: settings),
    .target(
      name: "ConcurrentFutures", dependencies: ["CPlatform", "CTracepoints", "SchedulerEvents"],
      exclude: ["Scheduling/README.md"],
      swiftSettings: settings + [.enableExperimentalFeature("RawLayout")]),
    .target(name: "CBabeltrace2", cSettings: [.define("CF_BABELTRACE", .when(traits: ["Babeltrace"]))]),
    .target(name: "Timelines", dependencies: ["SchedulerEvents", "CBabeltrace2"], swiftSettings: settings),
    .executableTarget(
      name: "exitProbe", dependencies: ["ConcurrentFutures", "SplitMix"], path: "Tests/ExitProbe",
      swiftSettings: settings),
    // No dependency of a test target: it would be linked into the tests, and turn the automatic worker entry off there.
    .executableTarget(
      name: "manualProbe", dependencies: ["ConcurrentFutures"], path: "Tests/ManualProbe", swiftSettings: settings),
    // No dependency of a test target either: the tests would read their clocks through its stand-in.
    .executableTarget(
      name: "clockProbe", dependencies: ["ConcurrentFutures"], path: "Tests/ClockProbe", swiftSettings: settings),
    .testTarget(
      name: "Conformance", dependencies: ["ConcurrentFutures", "exitProbe"], exclude: ["statements.tsv"],
      swiftSettings: settings),
    .testTarget(name: "UseCases", dependencies: ["ConcurrentFutures"], swiftSettings: settings),
    .testTarget(
      name: "Stress", dependencies: ["ConcurrentFutures", "Timelines", "CPlatform", "SplitMix"], swiftSettings: settings
    ),
    .executableTarget(
      name: "RecordingChild", dependencies: ["ConcurrentFutures"], path: "Tests/RecordingChild", swiftSettings: settings
    ),
    .testTarget(
      name: "RecordingTests",
      dependencies: ["ConcurrentFutures", "SchedulerEvents", "Timelines", "CPlatform", "RecordingChild"],
      swiftSettings: settings),
    .testTarget(name: "LTTngTests", dependencies: ["RecordingChild", "Timelines"], swiftSettings: settings),
    .testTarget(
      name: "DocumentationSnippets", dependencies: ["ConcurrentFutures", "Timelines", "SchedulerEvents"],
      swiftSettings: settings),
    .testTarget(
      name: "SchedulerEventsTests", dependencies: ["SchedulerEvents"], exclude: ["Goldens"], swiftSettings: settings),
    .testTarget(
      name: "ProcessesTests", dependencies: ["ConcurrentFutures", "CPlatform", "SplitMix"], swiftSettings: settings),
    .testTarget(
      name: "ConcurrentFuturesTests", dependencies: ["ConcurrentFutures", "CPlatform"], swiftSettings: settings),
    .testTarget(name: "Simulation", swiftSettings: settings),
    .target(name: "SplitMix", path: "Tests/SplitMix", swiftSettings: settings),
    .target(name: "Coroutines", path: "Tests/Coroutines"),
    .testTarget(
      name: "Model", dependencies: ["CPlatform", "Coroutines"],
      swiftSettings: settings + [.enableExperimentalFeature("RawLayout")]),
    .testTarget(
      name: "TimelinesTests", dependencies: ["Timelines", "SchedulerEvents", "SplitMix"], swiftSettings: settings),
  ]
)
