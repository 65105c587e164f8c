import RDB
import RDBFormat

/// The part of a snapshot that precedes the keys.
package struct KeyspaceOrigin {
  /// The header and the AUX fields of the base snapshot.
  package var base: (header: SnapshotHeader, auxFields: [(name: [UInt8], value: [UInt8])])?
  /// The time of the last annotation in the log.
  package var time: UnixMilliseconds?
  /// The code of the function libraries.
  package var libraries: [[UInt8]]
}

/// A way to replay a log.
package protocol KeyspaceProducer: AnyObject {
  var origin: KeyspaceOrigin { get }
  var summary: ReplaySummary { get }

  /// Continues to replay, and writes the keys that are complete.
  ///
  /// - Returns: Whether there may be more keys.
  func writeSome(to writer: KeyspaceWriter) throws -> Bool
}

/// A walk through all keys of a keyspace, which can pause after each.
package struct KeyspaceWalk {
  private let databases: [(number: UInt64, keys: ByteTable<ReplayedKey>)]
  private var database = 0
  private var index = 0

  /// - Parameter number: The number that a database is written with; `nil`: its keys are left out.
  package init(_ keyspace: Keyspace, number: (UInt64) -> UInt64? = { $0 }) {
    databases = keyspace.databases.compactMap { database, keys in number(database).map { ($0, keys) } }
      .sorted { $0.number < $1.number }
  }

  /// Writes the next key.
  ///
  /// - Returns: Whether there was one.
  package mutating func writeKey(to writer: KeyspaceWriter) throws -> Bool {
    while database < databases.count {
      let (number, keys) = databases[database]
      if let next = keys.nextIndex(from: index) {
        let entry = keys[entryAt: next]
        try writer.write(entry.key, entry.value, database: number)
        index = next + 1
        return true
      }
      (database, index) = (database + 1, 0)
    }
    return false
  }
}
