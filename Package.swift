// swift-tools-version: 6.2
import PackageDescription

/// Floors 1 and 2 hand out spans of borrowed bytes; `Lifetimes` lets the compiler check that nobody keeps one.
let settings: [SwiftSetting] = [
  .enableExperimentalFeature("Lifetimes"),
  .enableExperimentalFeature("SuppressedAssociatedTypes"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "swift-rdb",
  // `Array.span` needs macOS 26, in this package and in every sink that hands an array on. Without it, `Mutex` and
  // `Atomic` of the Synchronization module would allow macOS 15; `RawSpan` itself reaches back to macOS 10.14.4.
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "RDB", targets: ["RDB"]),
    .library(name: "RESP", targets: ["RESP"]),
    .library(name: "RDBConvert", targets: ["RDBConvert"]),
    .library(name: "RDBAnalysis", targets: ["RDBAnalysis"]),
    .library(name: "RDBIndex", targets: ["RDBIndex"]),
    .library(name: "RDBCompression", targets: ["RDBCompression"]),
    .library(name: "RDBReplay", targets: ["RDBReplay"]),
    .library(name: "RDBEdit", targets: ["RDBEdit"]),
    .library(name: "RDBFiltering", targets: ["RDBFiltering"]),
    .library(name: "RDBRegex", targets: ["RDBRegex"]),
    .library(name: "RDBLZF", targets: ["RDBLZF"]),
    .executable(name: "rdb", targets: ["RDBCommand"]),
  ],
  // Each trait stands for what only one product needs. A package that uses the libraries alone asks for
  // `traits: []`, and then fetches no other package.
  traits: [
    .default(enabledTraits: ["Command", "Transfer"]),
    .trait(name: "Command", description: "The command `rdb`, which fetches swift-argument-parser."),
    .trait(
      name: "Transfer", description: "Connections to live servers, which fetch swift-nio and swift-nio-ssl."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
  ],
  targets: [
    // System libraries: each is imported by exactly one target.
    .systemLibrary(name: "CLZF", pkgConfig: "liblzf", providers: [.apt(["liblzf-dev"]), .brew(["liblzf"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),

    // Floor 0: the platform, buffers, hashing, text. No product exports it.
    .target(name: "CSupport"),
    .target(name: "RDBSupport", dependencies: ["CSupport"], swiftSettings: settings),

    // Floor 1: bytes → values.
    .target(name: "CChecksum"),
    .target(name: "RDBFormat", dependencies: ["RDBSupport", "CChecksum"], swiftSettings: settings),
    .target(name: "RESP", dependencies: ["RDBSupport"], swiftSettings: settings),

    // Floor 2: file → events.
    .target(name: "RDB", dependencies: ["RDBSupport", "RDBFormat", "RESP"], swiftSettings: settings),
    .target(
      name: "RDBCompression", dependencies: ["RDB", "RDBFormat", "CZlib", "CZstd", "CLZ4", "RDBSupport"],
      swiftSettings: settings),
    .target(name: "RDBLZF", dependencies: ["RDB", "CLZF"], swiftSettings: settings),
    .target(name: "RDBFiltering", dependencies: ["RDB", "RDBFormat", "RDBSupport"], swiftSettings: settings),
    .target(
      name: "RDBRegex", dependencies: ["RDBFiltering", "RDBFormat", "RDBSupport", "CPCRE2"], swiftSettings: settings),

    // Floor 3: sinks.
    .target(
      name: "RDBConvert", dependencies: ["RDB", "RDBFormat", "RESP", "RDBSupport"],
      swiftSettings: settings),
    .target(
      name: "RDBAnalysis", dependencies: ["RDB", "RDBFormat", "RDBSupport"], swiftSettings: settings),
    .target(name: "RDBIndex", dependencies: ["RDB", "RDBFormat", "RDBSupport"], swiftSettings: settings),
    .target(
      name: "RDBReplay", dependencies: ["RDB", "RDBFormat", "RESP", "RDBSupport"], swiftSettings: settings),
    .target(
      name: "RDBGeneration", dependencies: ["RDB", "RDBFormat", "RDBSupport"], swiftSettings: settings),

    // Floor 4: snapshots → snapshots.
    .target(name: "RDBEdit", dependencies: ["RDB", "RDBFormat", "RDBSupport"], swiftSettings: settings),

    // Floor 4: results → one HTML page. No product exports it.
    .target(
      name: "RDBReportPage", dependencies: ["RDBAnalysis", "RDBSupport"],
      resources: [.embedInCode("Assets/report.css"), .embedInCode("Assets/report.js")], swiftSettings: settings),

    // Floor 4: snapshots → tables. No product exports it yet.
    .target(
      name: "RDBColumnar",
      dependencies: ["RDB", "RDBFormat", "RDBAnalysis", "RDBConvert", "RDBCompression", "RDBSupport"],
      swiftSettings: settings),

    // Floor 4: snapshots → databases of SQLite. No product exports it yet.
    .target(
      name: "RDBSQLite",
      dependencies: ["RDB", "RDBFormat", "RDBSupport", "RDBAnalysis", "CSQLite"], swiftSettings: settings),

    // Floor 4: live servers. No product exports it yet.
    .target(
      name: "RedisTransfer",
      dependencies: [
        "RDB", "RDBFormat", "RDBConvert", "RESP", "RDBSupport",
        .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Transfer"])),
        .product(name: "NIOPosix", package: "swift-nio", condition: .when(traits: ["Transfer"])),
        .product(name: "NIOTLS", package: "swift-nio", condition: .when(traits: ["Transfer"])),
        .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["Transfer"])),
      ],
      swiftSettings: settings),

    // Roof. The folder is not `rdb`: on a file system that ignores case it would be `RDB`.
    .executableTarget(
      name: "RDBCommand",
      dependencies: [
        "RDB", "RDBFormat", "RDBSupport", "RDBConvert", "RDBAnalysis", "RDBIndex", "RDBCompression", "RDBFiltering",
        "RDBRegex",
        "RESP", "RDBGeneration", "RDBLZF", "RDBReplay", "RDBEdit", "RDBReportPage", "RDBColumnar",
        "RDBSQLite", "RedisTransfer",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Command"])),
      ],
      swiftSettings: settings),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["RDB", "RDBFormat", "RESP", "RDBSupport"], path: "Tests/TestSupport",
      swiftSettings: settings),
    .testTarget(
      name: "RDBFormatTests", dependencies: ["RDBFormat", "CChecksum", "CLZF", "TestSupport", "RDBSupport"],
      swiftSettings: settings),
    .testTarget(name: "RDBSupportTests", dependencies: ["RDBSupport", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "RESPTests", dependencies: ["RESP", "RDBSupport", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "RDBTests", dependencies: ["RDB", "RDBFormat", "RDBLZF", "TestSupport", "RDBSupport"],
      swiftSettings: settings),
    // Stands in front of malloc in the whole test process, and counts.
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(
      name: "AllocationTests",
      dependencies: [
        "CAllocationCounter", "RDB", "RDBFormat", "RDBConvert", "RDBAnalysis", "RDBGeneration",
        "RDBFiltering", "RDBRegex",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "RDBGenerationTests",
      dependencies: ["RDBGeneration", "RDBLZF", "RDB", "RDBFormat", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBCompressionTests",
      dependencies: ["RDBCompression", "RDB", "RDBFormat", "TestSupport", "CZlib", "CZstd", "CLZ4", "RDBSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBFilteringTests", dependencies: ["RDBFiltering", "RDB", "RDBFormat", "TestSupport", "RDBSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBRegexTests",
      dependencies: ["RDBRegex", "RDBFiltering", "RDB", "RDBFormat", "TestSupport", "RDBSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBConvertTests",
      dependencies: ["RDBConvert", "RDB", "RDBFormat", "RESP", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBAnalysisTests",
      dependencies: [
        "RDBAnalysis", "RDB", "RDBFormat", "RDBGeneration", "RDBFiltering", "RESP", "TestSupport", "RDBSupport",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "RDBReportPageTests",
      dependencies: ["RDBReportPage", "RDBAnalysis", "RDB", "RDBFormat", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBReplayTests",
      dependencies: ["RDBReplay", "RDBConvert", "RDB", "RDBFormat", "RESP", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBColumnarTests",
      dependencies: [
        "RDBColumnar", "RDBAnalysis", "RDB", "RDBFormat", "TestSupport",
      ],
      exclude: ["tables.py"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBEditTests",
      dependencies: ["RDBEdit", "RDBConvert", "RDBLZF", "RDB", "RDBFormat", "RESP", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBSQLiteTests",
      dependencies: ["RDBSQLite", "RDBAnalysis", "RDB", "RDBFormat", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RedisTransferTests",
      dependencies: ["RedisTransfer", "RDB", "RDBFormat", "RDBConvert", "RESP", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBIndexTests",
      dependencies: ["RDBIndex", "RDBFiltering", "RDB", "RDBFormat", "RDBSupport", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "RDBCommandTests",
      dependencies: [
        "RDBCommand", "RedisTransfer", "RDB", "RDBFormat", "RESP", "TestSupport", "RDBSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: .when(traits: ["Command"])),
      ],
      exclude: ["Expected", "tables.py", "Live/spring_client.py"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// MARK: Development

// Only what reads, converts and edits files: this builds in a third of the time, because the command and TLS are left out.
if Context.environment["RDB_FILES_ONLY"] == "1" {
  let removed: Set = ["RDBCommand", "RDBCommandTests", "RedisTransfer", "RedisTransferTests"]
  package.targets.removeAll { removed.contains($0.name) }
  package.products.removeAll { $0.name == "rdb" }
  package.dependencies = []
}

// The fuzz targets and the micro benchmarks use declarations of `package` access, so they belong to this package. They
// exist only for the scripts that set these variables: a user builds and fetches none of this.
if Context.environment["RDB_FUZZ"] == "1" {
  let targets = [
    "Reader", "PushReader", "Listpack", "Ziplist", "Intset", "Zipmap", "LZF", "Stream", "LengthPrefix", "Commands",
    "Manifest", "Snapshots", "Replies", "Following",
  ]
  package.products += targets.map { .executable(name: "Fuzz" + $0, targets: ["Fuzz" + $0]) }
  package.targets += [
    .target(
      name: "FuzzSupport", dependencies: ["RDB", "RDBFormat"], path: "Fuzz/Sources/FuzzSupport", swiftSettings: settings
    )
  ]
  package.targets += targets.map { name in
    .executableTarget(
      name: "Fuzz" + name,
      dependencies: ["FuzzSupport", "RDB", "RDBFormat"] + (name == "LZF" ? ["CLZF"] : [])
        + (["Commands", "Manifest"].contains(name) ? ["RDBReplay"] : [])
        + (name == "Snapshots" ? ["RDBEdit", "RDBLZF"] : [])
        + (["Replies", "Following"].contains(name) ? ["RedisTransfer", "RESP"] : []),
      path: "Fuzz/Sources/Fuzz" + name,
      swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])])
  }
}
if Context.environment["RDB_BENCHMARKS"] == "1" {
  package.dependencies += [
    // Without its traits: they bring jemalloc, whose counters read 0 on Linux.
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: [])
  ]
  package.targets += [
    .executableTarget(
      name: "MicroBenchmarks",
      dependencies: [
        "RDB", "RDBFormat", "RDBConvert", "RDBSupport", .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/MicroBenchmarks",
      swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ]
}
