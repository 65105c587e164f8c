package import RDB
package import RDBFormat
import Synchronization

/// Looks for one key by stepping over all others; ends the reading when it is found.
///
/// For several workers: the one that finds it first in file order is heard.
package struct KeyFinder: SelectiveSink, FoldingSink, ~Copyable {
  /// Where the key stands, for all workers to say.
  package final class Found: Sendable {
    private let lowest = Atomic<Int>(.max)
    package init() {}

    /// Where its record begins; `nil`: nobody found it.
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

  package static var events: SinkEvents { .beginKey }

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
