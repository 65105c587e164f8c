import RESP

/// A position between two commands of a master's replication stream, with what is needed to go on from there.
package struct StreamPosition: Hashable, Sendable {
  /// The history of commands, and the number of its bytes before the position.
  package var replication: ReplicationPosition
  /// The database of the source that the commands after the position belong to, until the next SELECT.
  package var database: UInt64

  package init(_ replication: ReplicationPosition, database: UInt64) {
    (self.replication, self.database) = (replication, database)
  }

  /// The number of bytes before the position.
  package var offset: UInt64 { replication.offset }

  /// The beginning of the names of all keys that store a position.
  package static let keyStart = "swift-rdb:position:"

  /// The name of the key that stores a position at the target.
  ///
  /// - Parameter identifier: The history at the beginning of the migration. It can change its identifier later; the key
  ///   keeps its name.
  package static func key(of identifier: [UInt8]) -> [UInt8] { Array(keyStart.utf8) + identifier }

  /// The value of the key: `1 <identifier> <offset> <database>`. The first word is the version of the form.
  package var storedText: [UInt8] { Array("1 ".utf8) + replication.identifier + Array(" \(offset) \(database)".utf8) }

  /// Reads the value of the key. Returns `nil` for a value that is no position.
  package init?(storedText text: [UInt8]) {
    let words = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 4, words[0].elementsEqual("1".utf8), words[1].count == 40,
      let offset = UInt64(String(decoding: words[2], as: UTF8.self)),
      let database = UInt64(String(decoding: words[3], as: UTF8.self))
    else { return nil }
    self.init(ReplicationPosition(identifier: Array(words[1]), offset: offset), database: database)
  }
}
