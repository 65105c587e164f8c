import RDB
import RDBAnalysis
import RDBFiltering
import RDBSupport
import RedisTransfer

/// The comparison before a load writes anything: the needs of the input with memory, modules and notifications of the
/// server.
struct LoadPreflight {
  let facts: ServerFacts
  /// The server, as messages show it.
  let server: String
  let needs: LoadNeeds
  /// The names of the modules whose values the input has.
  let moduleNames: [String]

  /// Warnings about what may end the load later, or matter afterwards.
  var warnings: [String] {
    var warnings: [String] = []
    if let limit = facts.info.memoryLimit, let used = facts.info.usedMemory,
      needs.memoryByteCount > limit - min(used, limit)
    {
      let left = limit - min(used, limit)
      warnings.append(
        "the keys need about \(readable(byteCount: Double(needs.memoryByteCount))), and \(server) has "
          + "\(readable(byteCount: Double(left))) left of its maxmemory of \(readable(byteCount: Double(limit)))"
          + (facts.info.evictsKeys == true ? "; it will remove keys to make room" : ""))
    }
    if needs.springSessionCount > 0, let missing = missingNotifications {
      warnings.append(
        "\(counted(needs.springSessionCount, "session")) of Spring need notify-keyspace-events to have "
          + "\"\(KeyspaceNotifications.springSession)\", and \(server) lacks \"\(missing)\": sessions would expire without "
          + "the application learning of it (--fix-notifications sets it)")
    }
    return warnings
  }

  /// The letters of `notify-keyspace-events` that Spring needs and the server lacks; `nil`: none, or unknown.
  var missingNotifications: String? {
    guard needs.springSessionCount > 0, let notifications = facts.notifications else { return nil }
    let missing = notifications.missing(from: KeyspaceNotifications.springSession)
    return missing.isEmpty ? nil : missing
  }

  /// Refuses values of modules that the server cannot have, because it has no modules at all.
  ///
  /// - Throws: ``Failure``.
  func requireModules() throws {
    guard !moduleNames.isEmpty, let modules = facts.modules, modules.isEmpty else { return }
    throw Failure(
      .refused,
      "the input has values of the modules \(moduleNames.joined(separator: ", ")), and \(server) has no module",
      hint: "Load the modules at the server, or leave their values out with --modules skip --allow-loss.")
  }
}
