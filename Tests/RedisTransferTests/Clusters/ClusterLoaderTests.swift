import Foundation
import RDB
import RDBConvert
import RDBSupport
import RESP
import RedisTransfer
import TestSupport
import Testing

/// Loads of a snapshot into nodes that answer as a test says.
@Suite("Loading into a cluster", .serialized)
struct ClusterLoaderTests {
  private static let keys = (0..<200).map { "key \($0)" }

  /// A snapshot with a string per key, and a list of three elements per third key.
  private static let snapshot = Records.snapshot(
    "REDIS0009",
    keys.enumerated().flatMap { index, key in
      index % 3 == 0 ? Records.list(key, ["a", "b", "c"]) : Records.text(key, "v")
    })

  private static func slot(_ key: String) -> Int { HashSlots().slot(of: Array(key.utf8).span.bytes) }

  /// Loads the snapshot, again from the keys that the loader says.
  @discardableResult
  private static func load(
    _ cluster: ScriptedCluster, _ snapshot: [UInt8] = snapshot, existing: LoadOptions.ExistingKeys = .replaced,
    replicas: Int = 0, retries: Int = 8
  ) throws -> (loader: ClusterLoader, rereadCount: Int) {
    var options = LoadOptions()
    (options.existingKeys, options.replicaCount) = (existing, replicas)
    let loader = try ClusterLoader(try ClusterTopology(try cluster.connector(retries: retries)), options)
    let marked = try commands(of: snapshot, target: "7.0", marked: true) {
      ($0.existing, $0.isolatesKeys, $0.restoreLimit) = (existing == .replaced ? .replace : .keep, true, 0)
    }
    var (skipped, rereadCount): (UInt64, Int) = (0, 0)
    while true {
      do {
        for unit in try units(marked, limits: .perKey, skipping: skipped) { try loader.send(unit) }
        try loader.finish()
        return (loader, rereadCount)
      } catch LoadStop.mustReread(let key) {
        rereadCount += 1
        skipped = try loader.restart(skipping: key, sentBefore: 0)
      }
    }
  }

  /// The commands of each key at all nodes, in their order.
  private static func commandsByKey(_ cluster: ScriptedCluster) -> [String: [(node: Int, name: String)]] {
    var commands: [String: [(Int, String)]] = [:]
    for node in cluster.nodes.indices {
      for command in cluster.commands(node) where command.count > 1 {
        commands[command[1], default: []].append((node, command[0]))
      }
    }
    return commands
  }

  private static func expectEachKeyOnce(_ cluster: ScriptedCluster, at node: (String) -> Int) {
    let commands = commandsByKey(cluster)
    #expect(commands.count == keys.count)
    for (index, key) in keys.enumerated() {
      let names = commands[key]?.map(\.name) ?? []
      #expect(names == (index % 3 == 0 ? ["UNLINK", "RPUSH"] : ["SET"]), "\(key)")
      let nodes = Set(commands[key]?.map(\.node) ?? [])
      #expect(nodes == [node(key)], "\(key)")
    }
  }

  @Test("Sends each key to the master of its slot, and a key of several commands as one transaction")
  func routing() throws {
    let cluster = try ScriptedCluster(3)
    let loader = try Self.load(cluster).loader
    #expect(loader.safeKeyCount == 200)
    Self.expectEachKeyOnce(cluster) { Self.slot($0) * 3 / 16384 }
  }

