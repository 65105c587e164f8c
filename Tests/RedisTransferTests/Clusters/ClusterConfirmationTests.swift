import Foundation
import RDBConvert
import RDBSupport
import RedisTransfer
import TestSupport
import Testing

/// Loads that keep keys of a cluster, over connections that are lost before the replicas have confirmed the keys.
@Suite("Confirming keys of a cluster after a lost connection", .serialized)
struct ClusterConfirmationTests {
  private static func load(_ cluster: ScriptedCluster, _ snapshot: [UInt8], replicas: Int = 1) throws -> (
    loader: ClusterLoader, rereadCount: Int
  ) {
    var options = LoadOptions()
    (options.existingKeys, options.replicaCount) = (.kept, replicas)
    let loader = try ClusterLoader(try ClusterTopology(try cluster.connector()), options)
    let marked = try commands(of: snapshot, target: "7.0", marked: true) {
      ($0.existing, $0.isolatesKeys, $0.restoreLimit) = (.keep, true, 0)
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

  /// Whether a node got a write of a temporary key, its removal and WAIT, one after the other.
  private static func confirmsWithOwnWrite(_ commands: [[String]]) -> Bool {
    zip(commands, zip(commands.dropFirst(), commands.dropFirst(2))).contains { write, next in
      write.count == 5 && write[0] == "SET" && write[3...] == ["PX", "1"]
        && next.0 == ["DEL", write[1]] && next.1.first == "WAIT"
    }
  }

  @Test("Counts a key that the server keeps once, also if it is sent again after a lost connection")
  func keptOnce() throws {
    let cluster = try ScriptedCluster(1) { _, command, _ in
      switch command[0] {
      case "SET" where command[1] == "a": .reply("$-1\r\n")
      case "TIME": .reply("*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n")
      case "PTTL": .reply(":-1\r\n")
      case "GET": .reply("$5\r\nother\r\n")
      default: nil
      }
    }
    cluster.closeAtWait(0)
    let snapshot = Records.snapshot("REDIS0009", Records.text("a", "1") + Records.text("b", "2"))
    let loader = try Self.load(cluster, snapshot).loader
    let attempts = cluster.allCommands(0).filter { $0[0] == "SET" && $0[1] == "a" }
    #expect(attempts.count == 2)
    #expect(loader.safeKeyCount == 2 && loader.keptKeyCount == 1)
  }

  @Test("Writes and removes a key of its own before WAIT, if an earlier connection has sent the keys")
  func ownWrite() throws {
    let box = Counts()
    let cluster = try ScriptedCluster(1) { _, command, _ in
      switch command[0] {
      // The connection before has written the key.
      case "SET" where command[1] == "a" && box.count("SET") > 1: .reply("$-1\r\n")
      case "TIME": .reply("*2\r\n$10\r\n1700000000\r\n$1\r\n0\r\n")
      case "PTTL": .reply(":-1\r\n")
      case "GET": .reply("$1\r\n1\r\n")
      default: nil
      }
    }
    cluster.closeAtWait(0)
    let loader = try Self.load(cluster, Records.snapshot("REDIS0009", Records.text("a", "1"))).loader
    #expect(loader.safeKeyCount == 1 && loader.keptKeyCount == 0)
    let commands = cluster.allCommands(0)
    #expect(Self.confirmsWithOwnWrite(commands), "\(commands)")
  }

  @Test("Does so for a key of several commands, which is sent apart from the others")
  func ownWriteApart() throws {
    let box = Counts()
    let cluster = try ScriptedCluster(1) { _, command, _ in
      switch command[0] {
      case "EXEC" where box.count("EXEC") == 1: .closing(executes: true)
      // The list was written, but not answered.
      case "EXISTS" where box.count("EXISTS") > 1: .reply(":1\r\n")
      case "PTTL": .reply(":-1\r\n")
      case "DUMP": .reply("$3\r\nabc\r\n")
      default: nil
      }
    }
    let loader = try Self.load(cluster, Records.snapshot("REDIS0009", Records.list("l", ["x", "y"]))).loader
    #expect(loader.safeKeyCount == 1 && loader.keptKeyCount == 0)
    let commands = cluster.allCommands(0)
    #expect(Self.confirmsWithOwnWrite(commands), "\(commands)")
  }

  @Test("Writes no key of its own where the connection has written the keys itself")
  func noOwnWrite() throws {
    let cluster = try ScriptedCluster(1)
    let loader = try Self.load(cluster, Records.snapshot("REDIS0009", Records.text("a", "1"))).loader
    #expect(loader.safeKeyCount == 1)
    let names = cluster.allCommands(0).map { $0[0] }
    #expect(names == ["SET", "WAIT"])
  }

  @Test("Does not end while it is unknown who has the slots of a lost master")
  func unknownOwner() throws {
    // The key "b" is at the first node, "a" and "l" are at the second one.
    let slots = HashSlots()
    let numbers = ["b", "a", "l"].map { slots.slot(of: Array($0.utf8).span.bytes) }
    #expect(numbers == [3300, 15495, 11562])
    let (hook, box) = (Hook(), Counts())
    let cluster = try ScriptedCluster(2) { node, command, _ in
      guard command[0] == "SET", box.count(command[1]) == 1 else { return nil }
      if node == 0 {
        hook.call()
        return .leaving
      }
      // Between the two replies, the loader learns that the first node is lost.
      hook.waitUntilCalled()
      return nil
    }
    hook.body = {
      cluster.stop(0)
      cluster.setRanges([(8192, 16383, 1)])
      // At first, no node has the slots of the lost master; then a node that is no former replica.
      cluster.onSlotQuestion { if box.count("slots") == 4 { cluster.setRanges([(0, 16383, 1)]) } }
    }
    let snapshot = Records.snapshot("REDIS0009", ["b", "a", "l"].flatMap { Records.text($0, "1") })
    let (loader, rereadCount) = try Self.load(cluster, snapshot, replicas: 0)
    #expect(loader.safeKeyCount == 3 && rereadCount == 1)
    let keys = Set(cluster.commands(1).filter { $0[0] == "SET" }.map { $0[1] })
    #expect(keys == ["a", "b", "l"])
  }
}

/// Counts of names, by the scripts of one test.
private final class Counts: @unchecked Sendable {
  private let lock = NSLock()
  private var counts: [String: Int] = [:]

  /// Counts a name, and returns how often it was counted.
  func count(_ name: String) -> Int {
    lock.lock()
    defer { lock.unlock() }
    counts[name, default: 0] += 1
    return counts[name] ?? 0
  }
}

/// What one node does when another one is lost.
private final class Hook: @unchecked Sendable {
  private let called = NSCondition()
  private var isCalled = false
  var body: () -> Void = {}

  func call() {
    body()
    called.lock()
    isCalled = true
    called.broadcast()
    called.unlock()
  }

  /// Waits until the other node is lost, and some time for its connection to end.
  func waitUntilCalled() {
    called.lock()
    while !isCalled { called.wait() }
    called.unlock()
    usleep(200_000)
  }
}
