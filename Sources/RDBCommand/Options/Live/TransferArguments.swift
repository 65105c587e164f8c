import ArgumentParser
import RDB
import RDBConvert
import RedisTransfer

/// The options about keys that the server has already.
struct ExistingKeyArguments: ParsableArguments {
  @Flag(help: "Replace existing keys.")
  var replace = false

  @Flag(help: "Keep existing keys, and count them.")
  var nx = false

  @Flag(help: "Stop at the first key that exists.")
  var failIfExists = false

  func validate() throws {
    let given = [(replace, "--replace"), (nx, "--nx"), (failIfExists, "--fail-if-exists")].filter(\.0).map(\.1)
    if given.count > 1 { throw ValidationError("\(given[0]) and \(given[1]) contradict each other: give one.") }
  }

  var existing: RESPOptions.Existing { replace ? .replace : .keep }
}

/// The options about what goes into a server, and in which form.
struct LoadedContentArguments: ParsableArguments {
  @OptionGroup var mapping: DatabaseMapArguments

  @Option(
    help: ArgumentHelp("Send RESTORE where the server can load the bytes.", valueName: "when"))
  var restore = RESPOptions.Restore.auto

  @Option(help: ArgumentHelp("Send keys with a larger payload as commands, not as RESTORE.", valueName: "size"))
  var restoreMax = ByteSize(64 << 20)

  @Option(help: ArgumentHelp("Load functions this way. Default: append, or replace with --replace.", valueName: "how"))
  var functions: RESPOptions.Functions?

  @Option(help: ArgumentHelp("Load values of modules and metadata of keys, or skip them.", valueName: "how"))
  var modules: RESPOptions.Modules?

  @Option(help: ArgumentHelp("Load cached Lua scripts, note them, or skip them.", valueName: "how"))
  var scripts: RESPOptions.Scripts?

  @OptionGroup(title: "Trust") var trust: TrustArguments

  func validate() throws {
    guard trust.untrusted else { return }
    if trust.trust { throw ValidationError("--trust and --untrusted contradict each other: give one.") }
    let given = [
      (modules ?? .skip) != .skip ? "--modules" : nil, (functions ?? .skip) != .skip ? "--functions" : nil,
      (scripts ?? .skip) != .skip ? "--scripts" : nil,
    ]
    if let option = given.compactMap(\.self).first {
      throw ValidationError("--untrusted and \(option) contradict each other: give one.")
    }
  }

  /// Returns the options of the sink.
  ///
  /// - Parameters:
  ///   - target: The release of the server.
  ///   - databaseCount: The number of its databases.
  ///   - canRestore: Whether the server takes RESTORE from this user.
  func options(
    for target: ServerVersion, databaseCount: UInt64, existing: RESPOptions.Existing, canRestore: Bool
  ) -> RESPOptions {
    var options = RESPOptions(target: target)
    options.databaseMap = mapping.map
    options.databaseCount = databaseCount
    options.existing = existing
    options.replacesWhole = existing == .replace
    options.keepsWhole = existing == .keep
    options.marksKeys = true
    options.functions = functions ?? (trust.untrusted ? .skip : existing == .replace ? .replace : .append)
    options.modules = modules ?? (trust.untrusted ? .skip : .forward)
    options.scripts = scripts ?? (trust.untrusted ? .skip : .note)
    options.takesRestore = canRestore && !trust.untrusted
    options.restore = options.takesRestore ? restore : .never
    options.restoreLimit = restoreMax.byteCount
    options.validatesRestored = !trust.trust
    options.refusesFindings = trust.untrusted
    return options
  }
}

/// The options about sending.
struct SendingArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Stop at the first error, or skip the key and list it.", valueName: "how"))
  var onError = ErrorChoice.stop

  @Option(help: ArgumentHelp("Use n connections at once.", valueName: "n"))
  var connections = 1

  @Option(
    help: ArgumentHelp(
      "Count a key as loaded when n replicas have it. Default: 1 if the server has replicas, else 0.", valueName: "n"))
  var waitReplicas: Int?

  @Option(help: ArgumentHelp("Send at most this many bytes per second.", valueName: "size"))
  var maxRate: ByteSize?

  @Option(help: ArgumentHelp("Send at most n keys per second.", valueName: "n"))
  var maxKeys: UInt64?

  enum ErrorChoice: String, CaseIterable, ExpressibleByArgument { case stop, skip }

  func validate() throws {
    guard (1...64).contains(connections) else {
      throw ValidationError("--connections takes 1 to 64, not \(connections).")
    }
    if let waitReplicas, waitReplicas < 0 {
      throw ValidationError("--wait-replicas takes 0 or more, not \(waitReplicas).")
    }
    if maxKeys == 0 { throw ValidationError("--max-keys takes at least 1 key per second.") }
    if maxRate?.byteCount == 0 { throw ValidationError("--max-rate takes at least 1 byte per second.") }
  }
}