  @Test("Sends a key again to the node that MOVED names, and later keys of the slot too")
  func moved() throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { node, command, _ in
      guard command.count > 1, node == 0 else { return nil }
      let slot = Self.slot(command[1])
      return slot.isMultiple(of: 2) ? .error("MOVED \(slot) 127.0.0.1:\(box.port)") : nil
    }
    box.port = cluster.nodes[1].port
    let loader = try Self.load(cluster).loader
    #expect(loader.safeKeyCount == 200)
    Self.expectEachKeyOnce(cluster) { Self.slot($0) < 8192 && !Self.slot($0).isMultiple(of: 2) ? 0 : 1 }
  }

  @Test("Asks the node that ASK names with ASKING before the command or the transaction, and keeps the slot map")
  func ask() throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { node, command, isAsking in
      guard command.count > 1 else { return nil }
      let slot = Self.slot(command[1])
      guard slot < 4096 else { return nil }
      if node == 0 { return .error("ASK \(slot) 127.0.0.1:\(box.port)") }
      // Without ASKING, a node that imports a slot does not take its keys.
      return isAsking ? nil : .error("MOVED \(slot) 127.0.0.1:\(box.firstPort)")
    }
    (box.firstPort, box.port) = (cluster.nodes[0].port, cluster.nodes[1].port)
    let loader = try Self.load(cluster).loader
    #expect(loader.safeKeyCount == 200)
    Self.expectEachKeyOnce(cluster) { (4096..<8192).contains(Self.slot($0)) ? 0 : 1 }
  }

  @Test(
    "Waits and sends again after TRYAGAIN and CLUSTERDOWN",
    arguments: ["TRYAGAIN x", "CLUSTERDOWN The cluster is down"])
  func waiting(error: String) throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { _, command, _ in
      guard command.count > 1 else { return nil }
      return box.count(command[1]) <= 2 ? .error(error) : nil
    }
    let loader = try Self.load(cluster).loader
    #expect(loader.safeKeyCount == 200)
    Self.expectEachKeyOnce(cluster) { Self.slot($0) * 2 / 16384 }
  }

  @Test("Ends with an error if a node never takes the key")
  func neverTaken() throws {
    let cluster = try ScriptedCluster(2) { _, command, _ in command.count > 1 ? .error("TRYAGAIN x") : nil }
    let error = #expect(throws: TransferError.self) { try Self.load(cluster, retries: 1) }
    #expect(error?.description.contains("TRYAGAIN") == true)
  }

  @Test("Ends with an error if two nodes send a key to each other without end")
  func redirectedForever() throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { node, command, _ in
      guard command.count > 1 else { return nil }
      return .error("MOVED \(Self.slot(command[1])) 127.0.0.1:\(node == 0 ? box.port : box.firstPort)")
    }
    (box.firstPort, box.port) = (cluster.nodes[0].port, cluster.nodes[1].port)
    let error = #expect(throws: TransferError.self) { try Self.load(cluster, retries: 1) }
    #expect(error?.description.contains("MOVED") == true)
  }

  @Test(
    "Sends what was not answered again when a connection is lost, before or after the command",
    arguments: [false, true])
  func lost(executes: Bool) throws {
    let box = Box()
    let cluster = try ScriptedCluster(3) { node, command, _ in
      command.count > 1 && box.count("node \(node)") == 20 ? .closing(executes: executes) : nil
    }
    let (loader, rereadCount) = try Self.load(cluster, replicas: 1)
    #expect(loader.safeKeyCount == 200 && loader.reconnectionCount >= 1 && rereadCount == 0)
    let commands = Self.commandsByKey(cluster)
    for (index, key) in Self.keys.enumerated() {
      // What comes last is the whole key.
      let names = commands[key]?.map(\.name) ?? []
      #expect(names.last == (index % 3 == 0 ? "RPUSH" : "SET"), "\(key)")
    }
  }

  @Test("Goes on at a former replica that has the slots of a lost master")
  func failover() throws {
    let box = Box()
    let cluster = try ScriptedCluster(3) { node, command, _ in
      guard node == 0, command.count > 1, box.count("commands") == 20 else { return nil }
      box.onLoss()
      return .closing(executes: true)
    }
    // The third node has no slots at first: it is the replica of the first one.
    cluster.setRanges([(0, 8191, 0), (8192, 16383, 1)])
    box.onLoss = {
      cluster.stop(0)
      cluster.promote(2, replicaOf: 0)
      cluster.setRanges([(0, 8191, 2), (8192, 16383, 1)])
    }
    let (loader, rereadCount) = try Self.load(cluster, replicas: 1)
    #expect(loader.safeKeyCount == 200 && rereadCount == 0)
    let commands = Self.commandsByKey(cluster)
    #expect(commands.count == 200 && !cluster.commands(2).isEmpty)
  }

  @Test("Sends all keys again if the slots of a lost master went to a node that is no former replica")
  func lostKeys() throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { node, command, _ in
      guard node == 0, command.count > 1, box.count("commands") == 20 else { return nil }
      box.onLoss()
      return .closing(executes: true)
    }
    box.onLoss = {
      cluster.stop(0)
      cluster.setRanges([(0, 16383, 1)])
    }
    let (loader, rereadCount) = try Self.load(cluster, replicas: 1)
    #expect(loader.safeKeyCount == 200 && rereadCount == 1)
    let keys = Set(cluster.commands(1).compactMap { $0.count > 1 ? $0[1] : nil })
    #expect(keys == Set(Self.keys))
  }

  @Test("Sends all keys again if a master was started anew, and has no replica")
  func restarted() throws {
    let box = Box()
    let cluster = try ScriptedCluster(2) { node, command, _ in
      guard node == 0, command.count > 1, box.count("commands") == 20 else { return nil }
      box.onLoss()
      return .closing(executes: true)
    }
    box.onLoss = { cluster.restart(0, as: "another process") }
    let (loader, rereadCount) = try Self.load(cluster)
    #expect(loader.safeKeyCount == 200 && rereadCount == 1)
  }

  @Test("Watches a key of several commands that must not replace another one, and keeps it if there is one")
  func guarded() throws {
    let cluster = try ScriptedCluster(2) { _, command, _ in
      // The answer of a key that exists.
      command[0] == "SET" && command[1] == "key 1" ? .error("BUSYKEY exists") : nil
    }
    let loader = try Self.load(cluster, existing: .kept).loader
    #expect(loader.safeKeyCount == 200 && loader.keptKeyCount == 1)
    let commands = Self.commandsByKey(cluster)
    #expect(commands["key 3"]?.map(\.name) == ["RPUSH"])
    let stop = #expect(throws: LoadStop.self) { try Self.load(cluster, existing: .refused) }
    guard case .exists(let failure)? = stop else {
      Issue.record("\(String(describing: stop))")
      return
    }
    #expect(failure.key == Array("key 1".utf8))
  }

  @Test("Removes the part of a key if a node refused another part, and lists the key")
  func partial() throws {
    let list = Records.snapshot("REDIS0009", Records.list("l", ["a"]))
    let cluster = try ScriptedCluster(1) { _, command, _ in
      command == ["EXEC"] ? .error("ERR broken") : nil
    }
    let stop = #expect(throws: LoadStop.self) { try Self.load(cluster, list) }
    guard case .refused(let failure)? = stop else {
      Issue.record("\(String(describing: stop))")
      return
    }
    #expect(failure.command == Array("EXEC".utf8) && failure.key == Array("l".utf8))
  }

  @Test("Sends a function library to every master")
  func libraries() throws {
    let cluster = try ScriptedCluster(3)
    let code = "#!lua name=one\nredis.register_function('f', function() return 1 end)"
    let snapshot = Records.snapshot("REDIS0010", [0xF5] + Records.string(code) + Records.text("k", "v"))
    let loader = try Self.load(cluster, snapshot).loader
    #expect(loader.safeKeyCount == 2)
    for node in 0..<3 {
      let libraries = cluster.commands(node).filter { $0[0] == "FUNCTION" }
      #expect(libraries.count == 1 && libraries.first?.last == code)
    }
  }

  @Test("Refuses an address that is not that of a cluster")
  func notCluster() throws {
    let server = try LiveServer(.redis7)
    defer { server.stop() }
    let settings = ServerSettings(ServerAddress(.cluster([Endpoint(host: "127.0.0.1", port: server.port)])))
    let error = #expect(throws: TransferError.self) { _ = try ClusterTopology(try Connector(settings)) }
    #expect(error?.condition == .notCluster)
  }
}

/// What the scripts of one test share.
private final class Box: @unchecked Sendable {
  private let lock = NSLock()
  private var counts: [String: Int] = [:]
  var (firstPort, port): (UInt16, UInt16) = (0, 0)
  var onLoss: () -> Void = {}

  /// Counts a name, and returns how often it was counted.
  func count(_ name: String) -> Int {
    lock.lock()
    defer { lock.unlock() }
    counts[name, default: 0] += 1
    return counts[name] ?? 0
  }
}
