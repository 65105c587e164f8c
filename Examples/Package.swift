// swift-tools-version: 6.2
import PackageDescription

// Depends on swift-rdb as a user's package does; only the path differs. `traits: []` leaves out what only the command
// needs.
let package = Package(
  name: "Examples",
  platforms: [.macOS(.v26)],
  dependencies: [
    .package(name: "swift-rdb", path: "..", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
  ],
  targets: [
    example("CountByType"),
    example("WriteCommands", "RDBConvert"),
    example("WriteJSON", "RDBConvert"),
    example("ReceiveChunks", nio: ["NIOCore", "NIOPosix"]),
    example("OwnedKeys"),
    example("RewriteForRelease", "RDBEdit"),
    example("FilteredCopy", "RDBEdit", "RDBFiltering"),
    example("LargestKeys", "RDBAnalysis"),
    example("ShowError"),
    example("OwnError"),
    example("ReadPipe"),
    example("KeyHistory", "RESP"),
    example("ValueDigests"),
  ],
  swiftLanguageModes: [.v6]
)

/// An example program, its source in Sources/NAME/main.swift.
func example(_ name: String, _ products: String..., nio: [String] = []) -> Target {
  .executableTarget(
    name: name,
    dependencies: (["RDB"] + products).map { .product(name: $0, package: "swift-rdb") }
      + nio.map { .product(name: $0, package: "swift-nio") })
}
