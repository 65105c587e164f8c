package import RDB
package import RDBFormat
import Synchronization

/// A sink that finds one key, skips all others, and ends the reading at the key.
///
/// With several workers, the first key in file order counts.
package struct KeyFinder: SelectiveSink, FoldingSink, ~Copyable {
  /// The offset of the key, shared by all workers.
  package final class Found: Sendable {
    private let lowest = Atomic<Int>(.max)
    package init() {}

    /// The offset of the key's record, or `nil` if no worker found the key.
    package var offset: UInt64? {
      let offset = lowest.load(ordering: .relaxed)
      return offset == .max ? nil : UInt64(offset)
    }

    fileprivate func note(_ offset: Int) { lowest.min(offset, ordering: .relaxed) }
  }

  private var hints: KeyHints
  private let database: UInt64
  private let found: Found

  package init(name: [UInt8], database: UInt64, found: Found) {
    hints = KeyHints(name: name, database: database)
    self.database = database
    self.found = found
  }

  package static var events: SinkEvents { [.beginKey] }

  package mutating func beginKey(_ key: borrowing KeyHeader) throws(RDBError) -> Interest {
    if key.database == database, hints.isName(key.name) {
      found.note(key.offset)
      throw .stop
    }
    hints.add(key)
    return .skip
  }

  package consuming func finish() throws(RDBError) -> KeyHints { hints }
}
