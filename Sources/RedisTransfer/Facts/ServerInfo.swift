import RDB
import RESP

/// The reply to INFO.
package struct ServerInfo: Hashable, Sendable {
  /// The number of keys of a database.
  package struct Database: Hashable, Sendable {
    package var number: UInt32
    package var keyCount: UInt64
    /// The number of keys with an expiry.
    package var expiringCount: UInt64
  }

  private let fields: [String: String]
  /// The databases that have keys, by their numbers.
  package let databases: [Database]
  /// Whether the reply has the section about the databases, which is empty if no database has keys. Some services leave
  /// the section out.
  package let hasKeyspace: Bool

  /// Reads the lines `name:value`. Returns `nil` for a reply that no server sends.
  package init?(_ reply: RESPValue) {
    guard let bytes = reply.bytes else { return nil }
    var fields: [String: String] = [:]
    var databases: [Database] = []
    var hasKeyspace = false
    for line in bytes.split(whereSeparator: { $0 == 13 || $0 == 10 }) {
      if line.first == UInt8(ascii: "#") {
        if line.elementsEqual("# Keyspace".utf8) { hasKeyspace = true }
        continue
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let name = String(decoding: line[..<colon], as: UTF8.self)
      let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
      fields[name] = value
      if let database = Database(name, value) { databases.append(database) }
    }
    self.fields = fields
    self.hasKeyspace = hasKeyspace || !databases.isEmpty
    self.databases = databases.sorted { $0.number < $1.number }
  }

  /// The value of a field; `nil` if the server does not tell it.
  package subscript(name: String) -> String? { fields[name] }

  /// The release of the server. Valkey tells the release of Redis that it is compatible with, too.
  package var version: ServerVersion? {
    if let text = fields["valkey_version"] { return ServerVersion(text, vendor: .valkey) }
    return fields["redis_version"].flatMap { ServerVersion($0, vendor: .redis) }
  }

  /// The identifier of the process, which is another one after each start. A cursor of SCAN has a meaning only for it.
  package var runIdentifier: String? { fields["run_id"] }

  /// Whether the server reads its data into memory.
  package var isLoading: Bool { fields["loading"] == "1" || fields["async_loading"] == "1" }

  /// The time until the data is in memory, as the server estimates it; `nil` if it does not load, or cannot tell.
  package var loadingTime: Duration? {
    guard isLoading, let seconds = number("loading_eta_seconds"), seconds <= 1 << 32 else { return nil }
    return .seconds(Int64(seconds))
  }

  /// The memory limit, in bytes; `nil`: there is none.
  package var memoryLimit: UInt64? { number("maxmemory").flatMap { $0 == 0 ? nil : $0 } }
  /// The memory in use, in bytes.
  package var usedMemory: UInt64? { number("used_memory") }
  /// The memory of the data without that of the server itself, in bytes.
  package var dataMemory: UInt64? { number("used_memory_dataset") }
  /// Whether keys are removed when the memory limit is reached. `nil` if the server does not tell it.
  package var evictsKeys: Bool? { fields["maxmemory_policy"].map { $0 != "noeviction" } }

  /// Whether the server is a master; `nil` if it does not tell it.
  package var isMaster: Bool? { fields["role"].map { $0 == "master" } }
  /// The number of connected replicas, and of clients that ask for a synchronisation.
  package var replicaCount: UInt64? { number("connected_slaves") }
  /// The number of bytes of the history of commands: those that a master has, or that a replica has from its master.
  package var replicationOffset: UInt64? { number(isMaster == false ? "slave_repl_offset" : "master_repl_offset") }
  /// The identifiers of the history of commands: the present one, and the one before the last failover.
  package var replicationIdentifiers: [String] {
    ["master_replid", "master_replid2"].compactMap { fields[$0] }.filter { $0.contains { $0 != "0" } }
  }
  /// The number of changes since the last snapshot was saved to disk.
  package var changeCount: UInt64? { number("rdb_changes_since_last_save") }
  /// The addresses that connected replicas announce. A client that only asks for a synchronisation has none.
  package var replicaEndpoints: [Endpoint] {
    (0..<min(replicaCount ?? 0, 1024)).compactMap { fields["slave\($0)"].flatMap { Endpoint(replica: $0) } }
  }
  /// Whether the server is a node of a cluster.
  package var isClusterNode: Bool { fields["cluster_enabled"] == "1" }

  private func number(_ name: String) -> UInt64? { fields[name].flatMap { UInt64($0) } }
}

extension Endpoint {
  /// Reads `ip=10.0.0.7,port=6379,state=online,offset=14,lag=0`.
  fileprivate init?(replica value: String) {
    var (host, port): (String?, UInt16?)
    for part in value.split(separator: ",") {
      if part.hasPrefix("ip=") { host = String(part.dropFirst(3)) }
      if part.hasPrefix("port=") { port = UInt16(part.dropFirst(5)) }
    }
    guard let host, !host.isEmpty, let port, port > 0 else { return nil }
    self.init(host: host, port: port)
  }
}

extension ServerInfo.Database {
  /// Reads `db0` and `keys=1,expires=0,avg_ttl=0`.
  fileprivate init?(_ name: String, _ value: String) {
    guard name.hasPrefix("db"), let number = UInt32(name.dropFirst(2)) else { return nil }
    var counts: [Substring: UInt64] = [:]
    for part in value.split(separator: ",") {
      let sides = part.split(separator: "=")
      if sides.count == 2 { counts[sides[0]] = UInt64(sides[1]) }
    }
    guard let keys = counts["keys"] else { return nil }
    self.init(number: number, keyCount: keys, expiringCount: counts["expires"] ?? 0)
  }
}
