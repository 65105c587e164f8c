import ArgumentParser
import RDB
import RDBCompression
import RDBEdit
import RDBFormat
import RDBLZF
import RDBSupport

/// The options about the release that must load a snapshot, and about its form.
struct SnapshotTargetArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write for this server: \(TargetVersion.range). Default: the version of the newest input.",
      valueName: "version"),
    completion: .list(TargetVersion.known), transform: TargetVersion.init(parsing:))
  var target: TargetVersion?

  @Option(
    help: ArgumentHelp(
      "Choose encodings by the limits in this configuration file of a server. Default: the target's own limits.",
      valueName: "file"),
    completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("Write a compressed envelope of Valkey 9.2 (lz4 or zstd).", valueName: "codec"))
  var envelope: EnvelopeCodec?

  func validate() throws {
    if envelope != nil, (target?.version.snapshotHeader.version ?? 0) < 81 {
      throw ValidationError("--envelope needs --target valkey-9.2: other servers cannot read it.")
    }
  }

  /// The settings of the configuration file; `nil`: none is given.
  ///
  /// - Throws: ``Failure``.
  var configuration: ServerConfiguration? {
    get throws {
      guard let config else { return nil }
      do {
        guard let text = try InputFile(path: config, maxRatio: 500).source.contents(limit: 16 << 20) else {
          throw Failure(.usage, "\(shown(config)): is no configuration file: it is larger than 16 MiB")
        }
        let configuration = try ServerConfiguration(text)
        if configuration.isEmpty {
          throw Failure(
            .usage, "\(shown(config)): has no setting that decides how snapshots are written",
            hint:
              "Such settings are rdbcompression, rdbchecksum, hash-max-listpack-entries and other limits of encodings.")
        }
        return configuration
      } catch let failure as ServerConfiguration.Failure {
        throw Failure(.usage, "\(shown(config)): \(failure)")
      } catch let error as RDBError {
        throw error.failure(in: shown(config))
      }
    }
  }

  /// Whether strings that are encoded are compressed.
  func compresses(_ configuration: ServerConfiguration?) -> Bool { configuration?.compresses ?? true }

  /// The options of the output.
  ///
  /// - Parameter origin: The origin of the input.
  func options(
    for origin: SnapshotOrigin, _ configuration: ServerConfiguration?, _ trust: CopyTrustArguments
  ) -> SnapshotWritingOptions {
    var options =
      target.map { SnapshotWritingOptions(target: $0.version) } ?? SnapshotWritingOptions(copying: origin)
    options.compressor = { LZFCompressor() }
    if let configuration { options.apply(configuration) }
    options.sanitizes = trust.sanitize
    options.validatesStored = !trust.trust
    return options
  }

  /// The destination of the sinks, and the envelope around it if there is one.
  ///
  /// - Throws: ``Failure``.
  func destination(
    _ options: SnapshotWritingOptions, _ output: OutputFile
  ) throws -> (EnvelopeDestination?, SnapshotDestination) {
    do {
      let outer = try envelope.map { try EnvelopeDestination($0.format, to: output) }
      return (outer, try SnapshotDestination(options, to: outer ?? output))
    } catch {
      output.abandon()
      throw RDBError.transfer("write", error, at: 0).failure(in: output.shownName)
    }
  }
}

/// The option that renumbers databases.
struct DatabaseMapArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Load one database into another, such as 0:3, separated by commas. Repeatable.",
      valueName: "from:to"))
  var dbMap: [DatabaseMap] = []

  func validate() throws {
    var seen: [UInt64: UInt64] = [:]
    for (source, target) in dbMap.flatMap(\.pairs) {
      if let other = seen.updateValue(target, forKey: source), other != target {
        throw ValidationError("--db-map sends database \(source) to both \(other) and \(target).")
      }
    }
  }

  /// The target database of each source database that is renumbered.
  var map: [UInt64: UInt64] { Dictionary(dbMap.flatMap(\.pairs), uniquingKeysWith: { $1 }) }
}

/// The options about how far the values of a snapshot are trusted.
struct CopyTrustArguments: ParsableArguments {
  @Flag(help: "Encode every value again from its elements, so that no layout of the input survives.")
  var sanitize = false

  @Flag(help: "Copy values without validating them: for a dump of one's own.")
  var trust = false

  func validate() throws {
    if sanitize && trust { throw ValidationError("--sanitize and --trust contradict each other: give one.") }
  }
}
