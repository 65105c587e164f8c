import Foundation
import RDB
import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// Loads into running clusters, and readings of them, while a slot moves from master to master.
@Suite("Clusters whose slots move", .serialized)
struct LiveClusterTests {
  /// Half of the keys are in one slot, which moves.
  private static let names = (0..<3000).flatMap { ["{moving}:\($0)", "key:\($0)"] }
  private static let movingSlot = HashSlots().slot(of: Array("{moving}".utf8).span.bytes)

  /// A snapshot with a string or a list per key, whose last element tells the key.
  private static let snapshot = Records.snapshot(
    "REDIS0009",
    names.enumerated().flatMap { index, name in
      index % 4 < 2 ? Records.list(name, ["a", "b", name]) : Records.text(name, name)
    })

  private static func topology(_ cluster: LiveCluster, retries: Int = 30) throws -> ClusterTopology {
    let endpoints = cluster.servers.map { Endpoint(host: "127.0.0.1", port: $0.port) }
    var settings = ServerSettings(ServerAddress(.cluster([endpoints[0]])))
    (settings.replyTimeout, settings.retryCount) = (.seconds(10), retries)
    return try ClusterTopology(try Connector(settings))
  }

  private static func load(
    _ cluster: LiveCluster, _ kind: LiveServer.Kind, restore: RESPOptions.Restore, existing: LoadOptions.ExistingKeys
  ) throws -> ClusterLoader {
    var options = LoadOptions()
    options.existingKeys = existing
    // Many moves fit into a slow load.
    options.keysPerSecond = 6000
    let loader = try ClusterLoader(try topology(cluster), options)
    let marked = try commands(of: snapshot, marked: true) {
      $0 = RESPOptions(target: kind.version)
      ($0.existing, $0.isolatesKeys, $0.restore) = (existing == .replaced ? .replace : .keep, true, restore)
    }
    for unit in try units(marked, limits: .perKey) { try loader.send(unit) }
    try loader.finish()
    return loader
  }

  /// Returns the keys of all masters whose value is not that of the snapshot, and those that two masters have.
  private static func differences(_ cluster: LiveCluster) throws -> [String] {
    var (differences, seen): ([String], Set<String>) = ([], [])
    for port in try cluster.masterPorts() {
      let live = try LiveConnection(port: port)
      let keys = (try live.command("KEYS", "*").elements ?? []).map { $0.bytes ?? [] }
      let types = try live.commands(keys.map { [Array("TYPE".utf8), $0] })
      let values = try live.commands(
        zip(keys, types).map { key, type in
          type.bytes == Array("list".utf8)
            ? [Array("LRANGE".utf8), key, Array("0".utf8), Array("-1".utf8)] : [Array("GET".utf8), key]
        })
      for (key, value) in zip(keys, values) {
        let name = String(decoding: key, as: UTF8.self)
        if !seen.insert(name).inserted { differences.append("\(name) is at two masters") }
        let elements = value.elements?.map { $0.bytes ?? [] }
        let isEqual = elements.map { $0 == [[97], [98], key] } ?? (value.bytes == key)
        if !isEqual { differences.append("\(name): \(value)") }
      }
    }
    return differences + Set(names).subtracting(seen).map { "\($0) is missing" }
      + seen.subtracting(names).map { "\($0) is too many" }
  }

  @Test(
    "A load brings each key to the cluster once while the slot of half of them moves",
    arguments: [LiveServer.Kind.redis7, .valkey9])
  func loads(kind: LiveServer.Kind) throws {
    let cluster = try LiveCluster(kind)
    defer { cluster.stop() }
    for (restore, existing) in [
      (RESPOptions.Restore.never, LoadOptions.ExistingKeys.refused), (.never, .replaced), (.auto, .replaced),
    ] {
      if existing == .refused || restore == .auto {
        for port in try cluster.masterPorts() { try LiveConnection(port: port).command("FLUSHALL") }
      }
      let mover = SlotMover(cluster, Self.movingSlot)
      let loaded = Result { try Self.load(cluster, kind, restore: restore, existing: existing) }
      let moves = try mover.stop()
      let loader = try loaded.get()
      #expect(loader.safeKeyCount == 6000 && moves > 0, "\(restore) \(existing)")
      let differences = try Self.differences(cluster)
      #expect(differences.isEmpty, "\(restore) \(existing), \(moves) moves: \(differences.prefix(5))")
    }
  }

  /// Collects the names of a snapshot.
  private struct NameSink: SelectiveSink {
    var names: [String] = []
    static var events: SinkEvents { [] }
    mutating func beginKey(_ key: borrowing KeyHeader) -> Interest {
      names.append(String(decoding: [UInt8](key.name), as: UTF8.self))
      return .skip
    }
  }

  @Test(
    "A reading key by key has each key of the cluster once while the slot of half of them moves",
    arguments: [LiveServer.Kind.redis7, .valkey9])
  func reads(kind: LiveServer.Kind) throws {
    let cluster = try LiveCluster(kind)
    defer { cluster.stop() }
    _ = try Self.load(cluster, kind, restore: .auto, existing: .replaced)
    for moves in [false, true] {
      for _ in 0..<(moves ? 3 : 1) {
        let mover = moves ? SlotMover(cluster, Self.movingSlot) : nil
        let destination = MemoryDestination()
        let copied = Result {
          try SnapshotCopy(try ClusterScanSource(try Self.topology(cluster)), to: destination) { _ in }
        }
        _ = try mover?.stop()
        let copy = try copied.get()
        guard case .verified = copy.checksum else {
          Issue.record("\(copy.checksum)")
          return
        }
        var sink = NameSink()
        var reader = RDBReader(MemorySource(destination.bytes))
        try reader.read(into: &sink)
        #expect(sink.names.count == 6000)
        let isEqual = Set(sink.names) == Set(Self.names)
        #expect(isEqual)
      }
    }
  }

  @Test("A load goes on when a master is killed and its replica takes over", .enabled(if: isDeep))
  func failover() throws {
    let cluster = try LiveCluster(.redis7, replicas: 2)
    defer { cluster.stop() }
    var options = LoadOptions()
    (options.existingKeys, options.replicaCount, options.keysPerSecond) = (.replaced, 1, 3000)
    let loader = try ClusterLoader(try Self.topology(cluster, retries: 60), options)
    let marked = try commands(of: Self.snapshot, marked: true) {
      $0 = RESPOptions(target: LiveServer.Kind.redis7.version)
      ($0.existing, $0.isolatesKeys) = (.replace, true)
    }
    for (index, unit) in try units(marked, limits: .perKey).enumerated() {
      if index == 2000 { cluster.servers[1].stop() }
      try loader.send(unit)
    }
    try loader.finish()
    #expect(loader.safeKeyCount == 6000 && loader.reconnectionCount > 0 && !loader.hasServerRestarted)
    let differences = try Self.differences(cluster)
    #expect(differences.isEmpty, "\(differences.prefix(5))")
  }
}
