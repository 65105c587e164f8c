import RDBSupport
import RESP

/// The commands that ask a server for a synchronisation, as a replica asks its master.
///
/// The handshake has no I/O. It begins on a connection without a reply that is due. Its owner sends what
/// ``takeCommand()`` returns, and gives all bytes that arrive to ``receive(_:)``, until there is an ``outcome``.
/// ``SyncFraming`` reads what follows.
///
///     REPLCONF version 9.1.0           Valkey: hashes whose fields expire need this; others refuse it
///     REPLCONF capa eof capa psync2    the snapshot may come without its size, and the history may change its name
///     REPLCONF rdb-only 1              for a snapshot alone: servers from 7.0 on close the connection after it
///     PSYNC ? -1                       or the position to resume at; SYNC for servers before 2.8
///
/// `REPLCONF listening-port` is never sent. With it, a master lists this client under that port, sentinels take it for a
/// replica, and may promote it. Without it, the master still lists this client, with port 0, and sentinels remember a
/// replica at port 0 (measured with Redis 7.0.15). After `rdb-only`, it lists the client only until the snapshot is sent
/// (measured with Redis 7.0.15 and 8.2.3 and Valkey 9.1.2), which can be long enough. To leave the sentinels' view
/// unchanged, ask a replica: sentinels do not ask replicas for their own replicas.
///
/// Source: `syncCommand`, `replconfCommand` and `masterTryPartialResync` in Redis `src/replication.c`.
package struct SyncHandshake: Sendable {
  /// The use of the synchronisation.
  package enum Purpose: Hashable, Sendable {
    /// A snapshot, and nothing after it.
    case snapshot
    /// A snapshot, and the commands after it.
    case following
    /// The commands from a position on if the server still has them, else as ``following``.
    case resuming(ReplicationPosition)
  }

  /// The answer of the server.
  package enum Outcome: Hashable, Sendable {
    /// A snapshot follows. Its position is `nil` after SYNC, which does not tell it.
    case snapshot(ReplicationPosition?)
    /// The commands from the requested position on follow, under the identifier that they have now.
    case commands(ReplicationPosition)
  }

  /// The reason for the end of a handshake.
  package typealias Failure = Handshake.Failure

  private enum Step: Sendable { case version, capabilities, snapshotOnly, psync, sync }

  /// The longest line of a reply, in bytes.
  private static let lineLimit = 1024
  /// The largest number of newlines before a reply. A server sends one per second.
  static let newlineLimit: UInt32 = 1 << 16

  private let purpose: Purpose
  private var steps: [Step]
  private var isReplyDue = false
  private var line: [UInt8] = []
  private var newlineCount: UInt32 = 0

  /// The answer; `nil` until the end of the handshake.
  package private(set) var outcome: Outcome?
  /// Whether the server closes the connection after the snapshot, and sends no commands.
  package private(set) var closesAfterSnapshot = false

  package init(_ purpose: Purpose) {
    self.purpose = purpose
    steps = [.version, .capabilities] + (purpose == .snapshot ? [.snapshotOnly] : []) + [.psync]
  }

  /// Returns the next command to send, once; `nil` while a reply is due, and at the end.
  package mutating func takeCommand() -> [[UInt8]]? {
    guard !isReplyDue, outcome == nil, let step = steps.first else { return nil }
    isReplyDue = true
    return words(of: step).map { Array($0.utf8) }
  }

  private func words(of step: Step) -> [String] {
    switch step {
    // Valkey writes a snapshot that this version can read. An older one could not hold each data type.
    case .version: return ["REPLCONF", "version", "9.1.0"]
    case .capabilities: return ["REPLCONF", "capa", "eof", "capa", "psync2"]
    case .snapshotOnly: return ["REPLCONF", "rdb-only", "1"]
    case .psync:
      guard case .resuming(let position) = purpose else { return ["PSYNC", "?", "-1"] }
      return ["PSYNC", String(decoding: position.identifier, as: UTF8.self), "\(position.offset &+ 1)"]
    case .sync: return ["SYNC"]
    }
  }

  /// Takes bytes that arrived. A newline before a reply only shows that the server is alive.
  ///
  /// - Returns: The number of bytes that belong to the handshake. Bytes remain after a complete reply.
  /// - Throws: ``Failure``. The connection must then be closed.
  package mutating func receive(_ chunk: RawSpan) throws(Failure) -> Int {
    var index = 0
    while isReplyDue, outcome == nil, let step = steps.first, index < chunk.byteCount {
      let byte = chunk.byte(at: index)
      if line.isEmpty {
        if byte == 10 {
          newlineCount += 1
          guard newlineCount <= Self.newlineLimit else { throw .unexpectedReply(command: Self.name(of: step)) }
          index += 1
          continue
        }
        if step == .sync, byte == UInt8(ascii: "$") {
          outcome = .snapshot(nil)
          break
        }
      }
      index += 1
      if byte != 10 {
        line.append(byte)
        guard line.count <= Self.lineLimit else { throw .unexpectedReply(command: Self.name(of: step)) }
      } else {
        if line.last == 13 { line.removeLast() }
        isReplyDue = false
        try take(line[...], step)
        line.removeAll()
      }
    }
    return index
  }

  private mutating func take(_ line: ArraySlice<UInt8>, _ step: Step) throws(Failure) {
    if line.first == UInt8(ascii: "-") {
      try refuse(ServerError(Array(line.dropFirst())), step)
    } else if step == .psync {
      outcome = try Self.outcome(line, purpose)
    } else if step != .sync, line.elementsEqual("+OK".utf8) {
      if step == .snapshotOnly { closesAfterSnapshot = true }
      steps.removeFirst()
    } else {
      throw .unexpectedReply(command: Self.name(of: step))
    }
  }

  private mutating func refuse(_ error: ServerError, _ step: Step) throws(Failure) {
    switch (step, error.kind) {
    // A server that does not know an option, or the whole command, can still synchronise without it.
    case (.version, .unknown), (.version, .unknownCommand), (.capabilities, .unknown),
      (.capabilities, .unknownCommand), (.snapshotOnly, .unknown), (.snapshotOnly, .unknownCommand):
      steps.removeFirst()
    case (.psync, .unknownCommand): steps = [.sync]
    default: throw .refused(command: Self.name(of: step), error.withoutArguments())
    }
  }

  private static func outcome(_ line: ArraySlice<UInt8>, _ purpose: Purpose) throws(Failure) -> Outcome {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    if words.count == 3, words[0].elementsEqual("+FULLRESYNC".utf8), isIdentifier(words[1]),
      let offset = UInt64(String(decoding: words[2], as: UTF8.self))
    {
      return .snapshot(ReplicationPosition(identifier: Array(words[1]), offset: offset))
    }
    if case .resuming(var position) = purpose, words[0].elementsEqual("+CONTINUE".utf8) {
      if words.count == 1 { return .commands(position) }
      if words.count == 2, isIdentifier(words[1]) {
        position.identifier = Array(words[1])
        return .commands(position)
      }
    }
    throw .unexpectedReply(command: "PSYNC")
  }

  private static func isIdentifier(_ word: ArraySlice<UInt8>) -> Bool {
    word.count == 40 && word.allSatisfy { (0x21...0x7E).contains($0) }
  }

  private static func name(of step: Step) -> String {
    switch step {
    case .version, .capabilities, .snapshotOnly: "REPLCONF"
    case .psync: "PSYNC"
    case .sync: "SYNC"
    }
  }
}
