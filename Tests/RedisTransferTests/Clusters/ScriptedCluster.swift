import Foundation
import RDBSupport
import RESP
import RedisTransfer
import TestSupport

/// Nodes of a cluster that answer as a test says, and keep what they execute.
final class ScriptedCluster: @unchecked Sendable {
  /// The answer of a node to a command, in place of its own.
  enum Answer {
    /// This error.
    case error(String)
    /// These bytes; the node does not execute the command.
    case reply(String)
    /// The node executes the command, answers, and closes the connection.
    case leaving
    /// The node closes the connection, before or after it executes the command.
    case closing(executes: Bool)
  }

  typealias Script = @Sendable (_ node: Int, _ command: [String], _ isAsking: Bool) -> Answer?

  private let lock = NSLock()
  private(set) var nodes: [ScriptedServer] = []
  /// The first slot of each node; `nil`: it has none.
  private var slotRanges: [(first: Int, last: Int, node: Int)]
  private var executed: [[[String]]]
  /// The commands of keys, and WAIT.
  private var received: [[[String]]]
  private var runIdentifiers: [String]
  /// The history of each process before it became a master.
  private var formerHistories: [String?]
  private var downNodes: Set<Int> = []
  private var nodesClosingAtWait: Set<Int> = []
  /// Called before each answer about the slots.
  private var slotQuestionHook: () -> Void = {}
  private let script: Script

  /// - Parameter count: The number of nodes, among which the slots are divided evenly.
  init(_ count: Int, _ script: @escaping Script = { _, _, _ in nil }) throws {
    self.script = script
    slotRanges = (0..<count).map { ($0 * 16384 / count, ($0 + 1) * 16384 / count - 1, $0) }
    executed = Array(repeating: [], count: count)
    received = Array(repeating: [], count: count)
    runIdentifiers = (0..<count).map { "\($0)" + String(repeating: "f", count: 39) }
    formerHistories = Array(repeating: nil, count: count)
    for node in 0..<count {
      // Threads of the nodes can run longer than the test: the cluster stays in memory.
      nodes.append(try ScriptedServer { [self] peer in serve(node, peer) })
    }
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return body()
  }

  /// What a node executed, in its order.
  func commands(_ node: Int) -> [[String]] { locked { executed[node] } }
  /// What a node got but questions about the node itself, in its order.
  func allCommands(_ node: Int) -> [[String]] { locked { received[node] } }
  func setRanges(_ ranges: [(Int, Int, Int)]) { locked { slotRanges = ranges } }
  /// Lets a node take no connections, and close those that it has at the next command.
  func stop(_ node: Int) { _ = locked { downNodes.insert(node) } }
  /// Lets a node take connections again, as another process.
  func restart(_ node: Int, as identifier: String) {
    locked {
      downNodes.remove(node)
      runIdentifiers[node] = identifier
    }
  }
  /// Makes a node a former replica of another one.
  func promote(_ node: Int, replicaOf former: Int) { locked { formerHistories[node] = history(former) } }

  /// Lets a node close the connection at the next WAIT.
  func closeAtWait(_ node: Int) { _ = locked { nodesClosingAtWait.insert(node) } }
  private func closesAtWait(_ node: Int) -> Bool { locked { nodesClosingAtWait.remove(node) != nil } }
  /// Has `body` called before each answer about the slots.
  func onSlotQuestion(_ body: @escaping () -> Void) { locked { slotQuestionHook = body } }

  func endpoint(_ node: Int) -> Endpoint { Endpoint(host: "127.0.0.1", port: nodes[node].port) }

  func connector(retries: Int = 8) throws -> Connector {
    var settings = ServerSettings(ServerAddress(.cluster([endpoint(0)])))
    (settings.replyTimeout, settings.retryCount) = (.seconds(5), retries)
    return try Connector(settings)
  }

  private func history(_ node: Int) -> String { "\(node)" + String(repeating: "e", count: 39) }

