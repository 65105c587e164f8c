// swift-tools-version: 6.2
import PackageDescription

/// libFuzzer targets, one a product: `swift build -c release --sanitize fuzzer --product FuzzReader`.
///
/// A package of its own, so that nobody who uses the libraries builds it; `run.sh` does all of it.
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .unsafeFlags(["-parse-as-library"]),
]

let targets = ["Reader", "PushReader", "Listpack", "Ziplist", "Intset", "Zipmap", "LZF", "Stream", "LengthPrefix"]

let package = Package(
  name: "Fuzz",
  platforms: [.macOS(.v26)],
  products: targets.map { .executable(name: "Fuzz" + $0, targets: ["Fuzz" + $0]) },
  dependencies: [.package(name: "swift-rdb", path: "..")],
  targets: [
    .target(
      name: "FuzzSupport", dependencies: [.product(name: "RDB", package: "swift-rdb")],
      swiftSettings: [.enableExperimentalFeature("Lifetimes")]),
    .systemLibrary(name: "CLZFOracle", pkgConfig: "liblzf", providers: [.apt(["liblzf-dev"]), .brew(["liblzf"])]),
  ]
    + targets.map { name in
      .executableTarget(
        name: "Fuzz" + name,
        dependencies: ["FuzzSupport", .product(name: "RDB", package: "swift-rdb")]
          + (name == "LZF" ? ["CLZFOracle"] : []),
        swiftSettings: settings)
    },
  swiftLanguageModes: [.v6]
)
