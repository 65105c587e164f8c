import ArgumentParser
import RDB
import RDBConvert

extension RESPOptions.Restore: ExpressibleByArgument {}
extension RESPOptions.Functions: ExpressibleByArgument {}
extension RESPOptions.Modules: ExpressibleByArgument {}
extension RESPOptions.Scripts: ExpressibleByArgument {}

/// The options about the server that will run the commands.
struct TargetArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Write for this server: \(TargetVersion.range). Default: the snapshot's.",
      valueName: "version"),
    completion: .list(TargetVersion.known), transform: TargetVersion.init(parsing:))
  var target: TargetVersion?

  @Option(
    help: ArgumentHelp(
      "Write RESTORE where the target can load the stored bytes. Default: never.", valueName: "when"))
  var restore: RESPOptions.Restore?

  @Option(
    help: ArgumentHelp("Write keys with a larger payload as commands, not as RESTORE.", valueName: "size"))
  var restoreMax = ByteSize(64 << 20)

  @Option(
    help: ArgumentHelp("Write no string longer than this: the target's proto-max-bulk-len.", valueName: "size"))
  var maxBulk = ByteSize(512 << 20)

  @Option(help: ArgumentHelp("Put at most n elements into one command.", valueName: "n"))
  var batch = 500

  @Option(help: ArgumentHelp("Put at most this many bytes into one command of several elements.", valueName: "size"))
  var batchBytes = ByteSize(1 << 20)

  func validate() throws {
    guard batch >= 1 else { throw ValidationError("--batch takes at least 1 element, not \(batch).") }
    guard batchBytes.byteCount >= 1 else { throw ValidationError("--batch-bytes takes at least 1 byte, not 0.") }
  }
}

/// The options about databases, existing keys and functions on the server.
struct LoadingArguments: ParsableArguments {
  @OptionGroup var mapping: DatabaseMapArguments

  @Flag(help: "Load all keys into database 0.")
  var singleDb = false

  @Option(help: ArgumentHelp("Assume that the target has n databases.", valueName: "n"))
  var databases: UInt64 = 16

  @Flag(help: "Replace existing keys, so that loading twice is harmless.")
  var replace = false

  @Flag(help: "Never change an existing key.")
  var nx = false

  @Option(
    help: ArgumentHelp(
      "Load functions this way. Default: append, or replace with --replace.",
      valueName: "how"))
  var functions: RESPOptions.Functions?

  @Option(help: ArgumentHelp("Write values of modules and metadata of keys, or skip them.", valueName: "how"))
  var modules: RESPOptions.Modules?

  @Option(help: ArgumentHelp("Load cached Lua scripts, note them, or skip them.", valueName: "how"))
  var scripts: RESPOptions.Scripts?

  @Flag(help: "End with an ECHO of counts and a checksum, which rdb check verifies.")
  var trailer = false

  func validate() throws {
    guard databases >= 1 else { throw ValidationError("--databases takes at least 1, not 0.") }
    if replace && nx { throw ValidationError("--replace and --nx contradict each other: give one.") }
    if singleDb && !mapping.dbMap.isEmpty {
      throw ValidationError("--single-db and --db-map contradict each other: give one.")
    }
    for (source, target) in mapping.dbMap.flatMap(\.pairs) where target >= databases {
      throw ValidationError(
        "--db-map sends database \(source) to \(target), but the target has \(databases) (--databases).")
    }
  }

  /// The target database of each source database that is renumbered.
  var databaseMap: [UInt64: UInt64] { mapping.map }
}

/// Pairs of a source and a target database: `0:3,1:4`.
struct DatabaseMap: ExpressibleByArgument {
  var pairs: [(UInt64, UInt64)] = []

  init?(argument: String) {
    for pair in argument.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = pair.split(separator: ":", omittingEmptySubsequences: false)
      guard sides.count == 2, let source = UInt64(sides[0]), let target = UInt64(sides[1]) else {
        return nil
      }
      pairs.append((source, target))
    }
  }
}

/// The options about how far a snapshot is trusted.
struct TrustArguments: ParsableArguments {
  @Flag(help: "Write RESTORE without validating the values: for a dump of one's own.")
  var trust = false

  @Flag(
    help: "For a dump of unknown origin: write commands only, and skip modules, functions, scripts.")
  var untrusted = false

  /// Checks that nothing contradicts `--untrusted`.
  func validate(_ target: TargetArguments, _ loading: LoadingArguments) throws {
    if trust && untrusted { throw ValidationError("--trust and --untrusted contradict each other: give one.") }
    guard untrusted else { return }
    let given = [
      (target.restore ?? .never) != .never ? "--restore \(target.restore?.rawValue ?? "")" : nil,
      (loading.modules ?? .skip) != .skip ? "--modules \(loading.modules?.rawValue ?? "")" : nil,
      (loading.functions ?? .skip) != .skip ? "--functions \(loading.functions?.rawValue ?? "")" : nil,
      (loading.scripts ?? .skip) != .skip ? "--scripts \(loading.scripts?.rawValue ?? "")" : nil,
    ]
    if let option = given.compactMap(\.self).first {
      throw ValidationError("--untrusted and \(option) contradict each other: give one.")
    }
  }
}
