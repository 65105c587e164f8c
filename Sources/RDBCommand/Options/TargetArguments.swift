import ArgumentParser
import RDB
import RDBConvert

extension RESPOptions.Restore: ExpressibleByArgument {}
extension RESPOptions.Functions: ExpressibleByArgument {}

/// Which server the commands are for.
struct TargetArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The server that will load this. By default the release that wrote the snapshot, or newer.",
      valueName: "version"))
  var target: TargetVersion?

  @Option(
    help: ArgumentHelp("Use RESTORE where the target can read the stored form.", valueName: "when"))
  var restore = RESPOptions.Restore.never

  @Option(
    help: ArgumentHelp("The largest payload to RESTORE; larger keys are written as commands.", valueName: "size"))
  var restoreMax = ByteSize(64 << 20)

  @Option(
    help: ArgumentHelp("The longest string the target takes (its proto-max-bulk-len).", valueName: "size"))
  var maxBulk = ByteSize(512 << 20)

  @Option(help: ArgumentHelp("The most elements in one command.", valueName: "n"))
  var batch = 500

  @Option(help: ArgumentHelp("The most bytes in one command of several elements.", valueName: "size"))
  var batchBytes = ByteSize(1 << 20)

  func validate() throws {
    guard batch >= 1 else { throw ValidationError("--batch takes at least 1 element, not \(batch).") }
    guard batchBytes.byteCount >= 1 else { throw ValidationError("--batch-bytes takes at least 1 byte, not 0.") }
  }
}

/// How the commands treat what the server holds already.
struct LoadingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Load the keys of one database into another, as in 0:3; several with commas or by repeating.",
      valueName: "from:to"))
  var dbMap: [DatabaseMap] = []

  @Flag(help: "Load everything into database 0.")
  var singleDb = false

  @Option(help: ArgumentHelp("How many databases the target has.", valueName: "n"))
  var databases: UInt64 = 16

  @Flag(help: "Replace keys that exist; loading twice is harmless.")
  var replace = false

  @Flag(help: "Never change a key that exists.")
  var nx = false

  @Option(
    help: ArgumentHelp(
      "What to do with function libraries. By default append; replace under --replace.",
      valueName: "how"))
  var functions: RESPOptions.Functions?

  @Flag(help: "End with an ECHO that says how much there is, for rdb check.")
  var trailer = false

  func validate() throws {
    guard databases >= 1 else { throw ValidationError("--databases takes at least 1, not 0.") }
    if replace && nx { throw ValidationError("--replace and --nx contradict each other: give one.") }
    if singleDb && !dbMap.isEmpty {
      throw ValidationError("--single-db and --db-map contradict each other: give one.")
    }
    var seen: [UInt64: UInt64] = [:]
    for (source, target) in dbMap.flatMap(\.pairs) {
      if let other = seen.updateValue(target, forKey: source), other != target {
        throw ValidationError("--db-map sends database \(source) to both \(other) and \(target).")
      }
      if target >= databases {
        throw ValidationError(
          "--db-map sends database \(source) to \(target), but the target has \(databases) (--databases).")
      }
    }
  }

  /// Where each database goes.
  var databaseMap: [UInt64: UInt64] {
    Dictionary(dbMap.flatMap(\.pairs), uniquingKeysWith: { $1 })
  }
}

/// `0:3,1:4`: databases and where they go.
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
