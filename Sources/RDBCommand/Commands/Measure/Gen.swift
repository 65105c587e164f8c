import ArgumentParser
import RDB
import RDBCompression
import RDBFormat
import RDBGeneration
import RDBLZF
import RDBSupport

extension GenerationProfile.Name: ExpressibleByArgument {}

/// `rdb gen`: writes a synthetic snapshot.
struct Gen: WorkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "gen",
    abstract: "Write a synthetic snapshot; equal options give equal bytes.",
    discussion: """
      For benchmarks and experiments. --profiles shows the contents of the profiles. Expiries are within the 30 days after \
      2100-01-01T00:00:00Z, or after --now.

      Examples:
        rdb gen -o dump.rdb --profile sessions --keys 100000
        rdb gen -o dump.rdb --profile mixed --size 1gb --compress --version valkey-80
      """)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Write to this file, or to - (standard output).", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("Use this profile.", valueName: "profile"))
  var profile = GenerationProfile.Name.mixed

  @Option(
    help: ArgumentHelp(
      "Generate n keys. Default: set by the profile.", valueName: "n"))
  var keys: UInt64?

  @Option(help: ArgumentHelp("Generate a file of about this size.", valueName: "size"))
  var size: ByteSize?

  @Option(help: ArgumentHelp("Seed the random numbers with n.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Compress strings with LZF, as servers do by default.")
  var compress = false

  @Option(help: ArgumentHelp("Write a compressed envelope of Valkey 9.2 (lz4 or zstd).", valueName: "codec"))
  var envelope: EnvelopeCodec?

  @Option(
    name: .customLong("version"),
    help: ArgumentHelp("Write this RDB version: 6 to 12, or valkey-80.", valueName: "version"))
  var rdbVersion = WrittenVersion(SnapshotHeader(vendor: .redis, version: 10))

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Count expiries from this time, in milliseconds since 1970.", valueName: "time"))
  var now: Int64?

  @Flag(help: "Print the profiles as a Markdown table, and write no snapshot.")
  var profiles = false

  func validate() throws {
    if profiles { return }
    if output == nil { throw ValidationError("no output file: give -o FILE, or -o - for standard output.") }
    if keys != nil && size != nil {
      throw ValidationError("--keys and --size contradict each other: give one.")
    }
    if let now, !(0...(1 << 53)).contains(now) {
      throw ValidationError("--now takes 0 to \(1 << 53) milliseconds, not \(now).")
    }
  }

  func run() throws {
    if profiles {
      return try OutputFile(path: "-", keepsPartial: false, inputs: [])
        .writeWhole(Array(GenerationProfile.markdown.utf8))
    }
    let file = try OutputFile(path: output ?? "-", keepsPartial: false, inputs: [])
    do throws(RDBError) {
      let start = monotonicSeconds
      let summary = try write(to: file)
      try file.finish()
      report(summary, seconds: monotonicSeconds - start)
    } catch {
      file.abandon()
      throw error.failure(in: file.shownName)
    }
  }

  private func write(to file: OutputFile) throws(RDBError) -> SnapshotGenerator.Summary {
    let compressor = compress ? LZFCompressor() : nil
    guard let envelope else { return try SnapshotGenerator.write(options, to: file, compressor: compressor) }
    do {
      let destination = try EnvelopeDestination(envelope.format, to: file)
      let summary = try SnapshotGenerator.write(options, to: destination, compressor: compressor)
      try destination.finish()
      return summary
    } catch {
      throw RDBError.transfer("write", error, at: 0)
    }
  }

  private var options: SnapshotGenerator.Options {
    var options = SnapshotGenerator.Options(.named(profile))
    if let keys { options.extent = .keys(keys) }
    if let size { options.extent = .bytes(size.byteCount) }
    options.seed = seed
    options.header = rdbVersion.header
    if let now {
      options.now = UnixMilliseconds(now)
      options.createdSeconds = now / 1000
    }
    return options
  }

  private func report(_ summary: SnapshotGenerator.Summary, seconds: Double) {
    let rate = readable(byteCount: Double(summary.byteCount) / max(seconds, 1e-6))
    StandardStreams.writeError(
      "\(counted(summary.keyCount, "key")) (\(summary.expiringCount) expiring), "
        + "\(readable(byteCount: Double(summary.byteCount))), \(rate)/s\n")
  }
}

/// The codec of an envelope.
enum EnvelopeCodec: String, ExpressibleByArgument, CaseIterable {
  case lz4, zstd

  var format: CompressionFormat { self == .lz4 ? .lz4 : .zstd }
}

/// An RDB version that `rdb gen` can write: `6` to `12`, or `valkey-80`.
struct WrittenVersion: ExpressibleByArgument {
  var header: SnapshotHeader

  init(_ header: SnapshotHeader) { self.header = header }

  init?(argument: String) {
    if argument == "valkey-80" {
      header = SnapshotHeader(vendor: .valkey, version: 80)
    } else if let version = Int(argument), (6...12).contains(version) {
      header = SnapshotHeader(vendor: .redis, version: version)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    header.vendor == .redis ? "\(header.version)" : "valkey-\(header.version)"
  }
}
