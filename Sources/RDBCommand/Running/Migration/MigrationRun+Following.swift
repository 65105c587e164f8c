import RDBFiltering
import RedisTransfer

/// What a migration follows, and from where.
extension MigrationRun {
  /// Finds the position up to which an earlier migration applied the commands of the same source.
  func storedPosition(_ preflight: MigrationPreflight) throws -> StreamPosition? {
    let target = try preflight.target.connector.connect(to: .master)
    let source = try Connector(from).reconnect(to: .any)
    defer {
      target.link.close()
      source.link.close()
    }
    return try StreamPosition.find(at: target, database: followOptions(preflight).positionDatabase, of: source)
  }

  func followOptions(_ preflight: MigrationPreflight) -> FollowOptions {
    var options = FollowOptions(from: preflight.source.facts.version, to: preflight.target.facts.version)
    options.databaseMap = command.content.mapping.map
    let chosen = (try? command.filter(only: sourceDatabase)).flatMap { $0?.databases } ?? []
    if !chosen.isEmpty { options.databases = chosen }
    if let sourceDatabase, let targetDatabase {
      options.databaseMap[UInt64(sourceDatabase)] = UInt64(targetDatabase)
    }
    options.positionDatabase = chosen.min().map { options.databaseMap[$0] ?? $0 } ?? 0
    options.onError = command.allowLoss || command.sending.onError == .skip ? .skip : .stop
    options.replicaCount = preflight.target.loadOptions(command.sending, command.existing, only: nil).replicaCount
    return options
  }
}
