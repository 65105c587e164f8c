import ArgumentParser
import RDB
import RDBFormat
import RDBGeneration
import RDBLZF

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// `rdb gen`: writes a synthetic snapshot.
struct Gen: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gen",
    abstract: "Write a synthetic snapshot: the same bytes for the same options.",
    discussion: """
      For benchmarks and for trying things out. The profiles' keys, values and shares stand in the README. \
      Expiries lie in the 30 days after 2100-01-01, or after --now.
      """)

  @Option(name: [.short, .long], help: "Where to write it; - is standard output.")
  var output: String

  @Option(help: "How many keys. Without --keys and --size: as many as the profile is meant to have.")
  var keys: UInt64?

  @Option(help: "How large the file is to be, approximately: 1gb, 300mb, 1GiB.")
  var size: String?

  @Option(help: "What it is made of: \(GenerationProfile.Name.allCases.map(\.rawValue).joined(separator: ", ")).")
  var profile: String = "mixed"

  @Option(help: "The start of the random numbers.")
  var seed: UInt64 = 1

  @Flag(help: "Compress strings with LZF, as servers do by default.")
  var compress = false

  @Option(name: .customLong("version"), help: "The RDB version: 6 to 12, or valkey-80.")
  var rdbVersion: String = "10"

  @Option(help: "What expiries count from, in milliseconds since 1970.")
  var now: Int64?

  func run() throws {
    var options = SnapshotGenerator.Options(
      GenerationProfile.named(GenerationProfile.Name(rawValue: profile)!))
    options.seed = seed
    if let keys { options.extent = .keys(keys) }
    if let size { options.extent = .bytes(UInt64(size)!) }
    let descriptor = output == "-" ? STDOUT_FILENO : open(output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let summary = try SnapshotGenerator.write(
      options, to: FileDestination(descriptor: descriptor),
      compressor: compress ? LZFCompressor() : nil)
    print(summary)
  }
}
