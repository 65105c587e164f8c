import RDB
import RDBFiltering
import RDBFormat
import RDBSupport
import RedisTransfer

/// The comparison of both servers before a migration writes anything.
struct MigrationPreflight {
  let source: MigrationSource
  let target: LoadTarget
  let command: Migrate
  /// The only database that is read; `nil`: all.
  let sourceDatabase: Int32?
  /// The database that all keys go to; `nil`: their own.
  let targetDatabase: Int32?
  /// The nodes of the target whose `notify-keyspace-events` lacks letters that the source has, or that Spring needs.
  let nodesWithoutNotifications: [LoadTarget.Node]

  /// The largest difference of the clocks that is no warning, in milliseconds.
  private static let clockTolerance: Int64 = 1000
  /// The limit of waiting output of the source below which a warning is due, in bytes.
  private static let smallBufferByteCount: UInt64 = 32 << 20

  /// Whether the user of the source may pause writes, if that is wanted.
  private let mayPause: Bool
  /// The target's clock; `nil` if the user may not ask for it.
  private let targetClock: ClockReading?
  /// The commands for writing, and for reading key by key, that the user of the target may not run.
  private let forbiddenAtTarget: [String]

  /// Asks the target what the source's keys will need.
  ///
  /// - Throws: `TransferError`.
  init(
    _ source: MigrationSource, _ target: LoadTarget, _ command: Migrate, from sourceDatabase: Int32?,
    to targetDatabase: Int32?
  ) throws(TransferError) {
    (self.source, self.target, self.command) = (source, target, command)
    let connections = try target.connections()
    defer { for connection in connections { connection.link.close() } }
    targetClock = try connections[0].clock()
    mayPause = command.following.pauseSource ? try source.mayPause() : true
    var forbidden: [String] = []
    for connection in connections {
      let commands = PermissionProbe.writing + PermissionProbe.scanning
      for name in try PermissionProbe.forbidden(commands, on: connection) where !forbidden.contains(name) {
        forbidden.append(name)
      }
    }
    forbiddenAtTarget = forbidden
    (self.sourceDatabase, self.targetDatabase) = (sourceDatabase, targetDatabase)
    let spring = source.hasSpringSessions ? KeyspaceNotifications.springSession : ""
    nodesWithoutNotifications = target.nodes(lacking: (source.facts.notifications?.text ?? "") + spring)
  }

  // MARK: Reasons not to begin

  /// Ends the migration if it cannot succeed.
  ///
  /// - Parameter isResumed: Whether it goes on, so that the keys of the target are its own.
  /// - Throws: ``Failure``.
  func require(isResumed: Bool) throws {
    try target.refuseClusterNode()
    if let process = source.facts.info.runIdentifier,
      target.masters.contains(where: { $0.facts.info.runIdentifier == process }),
      sourceDatabase ?? 0 == targetDatabase ?? 0
    {
      throw Failure(.usage, "\(source.server) is the source and the target", hint: "Give two servers.")
    }
    try requirePermissions()
    try requireDatabases()
    try requireFollowing()
    if !isResumed { try requirePolicy() }
  }

  private func requirePermissions() throws {
    let missingAtSource = command.reading.scan || !command.comparing.noVerify ? source.forbidden : []
    if !missingAtSource.isEmpty {
      throw Failure(
        .noPermission, "the user of \(source.server) may not run \(missingAtSource.joined(separator: ", "))",
        hint: command.reading.scan
          ? "--scan needs them." : "The comparison at the end needs them; --no-verify leaves it out.")
    }
    let reading = Set(PermissionProbe.scanning.compactMap(\.first))
    let missing = forbiddenAtTarget.filter { name in
      // With RESTORE, few keys need other commands.
      reading.contains(name) ? !command.comparing.noVerify : !target.canRestore || name == "SET" || name == "UNLINK"
    }
    guard !missing.isEmpty else { return }
    throw Failure(
      .noPermission, "the user of \(target.server) may not run \(missing.joined(separator: ", "))",
      hint: "Add them to the user's ACL rules, or log in as another user (--to-user).")
  }

  private func requireDatabases() throws {
    guard targetDatabase == nil, let count = target.databaseCount else { return }
    let map = command.content.mapping.map
    let missing = movedDatabases.map(\.number).filter { map[UInt64($0)] ?? UInt64($0) >= count }
    guard let first = missing.first else { return }
    throw Failure(
      .refused,
      "\(target.server) has \(counted(count, "database")), and the source has keys in "
        + "database \(missing.map { "\($0)" }.joined(separator: ", "))",
      hint: "--db-map \(first):0 loads the keys of one into another.")
  }

