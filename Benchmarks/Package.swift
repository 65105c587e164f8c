// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that users of the libraries never fetch what only benchmarks need.
let package = Package(
  name: "Benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "swift-rdb", path: ".."),
    // Without its traits: they bring jemalloc, whose counters read 0 here.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "MicroBenchmarks",
      dependencies: [
        .product(name: "RDB", package: "swift-rdb"),
        .product(name: "RDBConvert", package: "swift-rdb"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/MicroBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
