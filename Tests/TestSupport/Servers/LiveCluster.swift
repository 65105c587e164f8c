import Foundation
import RDBSupport
import RESP

/// A cluster of masters, each with replicas, among which the slots are divided evenly.
public final class LiveCluster {
  /// The masters at the start, followed by their replicas.
  public private(set) var servers: [LiveServer] = []
  public let masterCount: Int

  /// Starts the processes, and waits until each of them takes commands.
  ///
  /// - Parameters:
  ///   - replicas: The number of replicas per master.
  ///   - arguments: More arguments of all servers.
  public init(_ kind: LiveServer.Kind, masters: Int = 3, replicas: Int = 0, arguments: [String] = []) throws {
    masterCount = masters
    var ports: [UInt16] = []
    for _ in 0..<masters * (replicas + 1) {
      let busPort = try LiveServer.freePort()
      ports.append(busPort)
      servers.append(
        try LiveServer(
          kind,
          arguments: [
            "--cluster-enabled", "yes", "--cluster-port", "\(busPort)", "--cluster-node-timeout", "2000",
            "--repl-diskless-sync-delay", "0",
          ] + arguments))
    }
    for index in 0..<masters {
      let (start, end) = (index * 16384 / masters, (index + 1) * 16384 / masters - 1)
      try expectOK(index, "CLUSTER", "ADDSLOTSRANGE", "\(start)", "\(end)")
      // Different epochs, as redis-cli sets them.
      try expectOK(index, "CLUSTER", "SET-CONFIG-EPOCH", "\(index + 1)")
    }
    for index in 1..<servers.count {
      try expectOK(0, "CLUSTER", "MEET", "127.0.0.1", "\(servers[index].port)", "\(ports[index])")
    }
    try wait { try self.info($0)["cluster_known_nodes"] == "\(self.servers.count)" }
    for index in masters..<servers.count {
      try expectOK(index, "CLUSTER", "REPLICATE", try identifier(of: (index - masters) / replicas))
    }
    try wait { try self.info($0)["cluster_state"] == "ok" && self.info($0)["cluster_slots_ok"] == "16384" }
    try wait { index in
      guard index >= masters else { return true }
      let role = try LiveConnection(port: self.servers[index].port).command("ROLE").elements ?? []
      return role.count > 3 && role[3].bytes == Array("connected".utf8)
    }
  }

  /// Stops all processes.
  public func stop() { for server in servers { server.stop() } }

  /// The address of the cluster, which names its first master.
  public var address: String { "redis-cluster://127.0.0.1:\(servers[0].port)" }

  /// The ports of the servers that are masters with slots now, as the first one that answers tells.
  public func masterPorts() throws -> [UInt16] {
    for server in servers {
      guard let connection = try? LiveConnection(port: server.port),
        let ranges = try? connection.command("CLUSTER", "SLOTS").elements
      else { continue }
      var ports: [UInt16] = []
      for range in ranges {
        if case .integer(let port)? = range.elements?[2].elements?[1], !ports.contains(UInt16(port)) {
          ports.append(UInt16(port))
        }
      }
      return ports
    }
    throw LiveServer.Failure(description: "no node of the cluster answers")
  }

  /// The number of keys of all masters.
  public func keyCount() throws -> Int {
    try masterPorts().reduce(0) { count, port in
      guard case .integer(let keys) = try LiveConnection(port: port).command("DBSIZE") else { return count }
      return count + Int(keys)
    }
  }

  /// The index of the master that has a slot at the start.
  public func home(of slot: Int) -> Int {
    (0..<masterCount).last { $0 * 16384 / masterCount <= slot } ?? 0
  }

  /// The identifier of a node.
  public func identifier(of index: Int) throws -> String {
    let reply = try LiveConnection(port: servers[index].port).command("CLUSTER", "MYID")
    return String(decoding: reply.bytes ?? [], as: UTF8.self)
  }

  /// Moves a slot from one master to another as redis-cli does, some keys at a time.
  ///
  /// - Parameters:
  ///   - count: The keys per step.
  ///   - between: Called after each step while keys are left, and at least once.
  public func move(
    _ slot: Int, from source: Int, to target: Int, count: Int = 10, _ between: () throws -> Void = {}
  ) throws {
    let (sourceID, targetID) = (try identifier(of: source), try identifier(of: target))
    try expectOK(target, "CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", sourceID)
    try expectOK(source, "CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", targetID)
    let connection = try LiveConnection(port: servers[source].port)
    while true {
      try between()
      let keys = try connection.command("CLUSTER", "GETKEYSINSLOT", "\(slot)", "\(count)").elements ?? []
      if keys.isEmpty { break }
      let words = ["MIGRATE", "127.0.0.1", "\(servers[target].port)", "", "0", "5000", "KEYS"].map { Array($0.utf8) }
      let reply = try connection.commands([words + keys.compactMap(\.bytes)])[0]
      if let error = reply.errorText { throw LiveServer.Failure(description: "MIGRATE: \(error)") }
    }
    for index in [target, source] { try expectOK(index, "CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID) }
    for index in 0..<masterCount where index != target && index != source {
      try expectOK(index, "CLUSTER", "SETSLOT", "\(slot)", "NODE", targetID)
    }
  }

  private func expectOK(_ index: Int, _ words: String...) throws {
    let reply = try LiveConnection(port: servers[index].port).commands([words.map { Array($0.utf8) }])[0]
    guard reply.bytes == Array("OK".utf8) else {
      throw LiveServer.Failure(description: "\(words): \(reply.errorText ?? "\(reply)")")
    }
  }

  private func info(_ index: Int) throws -> [Substring: Substring] {
    let reply = try LiveConnection(port: servers[index].port).command("CLUSTER", "INFO")
    let text = String(decoding: reply.bytes ?? [], as: UTF8.self)
    var fields: [Substring: Substring] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let parts = line.split(separator: ":")
      if parts.count == 2 { fields[parts[0]] = parts[1] }
    }
    return fields
  }

  /// Waits until a condition is true of each server.
  private func wait(_ condition: (Int) throws -> Bool) throws {
    for index in servers.indices {
      var isTrue = false
      for _ in 0..<600 where !isTrue {
        isTrue = try condition(index)
        if !isTrue { usleep(50_000) }
      }
      guard isTrue else {
        throw LiveServer.Failure(description: "the cluster is not ready within 30 s: \(try info(index))")
      }
    }
  }
}