  private func serve(_ node: Int, _ peer: ScriptedServer.Peer) {
    var reader = RESPCommandReader()
    var queued: [[String]]?
    var (isDirty, isAsking) = (false, false)
    while true {
      let bytes = peer.read()
      if bytes.isEmpty || locked({ downNodes.contains(node) }) { return }
      reader.feed(bytes.span.bytes)
      while (try? reader.next()) == true {
        let command = reader.copiedArguments().map { String(decoding: $0, as: UTF8.self) }
        if command[0] == "WAIT" {
          locked { received[node].append(command) }
          if closesAtWait(node) { return }
        }
        if let reply = reply(toQuestion: command, node) {
          peer.write(reply)
          continue
        }
        if command == ["ASKING"] {
          isAsking = true
          peer.write("+OK\r\n")
          continue
        }
        locked { received[node].append(command) }
        let answer = command == ["MULTI"] ? nil : script(node, command, isAsking)
        if queued == nil, command != ["MULTI"] { isAsking = false }
        switch answer {
        case .error(let words):
          isDirty = queued != nil
          peer.write("-\(words)\r\n")
          continue
        case .reply(let text):
          peer.write(text)
          continue
        case .leaving:
          locked { executed[node] += (queued ?? []) + [command] }
          peer.write("+OK\r\n")
          return
        case .closing(let executes):
          if executes { locked { executed[node] += (queued ?? []) + [command] } }
          return
        case nil: break
        }
        switch command[0] {
        case "MULTI":
          queued = []
          peer.write("+OK\r\n")
        case "EXEC":
          if isDirty {
            peer.write("-EXECABORT Transaction discarded because of previous errors.\r\n")
          } else {
            locked { executed[node] += queued ?? [] }
            peer.write("*\(queued?.count ?? 0)\r\n" + String(repeating: ":1\r\n", count: queued?.count ?? 0))
          }
          (queued, isDirty, isAsking) = (nil, false, false)
        default:
          if queued != nil {
            queued?.append(command)
            peer.write("+QUEUED\r\n")
          } else {
            if command[0] != "WATCH", command[0] != "UNWATCH", command[0] != "EXISTS" {
              locked { executed[node].append(command) }
            }
            peer.write(command[0] == "EXISTS" ? ":0\r\n" : "+OK\r\n")
          }
        }
      }
    }
  }

  private func reply(toQuestion command: [String], _ node: Int) -> String? {
    switch command[0] {
    case "HELLO": return "-ERR unknown command 'HELLO'\r\n"
    case "PING": return "+PONG\r\n"
    case "ROLE": return "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
    case "CLIENT": return command[1] == "ID" ? ":\(node)\r\n" : "+OK\r\n"
    case "WAIT": return ":1\r\n"
    case "INFO":
      let text = locked {
        "run_id:\(runIdentifiers[node])\r\nmaster_replid:\(history(node))\r\nmaster_repl_offset:10\r\n"
          + (formerHistories[node].map { "master_replid2:\($0)\r\nsecond_repl_offset:11\r\n" } ?? "")
      }
      return "$\(text.utf8.count)\r\n\(text)\r\n"
    case "CLUSTER" where command.count == 2:
      let hook = locked { slotQuestionHook }
      hook()
      let ranges = locked { slotRanges }
      return "*\(ranges.count)\r\n"
        + ranges.map { range in
          "*3\r\n:\(range.first)\r\n:\(range.last)\r\n*2\r\n$9\r\n127.0.0.1\r\n:\(nodes[range.node].port)\r\n"
        }.joined()
    default: return nil
    }
  }
}

/// Records of a small snapshot.
enum Records {
  static func snapshot(_ version: String, _ records: [UInt8]) -> [UInt8] {
    Array(version.utf8) + [0xFE, 0] + records + [0xFF] + [UInt8](repeating: 0, count: 8)
  }

  /// A string of less than 64 or 16,384 bytes.
  static func string(_ text: String) -> [UInt8] {
    let count = text.utf8.count
    return (count < 64 ? [UInt8(count)] : [0x40 | UInt8(count >> 8), UInt8(count & 0xFF)]) + Array(text.utf8)
  }

  static func text(_ key: String, _ value: String) -> [UInt8] { [0] + string(key) + string(value) }

  static func list(_ key: String, _ elements: [String]) -> [UInt8] {
    [1] + string(key) + [UInt8(elements.count)] + elements.flatMap(string)
  }
}
