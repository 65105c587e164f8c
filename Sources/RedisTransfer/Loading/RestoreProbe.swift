import RDBFormat
import RDBSupport
import RESP

/// A trial of RESTORE: some services and users do not have it.
package enum RestoreProbe {
  /// Whether the server takes RESTORE from this user, tried with a key that expires at once.
  ///
  /// - Throws: ``TransferError`` for an error that other commands would get too.
  package static func canRestore(_ connection: Connection) throws(TransferError) -> Bool {
    let name = "swift-rdb-probe:\(UInt64.random(in: 0 ... .max))"
    let reply = try connection.reply(to: [Array("RESTORE".utf8), Array(name.utf8), Array("1".utf8), payload])
    guard let words = reply.errorBytes else { return true }
    let error = ServerError(words)
    switch error.kind {
    case .noPermission, .unknownCommand: return false
    // Another node of the cluster has the slot of the name, or the server has no room for it.
    case .moved, .ask, .outOfMemory: return true
    default: throw connection.refused(Array("RESTORE".utf8), error)
    }
  }

  /// The string "x" as DUMP of RDB version 6 gives it, which each server with RESTORE can read.
  private static var payload: [UInt8] {
    var payload: [UInt8] = [0, 1, UInt8(ascii: "x"), 6, 0]
    var crc = CRC64()
    crc.update(payload.span.bytes)
    for shift in stride(from: 0, to: 64, by: 8) {
      payload.append(UInt8(truncatingIfNeeded: crc.value >> UInt64(shift)))
    }
    return payload
  }
}
