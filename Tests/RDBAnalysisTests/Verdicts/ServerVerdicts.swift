import RDBFormat
import RESP
import TestSupport

/// What a server does with a payload.
enum ServerVerdict: Hashable, Sendable {
  case restores
  /// It answers RESTORE with an error.
  case refuses
  /// It ends, or does not answer, while it restores the value or deletes it afterwards.
  case crashes
  /// It has no such value type.
  case doesNotKnow

  var isRefusal: Bool { self == .refuses || self == .crashes }
}

/// A server that is asked for its verdict on payloads, with `sanitize-dump-payload yes`; started again after a crash.
final class ServerVerdicts {
  let kind: LiveServer.Kind
  private var server: LiveServer
  private var connection: LiveConnection

  init(_ kind: LiveServer.Kind) throws {
    self.kind = kind
    (server, connection) = try Self.start(kind)
  }

  func stop() { server.stop() }

  private static func start(_ kind: LiveServer.Kind) throws -> (LiveServer, LiveConnection) {
    let server = try LiveServer(kind, arguments: ["--sanitize-dump-payload", "yes", "--crash-log-enabled", "no"])
    return (server, try LiveConnection(port: server.port))
  }

  /// Restores each value and deletes it again.
  func verdicts(on values: [StoredValue]) throws -> [ServerVerdict] {
    var verdicts: [ServerVerdict] = []
    // A server that crashes has not sent its last replies. The batch is then repeated value by value.
    var alone = 0
    var isFresh = true
    while verdicts.count < values.count {
      let size = alone > 0 ? 1 : 250
      let batch = values[verdicts.count..<min(verdicts.count + size, values.count)]
      let commands = batch.flatMap { value -> [[[UInt8]]] in
        [["RESTORE", "k", "0"].map { Array($0.utf8) } + [value.payload], ["DEL", "k"].map { Array($0.utf8) }]
      }
      let replies = connection.repliesUntilFailure(commands, timeout: 20)
      if replies.count == commands.count {
        for (index, value) in batch.enumerated() {
          let isRestored = replies[2 * index].bytes == Array("OK".utf8)
          verdicts.append(isRestored ? .restores : kind.knows(value) ? .refuses : .doesNotKnow)
        }
        alone = max(0, alone - 1)
        isFresh = false
      } else {
        // Only a server that has seen no other value shows which value it was.
        if batch.count == 1, isFresh { verdicts.append(.crashes) }
        if batch.count > 1 { alone = batch.count }
        server.stop()
        (server, connection) = try Self.start(kind)
        isFresh = true
      }
    }
    return verdicts
  }
}

extension LiveServer.Kind {
  /// Whether the server has the value's type.
  func knows(_ value: StoredValue) -> Bool {
    switch (self, value.vendor) {
    case (.redis6, .redis): value.type < 16
    case (.redis7, .redis): value.type < 20
    case (.redis8, .redis): value.type < 26
    case (.valkey9, .redis): value.type < 22
    case (.valkey9, .valkey): value.type == 22
    case (.redis6, .valkey), (.redis7, .valkey), (.redis8, .valkey): false
    }
  }
}
