import Foundation
import RESP

/// A master with replicas, and sentinels that watch it under the name `mymaster`.
public final class LiveSentinels {
  public private(set) var servers: [LiveServer] = []
  public private(set) var sentinels: [LiveServer] = []

  /// Starts the processes, and waits until each sentinel knows all replicas and the other sentinels.
  ///
  /// - Parameters:
  ///   - replicas: The number of replicas.
  ///   - sentinels: The number of sentinels.
  ///   - arguments: More arguments of the master and its replicas.
  public init(replicas: Int, sentinels count: Int, arguments: [String] = []) throws {
    // A replica is usable at once, not after the 5 s in which others could join its synchronisation.
    let arguments = ["--repl-diskless-sync-delay", "0"] + arguments
    let master = try LiveServer(.redis7, arguments: arguments)
    servers.append(master)
    for _ in 0..<replicas {
      servers.append(try LiveServer(.redis7, arguments: ["--replicaof", "127.0.0.1 \(master.port)"] + arguments))
    }
    let watch = """
      sentinel monitor mymaster 127.0.0.1 \(master.port) \(count / 2 + 1)
      sentinel down-after-milliseconds mymaster 1000
      sentinel failover-timeout mymaster 5000
      """
    for _ in 0..<count { sentinels.append(try LiveServer(.redis7, sentinel: watch)) }
    for sentinel in sentinels { try wait(for: sentinel, replicas: replicas, sentinels: count - 1) }
  }

  /// Stops all processes.
  public func stop() { for server in servers + sentinels { server.stop() } }

  /// Waits until the sentinels name another master than the one at `port`.
  ///
  /// - Returns: The port of the new master.
  public func waitForMaster(otherThan port: UInt16) throws -> UInt16 {
    for _ in 0..<600 {
      let ports = sentinels.compactMap { try? Self.master(by: $0) }
      if let first = ports.first, first != port, ports.count == sentinels.count, ports.allSatisfy({ $0 == first }) {
        return first
      }
      usleep(50_000)
    }
    throw LiveServer.Failure(description: "the sentinels chose no new master within 30 s")
  }

  private static func master(by sentinel: LiveServer) throws -> UInt16? {
    let reply = try LiveConnection(port: sentinel.port).command("SENTINEL", "get-master-addr-by-name", "mymaster")
    return reply.elements?.last?.bytes.flatMap { UInt16(String(decoding: $0, as: UTF8.self)) }
  }

  private func wait(for sentinel: LiveServer, replicas: Int, sentinels: Int) throws {
    let connection = try LiveConnection(port: sentinel.port)
    for _ in 0..<600 {
      let known = try connection.command("SENTINEL", "REPLICAS", "mymaster").elements?.count ?? 0
      let others = try connection.command("SENTINEL", "SENTINELS", "mymaster").elements?.count ?? 0
      if known == replicas, others == sentinels { return }
      usleep(50_000)
    }
    throw LiveServer.Failure(description: "the sentinels did not find each other within 30 s")
  }
}
