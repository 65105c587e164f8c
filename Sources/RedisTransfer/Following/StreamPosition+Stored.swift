import RDBSupport
import RESP

extension StreamPosition {
  /// The most names that one SCAN is asked for.
  private static let scanCount = "1000"

  /// Finds the position that an earlier following of a source stored at a target.
  ///
  /// - Parameters:
  ///   - target: A connection to the target.
  ///   - database: The database that stores positions.
  ///   - source: A connection to the source, or to one of its replicas.
  /// - Returns: `nil` if there is none, or if the source has another history now.
  /// - Throws: ``TransferError``.
  package static func find(at target: Connection, database: UInt64, of source: Connection) throws(TransferError)
    -> StreamPosition?
  {
    let information = try source.call("INFO", "replication")
    guard let identifiers = ServerInfo(information)?.replicationIdentifiers.map({ Array($0.utf8) }) else {
      throw TransferError(.unexpectedReply(command: "INFO"), at: source.server)
    }
    _ = try target.call("SELECT", "\(database)")
    for identifier in identifiers {
      if let stored = try stored(in: key(of: identifier), at: target),
        identifiers.contains(stored.replication.identifier)
      {
        return stored
      }
    }
    return try all(at: target).first { identifiers.contains($0.position.replication.identifier) }?.position
  }

  /// Returns the key that stores a position; `nil` if there is none.
  static func key(storing position: StreamPosition, at target: Connection) throws(TransferError) -> [UInt8]? {
    let key = key(of: position.replication.identifier)
    if try stored(in: key, at: target) == position { return key }
    // The history has another identifier than at the beginning.
    return try all(at: target).first { $0.position == position }?.key
  }

  private static func stored(in key: [UInt8], at target: Connection) throws(TransferError) -> StreamPosition? {
    try target.call([Array("GET".utf8), key]).bytes.flatMap { StreamPosition(storedText: $0) }
  }

  /// Returns all positions of a database, by SCAN.
  private static func all(at target: Connection) throws(TransferError) -> [(key: [UInt8], position: StreamPosition)] {
    var positions: [(key: [UInt8], position: StreamPosition)] = []
    var cursor = Array("0".utf8)
    repeat {
      let words = [Array("SCAN".utf8), cursor] + ["MATCH", keyStart + "*", "COUNT", scanCount].map { Array($0.utf8) }
      guard let parts = try target.call(words).elements, parts.count == 2, let next = parts[0].bytes,
        let keys = parts[1].elements
      else { throw TransferError(.unexpectedReply(command: "SCAN"), at: target.server) }
      for name in keys.compactMap(\.bytes) {
        if let position = try stored(in: name, at: target) { positions.append((name, position)) }
      }
      cursor = next
    } while cursor != Array("0".utf8)
    return positions
  }
}