  private func requireFollowing() throws {
    guard command.following.follow else { return }
    if targetDatabase != nil, sourceDatabase == nil {
      throw Failure(
        .usage, "--follow into one database needs the database of the source too",
        hint: "Write it into both addresses: redis://host:6379/3, or use --db-map.")
    }
    if command.following.pauseSource, !source.facts.version.isAtLeast(6, 2) {
      throw Failure(
        .refused, "\(source.server) is \(source.facts.version.shownRelease), and --pause-source needs 6.2",
        hint: "Stop what writes to the source yourself, and leave out --pause-source.")
    }
    guard mayPause else {
      throw Failure(
        .noPermission, "the user of \(source.server) may not run CLIENT PAUSE",
        hint: "Stop what writes to the source yourself, and leave out --pause-source.")
    }
  }

  private func requirePolicy() throws {
    let existing = command.existing
    guard targetKeyCount > 0, !existing.replace, !existing.nx, !existing.failIfExists else { return }
    throw Failure(
      .refused, "\(target.server) is not empty: it has \(counted(targetKeyCount, "key"))",
      hint: "--replace replaces keys that the source has too, --nx keeps them, --fail-if-exists stops at the first.")
  }

  // MARK: Facts

  /// The databases of the source whose keys are moved.
  var movedDatabases: [ServerInfo.Database] {
    let chosen = (try? command.filter(only: sourceDatabase)).flatMap { $0?.databases } ?? []
    return source.facts.info.databases.filter { chosen.isEmpty || chosen.contains(UInt64($0.number)) }
  }

  /// The number of keys that the source tells, before the filter.
  var sourceKeyCount: UInt64 { movedDatabases.reduce(0) { $0 + $1.keyCount } }

  /// The number of keys of the target's databases into which keys are moved.
  var targetKeyCount: UInt64 {
    target.masters.flatMap(\.facts.info.databases)
      .filter { targetDatabase.map(UInt32.init) ?? $0.number == $0.number }
      .reduce(0) { $0 + $1.keyCount }
  }

  /// By how much the target's clock is before the source's; `nil` if one of them is not known.
  var clockDifference: (milliseconds: Int64, error: Int64)? {
    guard let source = source.clock, let target = targetClock else { return nil }
    let (difference, error) = target.ahead(of: source)
    return (Int64((Double(difference) / 1000).rounded()), Int64((Double(error) / 1000).rounded(.up)))
  }

  // MARK: Warnings

  /// Warnings about what may end the migration later, or matter afterwards.
  var warnings: [String] {
    var warnings = versionWarnings
    if let memory = source.facts.info.dataMemory { warnings += target.memoryWarnings(for: memory) }
    if let (milliseconds, error) = clockDifference, milliseconds.magnitude > UInt64(Self.clockTolerance + error) {
      let seconds = Double(milliseconds.magnitude / 100) / 10
      warnings.append(
        "the clock of \(target.server) is \(seconds) s \(milliseconds > 0 ? "before" : "behind") that of "
          + "\(source.server): keys expire \(milliseconds > 0 ? "earlier" : "later") there")
    }
    if let limit = source.facts.replicaBufferLimit, limit.byteCount > 0, limit.byteCount < Self.smallBufferByteCount {
      warnings.append(
        "\(source.server) ends a synchronisation whose reader is \(readable(byteCount: Double(limit.byteCount))) behind "
          + "(client-output-buffer-limit)")
    }
    for node in nodesWithoutNotifications where command.dryRun || !command.fixNotifications {
      warnings.append(
        "notify-keyspace-events of \(node.server) lacks \"\(node.missing)\", which "
          + (source.hasSpringSessions ? "sessions of Spring need" : "the source has")
          + " (--fix-notifications adds it)")
    }
    return warnings
  }

  private var versionWarnings: [String] {
    var warnings: [String] = []
    if source.facts.info.isClusterNode {
      warnings.append(
        "\(source.server) is a node of a cluster: the keys of the other nodes are not moved "
          + "(rdb load redis-cluster://host:port moves those of all)")
    }
    let (from, to) = (source.facts.version, target.facts.version)
    // Redis and Valkey have the same values up to RDB version 11.
    if to.rdbVersion < from.rdbVersion || to.vendor != from.vendor && from.rdbVersion > 11 {
      warnings.append(
        "\(target.server) is \(target.release), the source \(from.shownRelease): "
          + (command.allowLoss
            ? "what the target cannot hold is listed as lost"
            : "the first key that the target cannot hold ends the migration (--allow-loss goes on)"))
    }
    let present = Set((target.facts.modules ?? []).map(\.name))
    let missing = (source.facts.modules ?? []).map(\.name).filter { !present.contains($0) }
    if target.facts.modules != nil, !missing.isEmpty {
      warnings.append(
        "\(target.server) lacks modules of the source: \(missing.map { printable($0) }.joined(separator: ", ")); "
          + "it cannot hold their values")
    }
    return warnings
  }
}
