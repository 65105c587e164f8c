import RDB
import RDBAnalysis
import RDBFiltering
import RDBSupport
import RedisTransfer

/// The comparison before a load writes anything: the needs of the input with memory, modules and notifications of the
/// server.
struct LoadPreflight {
  let target: LoadTarget
  let needs: LoadNeeds
  /// The names of the modules whose values the input has.
  let moduleNames: [String]
  /// The nodes that do not publish what sessions of Spring need, if the input has some.
  let nodesWithoutNotifications: [LoadTarget.Node]

  init(_ target: LoadTarget, _ needs: LoadNeeds, moduleNames: [String] = []) {
    (self.target, self.needs, self.moduleNames) = (target, needs, moduleNames)
    nodesWithoutNotifications =
      needs.springSessionCount > 0 ? target.nodes(lacking: KeyspaceNotifications.springSession) : []
  }

  /// Warnings about what may end the load later, or matter afterwards.
  var warnings: [String] {
    target.memoryWarnings(for: needs.memoryByteCount)
      + nodesWithoutNotifications.map { node in
        "\(counted(needs.springSessionCount, "session")) of Spring need notify-keyspace-events to have "
          + "\"\(KeyspaceNotifications.springSession)\", and \(node.server) lacks \"\(node.missing)\": sessions would expire "
          + "without the application learning of it (--fix-notifications sets it)"
      }
  }

  /// Refuses values of modules that the server cannot have, because it has no modules at all.
  ///
  /// - Throws: ``Failure``.
  func requireModules() throws {
    guard !moduleNames.isEmpty, let master = target.masters.first(where: { $0.facts.modules?.isEmpty == true })
    else { return }
    throw Failure(
      .refused,
      "the input has values of the modules \(moduleNames.joined(separator: ", ")), and \(master.server) has no module",
      hint: "Load the modules at the server, or leave their values out with --modules skip --allow-loss.")
  }
}
